"""What answers an operation beyond examples and synthesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request


class Behaviour(Protocol):
    """Answers the operations whose ``x-mockgrid.behaviour`` names it."""

    def check(self, request: Request) -> None:
        """Refuse what the schema admits but this API does not, such as an unknown model.

        Raises:
            RefusedError: the request cannot be served.
        """

    def reply(self, request: Request, seed: str, identity: str) -> Reply:
        """Compose the default reply.

        Args:
            request: a valid request.
            seed: hexadecimal text from what the request asks, 32 characters.
            identity: hexadecimal text that differs between attempts too, 128 characters.
        """
