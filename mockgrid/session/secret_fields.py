"""Where in a JSON value a secret stands, by the names around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockgrid.session.key_shapes import REDACTED, Secrecy, is_secret_field

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
    return _Walk(text, secret, known, place).of(value, (), Secrecy.OPEN)


class _Walk(NamedTuple):
    """What stands for what, as ``redacted`` has it: functions inside it would refer to one another."""

    text: Callable[[str, tuple[Any, ...] | None], str]
    secret: Callable[[Any], Any]
    known: Callable[[str], bool]
    place: Callable[[Any, int], Any]

    def of(self, item: Any, at: tuple[Any, ...], secrecy: Secrecy) -> Any:
        """Return what stands for a value."""
        if isinstance(item, str):
            return self.secret(item) if secrecy and secrecy.hides(item) else self.text(item, at)
        if isinstance(item, dict):
            labels = (item.get(label) for label in _LABELS)
            if any(isinstance(label, str) and self.known(label) for label in labels):
                secrecy = max(secrecy, Secrecy.NAMED)
            return {
                self.text(key, None): self.of(own, (*at, key), secrecy.of_field(key, self.known))
                for key, own in item.items()
            }
        if isinstance(item, (list, tuple)):
            return [self.of(own, (*at, self.place(own, n)), secrecy) for n, own in enumerate(item)]
        is_number = isinstance(item, (int, float)) and not isinstance(item, bool)
        return self.secret(item) if secrecy and is_number and secrecy.hides(str(item)) else item
