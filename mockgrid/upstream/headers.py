"""Which headers a message keeps on its way through: all but those that are about one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# RFC 9110, section 7.6.1, and what older software sends for the same.
_HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


def end_to_end(headers: Iterable[tuple[bytes, bytes]], *others: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers that go on, in their order and as often as they came, their names in lower case.

    >>> end_to_end([(b"Connection", b"X-Hop"), (b"X-Hop", b"1"), (b"Vary", b"a"), (b"Vary", b"b")])
    [(b'vary', b'a'), (b'vary', b'b')]

    Args:
        headers: of a request or a reply.
        others: lower-case names of further ones that end here.
    """
    lines = [(name.lower(), value) for name, value in headers]
    ending = _HOP_BY_HOP.union(others, _named(lines))
    return [line for line in lines if line[0] not in ending]


def _named(lines: Sequence[tuple[bytes, bytes]]) -> Iterable[bytes]:
    """Yield what ``Connection`` says is about the connection."""
    for name, value in lines:
        if name == b"connection":
            yield from (word.strip().lower() for word in value.split(b","))
