"""Where in a JSON value a secret stands, by the names around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.session.key_shapes import REDACTED, WORDS_OF_VALUES, is_ordinary, is_secret_field

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["redacted"]

# By which an item of a list says what its value is, as an archive's header does.
_LABELS: Final = ("name", "key")


def redacted(  # noqa: C901 - the four kinds of what it meets, and what is named
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

    def of(item: Any, at: tuple[Any, ...], *, named: bool) -> Any:
        if isinstance(item, str):
            return text(item, at)
        if isinstance(item, dict):
            named = named or any(isinstance(item.get(label), str) and known(item[label]) for label in _LABELS)
            return {text(key, None): field(key, own, (*at, key), named=named) for key, own in item.items()}
        if isinstance(item, (list, tuple)):
            return [of(own, (*at, place(own, number)), named=named) for number, own in enumerate(item)]
        return item

    def field(key: str, item: Any, at: tuple[Any, ...], *, named: bool) -> Any:
        if known(key):
            return hidden(item, at)
        # What a schema says of a secret is none, but for the values that it gives.
        if named and key in WORDS_OF_VALUES:
            return hidden(item, at, unless=is_ordinary)
        return of(item, at, named=False)

    def hidden(item: Any, at: tuple[Any, ...], unless: Callable[[str], bool] = lambda _: False) -> Any:
        if isinstance(item, (str, int, float)) and not isinstance(item, bool):
            return item if unless(str(item)) else secret(item)
        if isinstance(item, (list, tuple)):
            return [hidden(own, (*at, place(own, number)), unless) for number, own in enumerate(item)]
        return of(item, at, named=True)

    return of(value, (), named=False)
