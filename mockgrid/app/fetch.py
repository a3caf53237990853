"""Downloading what a document refers to, from where the operator allows it."""

from __future__ import annotations

import socket
from contextlib import closing
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mockgrid.document.document import LARGEST
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from mockgrid.contract.reach import Reach

__all__ = ["fetch"]

_SECONDS = 30


def fetch(url: str, reach: Reach) -> bytes:
    """Return what a URL holds, redirects followed where they lead to what may be asked.

    Args:
        url: of the scheme http or https.
        reach: what may be asked. A host that is this machine, or next to it, has to be named in it.

    Raises:
        DocumentError: it cannot be had, or is too large; says why, in a sentence without its subject.
    """
    import urllib.error  # noqa: PLC0415 - with the next
    import urllib.request  # noqa: PLC0415 - 40 ms, for documents that refer to URLs alone

    class Followed(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0913, PLR0917 - urllib's
            with closing(fp):
                _check(newurl, reach)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    _check(url, reach)
    try:
        with urllib.request.build_opener(Followed).open(url, timeout=_SECONDS) as response:
            content: bytes = response.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise DocumentError(f"it cannot be downloaded: {getattr(error, 'reason', error)}.") from None
    if len(content) > LARGEST:
        raise DocumentError(f"it is larger than {LARGEST // 2**20} MB.")
    return content


def _check(url: str, reach: Reach) -> None:
    """Check that a URL may be asked.

    Raises:
        DocumentError: it may not.
    """
    if not reach.admits_url(url):
        raise DocumentError(f"it leads on to {url}, which --allow-ref does not name.")
    if reach.names_host(url):
        return
    try:
        addresses = socket.getaddrinfo(urlsplit(url).hostname, None)
    except OSError as error:
        raise DocumentError(f"its host cannot be found: {error}.") from None
    if not all(ip_address(str(address[4][0]).partition("%")[0]).is_global for address in addresses):
        raise DocumentError("its host is on this machine or its network, and --allow-ref does not name it.")
