"""Forwarding a request to the provider, and holding what comes back to the contract."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.http.relay import LeftError, while_there
from mockgrid.reply.error_words import ErrorWords
from mockgrid.reply.provided import ProviderContract, decoded, miscoded, unanswered, unfinished
from mockgrid.reply.reply import ForwardedReply
from mockgrid.reply.request import FORWARDED, breach_of
from mockgrid.session.exchange import MOST_KEPT
from mockgrid.session.turns import among_others
from mockgrid.upstream.key import with_key
from mockgrid.upstream.provider import NoReplyError, Provider

if TYPE_CHECKING:
    from mockgrid.contract.contract import Contract, Operation
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Head
    from mockgrid.reply.errors import Errors
    from mockgrid.reply.request import RefusedError
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.session import Session
    from mockgrid.settings import Settings

STEP: Final = "(forwarded)"
"""What ``x-mockgrid-step`` says of a reply that a provider gave, and the journal in place of a step."""

_LEFT: Final = 499
"""In the journal, the status of a request whose client left before there was one; as nginx has it."""

_BAD_GATEWAY: Final = 502
_FAILURE: Final = "upstream_failed"
# Of what is refused here, what no provider is asked about: it is about this server, or about what it plays.
_OURS: Final = frozenset(("body_too_large", "request_timeout"))
_PLAYED: Final = frozenset(("context_overflow", "unknown_model"))
_UNKNOWN_SCENARIO: Final = "MG105"
# What is MockGrid's own, and nobody else's business.
_OWN: Final = (b"x-mockgrid-session", b"x-mockgrid-scenario")
_ADDED: Final = frozenset((b"x-request-id", b"x-mockgrid-step"))


class Forwarding:
    """What is forwarded, and what comes of it.

    Args:
        settings: which provider, and how it is asked.
        contract: what its replies are held to.
        errors: compose what is said where it says nothing.
        key: by which it is asked in place of the clients' own; empty for these.
        everything: whether it is asked whatever plays.

    Raises:
        StartError: it cannot be asked as the settings say.
    """

    def __init__(
        self, settings: Settings, contract: Contract, errors: Errors, key: str, *, everything: bool
    ) -> None:
        self._everything = everything
        self._provider = Provider(
            settings.upstream or "", contract.base_path, settings.upstream_ca, settings.request_timeout
        )
        self._contract = contract
        self._errors = errors
        self._key = key
        self._seconds = settings.request_timeout
        self._preflights = settings.cors
        self._held = ProviderContract(contract)

    def takes(self, refused: RefusedError, head: Head) -> bool:
        """Tell whether a request that is refused here is the provider's to answer."""
        if refused.failure == FORWARDED:
            return True
        if refused.failure in _OURS or (self._preflights and head.method == "OPTIONS"):
            return False
        if refused.failure in _PLAYED or refused.code == _UNKNOWN_SCENARIO:
            return self._everything
        return bool(refused.violations) or refused.harmless or breach_of(refused) is not None

    async def reply(  # noqa: PLR0913, PLR0917 - all that there is of a request
        self,
        refused: RefusedError,
        head: Head,
        body: bytes,
        operation: Operation | None,
        session: Session,
        writer: Writer,
    ) -> tuple[ForwardedReply, bytes]:
        """Ask the provider; return its reply, whose body is still coming, and the id of the request.

        Args:
            refused: why no reply is made here; it has the violations of the request.
            head: of the request.
            body: of the request.
            operation: that is called; None where there is none.
            session: whose request it is.
            writer: by which the reply will leave: a client that leaves is not asked for any more.
        """
        digest = hashlib.blake2b(f"{head.method} ".encode("utf-8", "replace"))
        for part in (head.raw_path, b"?", head.query, b" ", body):
            digest.update(part)
        attempt = refused.attempt or session.attempt(digest.hexdigest()[:32])
        digest.update(b"%d" % attempt)
        if asyncio.current_task() is None:
            await asyncio.sleep(0)  # begun eagerly: from here on, it runs in a task
        reply = await self._asked(head, body, operation, writer)
        breach = breach_of(refused)
        reply.violations = refused.violations or (() if breach is None else (breach,))
        reply.attempt, reply.step = attempt, STEP
        reply.decided = _ADDED.intersection(name for name, _ in reply.headers)
        return reply, f"req_{digest.hexdigest()[:32]}".encode()

    async def _asked(
        self, head: Head, body: bytes, operation: Operation | None, writer: Writer
    ) -> ForwardedReply:
        headers = [line for line in head.lines if line[0] not in _OWN]
        query = head.query
        if self._key:
            security = (operation or self._contract.operations[0]).security
            headers, query = with_key(self._key, security, headers, query)
        target = self._provider.target(head.raw_path, query)
        try:
            async with asyncio.timeout(self._seconds):  # also for a head that comes a byte at a time
                asking = self._provider.ask(head.method, target, headers, body)
                given = await while_there(writer, asking)
        except LeftError:
            return ForwardedReply(_LEFT, ())
        except TimeoutError:
            failure = f"{self._provider} did not answer within {self._seconds:g} s."
        except NoReplyError as error:
            failure = error.message
        else:
            given.head, given.body = head, body
            return ForwardedReply(given.status, given.headers, events=(), coming=given)
        said = self._errors.by_status(_BAD_GATEWAY, ErrorWords(failure), operation=operation)
        broken = (unanswered(failure),)
        return ForwardedReply(said.status, said.headers, said.body, failure=_FAILURE, own_violations=broken)

    async def hold(self, exchange: KeptExchange, reply: ForwardedReply, broken_off: str) -> None:
        """Hold a reply that has ended to the contract, and tell of it as a whole if it is no stream.

        Args:
            exchange: it is a part of.
            reply: that has ended.
            broken_off: how it broke off; empty where it did not.
        """
        sent = b"".join(piece for _, piece in exchange.chunks)
        whole = exchange.whole and len(sent) == exchange.chunks_size
        coded = any(name == b"content-encoding" for name, _ in reply.headers)
        broken = [unfinished(broken_off)] if broken_off else []
        try:
            body = None if coded and not whole else decoded(reply.headers, sent)
        except MalformedBodyError as error:
            body = None
            broken.append(miscoded(error.message))
        if exchange.operation is not None and exchange.replied:
            holding = self._held.violations(
                exchange.operation, reply.status, reply.headers, body, whole=whole
            )
            broken[:0] = await among_others(holding)
        reply.own_violations = tuple(broken)
        if body is not None and whole and len(body) <= MOST_KEPT and (coded or not _streams(reply)):
            reply.body = body

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._provider.close()


def _streams(reply: ForwardedReply) -> bool:
    types = (value for name, value in reply.headers if name == b"content-type")
    return next(types, b"").lower().startswith(b"text/event-stream")
