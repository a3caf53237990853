"""The head of a request, as the stages before its body see it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def origin_form(target: bytes) -> bytes:
    """The path and query of a request target in absolute form, as clients send it to a proxy.

    ``http://host/v1?x=1`` is ``/v1?x=1``, and ``*`` is ``/*``, a path that no contract has.

    Raises:
        ValueError: it names no path (``host:443``, as CONNECT has it).
    """
    if target.startswith(b"/"):
        return target
    if target == b"*":
        return b"/*"
    scheme, separator, address = target.partition(b"://")
    if not separator or not scheme.isalpha():
        raise ValueError("A request target is a path, or an absolute URL.")
    for end, char in enumerate(address):
        if char in b"/?#":
            return address[end:] if char in b"/" else b"/" + address[end:]
    return b"/"


class Head:
    """Method, path and headers; nothing of ASGI's scope is kept, for the journal keeps heads.

    Args:
        method: in capitals.
        raw_path: the path as it was sent.
        path: the same, decoded.
        query: as it was sent, without its question mark.
        pairs: the headers in order, their names in lower case.

    Attributes:
        raw_path: as it was sent, in which ``%2F`` is not yet a slash.
        headers: by lower-case name; several with one name are joined where the header is a list, else the
            last one counts.
        repeated: whether a header came more than once.
        size: bytes that it takes, more or less.
    """

    __slots__ = ("headers", "method", "path", "query", "raw_path", "repeated", "size")

    def __init__(
        self, method: str, raw_path: bytes, path: str, query: bytes, pairs: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self.method = method
        self.raw_path = raw_path
        self.path = path
        self.query = query
        self.headers: dict[bytes, bytes] = dict(pairs)
        headers = self.headers
        self.repeated = len(headers) != len(pairs)
        if self.repeated:
            self._join_lists(pairs)
        self.size: int = (
            _HEADER * len(headers)
            + len(b"".join(headers))
            + len(b"".join(headers.values()))
            + len(path)
            + len(query)
        )

    @classmethod
    def of_scope(cls, scope: Scope) -> Head:
        """Return the head that an ASGI scope describes."""
        raw_path = scope.get("raw_path") or b""
        return cls(scope["method"], raw_path, route_path(scope), scope["query_string"], scope["headers"])

    @classmethod
    def of_target(cls, method: str, target: bytes, pairs: Sequence[tuple[bytes, bytes]]) -> Head:
        """Return the head of a request by its target, as it stands in the request line.

        Raises:
            ValueError: the target names no path, or is not ASCII.
        """
        if target[0] != 47:  # noqa: PLR2004 (a slash)
            target = origin_form(target)
        if b"#" in target:  # a fragment, which clients keep to themselves
            target = target.partition(b"#")[0]
        raw_path, _, query = target.partition(b"?")
        path = raw_path.decode("ascii")
        return cls(method, raw_path, unquote(path) if "%" in path else path, query, pairs)

    def with_header(self, name: bytes, value: bytes) -> Head:
        """Return one that differs in the value of a header."""
        other = Head.__new__(Head)
        other.method, other.path, other.raw_path = self.method, self.path, self.raw_path
        other.query, other.repeated, other.size = self.query, self.repeated, self.size
        other.headers = {**self.headers, name: value}
        return other

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def _join_lists(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        for name, separator in _LISTS.items():
            if name in self.headers:
                self.headers[name] = separator.join(value for key, value in pairs if key == name)
