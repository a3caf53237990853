"""The provider: how it is reached, what it is asked, and what it answers, byte for byte."""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import aclosing
from socket import gaierror
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

import httpcore2

from mockgrid.errors import MockgridError, StartError
from mockgrid.http.relay import BrokenOffError
from mockgrid.upstream.headers import end_to_end

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from mockgrid.http.incoming import Head

# A provider that closes idle connections races with the next request on one, which nobody sends again; few
# close them sooner than after two seconds.
_IDLE: Final = 1.0
_CONNECT: Final = 30.0
_LONGEST: Final = 200
_QUOTED: Final = ": bytearray("
_STATUSES: Final = range(200, 600)


class NoReplyError(MockgridError):
    """A provider that gives no reply; the message says why."""


class ProviderReply:
    """What a provider answers: its head has come, its body is still coming.

    Attributes:
        status: from 200 to 599.
        headers: those that go on, with lower-case names, in their order; without the length.
        length: bytes that the body is said to have; None where nothing is said.
        ended: whether all of it has left for the client.
        broken: how the body ended before its end; empty where it has not.
        head: of the request that it answers.
        body: of that, whole.
        left: bytes of the body that may still be kept; below 0, it has more than those that are.
        kept: its first pieces, each with the time when it came.
    """

    head: Head
    ended = False
    broken = ""
    body = b""
    left = 0

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response
        self.kept: list[tuple[float, bytes]] = []
        self.status = response.status
        names = {name.lower() for name, _ in response.headers}
        lengths = [value for name, value in response.headers if name.lower() == b"content-length"]
        # A reply to the question whether something has changed tells of the length that it would have had.
        kept = () if self.status == 304 else (b"content-length",)  # noqa: PLR2004 - HTTP's number for it
        self.headers = end_to_end(response.headers, *kept)
        # Beside chunks a length says nothing: a client that went by it took the rest for the next reply.
        known = lengths and lengths[0].isdigit() and b"transfer-encoding" not in names
        self.length = int(lengths[0]) if known else None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes, as it was encoded.

        Raises:
            BrokenOffError: it ends before its end.
        """
        try:
            async with aclosing(self._response.aiter_stream()) as stream:
                async for piece in stream:
                    self.left -= len(piece)
                    if self.left >= 0:
                        self.kept.append((monotonic(), piece))
                    yield piece
        except httpcore2.NetworkError:
            raise BrokenOffError("The provider reset the connection within its reply.", reset=True) from None
        except httpcore2.TimeoutException:
            raise BrokenOffError("The provider went silent within its reply.") from None
        except httpcore2.ProtocolError as error:
            if "peer closed" in str(error):
                raise BrokenOffError("The provider closed the connection within its reply.") from None
            raise BrokenOffError(f"The provider's reply is no HTTP from here on: {_brief(error)}.") from None

    async def close(self) -> None:
        """Want no more of it: a connection on which it still comes is closed."""
        await self._response.aclose()


class Provider:
    """One API elsewhere.

    Args:
        url: its base URL, as clients are given it: with the path of its API, or without any.
        base_path: that of the API here.
        ca: a file of certificates to trust, too.
        seconds: that it may be silent.

    Raises:
        StartError: the certificates cannot be read, or a proxy of the environment cannot be used.
    """

    def __init__(self, url: str, base_path: str, ca: str | None, seconds: float) -> None:
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._base_path = base_path.rstrip("/").encode()
        self._path = parts.path.rstrip("/").encode()
        self._scheme, self._host, self._port = parts.scheme, _host(parts.hostname or ""), parts.port
        bracketed = b"[%b]" % self._host if b":" in self._host else self._host
        self._authority = bracketed if parts.port is None else b"%b:%d" % (bracketed, parts.port)
        times = {"connect": min(_CONNECT, seconds), "read": seconds, "write": seconds}
        self._extensions: dict[str, Any] = {"timeout": times}
        network = httpcore2.AnyIOBackend()
        # What it loads when it is first used would count as the first request's time.
        loading = Thread(target=asyncio.run, args=(network.sleep(0),))
        loading.start()
        loading.join()
        self._pool = httpcore2.AsyncConnectionPool(
            network_backend=network,
            ssl_context=_trust(ca) if parts.scheme == "https" else None,
            proxy=_proxy(parts.scheme, parts.hostname or "", ca),
            max_connections=None,
            keepalive_expiry=_IDLE,
        )

    def target(self, raw_path: bytes, query: bytes) -> bytes:
        """Return the path and query by which a request goes on.

        The path of the provider's URL takes the place of the base path here; without one, that stays. So
        clients can be given either for both. What is not below the base path stays as it is.

        >>> Provider("https://api.example.com/openai/v1", "/v1", None, 60).target(b"/v1/models", b"")
        b'/openai/v1/models'
        """
        base = self._base_path
        if self._path and (not base or raw_path == base or raw_path.startswith(base + b"/")):
            raw_path = self._path + raw_path[len(base) :]
        return b"%b?%b" % (raw_path, query) if query else raw_path

    async def ask(
        self, method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> ProviderReply:
        """Send a request, once, and return the reply when its head has come.

        Args:
            method: as the client sent it.
            target: as ``target`` gives it.
            headers: of the client; those of its connection, and its host, are left out.
            body: all of it.

        Raises:
            NoReplyError: there is none.
        """
        framed = any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)
        kept = end_to_end(headers, b"host", b"content-length", b"expect")
        lines = [(b"host", self._authority), *kept]
        if body or framed:
            lines.append((b"content-length", b"%d" % len(body)))
        url = httpcore2.URL(scheme=self._scheme, host=self._host, port=self._port, target=target)
        request = httpcore2.Request(method, url, headers=lines, content=body, extensions=self._extensions)
        try:
            response = await self._pool.handle_async_request(request)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.ProxyError,
            httpcore2.TimeoutException,
            OSError,
        ) as error:
            raise NoReplyError(self._failure(error)) from None
        if response.status not in _STATUSES:
            await response.aclose()
            raise NoReplyError(f"{self} answers with the status {response.status}, which is no reply.")
        return ProviderReply(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def __str__(self) -> str:
        return f"The provider at {self.origin}"

    def _failure(self, error: Exception) -> str:
        """Say why there is no reply."""
        match error:
            case httpcore2.ConnectTimeout():
                reason = f"did not take a connection within {self._extensions['timeout']['connect']:g} s"
            case httpcore2.TimeoutException():
                reason = f"did not answer within {self._extensions['timeout']['read']:g} s"
            case httpcore2.ConnectError() if (broken := _caused(error, ssl.SSLError)) is not None:
                reason = f"cannot be trusted, or speaks no TLS: {_brief(broken)}"
            case httpcore2.ConnectError():
                reason = f"cannot be reached: {_unreached(_caused(error, OSError) or error)}"
            case httpcore2.ProxyError():
                reason = f"cannot be reached: the proxy on the way refuses ({_brief(error)})"
            case httpcore2.LocalProtocolError():
                reason = "was not asked: the request has a header that HTTP does not allow"
            case httpcore2.RemoteProtocolError() if "without sending" not in str(error):
                reason = f"answers what is no HTTP: {_brief(error)}"
            case _:
                reason = "closed the connection without a reply"
        return f"{self} {reason}."


def _host(name: str) -> bytes:
    try:
        return name.encode("ascii")
    except UnicodeEncodeError:
        return name.encode("idna")


def _trust(ca: str | None) -> ssl.SSLContext:
    """Return what tells whom to trust: the system's certificates, or those of ``SSL_CERT_FILE``, and more."""
    context: ssl.SSLContext = httpcore2.default_ssl_context()
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except (OSError, ValueError) as error:
            message = f"--upstream-ca: There are no certificates to be read in {ca!r}: {_brief(error)}."
            raise StartError(message, hint="A file in PEM format is expected.") from None
    return context


def _proxy(scheme: str, host: str, ca: str | None) -> httpcore2.Proxy | None:
    """Return the proxy for a host by the environment: ``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``."""
    proxies = getproxies_environment()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or proxy_bypass_environment(host, proxies):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StartError(
            f"The environment names a proxy for {scheme} that is none of HTTP: {parts.scheme}.",
            hint="Unset it, or name the provider's host in NO_PROXY.",
        )
    user = unquote(parts.username or ""), unquote(parts.password or "")
    url = httpcore2.URL(scheme=parts.scheme, host=_host(parts.hostname), port=parts.port, target="/")
    context = _trust(ca) if parts.scheme == "https" else None
    return httpcore2.Proxy(url, auth=user if any(user) else None, ssl_context=context)


def _caused(error: BaseException | None, kind: type[Exception]) -> BaseException | None:
    """Return the innermost error of a kind that led to another."""
    innermost = None
    while error is not None:
        innermost = error if isinstance(error, kind) else innermost
        error = error.__cause__ or error.__context__
    return innermost


def _unreached(error: BaseException) -> str:
    """Return why nothing is reached, in the system's words: asyncio's are others than uvloop's."""
    number = None if isinstance(error, gaierror) else getattr(error, "errno", None)
    return _brief(error if number is None else OSError(number, os.strerror(number)))


def _brief(error: BaseException) -> str:
    """Return what an error says, on one line, cut short and without a full stop.

    Bytes that it quotes are left out: they may hold a cookie.
    """
    words = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
    words = words.partition(_QUOTED)[0]
    return quote(words[:_LONGEST], safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~%").rstrip(".")
