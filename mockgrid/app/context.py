"""What is known of a request on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mockgrid.reply.refused import RefusedError

if TYPE_CHECKING:
    from mockgrid.contract.contract import Operation
    from mockgrid.http.head import Head
    from mockgrid.reply.reply import Reply
    from mockgrid.session.exchange import Exchange
    from mockgrid.session.session import Session


async def DONE(_scope: Any, _receive: Any, _send: Any) -> None:  # noqa: N802 - a constant: nothing is left to do
    """Do nothing."""


class Entry:
    """A request before its body is read.

    Attributes:
        head: its head.
        arrived: when that had arrived, by the monotonic clock.
        operation: what is called; None where that could not be found out.
        path_parameters: of its path, as they were sent.
        session: which it belongs to; None where it may not enter any.
        failure: why it is not to be answered as it wishes: it is refused, or something went wrong.
    """

    __slots__ = ("arrived", "failure", "head", "operation", "path_parameters", "session")

    def __init__(self, head: Head, arrived: float) -> None:
        self.head = head
        self.arrived = arrived
        self.operation: Operation | None = None
        self.path_parameters: dict[str, str] = {}
        self.session: Session | None = None
        self.failure: Exception | None = None

    @property
    def takes_body(self) -> bool:
        """Whether there is a body to be read before it can be answered."""
        return self.failure is None and self.operation is not None and bool(self.operation.body)

    def fail(self, failure: Exception) -> None:
        """Note why it is not to be answered as it wishes.

        Where a refusal came from is forgotten: it refers to those who refer to this. Of a defect, which is
        rare, the log tells it.
        """
        self.failure = failure.with_traceback(None) if isinstance(failure, RefusedError) else failure

    def found(self) -> tuple[Operation, Session]:
        """Return the operation and the session.

        Raises:
            RefusedError: one of them could not be found.
        """
        if self.operation is None or self.session is None or self.failure is not None:
            raise self._taken()
        return self.operation, self.session

    def _taken(self) -> Exception:
        """Give away the failure: who raises it and still had it would be part of a circle."""
        failure, self.failure = self.failure, None
        return failure or AssertionError()


class Answered(NamedTuple):
    """A request for which there is a reply, not yet sent."""

    reply: Reply
    request_id: bytes
    exchange: Exchange
    session: Session
