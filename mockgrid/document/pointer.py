"""JSON pointers (RFC 6901), as text outside and as a tuple of parts inside.

>>> split("/paths/~1chat~1completions/post/tags/0")
('paths', '/chat/completions', 'post', 'tags', '0')
>>> join(["paths", "/chat/completions", "tags", 0])
'/paths/~1chat~1completions/tags/0'
>>> dotted(["messages", 0, "role"])
'messages.0.role'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["dotted", "join", "mappings", "resolve", "split"]

_RAISE: Final = object()


def split(pointer: str) -> tuple[str, ...]:
    """The parts of a pointer; a leading ``#`` (a URI fragment's) is allowed, ``""`` is the whole document."""
    path = pointer.removeprefix("#")
    if not path:
        return ()
    parts = path.removeprefix("/").split("/")
    return tuple([part.replace("~1", "/").replace("~0", "~") for part in parts] if "~" in path else parts)


def join(parts: Iterable[str | int]) -> str:
    """The pointer that leads through these keys and indices."""
    return "".join(["/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts])


def dotted(parts: Iterable[str | int]) -> str:
    """The path as an API's error shows it; the whole value is ``$``."""
    return ".".join(str(part) for part in parts) or "$"


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all mappings in a JSON value, in no order."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def resolve(value: Any, pointer: str, default: Any = _RAISE) -> Any:
    """Return what a pointer names in a JSON value; the default, else KeyError, where it names nothing."""
    for part in split(pointer):
        if isinstance(value, list):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else _RAISE
        else:
            value = value.get(part, _RAISE) if isinstance(value, dict) else _RAISE
        if value is _RAISE:
            if default is _RAISE:
                raise KeyError(pointer)
            return default
    return value
