"""Downloading what a document refers to, from where the operator allows it."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, suppress
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mockgrid.document.document import LARGEST
from mockgrid.errors import DocumentError

if TYPE_CHECKING:
    from mockgrid.contract.reach import Reach

__all__ = ["fetch"]

_SECONDS = 30
# Addresses that end in one of IPv4, which a router may ask for them.
_STANDING_FOR = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))


def fetch(url: str, reach: Reach) -> bytes:
    """Return what a URL holds, redirects followed where they lead to what may be asked.

    Args:
        url: of the scheme http or https.
        reach: what may be asked. A host that is this machine, or next to it, has to be named in it.

    Raises:
        DocumentError: it cannot be had, takes too long, or is too large; says why, in a sentence without its
            subject.
    """
    from http.client import HTTPException, IncompleteRead, InvalidURL  # noqa: PLC0415 - with the next
    from urllib.error import HTTPError  # noqa: PLC0415 - 40 ms, for documents that refer to URLs alone

    deadline = monotonic() + _SECONDS
    reason = ""
    content = b""
    try:
        _check(url, reach)
        with ExitStack() as stack, _opener(reach, deadline, stack).open(url, timeout=_SECONDS) as response:
            content = response.read(LARGEST + 1)
            if response.length and len(content) <= LARGEST:
                reason = "its reply is cut short"
    except IncompleteRead:  # also where a chunk is malformed
        reason = "its reply is cut short"
    except (InvalidURL, ValueError):
        reason = "it is no URL that can be asked"
    except HTTPException:
        reason = "its server does not reply in HTTP"
    except OSError as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = str(getattr(error, "reason", error))
    if monotonic() >= deadline:  # a reply without a length ends as if it were whole
        reason = f"it takes longer than {_SECONDS} seconds"
    if reason:
        raise DocumentError(f"it cannot be downloaded: {reason}.")
    if len(content) > LARGEST:
        raise DocumentError(f"it is larger than {LARGEST // 2**20} MB.")
    return content


def _opener(reach: Reach, deadline: float, stack: ExitStack) -> Any:
    """Return what opens URLs and follows redirects; what ends its connections in time goes on the stack."""
    import urllib.request as urllib  # noqa: PLC0415 - as above

    class Followed(urllib.HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0913, PLR0917 - urllib's
            with closing(fp):
                _check(newurl, reach)
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    class CheckedOpening(urllib.AbstractHTTPHandler):
        def do_open(self, http_class: Any, req: Any, **options: Any) -> Any:
            def connection(host: str, **options: Any) -> Any:
                made = http_class(host, **options)
                proxied = req.has_proxy() or req._tunnel_host  # noqa: SLF001 - not told otherwise
                if proxied:  # which looks the host up itself, so that this is all that can be checked
                    _addresses(urlsplit(req.full_url).hostname or "", 0, reach)
                made._create_connection = partial(  # noqa: SLF001 - TLS goes by the host's name
                    _connected, reach=None if proxied else reach, deadline=deadline, stack=stack
                )
                return made

            return super().do_open(connection, req, **options)

    class Plain(CheckedOpening, urllib.HTTPHandler):
        pass

    class Secure(CheckedOpening, urllib.HTTPSHandler):
        pass

    return urllib.build_opener(Followed, Plain, Secure)


def _check(url: str, reach: Reach) -> None:
    """Check that a URL may be asked.

    Raises:
        DocumentError: it may not.
    """
    if not reach.admits_url(url):
        raise DocumentError(f"it leads on to {url}, which --allow-ref does not name.")


def _addresses(host: str, port: int, reach: Reach | None) -> list[str]:
    """Return the addresses of a host, checked unless there is no reach.

    Raises:
        DocumentError: it has none, or one that may not be asked.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DocumentError(f"its host cannot be found: {error}.") from None
    addresses = [str(entry[4][0]) for entry in entries]
    named = reach is None or reach.names_host(host)
    if not named and not all(_is_far(ip_address(address.partition("%")[0])) for address in addresses):
        raise DocumentError("its host is on this machine or its network, and --allow-ref does not name it.")
    return addresses


def _is_far(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is of another network, and so is one of IPv4 that it stands for."""
    meant = address
    if isinstance(address, IPv6Address):
        meant = address.sixtofour or address
        if any(address in network for network in _STANDING_FOR):
            meant = IPv4Address(address.packed[-4:])
    return address.is_global and meant.is_global


def _connected(
    target: tuple[str, int], *_: Any, reach: Reach | None, deadline: float, stack: ExitStack
) -> socket.socket:
    """Return a connection to the very address that was checked; it is cut when the time is over.

    Raises:
        OSError: none of the host's addresses can be reached.
    """
    host, port = target
    failure = OSError("its host has no address")
    for address in _addresses(host, port, reach):
        left = max(deadline - monotonic(), 0.001)
        try:
            connected = socket.create_connection((address, port), left)
        except OSError as error:
            failure = error
            continue
        # TLS takes the socket over; what is shut down by its double is shut down all the same.
        timer = Timer(left, _cut, [stack.enter_context(connected.dup())])
        timer.daemon = True
        timer.start()
        stack.callback(timer.cancel)
        return connected
    raise failure


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself
        connection.shutdown(socket.SHUT_RDWR)
