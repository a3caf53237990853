"""Having a request answered: by a coroutine that the application gives at once, or by ASGI."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mockgrid.http.eager import begin

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine, MutableMapping

    from mockgrid.http.connection_writer import ConnectionWriter
    from mockgrid.http.incoming import Incoming
    from mockgrid.http.serving import Serving

_FAILED: Final = "MockGrid failed to answer; its log has the reason."
# Headers that say where a body ends, and whether the connection goes on: the writer has them.
_FRAMING: Final = (b"content-length", b"transfer-encoding", b"connection")


def run_at_once(serving: Serving, answer: Coroutine[Any, Any, None], writer: ConnectionWriter) -> None:
    """Run what the application gave at once; whatever it does, the reply comes to an end."""
    try:
        task = begin(answer, serving.tasks)
    except Exception:  # noqa: BLE001 - a defect of ours is logged, and answered like any failure
        serving.error_log.exception("Answering a request failed")
        give_up(serving, writer)
    else:
        if task is not None:
            task.add_done_callback(partial(_ran, serving, writer))


def _ran(serving: Serving, writer: ConnectionWriter, task: asyncio.Task[None]) -> None:
    if task.cancelled():
        return  # the server has ended, and with it the connection
    error = task.exception()
    if error is not None:
        serving.error_log.error("Answering a request failed", exc_info=error)
    give_up(serving, writer)


async def run_asgi(serving: Serving, incoming: Incoming, writer: ConnectionWriter) -> None:
    """Have the application answer a request; whatever it does, the reply comes to an end."""
    try:
        await serving.app(_scope(incoming), incoming.receive, _Send(writer))
    except Exception:  # noqa: BLE001 - the application's, whatever it is
        serving.error_log.exception("Exception in ASGI application")
    else:
        if not (writer.complete or writer.lost):
            serving.error_log.error("The ASGI application returned before its reply was complete")
    give_up(serving, writer)


def give_up(serving: Serving, writer: ConnectionWriter) -> None:
    """Bring a reply to an end that its application has left without one; the connection closes."""
    if writer.complete or writer.lost:
        return
    writer.keep_alive = False
    if writer.started or not writer.whole(*serving.error_body("internal", _FAILED)):
        writer.finish()


def _scope(incoming: Incoming) -> dict[str, Any]:
    head = incoming.head
    address = incoming.connection.transport.get_extra_info
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": incoming.version,
        "server": _address(address("sockname")),
        "client": _address(address("peername")),
        "scheme": "http",
        "method": head.method,
        "root_path": "",
        "path": head.path,
        "raw_path": head.raw_path,
        "query_string": head.query,
        "headers": incoming.pairs,
        "state": {},
    }


def _address(address: Any) -> tuple[str, int] | None:
    """Return host and port; None for a Unix socket, whose addresses are paths."""
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None


class _Send:
    """ASGI's ``send``: a head and pieces of a body become the writer's."""

    def __init__(self, writer: ConnectionWriter) -> None:
        self._writer = writer
        self._begun = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        writer = self._writer
        expected = "http.response.body" if self._begun else "http.response.start"
        if message["type"] != expected:
            raise RuntimeError(f"The ASGI application sent {message['type']!r}, where {expected!r} comes.")
        if not self._begun:
            self._begun = True
            await self._begin(message)
        elif not writer.dead:
            await writer.write(message.get("body", b""))
            if not message.get("more_body", False):
                await writer.end()

    async def _begin(self, start: MutableMapping[str, Any]) -> None:
        length = None
        headers: list[tuple[bytes, bytes]] = []
        for name, value in start.get("headers", ()):
            lowered = bytes(name).lower()
            if lowered == b"content-length":
                length = int(value)
            elif lowered == b"connection" and value.lower() == b"close":
                self._writer.keep_alive = False
            if lowered not in _FRAMING:
                headers.append((bytes(name), bytes(value)))
        await self._writer.start(start["status"], headers, length)
