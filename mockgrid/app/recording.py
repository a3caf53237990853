"""Recording what a provider answers: a scenario of it is in its file while the server still runs."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from mockgrid.app.sources import Sources
from mockgrid.errors import StartError
from mockgrid.log import warn
from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe
from mockgrid.report.wording import counted
from mockgrid.upstream.headers import end_to_end

if TYPE_CHECKING:
    from pathlib import Path

    from mockgrid.recording.exchange import ReplyEnd
    from mockgrid.recording.scribe import WrittenScenario
    from mockgrid.recording.scrubbing import ScrubRules
    from mockgrid.session.exchange import KeptExchange
    from mockgrid.session.redaction import Redaction
    from mockgrid.settings import Settings
    from mockgrid.upstream.provider import ProviderReply

# The file is written when nothing has come for so many seconds, at the latest after so many; between two
# times lies a multiple of what it took, which a crash costs; it is no longer than so many, or than it took.
_QUIET: Final = 0.5
_LATEST: Final = 1.0
_SPARE: Final = 20
_MOST_SPARE: Final = 30.0


class Recording:
    """The exchanges with one provider, and the file in which they are a scenario.

    Args:
        path: of the file.
        settings: of the server; the contract is read once more, since writing goes on beside it.
        redaction: knows what must not be in the file.
        rules: what else is taken out.
        force: whether a file that is there is overwritten.

    Attributes:
        written: what was written last; None for nothing.

    Raises:
        StartError: there is a file, or none can be written.
    """

    written: WrittenScenario | None = None

    def __init__(
        self, path: Path, settings: Settings, redaction: Redaction, rules: ScrubRules, *, force: bool
    ) -> None:
        if path.exists() and not force:
            hint = "Name another, or add --force to overwrite it; nothing is added to a file."
            raise StartError(f"--output: There is {str(path)!r} already.", hint=hint)
        self._path = path
        self._aside = path.with_name(f".{path.name}.{os.getpid()}")
        self._origin = settings.upstream or ""
        self._scribe = Scribe(
            Sources(settings).contract(), settings.error_shape, rules=rules, redaction=redaction
        )
        self._exchanges: list[tuple[float, RecordedExchange]] = []
        self._count = 0
        self._unwritable: dict[str, None] = {}
        self._changed = 0.0
        self._writing: asyncio.Task[None] | None = None
        try:
            self._aside.touch(0o666)
            self._aside.unlink()
        except OSError as error:
            message = f"--output: {str(path)!r} cannot be written: {error.strerror}."
            raise StartError(message, hint="Name a file in a folder that is there.") from None

    def add(self, exchange: KeptExchange, reply: ProviderReply, label: str) -> None:
        """Add an exchange that has ended.

        Args:
            exchange: as the journal keeps it.
            reply: of the provider.
            label: the test that it belongs to; empty for none.
        """
        head = reply.head
        if reply.left < 0:
            warn(f"a reply to {head.method} {head.path} has more than --max-body, and is not recorded")
            return
        target = head.raw_path + (b"?" + head.query if head.query else b"")
        request = RecordedRequest(
            head.method,
            target.decode("latin-1"),
            end_to_end(head.lines, b"content-length", b"expect"),
            reply.body,
            self._origin,
        )
        pieces = tuple((max(at - exchange.arrived, 0.0), piece) for at, piece in reply.kept)
        ended: ReplyEnd = "left" if exchange.ended_by == "client" else "cut"
        if exchange.whole:
            ended = "whole"
        seconds = exchange.ended - exchange.arrived
        recorded = RecordedReply(reply.status, tuple(reply.headers), pieces, ended, seconds)
        self._exchanges.append((exchange.arrived, RecordedExchange(request, recorded, test=label)))
        self._changed = monotonic()
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_on())

    async def _write_on(self) -> None:
        """Write as long as exchanges come, beside what is served."""
        spare = _QUIET
        while len(self._exchanges) > self._count:
            due = monotonic() + _LATEST
            await asyncio.sleep(spare)
            while monotonic() < min(due, self._changed + _QUIET):  # noqa: ASYNC110 - it is time that counts
                await asyncio.sleep(_QUIET / 5)
            begun = monotonic()
            try:
                await asyncio.to_thread(self._write)
            except Exception as error:  # noqa: BLE001 - what is served goes on; the end tells what is wrong
                warn(f"--output: {str(self._path)!r} could not be written just now: {error}")
            spare = _spare(monotonic() - begun)
        self._writing = None

    def _write(self) -> None:
        exchanges = self._exchanges.copy()
        in_order = [exchange for _, exchange in sorted(exchanges, key=lambda item: item[0])]
        try:
            self.written = self._scribe.scenario(in_order)
        except Exception:  # noqa: BLE001 - what cannot be written must not cost what can
            self.written = self._scribe.scenario(list(filter(self._is_writable, in_order)))
        try:
            with self._aside.open("wb") as file:
                file.write(self.written.text.encode())
                file.flush()
                os.fsync(file.fileno())
            self._aside.replace(self._path)
        finally:
            with suppress(OSError):
                self._aside.unlink(missing_ok=True)
        self._count = len(exchanges)

    def _is_writable(self, exchange: RecordedExchange) -> bool:
        try:
            self._scribe.step(exchange)
        except Exception as error:  # noqa: BLE001 - the same
            request = exchange.request
            self._unwritable[f"{request.method} {request.path}: {type(error).__name__}"] = None
            return False
        return True

    def close(self) -> str:
        """Write what is left once the server has stopped, and return a sentence on what is in the file.

        Raises:
            StartError: it cannot be written.
        """
        if not self._exchanges:
            return f"Nothing was recorded, so there is no {self._path}."
        try:
            if len(self._exchanges) > self._count:
                self._write()
        except OSError as error:
            raise StartError(f"--output: {str(self._path)!r} cannot be written: {error.strerror}.") from None
        for words in self._unwritable:
            warn(f"A defect of MockGrid's: this exchange could not be written. {words}")
        written, many = self.written, counted(len(self._exchanges), "exchange")
        in_it = (written.exchanges, written.steps) if written is not None else (0, 0)
        are = "is" if len(self._exchanges) == 1 else "are"
        return f"{in_it[0]} of {many} {are} in {self._path}, in {counted(in_it[1], 'step')}."


def _spare(took: float) -> float:
    """Return how long nothing is written after what took so many seconds, so that others can be served."""
    return max(_QUIET, took, min(_SPARE * took, _MOST_SPARE))
