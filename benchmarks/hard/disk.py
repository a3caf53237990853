"""No space left: for standard output, for the log, for reports, and where a cache would be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from row import Row
from served import serving
from wire import HOST, asked, get, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from row import Size

FULL = Path("/dev/full")
REQUESTS = 200
FAILED = 2
OK = 200
OLD = b"an older report"


async def run(_: Size) -> Row:
    """Fill the disk, then serve and report."""
    row = Row("a full disk", "stdout and stderr, `report --output` and the working folder on a full disk")
    happened = []
    async with serving() as server:
        url = f"http://{HOST}:{server.port}"
        async with row.observed(server):
            with _full_folder() as folder:
                happened.append(await _serve(row, folder))
                happened += [await _report(row, url, "FILE", folder or FULL.parent)]
                happened.append(await _report(row, url, "", None))
                if folder is None:
                    happened.append("(no folder could be mounted: only /dev/full was tried)")
    row.happened = "; ".join(happened)
    return row


async def _serve(row: Row, folder: Path | None) -> str:
    """A server that can write nothing anywhere."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
    environment = {**os.environ, **({"HOME": str(folder), "TMPDIR": str(folder)} if folder else {})}
    with _open_full() as full:
        process = subprocess.Popen(  # noqa: ASYNC220 - starting it is no wait
            [sys.executable, "-m", "mockgrid", "serve", "--port", str(port), "--log", "text"],
            stdout=full,
            stderr=full,
            cwd=folder,
            env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, _path()))},
        )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                if (await asked(port, get("/__mockgrid__/health"))).status == OK:
                    break
            await asyncio.sleep(0.05)
        right = 0
        for number in range(REQUESTS):
            reply = await asked(port, request(f"full {number}", "mg-full"))
            right += reply.text() == f"You said: full {number}"
        if right != REQUESTS:
            row.wrong.append(f"{right} of {REQUESTS} right with stdout and stderr full")
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(process.wait, 10)
    if code:
        row.wrong.append(f"the server ended with {code}")
    return f"the server started, answered {right} of {REQUESTS} requests and ended with {code}; no cache"


async def _report(row: Row, url: str, output: str, folder: Path | None) -> str:
    """A report that finds no space: to a file in a full folder or, without one, to standard output."""
    command = [sys.executable, "-m", "mockgrid", "report", "--url", url, "--format", "html"]
    old = None
    target = FULL
    if output and folder is not None:
        if folder != FULL.parent:
            target = old = folder / "report.html"
        command += ["--output", str(target)]
    with _open_full() as full:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=full, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}
        )
        _, err = await process.communicate()
    said = err.decode()
    where = "to a file" if output else "to standard output"
    if process.returncode != FAILED or said.count("\n") != 1 or "no space left" not in said.lower():
        row.wrong.append(f"report {where} ended with {process.returncode} and said {said[-300:]!r}")
    if old is not None and (old.read_bytes() != OLD or len(list(old.parent.iterdir())) != 2):  # noqa: PLR2004 - the filling and the old report
        row.wrong.append(f"{[(p.name, p.stat().st_size) for p in old.parent.iterdir()]} after the report")
    kept = ", leaving the older report as it was and nothing else" if old is not None else ""
    return f"`mockgrid report` {where} exits with {process.returncode} and one sentence{kept}"


def _open_full() -> BinaryIO:
    return FULL.open("wb")


def _path() -> list[str]:
    """Where the mockgrid that is being tested comes from, for a process in another folder."""
    import mockgrid  # noqa: PLC0415 - only its place

    assert mockgrid.__file__ is not None
    return [str(Path(mockgrid.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]


@contextmanager
def _full_folder() -> Iterator[Path | None]:
    """A folder without any space left and with an old report in it; None where mounting is not permitted."""
    folder = Path(tempfile.mkdtemp(prefix="mockgrid-full-"))
    mounted = False
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
        mounted = (
            shutil.which("mount") is not None
            and not subprocess.run(command, capture_output=True, check=False).returncode
        )
        if not mounted:
            yield None
            return
        (folder / "report.html").write_bytes(OLD)
        with contextlib.suppress(OSError), (folder / "filling").open("wb", buffering=0) as filling:
            while True:
                filling.write(b"x" * 1024)
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
