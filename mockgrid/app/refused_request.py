"""A request that a stage refuses: all that there is of it by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive

    from mockgrid.app.read import BodyReader
    from mockgrid.contract.contract import Operation
    from mockgrid.http.asgi import Writer
    from mockgrid.http.incoming import Head
    from mockgrid.reply.request import RefusedError
    from mockgrid.session.session import Session


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
