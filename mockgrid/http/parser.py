"""Reading requests from bytes by httptools, or by the head that came last; and refusing what is not one."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import httptools

from mockgrid.http.incoming import Head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockgrid.http.incoming import Incoming

    Pairs = list[tuple[bytes, bytes]]

_VERSIONS: Final = ("1.0", "1.1")

LONGEST: Final = 4096
"""Bytes of a head that is remembered."""

_END: Final = b"\r\n\r\n"
_LENGTHS: Final = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")
"""As clients spell it, at the beginning of a line."""

_DIGITS: Final = 20
# What other protocols begin with, and no request of this one, and what to say of each.
_FOREIGN: Final = {
    b"\x16": (
        "TLS arrived, and this port speaks plain HTTP; "
        "give the client a base URL with http:// in place of https://, or put a proxy that ends TLS before it"
    ),
    b"PRI * HTTP/2": "HTTP/2 arrived, and this port speaks HTTP/1.1; have the client begin with that",
}
_BEGINNINGS: Final = tuple(_FOREIGN)
# What decides how a body is framed, or what else is done than to answer.
_UNUSUAL: Final = frozenset((b"expect", b"transfer-encoding", b"upgrade"))
# Of the others, those whose values the parser reads.
_READ: Final = frozenset((b"connection", b"proxy-connection"))
# A value that it takes as it stands: visible characters, with no more than spaces between them.
_VALUE: Final = re.compile(rb"[!-~]+(?: +[!-~]+)*")
_NOTHING: Final[Mapping[bytes, bytes]] = MappingProxyType({})


class RefusalError(Exception):
    """Raised where a request is read, to refuse it.

    Args:
        failure: a key of ``serving.STATUS``.
        message: one sentence.
    """

    def __init__(self, failure: str, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


def malformed(reason: str) -> RefusalError:
    """Return the refusal of a head that cannot be read, for such a reason."""
    return RefusalError("malformed_body", f"The request is not valid HTTP: {reason}.")


class LastHead:
    """The head that came last on a connection, and may come again.

    Clients send the same head again and again, with another body behind it. What the parser made of its bytes
    once it would make of them every time, so they are compared instead of being parsed anew. The length of
    the body is left out of what is compared, and read each time. That spares a fifth of what a request costs,
    a good part of it in the journal, which keeps the heads: it keeps one in the place of many. Where all that
    differs are values that the parser does not read, such as that of a key or a trace, they alone are read.

    Args:
        max_headers: bytes that a head may have.
        known: what it knows at first; it goes on by itself.
    """

    __slots__ = ("_after", "_before", "_changed", "_head", "_lines", "_longest")

    def __init__(self, max_headers: int = 2 * LONGEST, known: LastHead | None = None) -> None:
        # With the most digits that a length can have, it has still been measured.
        self._longest = min(LONGEST, max_headers - _DIGITS)
        self._head: Head | None = None
        self._before = self._after = b""
        # The lines of the head; of those that may differ how they begin, and their names. Made when one does.
        self._lines: list[tuple[bytes, bytes, bytes]] = []
        # The values in which the one before differed.
        self._changed = _NOTHING
        if known is not None:
            self.take(known)

    def take(self, other: LastHead) -> None:
        """Know what another does."""
        self._head, self._before, self._after = other._head, other._before, other._after
        self._lines, self._changed = other._lines, _NOTHING

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """Return head and body of data that is one whole request with this head, or one much like it."""
        head, before, after = self._head, self._before, self._after
        if head is None:
            return None
        at = len(before)
        if not after:
            if data != before:
                return self._like(head, data)
            self._changed = _NOTHING
            return head, b""
        until = data.find(b"\r", at)
        if not (data.startswith(before) and data.startswith(after, until)):
            return self._like(head, data)
        length = data[at:until]
        end = until + len(after)
        if length != b"%d" % (len(data) - end):
            return None
        if head.headers[b"content-length"] != length:
            head = head.with_headers({b"content-length": length})
        self._changed = _NOTHING  # two that take turns are learned no more than once
        return head, data[end:]

    def _like(self, head: Head, data: bytes) -> tuple[Head, bytes] | None:
        """Return head and body of data that is one whole request, its head another by some values alone."""
        end = data.find(_END, 0, self._longest)
        if end < 0:
            return None
        lines, known = data[:end].split(b"\r\n"), self._lines
        if not known:
            known = self._lines = self._split(head)
        if len(lines) != len(known):
            return None
        changed: dict[bytes, bytes] = {}
        for line, (same, begins, name) in zip(lines, known, strict=True):
            if line != same:
                value = line[len(begins) :]
                if not begins or not line.startswith(begins) or _VALUE.fullmatch(value) is None:
                    return None
                changed[name] = value
        like, body = head.with_headers(changed), data[end + len(_END) :]
        if (like.headers[b"content-length"] if self._after else b"0") != b"%d" % len(body):
            return None
        changed.pop(b"content-length", None)
        if changed == self._changed:  # it has come to stay
            self.learn(data, like)
        self._changed = changed
        return like, body

    def _split(self, head: Head) -> list[tuple[bytes, bytes, bytes]]:
        """Return each line of the head, and how it begins where what comes behind that is only a value."""
        length = head.headers[b"content-length"] if self._after else b""
        lines: list[tuple[bytes, bytes, bytes]] = []
        for line in (self._before + length + self._after).removesuffix(_END).split(b"\r\n"):
            spelt, colon, value = line.partition(b": ")
            name = spelt.lower()
            # What the parser has read otherwise than it stands here, such as two lines as one, stays so.
            free = head.headers.get(name) == value and name not in _READ
            lines.append((line, spelt + colon if free else b"", name))
        return lines

    def learn(self, data: bytes, head: Head) -> None:
        """Remember what the parser has made of data, in which it found one whole request and no more."""
        end = data.find(_END) + 4
        headers = head.headers
        length = headers.get(b"content-length")
        at = max(data.find(name, 0, end) for name in _LENGTHS)
        if (
            end > self._longest
            or head.method == "HEAD"
            or (length or b"0") != b"%d" % (len(data) - end)
            or (length is None) is not (at < 0)  # spelt otherwise
            or not _UNUSUAL.isdisjoint(headers)
        ):
            return
        self._head, self._before, self._after, self._lines = head, data[:end], b"", []
        if length is not None:
            at += len(_LENGTHS[0])
            self._before, self._after = data[:at], data[data.find(b"\r", at) : end]


class RequestParser:
    """Reads the requests of one connection.

    Bytes are counted as they arrive and the count is cleared whenever the parser gets on (a head complete, a
    piece of body, a message complete), so one number bounds a head that never ends, trailers that never end
    and chunk extensions that never end alike.

    Args:
        max_headers: bytes of the request line and all header fields.
        begun: makes a request of head, headers in order (none where the head was known), whether its client
            keeps the connection, and the version of HTTP.
        ended: told of each request of which the last has been read.
        last_head: that was learned last on any connection: a new one may begin with the same.

    Attributes:
        in_head: whether some but not all of a head has been read.
        reading: the request of which the head has been read, and the body not to the end.
    """

    def __init__(
        self,
        max_headers: int,
        begun: Callable[[Head, Pairs, bool, str], Incoming],
        ended: Callable[[Incoming], None],
        last_head: LastHead,
    ) -> None:
        self._max_headers = max_headers
        self._begun = begun
        self._ended = ended
        # Made for the first head that is not known: httptools' own.
        self._parser: Any = None
        self._url = b""
        self._pairs: Pairs = []
        # Bytes since the parser last got on, give or take one read.
        self._stuck = 0
        # The parser stops at this head, which asks for an upgrade: it is read again without.
        self._upgrades = False
        self.in_head = False
        self.reading: Incoming | None = None
        self._last_of_all = last_head
        self._last_head = LastHead(max_headers, last_head)
        # What was read last, if the same bytes are to be read in the same way.
        self._usual: Head | None = None

    def close(self) -> None:
        """Read no more; httptools' parser and this one refer to each other."""
        self.reading = self._parser = None
        del self._begun, self._ended

    def feed(self, data: bytes) -> None:
        """Read some bytes.

        Raises:
            RefusalError: they are no request, or one that is not taken.
        """
        between = self.reading is None and not self.in_head
        known = self._last_head.find(data) if between else None
        if known is not None:
            head, body = known
            self._begun(head, [], True, "1.1").arrived(body)
            return
        if between and data.startswith(_BEGINNINGS):
            raise malformed(next(words for start, words in _FOREIGN.items() if data.startswith(start)))
        self._parse(data)
        if between and self._usual is not None and self.reading is None and not self.in_head:
            self._last_head.learn(data, self._usual)
            self._last_of_all.take(self._last_head)

    def _parse(self, data: bytes) -> None:
        self._stuck += len(data)
        more = data
        if self._parser is None:
            self._parser = httptools.HttpRequestParser(self)
        while more:
            try:
                self._parser.feed_data(more)
                break
            except httptools.HttpParserUpgrade as stopped:
                more = self._without_upgrade(more[stopped.args[0] :])
            except httptools.HttpParserError as error:
                raise _refusal(error) from None
        if self._stuck > self._max_headers:
            raise self._too_large()

    # What httptools calls.

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        self.in_head = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; behind a body, a trailer, which goes nowhere."""
        self._pairs.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """A head: the request begins."""
        url, pairs, parser = self._url, self._pairs, self._parser
        if self._stuck > self._max_headers:  # some of which may be a body behind the head
            size = len(url) + sum(len(name) + len(value) + 4 for name, value in pairs)
            if size > self._max_headers:
                raise self._too_large()
        self._stuck = 0
        self.in_head = False
        self._url, self._pairs = b"", []
        method = parser.get_method()
        if method == b"CONNECT":  # there is nowhere to go, whatever form the target has
            raise malformed("its target cannot be read")
        try:
            head = Head.of_target(method.decode(), url, pairs)
        except ValueError:
            raise malformed("its target cannot be read") from None
        version = parser.get_http_version()
        headers = head.headers
        if b"upgrade" in headers and parser.should_upgrade():
            self._upgrades, self._url, self._pairs = True, url, pairs
            return
        if head.repeated or version != "1.1" or b"host" not in headers or b"transfer-encoding" in headers:
            _check_framing(version, pairs)
        keep_alive = version == "1.1" and parser.should_keep_alive()
        self._usual = head if keep_alive and not head.repeated else None
        self.reading = self._begun(head, pairs, keep_alive, version)

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._stuck = 0
        if self.reading is not None:
            self.reading.feed(body)

    def on_message_complete(self) -> None:
        """A request has been read to its end."""
        if self._upgrades:  # it is read again
            return
        self._stuck = 0
        self._pairs = []
        if self.reading is not None:
            self._ended(self.reading)
        self.reading = None

    def _without_upgrade(self, data: bytes) -> bytes:
        """Return a head again without its offer to upgrade, and what comes behind it.

        Java's client and ``curl --http2`` offer h2c with every first request, which is answered as plain
        HTTP. The parser stops at such a head, and would leave its body to be read as the next request.
        """
        parser = self._parser
        lines = [b"%b %b HTTP/%b" % (parser.get_method(), self._url, parser.get_http_version().encode())]
        lines += [b"%b: %b" % pair for pair in self._pairs if pair[0] != b"upgrade"]
        self._upgrades, self._url, self._pairs = False, b"", []
        self._parser = httptools.HttpRequestParser(self)
        return b"\r\n".join(lines) + b"\r\n\r\n" + data

    def _too_large(self) -> RefusalError:
        message = f"The request line and headers exceed {self._max_headers} bytes."
        return RefusalError("headers_too_large", message)


def _refusal(error: Exception) -> Exception:
    """Return why a parser has stopped: what a callback has raised, or its own reason."""
    return (
        error.__context__.with_traceback(None)
        if isinstance(error.__context__, Exception)
        else malformed(str(error))
    )


def _check_framing(version: str, pairs: Pairs) -> None:
    """Refuse a head by which it is not certain what is asked of whom, or where its body ends.

    Raises:
        RefusalError: it has no host or two, or codings that are not undone here.
    """
    if version not in _VERSIONS:
        raise malformed("its version is not 1.0 or 1.1")
    hosts = sum(name == b"host" for name, _ in pairs)
    if hosts > 1 or (version == "1.1" and not hosts):
        raise malformed(f"it has {hosts or 'no'} Host headers, where one was expected")
    codings = [value.lower() for name, value in pairs if name == b"transfer-encoding"]
    if codings not in ([], [b"chunked"]):
        names = [coding.strip() for coding in b",".join(codings).split(b",")]
        if names[-1:] != [b"chunked"] or names.count(b"chunked") > 1:
            raise malformed("its Transfer-Encoding does not end its body with chunks")
        raise RefusalError("unsupported_coding", "The Transfer-Encoding of a request may be chunked alone.")
