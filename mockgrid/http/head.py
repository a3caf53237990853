"""The head of a request, as the stages before its body see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope


# What a header costs, beside its bytes.
_HEADER = 80
# Headers that may come several times, and what joins them.
_LISTS = {b"accept": b", ", b"content-encoding": b", ", b"cookie": b"; ", b"prefer": b", "}


def route_path(scope: Scope) -> str:
    """Return the path below the prefix under which the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(root) else path


class Head:
    """Method, path and headers; nothing of ASGI's scope is kept, for the journal keeps heads.

    Attributes:
        path: decoded.
        raw_path: as it was sent, in which ``%2F`` is not yet a slash.
        query: as it was sent, without its question mark.
        headers: by lower-case name; several with one name are joined where the header is a list, else the
            last one counts.
        size: bytes that it takes, more or less.
    """

    __slots__ = ("headers", "method", "path", "query", "raw_path", "size")

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = route_path(scope)
        self.raw_path: bytes = scope.get("raw_path") or b""
        self.query: bytes = scope["query_string"]
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(pairs)
        if len(self.headers) != len(pairs):
            self._join_lists(pairs)
        headers = self.headers
        self.size: int = (
            _HEADER * len(headers)
            + len(b"".join(headers))
            + len(b"".join(headers.values()))
            + len(self.path)
            + len(self.query)
        )

    def with_header(self, name: bytes, value: bytes) -> Head:
        """Return one that differs in the value of a header."""
        other = Head.__new__(Head)
        other.method, other.path, other.raw_path = self.method, self.path, self.raw_path
        other.query, other.size = self.query, self.size
        other.headers = {**self.headers, name: value}
        return other

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def _join_lists(self, pairs: list[tuple[bytes, bytes]]) -> None:
        for name, separator in _LISTS.items():
            if name in self.headers:
                self.headers[name] = separator.join(value for key, value in pairs if key == name)
