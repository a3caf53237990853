"""JSON pointers (RFC 6901), as text outside and as a tuple of parts inside.

>>> split("/paths/~1chat~1completions/post/tags/0")
('paths', '/chat/completions', 'post', 'tags', '0')
>>> join(["paths", "/chat/completions", "tags", 0])
'/paths/~1chat~1completions/tags/0'
>>> dotted(["messages", 0, "role"])
'messages.0.role'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["dotted", "join", "resolve", "split"]


def split(pointer: str) -> tuple[str, ...]:
    """The parts of a pointer; a leading ``#`` (a URI fragment's) is allowed, ``""`` is the whole document."""
    path = pointer.removeprefix("#")
    if not path:
        return ()
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.removeprefix("/").split("/"))


def join(parts: Iterable[str | int]) -> str:
    """The pointer that leads through these keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def dotted(parts: Iterable[str | int]) -> str:
    """The path as an API's error shows it; the whole value is ``$``."""
    return ".".join(str(part) for part in parts) or "$"


def resolve(value: Any, pointer: str) -> Any:
    """Return what a pointer names in a JSON value; KeyError where it names nothing."""
    for part in split(pointer):
        if isinstance(value, list):
            if not part.isdecimal() or int(part) >= len(value):
                raise KeyError(pointer)
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            raise KeyError(pointer)
    return value
