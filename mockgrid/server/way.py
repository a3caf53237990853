"""What is known of a request on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mockgrid.contract.contract import Operation
    from mockgrid.reply.refused import RefusedError
    from mockgrid.reply.reply import Reply
    from mockgrid.server.head import Head
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
        refused: why it is not to be answered as it wishes.
        defect: what failed that should not have.
    """

    __slots__ = ("arrived", "defect", "head", "operation", "path_parameters", "refused", "session")

    def __init__(self, head: Head, arrived: float) -> None:
        self.head = head
        self.arrived = arrived
        self.operation: Operation | None = None
        self.path_parameters: dict[str, str] = {}
        self.session: Session | None = None
        self.refused: RefusedError | None = None
        self.defect: Exception | None = None

    @property
    def takes_body(self) -> bool:
        """Whether there is a body to be read before it can be answered."""
        return self.refused is None and self.operation is not None and bool(self.operation.body)

    def found(self) -> tuple[Operation, Session]:
        """Return the operation and the session.

        Raises:
            RefusedError: one of them could not be found.
        """
        if self.operation is None or self.session is None or self.refused is not None:
            raise self.refused or self.defect or AssertionError
        return self.operation, self.session


class Answered(NamedTuple):
    """A request for which there is a reply, not yet sent."""

    reply: Reply
    request_id: bytes
    exchange: Exchange
    session: Session
