"""Where in a JSON value a secret stands, by the names around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.session.key_shapes import REDACTED, WORDS_OF_VALUES, is_ordinary, is_secret_field

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["redacted"]

# By which an item of a list says what its value is, as an archive's header does.
_LABELS: Final = ("name", "key")


def redacted(
    value: Any,
    text: Callable[[str, tuple[Any, ...] | None], str],
    *,
    secret: Callable[[Any], Any] = lambda _: REDACTED,
    known: Callable[[str], bool] = is_secret_field,
    place: Callable[[Any, int], Any] = lambda _, number: number,
) -> Any:
    """Return a JSON value without what is named for a secret, and with its other texts made anew.

    >>> redacted({"api_key": {"type": "string", "default": "k-1"}, "a": "b"}, lambda text, _: text.upper())
    {'API_KEY': {'TYPE': 'STRING', 'DEFAULT': '[redacted]'}, 'A': 'B'}

    Args:
        value: any.
        text: what stands for a text, by it and by where it stands, as keys and places; and for a key, which
            stands nowhere.
        secret: what stands for a secret, which may be a number.
        known: tells whether a field is named for a secret.
        place: what an item of a list is called, by it and by its number.
    """
    return _Walk(text, secret, known, place).of(value, (), named=False)


class _Walk(NamedTuple):
    """What stands for what, as ``redacted`` has it: functions inside it would refer to one another."""

    text: Callable[[str, tuple[Any, ...] | None], str]
    secret: Callable[[Any], Any]
    known: Callable[[str], bool]
    place: Callable[[Any, int], Any]

    def of(self, item: Any, at: tuple[Any, ...], *, named: bool) -> Any:
        """Return what stands for a value."""
        if isinstance(item, str):
            return self.text(item, at)
        if isinstance(item, dict):
            labels = (item.get(label) for label in _LABELS)
            named = named or any(isinstance(label, str) and self.known(label) for label in labels)
            return {
                self.text(key, None): self.field(key, own, (*at, key), named=named)
                for key, own in item.items()
            }
        if isinstance(item, (list, tuple)):
            return [self.of(own, (*at, self.place(own, n)), named=named) for n, own in enumerate(item)]
        return item

    def field(self, key: str, item: Any, at: tuple[Any, ...], *, named: bool) -> Any:
        """Return what stands for the value of a field."""
        if self.known(key):
            return self.hidden(item, at)
        # What a schema says of a secret is none, but for the values that it gives.
        if named and key in WORDS_OF_VALUES:
            return self.hidden(item, at, unless=is_ordinary)
        return self.of(item, at, named=False)

    def hidden(self, item: Any, at: tuple[Any, ...], unless: Callable[[str], bool] = lambda _: False) -> Any:
        """Return what stands for what is named for a secret."""
        if isinstance(item, (str, int, float)) and not isinstance(item, bool):
            return item if unless(str(item)) else self.secret(item)
        if isinstance(item, (list, tuple)):
            return [self.hidden(own, (*at, self.place(own, n)), unless) for n, own in enumerate(item)]
        return self.of(item, at, named=True)
