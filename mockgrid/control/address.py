"""Where a server is, as people write it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult


def read_address(text: str) -> SplitResult:
    """Read a URL; ``localhost:8080`` will do, and so will a port of this machine.

    Raises:
        ValueError: it is none of these; the message is a sentence.
    """
    # Taken for a host, a number would be an address far away, from which no answer ever comes.
    address = f"127.0.0.1:{text}" if text.isdecimal() else text
    try:
        where = urlsplit(address if "://" in address else f"http://{address}")
        usable = where.scheme in {"http", "https"} and where.hostname and where.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise ValueError(f"{text!r} is not a URL such as http://127.0.0.1:8080.")
    return where
