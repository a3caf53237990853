"""The head of a request, as the stages before its body see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope


# Headers that may come several times, and what joins them.
_LISTS = {b"accept": b", ", b"content-encoding": b", ", b"cookie": b"; ", b"prefer": b", "}


def route_path(scope: Scope) -> str:
    """Return the path below the prefix under which the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(root) else path


class Head:
    """Method, path and headers; the rest is looked up when a stage asks for it.

    Attributes:
        path: decoded.
        headers: by lower-case name; several with one name are joined where the header is a list, else the
            last one counts.
    """

    __slots__ = ("headers", "method", "path", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = route_path(scope)
        pairs: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(pairs)
        if len(self.headers) != len(pairs):
            self._join_lists(pairs)

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

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def _join_lists(self, pairs: list[tuple[bytes, bytes]]) -> None:
        for name, separator in _LISTS.items():
            if name in self.headers:
                self.headers[name] = separator.join(value for key, value in pairs if key == name)
