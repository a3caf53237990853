"""The way of a request in front of a provider, which answers what no step does."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from mockgrid.app.app import App
from mockgrid.app.read import DisconnectedError
from mockgrid.app.unknown import led_to_page
from mockgrid.reply.reply import ForwardedReply
from mockgrid.reply.request import FORWARDED, RefusedError
from mockgrid.session.exchange import KeptExchange
from mockgrid.upstream.forwarding import Forwarding
from mockgrid.upstream.key import read_key
from mockgrid.upstream.provider import ProviderReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive

    from mockgrid.app.recording import Recording
    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Head
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Forwards
    from mockgrid.scenario.library import Library
    from mockgrid.session.session import Session
    from mockgrid.settings import Settings


class ForwardingApp(App):
    """Serves a contract in front of a provider.

        read -> route -> authenticate -> validate -> admit -> compose, or ask -> record -> send -> hold

    What a stage of the contract's refuses is journaled as that, and the provider's to answer all the same.

    Args:
        contract: the compiled contract.
        settings: what the operator asked for, an ``upstream`` among it.
        library: gives the scenarios that keys and headers may ask for.
        forwards: which requests the provider is asked.

    Attributes:
        recording: is told of each exchange with the provider; None where nothing is recorded.

    Raises:
        StartError: the provider cannot be asked as the settings say.
    """

    recording: Recording | None = None

    def __init__(
        self,
        contract: Contract,
        settings: Settings,
        library: Callable[[], Library],
        forwards: Forwards = "unanswered",
    ) -> None:
        key = read_key(settings.upstream_key_env) if settings.upstream_key_env is not None else ""
        super().__init__(contract, settings, library, key)
        self._forwarding = Forwarding(settings, contract, self.errors, key, forwards)

    async def answer(
        self, head: Head, arrived: Callable[[], bytes | None], receive: Receive, writer: Writer
    ) -> None:
        """The way of a request; see ``App.answer``."""
        since, body = monotonic(), b""
        operation: Operation | None = None
        session: Session | None = None
        try:
            whole = arrived()
            body = await self._reader.read(head, receive) if whole is None else self._reader.fits(whole)
            operation, path_parameters = self.route(head)
            session = self.credentials.session(head, operation)
            request = self._validator.request(head, operation, path_parameters, body)
            operation = request.operation
            if self.metrics.open_streams >= self.settings.max_streams:
                self._check_streams(request)
            if self._forwarding.everything or not self._composer.plays(request, session):
                self._composer.check(request)
                raise RefusedError(FORWARDED, "")  # noqa: TRY301 - as the other stages say it
            reply, request_id = self._composer.compose(request, session)
        except DisconnectedError:
            return
        except RefusedError as refused:
            if refused.harmless and await led_to_page(head, refused, writer):
                return
            session = session or self.credentials.presumed(head)
            if self._forwarding.takes(refused, head):
                asking = self._forwarding.reply(refused, head, body, operation, session, writer)
                reply, request_id = await asking
            else:
                reply, request_id = self._refuse(refused, head, session, operation)
        except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
            session = session or self.credentials.presumed(head)
            reply, request_id = self._fail(head, session)
        exchange = KeptExchange(session.journal.count + 1, since, head, body, operation, reply)
        self.recorder.note_provider(exchange)
        given = reply.coming if isinstance(reply.coming, ProviderReply) else None
        if given is not None and self.recording is not None:
            given.keeps = self.settings.max_body
        await self._leave(reply, request_id, exchange, session, writer)
        if self.recording is not None and isinstance(reply, ForwardedReply):
            self.recording.add(head, body, exchange, given, session.label)

    async def _send(
        self, reply: Reply, request_id: bytes, exchange: KeptExchange, session: Session, writer: Writer
    ) -> None:
        coming = reply.coming
        await super()._send(reply, request_id, exchange, session, writer)
        if coming is not None and isinstance(reply, ForwardedReply):
            await self._forwarding.hold(exchange, reply, coming.broken)
            self.recorder.note_provider(exchange)

    async def stop(self) -> None:
        """Close the connections to the provider, on the event loop that served."""
        await self._forwarding.close()
