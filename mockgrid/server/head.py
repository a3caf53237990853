"""The head of a request, as the stages before its body see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope


class Head:
    """Method, path and headers; the rest is looked up when a stage asks for it.

    Attributes:
        path: decoded.
        headers: by lower-case name; of several with one name the last, except where ``all`` is asked.
    """

    __slots__ = ("headers", "method", "path", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    @property
    def query(self) -> bytes:
        """The query as it was sent, without its question mark."""
        query: bytes = self.scope["query_string"]
        return query

    @property
    def raw_path(self) -> str:
        """The path as it was sent, in which ``%2F`` is not yet a slash."""
        raw: bytes = self.scope.get("raw_path") or b""
        return raw.decode("latin-1")

    def all(self, name: bytes) -> list[bytes]:
        """Return all values of a header, in order."""
        return [value for key, value in self.scope["headers"] if key == name]

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")
