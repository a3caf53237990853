"""What is known of a request on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockgrid.contract.contract import Operation
    from mockgrid.http.incoming import Head
    from mockgrid.session.session import Session


class RequestContext:
    """A request that has no reply yet.

    Attributes:
        head: its head.
        arrived: when that had arrived, by the monotonic clock.
        operation: what is called; None where that could not be found out.
        session: which it belongs to; None where it may not enter any.
        body: as it was sent; empty until it is read.
    """

    __slots__ = ("arrived", "body", "head", "operation", "session")

    def __init__(self, head: Head, arrived: float) -> None:
        self.head = head
        self.arrived = arrived
        self.operation: Operation | None = None
        self.session: Session | None = None
        self.body = b""
