"""What MockGrid itself answers, in this process: by a scenario's reply, or as it does by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockgrid.app.app import App
from mockgrid.contract.extension import known_models
from mockgrid.recording.exchange import RecordedReply
from mockgrid.recording.trial import Trial
from mockgrid.reply.behaviour import Turn
from mockgrid.reply.behaviours import readings
from mockgrid.scenario.library import Library
from mockgrid.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation
    from mockgrid.recording.exchange import RecordedRequest
    from mockgrid.reply.errors import ErrorShape
    from mockgrid.reply.reply import Reply
    from mockgrid.reply.request import Request
    from mockgrid.scenario.reply import ScriptedReply

__all__ = ["UNKNOWN_KEY", "Fake"]

UNKNOWN_KEY: Final = "mockgrid-verify-no-such-key"
"""A credential that nobody knows."""

_KEY: Final = "mockgrid:verify"
_SENT: Final = (b"x-request-id", b"req_0")


class Fake:
    """Answers requests as a server would, without one.

    Args:
        contract: what it serves.
        shape: of its errors.
        models: those that it knows; those of the contract where none are named.
    """

    def __init__(self, contract: Contract, shape: ErrorShape = "vendor", models: Sequence[str] = ()) -> None:
        settings = Settings(
            log="off", api_keys=(_KEY,), models=tuple(models), clock="virtual", error_shape=shape
        )
        self._app = App(contract, settings, Library)
        declared = contract.policy.models
        self.models = known_models(models, declared) if models else declared
        self._scripted = Trial(contract, shape, self.models).scripted
        self._readings = readings(contract.operations)

    async def reply(self, request: RecordedRequest, operation: Operation, credential: str) -> RecordedReply:
        """Return the default reply to a request."""
        from mockgrid.upstream.key import with_key  # noqa: PLC0415 - an extra, and scripted replies need none

        key = _KEY if credential == "key" else UNKNOWN_KEY
        query = request.query.encode("latin-1")
        headers, query = with_key(key, operation.security, list(request.headers), query)
        headers.append((b"content-length", b"%d" % len(request.body)))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(request.path),
            "raw_path": request.path.encode("latin-1"),
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 0),
        }
        messages: list[Any] = []
        arriving = [{"type": "http.request", "body": request.body, "more_body": False}]

        async def receive() -> Any:
            return arriving.pop() if arriving else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return RecordedReply(messages[0]["status"], tuple(messages[0]["headers"]), ((0.0, body),))

    def scripted(self, scripted: ScriptedReply, request: Request) -> RecordedReply:
        """Return what a scenario's reply is to a request, without its pace and its faults.

        Raises:
            MockgridError: the operation cannot have such a reply.
        """
        view = self._readings[request.operation.id].view(request)
        return _recorded(self._scripted.compose(scripted, Turn(request, view, "0" * 32, "0" * 128)))


def _recorded(reply: Reply) -> RecordedReply:
    body = reply.body if reply.events is None else b"".join(reply.events)
    return RecordedReply(reply.status, (*reply.headers, _SENT), ((0.0, body),))
