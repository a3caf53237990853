"""The head of a request, as the stages before its body see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Scope


class Head:
    """Method, path, query and headers.

    Attributes:
        path: decoded; ``raw_path`` is as sent.
        headers: by lower-case name; of several with one name the last, except where ``all`` is asked.
    """

    __slots__ = ("_pairs", "headers", "method", "path", "query", "raw_path")

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or b""
        self.query: bytes = scope["query_string"]
        self._pairs: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(self._pairs)

    def all(self, name: bytes) -> list[bytes]:
        """Return all values of a header, in order."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value: Any = self.headers.get(name)
        return None if value is None else value.decode("latin-1")
