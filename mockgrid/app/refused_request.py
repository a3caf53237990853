"""A request that a stage refuses: all that there is of it by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mockgrid.reply.request import RefusedError, breach_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive

    from mockgrid.app.compose import Composer
    from mockgrid.app.read import BodyReader
    from mockgrid.app.validate import Validator
    from mockgrid.contract.contract import Operation
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Head
    from mockgrid.reply.reply import Reply
    from mockgrid.session.session import Session

# With what a request is refused that was read, and breaks the contract.
_BREACHES: Final = frozenset(("invalid_request", "malformed_body", "unsupported_media_type", "wrong_type"))


class RefusedRequest(NamedTuple):
    """Why a request is refused, and what is known of it.

    Attributes:
        error: why.
        head: of the request.
        session: whose it is; None where that is not known.
        operation: what it calls; None where there is no such operation.
        body: as far as it was read.
        arrived: see ``App.answer``.
        receive: the same.
        writer: the same.
    """

    error: RefusedError
    head: Head
    session: Session | None
    operation: Operation | None
    body: bytes
    arrived: Callable[[], bytes | None]
    receive: Receive
    writer: Writer

    def answered(self, validator: Validator, composer: Composer) -> tuple[Reply, bytes] | None:
        """Return the reply of a step that answers what breaks the contract, too, and the request's id.

        None where there is none, or a limit of the scenario is reached.

        Args:
            validator: reads requests.
            composer: composes replies.
        """
        session, operation, refused = self.session, self.operation, self.error
        if session is None or session.play is None or operation is None:
            return None
        if refused.failure not in _BREACHES or not session.play.scenario.lenient:
            return None
        request = validator.as_sent(self.head, operation, self.body)
        try:
            answer = composer.compose_broken(request, session)
        except RefusedError:
            return None
        if answer is not None:
            breach = breach_of(refused)
            answer[0].violations = refused.violations or (() if breach is None else (breach,))
        return answer

    async def whole(self, reader: BodyReader) -> bytes:
        """Return the whole body, which is read now where that was not done yet.

        Raises:
            RefusedError: it is too large, or too slow.
            DisconnectedError: the client left.
        """
        if self.session is not None and self.operation is not None and self.operation.body:
            return self.body
        there = self.arrived()
        return await reader.read(self.head, self.receive) if there is None else reader.fits(there)
