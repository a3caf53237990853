"""Serving a contract in front of a provider, which answers what no step does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.app.app import App
from mockgrid.app.compose import Composer
from mockgrid.app.read import DisconnectedError
from mockgrid.app.unknown import led_to_page
from mockgrid.reply.reply import ForwardedReply
from mockgrid.reply.request import FORWARDED, RefusedError
from mockgrid.session.exchange import request_body
from mockgrid.upstream.forwarding import Forwarding
from mockgrid.upstream.key import read_key
from mockgrid.upstream.provider import ProviderReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.app.recording import Recording
    from mockgrid.app.refused_request import RefusedRequest
    from mockgrid.contract.contract import Contract
    from mockgrid.http.asgi import Writer
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.scenario.library import Library
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.session import Session
    from mockgrid.settings import Settings


class ForwardingComposer(Composer):
    """Composes what steps say, and leaves all else to the provider."""

    def compose(self, request: Request, session: Session) -> tuple[Reply, bytes]:
        """Return the reply of a step, and the request's id; see ``Composer.compose``.

        Raises:
            RefusedError: with the failure ``FORWARDED``, that no step answers.
        """
        if self.plays(request, session):
            return super().compose(request, session)
        self.check(request)
        raise RefusedError(FORWARDED, "")


class UnplayedComposer(ForwardingComposer):
    """Leaves everything to the provider."""

    def plays(self, request: Request, session: Session) -> bool:  # noqa: ARG002 - whatever plays
        """Nothing does."""
        return False


class ForwardingApp(App):
    """Serves a contract, and has a provider answer what no step does.

    What a stage of the contract's refuses is journaled as that, and the provider's to answer all the same:
    its reply is passed on as it comes, and held to the contract when it has ended.

    Args:
        contract: the compiled contract.
        settings: what the operator asked for, an ``upstream`` among it.
        library: gives the scenarios that keys and headers may ask for.

    Attributes:
        recording: is told of each reply of the provider; None where nothing is recorded.

    Raises:
        StartError: the provider cannot be asked as the settings say.
    """

    composing: type[Composer] = ForwardingComposer
    recording: Recording | None = None

    def __init__(self, contract: Contract, settings: Settings, library: Callable[[], Library]) -> None:
        key = read_key(settings.upstream_key_env) if settings.upstream_key_env is not None else ""
        super().__init__(contract, settings, library, key)
        everything = issubclass(self.composing, UnplayedComposer)
        self._forwarding = Forwarding(settings, contract, self.errors, key, everything=everything)

    async def _refused(self, refusal: RefusedRequest) -> tuple[Reply, bytes, bytes, Session] | None:
        """Ask the provider what is its to answer; see ``App._refused``."""
        refused, head = refusal.error, refusal.head
        answered = refusal.answered(self._validator, self._composer)
        if answered is not None and refusal.session is not None:
            return (*answered, refusal.body, refusal.session)
        if not self._forwarding.takes(refused, head):
            return await super()._refused(refusal)
        own, met = refusal.session, None
        if own is not None:
            met, own.meeting = own.meeting, None
        if refused.harmless and await led_to_page(head, refused, refusal.writer):
            return None
        try:
            body = await refusal.whole(self._reader)
        except DisconnectedError:
            return None
        except RefusedError as unreadable:
            return await super()._refused(refusal._replace(error=unreadable))
        session = refusal.session or self.credentials.presumed(head)
        asking = self._forwarding.reply(refused, head, body, refusal.operation, session, refusal.writer)
        reply, request_id = await asking
        self.recorder.note_provider(head, body, refusal.operation, reply)
        session.meeting = met
        return reply, request_id, body, session

    async def _send(
        self, reply: Reply, request_id: bytes, exchange: KeptExchange, session: Session, writer: Writer
    ) -> None:
        if not isinstance(reply, ForwardedReply) or not isinstance(reply.coming, ProviderReply):
            await super()._send(reply, request_id, exchange, session, writer)
            return
        given = reply.coming
        given.left = self.settings.max_body if self.recording is not None else 0
        try:
            await super()._send(reply, request_id, exchange, session, writer)
        finally:
            reply.coming = None  # the journal keeps the reply
            await given.close()
        if self.recording is not None:
            self.recording.add(exchange, given, session.label)
        await self._forwarding.hold(exchange, reply, given.broken)
        self.recorder.note_provider(exchange.head, request_body(exchange), exchange.operation, reply)

    async def stop(self) -> None:
        """Close the connections to the provider, on the event loop that served."""
        await self._forwarding.close()


class RecordingApp(ForwardingApp):
    """Has a provider answer everything.

    Attributes:
        doing: what the line says that tells where it answers.
    """

    composing = UnplayedComposer
    doing = ""
