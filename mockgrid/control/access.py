"""Who may use the control interface."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mockgrid.control import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

# Wrong tokens that one address may try in a while; then it has to wait.
_TRIES = 10
_WHILE = 60.0
_RENAMED = (
    "The control interface answers from this machine by an address or a name without dots alone, such as "
    "localhost; or bring the control token."
)
_FOREIGN = (
    "The control interface answers no pages of other origins; a proxy before it has to pass the Host on as it"
    " came, or the control token has to come along."
)
_CLOSED = "The control interface is closed to other machines; start with --control-token to open it."
_REMOTE = "The control interface needs the header `Authorization: Bearer <control token>` from here."
_WRONG = (
    "This is not the control token that the server has; its --control-token, or its variable, says which."
)
# Addresses that are remembered.
_ADDRESSES = 1000
# What Starlette's test client, which calls from this very process, gives as its address.
_TEST_CLIENT = "testclient"


class Access:
    """Admits callers on this machine, and those that have the token.

    Proxies are not trusted: it is the address of the connection that counts, whatever a header says. Pages of
    other origins are refused without the token, since a browser would send their requests from this machine;
    and so is a public name for this machine, behind which a page can hide its origin.

    Args:
        token: what callers from elsewhere must bring; None keeps them out.
        now: seconds of a clock that only moves forward.
    """

    def __init__(self, token: str | None, now: Callable[[], float]) -> None:
        self._token = f"Bearer {token}".encode() if token else None
        self._now = now
        self._failures: dict[str, list[float]] = {}

    def check(self, scope: Scope, *, files: bool = False) -> None:
        """Refuse a caller that may not be here.

        Args:
            scope: of the call.
            files: whether it is for the live page's own files alone. They hold nothing, and the token is
                asked for by them: where there is one, they may be had without.

        Raises:
            ControlError: 403, or 429 for one that has tried too many tokens.
        """
        headers = dict(scope["headers"])
        client = scope.get("client")
        is_foreign = _is_foreign(scope["method"], headers)
        is_local = client is None or _is_loopback(client[0])
        if is_local and not is_foreign and not _is_public(headers.get(b"host", b"")):
            return
        lacking = _FOREIGN if is_foreign else _RENAMED if is_local else _REMOTE
        if self._token is None:
            raise ControlError(403, lacking if is_local or is_foreign else _CLOSED)
        if files and not is_foreign:
            return
        address = client[0] if client is not None else ""
        if len(self._tries(address)) >= _TRIES:
            raise ControlError(429, f"Too many wrong control tokens came from here; wait {_WHILE:g} s.")
        if not self._has_token(headers):
            if b"authorization" in headers:  # who brings none has tried none
                self._note_failure(address)
                lacking = _WRONG
            raise ControlError(403, lacking)

    def _has_token(self, headers: dict[bytes, bytes]) -> bool:
        sent = headers.get(b"authorization", b"")
        return self._token is not None and hmac.compare_digest(sent, self._token)

    def _tries(self, address: str) -> list[float]:
        """Return when an address brought wrong tokens lately."""
        since = self._now() - _WHILE
        return [at for at in self._failures.get(address, ()) if at > since]

    def _note_failure(self, address: str) -> None:
        tries = [*self._tries(address), self._now()]
        self._failures.pop(address, None)
        if len(self._failures) >= _ADDRESSES:
            del self._failures[next(iter(self._failures))]
        self._failures[address] = tries


def _is_foreign(method: str, headers: dict[bytes, bytes]) -> bool:
    """Tell whether a browser asks because a page of another origin has it ask.

    Browsers say so where they call this machine or by https, and no page can change what they say; else the
    page's origin has to be the Host. Whoever follows a link to here asks for himself.
    """
    site = headers.get(b"sec-fetch-site")
    if site is None:
        origin = headers.get(b"origin")
        return origin is not None and _host(origin) != headers.get(b"host", b"")
    follows_link = (
        headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    )
    return site not in (b"same-origin", b"none") and not (follows_link and method in ("GET", "HEAD"))


def _host(origin: bytes) -> bytes:
    return urlsplit(origin.decode("latin-1")).netloc.encode("latin-1")


def _is_public(host: bytes) -> bool:
    """Tell whether a Host could be anybody's: a name with dots, which whoever owns it may point here."""
    try:
        name = urlsplit(f"//{host.decode('latin-1')}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        name = host.decode("latin-1").partition(":")[0]
        return "." in name.rstrip(".") and not name.rstrip(".").lower().endswith(".localhost")
    return False


def _is_loopback(host: str) -> bool:
    if host == _TEST_CLIENT:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # A socket for both families shows 127.0.0.1 as ::ffff:127.0.0.1.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
