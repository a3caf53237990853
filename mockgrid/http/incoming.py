"""A request as it arrives on a connection: its head first, then its body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import Scope

    from mockgrid.http.writer import ConnectionWriter, Link

AHEAD: Final = 65_536
"""Bytes of a body that nobody has asked for, after which no more of it is read."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


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
        mounted: the prefix under which the application is mounted in another; it stood before the paths.
        raw_path: as it was sent, in which ``%2F`` is not yet a slash.
        headers: by lower-case name; several with one name are joined where the header is a list, else the
            last one counts.
        repeated: whether a header came more than once.
        pairs: the headers in order, where one came more than once.
        size: bytes that it takes, more or less.
    """

    __slots__ = ("headers", "method", "mounted", "pairs", "path", "query", "raw_path", "repeated", "size")

    def __init__(
        self, method: str, raw_path: bytes, path: str, query: bytes, pairs: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self.method = method
        self.raw_path = raw_path
        self.path = path
        self.query = query
        self.mounted = ""
        self.headers: dict[bytes, bytes] = dict(pairs)
        headers = self.headers
        self.repeated = len(headers) != len(pairs)
        if self.repeated:
            self.pairs = pairs
            self._join_lists(pairs)
        self.size: int = (
            _HEADER * len(headers)
            + len(b"".join(headers))
            + len(b"".join(headers.values()))
            + len(path)
            + len(query)
        )
        if self.repeated:
            self.size += sum(_HEADER + len(name) + len(value) for name, value in pairs)

    @classmethod
    def of_scope(cls, scope: Scope) -> Head:
        """Return the head that an ASGI scope describes."""
        path, raw_path = route_path(scope), scope.get("raw_path") or b""
        mounted = scope["root_path"] if path != scope["path"] else ""
        if mounted and unquote(raw_path.decode("latin-1")) == scope["path"]:  # some servers leave it out here
            raw_path = b"/" + b"/".join(raw_path.split(b"/")[1 + mounted.count("/") :])
        head = cls(scope["method"], raw_path, path, scope["query_string"], scope["headers"])
        head.mounted = quote(mounted)
        return head

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

    def with_headers(self, changed: dict[bytes, bytes]) -> Head:
        """Return one that differs in the values of some headers that it has."""
        other = Head.__new__(Head)
        other.method, other.path, other.raw_path = self.method, self.path, self.raw_path
        other.query, other.repeated, other.mounted = self.query, self.repeated, self.mounted
        other.headers = {**self.headers, **changed}
        other.size = self.size
        for name, value in changed.items():
            other.size += len(value) - len(self.headers[name])
        return other

    @property
    def lines(self) -> Iterable[tuple[bytes, bytes]]:
        """The headers in their order, as often as they came."""
        return self.pairs if self.repeated else self.headers.items()

    def text(self, name: bytes) -> str | None:
        """Return a header as text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def _join_lists(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        for name, separator in _LISTS.items():
            if name in self.headers:
                self.headers[name] = separator.join(value for key, value in pairs if key == name)


class Incoming:
    """One request.

    Args:
        connection: on which it arrives.
        head: its head.
        pairs: its headers in order; empty where those of the head, which come once each, are in order too.
        keep_alive: whether its client wants to use the connection again.
        version: of HTTP: 1.0 or 1.1.

    Attributes:
        writer: of its reply, while that is under way.
    """

    writer: ConnectionWriter | None = None
    _whole = False
    # Nobody wants more of it: it has been answered, or its client has left.
    _over = False
    _taken = False
    _continued = False
    _ahead = 0
    _changed: asyncio.Event | None = None

    def __init__(
        self,
        connection: Link,
        head: Head,
        pairs: list[tuple[bytes, bytes]],
        keep_alive: bool,  # noqa: FBT001 - made for every request
        version: str,
    ) -> None:
        self.connection = connection
        self.head = head
        self.pairs = pairs
        self.keep_alive = keep_alive
        self.version = version
        self._pieces: list[bytes] = []

    # What the connection calls.

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if self._over:
            return
        self._pieces.append(piece)
        self._ahead += len(piece)
        if self._ahead > AHEAD:
            self.connection.pause_reading()
        if self._changed is not None:
            self._changed.set()

    def arrived(self, last: bytes = b"") -> None:
        """All of it has arrived, with a last piece of the body."""
        if last:
            self._pieces.append(last)
        self._whole = True
        if self._changed is not None:
            self._changed.set()

    def leave(self) -> None:
        """The client has left, or the rest of the body cannot be read."""
        self._over = True
        self.wake()

    def done(self) -> None:
        """It has been answered: the rest of its body is of no use."""
        self._over = True
        self._pieces = []
        self.wake()
        self.writer = None

    def wake(self) -> None:
        """Something has changed for those who wait."""
        if self._changed is not None:
            self._changed.set()
        if self.writer is not None and self.writer.wake is not None:
            self.writer.wake()

    # What answers it calls.

    def body(self) -> bytes | None:
        """Take the body if all of it has arrived, else None."""
        if not self._whole or self._taken or self._over:
            return None
        self._all_taken()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def receive(self) -> dict[str, Any]:
        """Wait for the next piece of the body, or for the end (ASGI's ``receive``)."""
        while not (self._over or self._pieces or (self._whole and not self._taken)):
            if not self._continued and not self._whole and self._expects_continue():
                self.connection.put(_CONTINUE)
            self._continued = True
            self._ahead = 0
            self.connection.resume_reading()
            self._changed = self._changed or asyncio.Event()
            self._changed.clear()
            await self._changed.wait()
        if self._over:
            return {"type": "http.disconnect"}
        if self._whole:
            self._all_taken()
        body = b"".join(self._pieces)
        self._pieces.clear()
        return {"type": "http.request", "body": body, "more_body": not self._whole}

    def _all_taken(self) -> None:
        self._taken = True
        if self._ahead > AHEAD:  # only who reads learns that the client has left
            self.connection.resume_reading()

    def _expects_continue(self) -> bool:
        begun = (
            self.writer is not None and self.writer.started
        )  # in the midst of a reply it is no status line
        expected = self.head.headers.get(b"expect", b"").lower()
        return self.version == "1.1" and expected == b"100-continue" and not begun
