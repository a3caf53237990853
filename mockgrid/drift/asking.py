"""Asking a provider, bounded in time and size; nothing is sent again but once where it says when."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing, suppress
from time import monotonic, time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from mockgrid import __version__
from mockgrid.drift.fake import UNKNOWN_KEY
from mockgrid.errors import MockgridError
from mockgrid.http.relay import BrokenOffError
from mockgrid.recording.exchange import RecordedReply, header
from mockgrid.reply.provided import decoded
from mockgrid.session.key_shapes import REDACTED
from mockgrid.session.verdicts.policy import requested_wait
from mockgrid.upstream.key import with_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mockgrid.drift.question import Drift, Question
    from mockgrid.recording.exchange import Headers
    from mockgrid.upstream.provider import Provider, ProviderReply

__all__ = ["Asking", "Bounds"]

_SENT: Final = (
    (b"accept", b"application/json, text/event-stream, */*;q=0.5"),
    (b"user-agent", f"mockgrid/{__version__}".encode()),
)
_LIMITED: Final = 429
# A shorter key could stand anywhere by chance.
_SHORTEST: Final = 8
_REDIRECTS: Final = (307, 308)
_MOST_REDIRECTS: Final = 3


class Bounds(NamedTuple):
    """What a reply may take.

    Attributes:
        seconds: from the request to its end.
        size: bytes.
        wait: seconds that a provider may ask to wait before it is asked once more.
    """

    seconds: float = 60.0
    size: int = 8 * 1024 * 1024
    wait: float = 60.0


class Asking:
    """Sends questions.

    Args:
        connect: returns the provider, without a connection: one that it has closed may look open for a while.
        keys: that it knows, by the names of the schemes that they are for; of no name, for all others.
        bounds: of each reply.
        sleep: waits, in seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Provider],
        keys: Mapping[str, str],
        bounds: Bounds,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connect = connect
        self._keys = keys
        self._forms = [
            form
            for key in keys.values()
            if len(key) >= _SHORTEST
            for form in (key.encode("latin-1"), quote(key).encode(), base64.b64encode(key.encode("latin-1")))
        ]
        self._bounds = bounds
        self._sleep = sleep

    async def reply(self, question: Question) -> RecordedReply | Drift:
        """Return what the provider answers, without the key; or why that came to nothing.

        Raises:
            NoReplyError: there is no reply at all.
        """
        reply = await self._once(question)
        if isinstance(reply, RecordedReply) and reply.status == _LIMITED != question.expected.status:
            wish = requested_wait(reply.headers, monotonic(), time() - monotonic())
            if wish is not None and wish.seconds <= self._bounds.wait:
                await self._sleep(wish.seconds)
                reply = await self._once(question)
        return reply

    async def _once(self, question: Question) -> RecordedReply | Drift:
        seconds, size = self._bounds.seconds, self._bounds.size
        try:
            async with asyncio.timeout(seconds):
                status, headers, pieces, broken = await self._read(question)
        except TimeoutError:
            return question.drift("MG441", f"the provider's reply takes longer than {seconds:g} s")
        body = b"".join(pieces)
        if len(body) > size:
            message = f"the provider's reply is larger than {size // 1024 // 1024} MiB, and may have no end"
            return question.drift("MG443", message)
        if broken:
            return question.drift("MG442", f"the provider's reply is cut: {_sentence(broken)}")
        try:
            plain = decoded(headers, body)
        except MockgridError as error:
            why = _sentence(error.message).replace("the request body", "it")  # others read requests by this
            message = f"the body of the provider's reply cannot be read: {why}"
            return question.drift("MG412", message)
        if plain is None:
            message = "the provider's reply has an encoding that is not known, or is too large without it"
            return question.drift("MG412", message)
        body = plain
        return RecordedReply(
            status, [(name, self._hidden(value)) for name, value in headers], ((0.0, self._hidden(body)),)
        )

    async def _read(self, question: Question) -> tuple[int, Headers, list[bytes], str]:
        """Return status, headers, the pieces of the body, and how it broke off."""
        request, keys = question.request, self._keys if question.credential == "key" else {"": UNKNOWN_KEY}
        headers = [*request.headers, *_SENT]
        query = request.query.encode("latin-1")
        if any(keys.values()):
            headers, query = with_key(keys.get("", ""), question.operation.security, headers, query, keys)
        provider = self._connect()
        try:
            target = provider.target(request.path.encode("latin-1"), query)
            reply = await provider.ask(request.method, target, headers, request.body)
            for _ in range(_MOST_REDIRECTS):
                location = _near(provider, reply, target)
                if location is None or reply.status == question.expected.status:
                    break
                await reply.close()
                reply = await provider.ask(request.method, location, headers, request.body)
            pieces, broken = await self._body(reply)
        finally:
            await provider.close()
        return reply.status, tuple(reply.headers), pieces, broken

    async def _body(self, reply: ProviderReply) -> tuple[list[bytes], str]:
        """Return the pieces of a body, as far as it may be read, and how it broke off."""
        pieces: list[bytes] = []
        broken, size = "", 0
        try:
            async with aclosing(reply.pieces()) as coming:
                async for piece in coming:
                    pieces.append(piece)
                    size += len(piece)
                    if size > self._bounds.size:
                        break
        except BrokenOffError as error:
            broken = str(error)
        finally:
            with suppress(Exception):  # it is read as far as it will be
                await reply.close()
        return pieces, broken

    def _hidden(self, data: bytes) -> bytes:
        """Return bytes without the key, which a provider may repeat as it came."""
        for form in self._forms:
            data = data.replace(form, REDACTED.encode())
        return data


def _near(provider: Provider, reply: ProviderReply, target: bytes) -> bytes | None:
    """Return where a reply sends on to at the same provider; no other is given the key."""
    if reply.status not in _REDIRECTS:
        return None
    here = f"{provider.origin}{target.decode('latin-1')}"
    there = urlsplit(urljoin(here, header(reply.headers, b"location")))
    if f"{there.scheme}://{there.netloc}" != provider.origin:
        return None
    return f"{there.path}{there.query and '?'}{there.query}".encode("latin-1")


def _sentence(text: str) -> str:
    return f"{text[:1].lower()}{text[1:].rstrip('.')}"
