"""Where the time of a request goes within the process, and that of a test with the fixture.

    python benchmarks/stages.py               requests of the rows that are new each time
    python benchmarks/stages.py --only keys   requests whose keys take turns, by how many there are
    python benchmarks/stages.py --only tests  a test with the fixture, and with play()

Each stage is a function of the server's, timed each time without those that it calls and that are stages
too. A figure is the median of all calls, in microseconds: other work on the machine moves it by little.
Requests go in where a connection takes them and come out where it writes, as in instructions.py; sockets and
the event loop are what the race has beyond that.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import io
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from instructions import CHAT, Wire, serving_of
from load import MARK, Target
from rows import ROWS, Row
from waits import EMPTY, HEAD, PLAYS, USES

import mockgrid.app.app
import mockgrid.app.validate
import mockgrid.reply.chat.replies
from mockgrid.app.app import App
from mockgrid.app.auth import Credentials
from mockgrid.app.compose import Composer
from mockgrid.app.record import Recorder
from mockgrid.app.validate import Validator
from mockgrid.http.connection import Connection
from mockgrid.http.parser import RequestParser
from mockgrid.reply.chat.replies import ChatReplies
from mockgrid.reply.request import Request
from mockgrid.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

NEW = ("each request new", "each head new", "2,000 keys in turn", "each conversation new")
WARM, COUNTED = 6000, 6000
"""Requests before those that count, and those. Of the first thousands, the report looks at each."""

KEYS = (1, 2, 16, 500, 1000, 1025, 2000, 5000, 9999)
TESTS = 1500
# Fixtures that use one another as MockGrid's do, and do nothing: what pytest takes for such.
SHAPED = """@pytest.fixture(scope="session")
def server(pytestconfig): yield

@pytest.fixture(scope="session")
def report(pytestconfig, server): yield

@pytest.fixture
def shaped(server, report): yield

"""
SHAPE = "def test_it(shaped, number): pass"
STAGES: tuple[tuple[Any, str, str], ...] = (
    (RequestParser, "feed", "read the head"),
    (App, "route", "find the operation"),
    (Credentials, "session", "find the session"),
    (mockgrid.app.validate, "read_and_write", "read the JSON, write it with its keys in order"),
    (Validator, "request", "validate: what is not named here"),
    (Recorder, "note_body", "count it for the report"),
    (Request, "drawn", "draw the digest that ids come from"),
    (Composer, "compose", "compose: what is not named here"),
    (mockgrid.reply.chat.replies, "prompt_tokens", "count the prompt's tokens"),
    (ChatReplies, "reply", "make the reply"),
    (Session, "keep", "keep the exchange"),
    (Recorder, "note", "count the reply"),
    (mockgrid.app.app, "send_at_once", "write the head, and all together"),
    (Connection, "data_received", "the rest of the way"),
)


class Clock:
    """Takes the time of stages, each without those within it, and without what looking at the clock takes."""

    def __init__(self) -> None:
        self.taken: dict[str, list[int]] = defaultdict(list)
        self._within = [0]
        self._beside = 0  # what a stage takes outside of the time that is taken of it
        inner = self.timed(lambda: None, "inner")
        outer = self.timed(inner, "outer")
        for _ in range(5000):
            outer()
        self._own = int(statistics.median(self.taken.pop("inner")))
        self._beside = int(statistics.median(self.taken.pop("outer"))) - self._own

    def timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return a function whose time is taken under a name."""
        taken, within, now = self.taken, self._within, time.perf_counter_ns

        @functools.wraps(function)
        def wrapper(*args: Any, **words: Any) -> Any:
            within.append(0)
            began = now()
            try:
                return function(*args, **words)
            finally:
                whole = now() - began
                taken[name].append(whole - within.pop())
                within[-1] += whole + self._beside

        return wrapper

    def of(self, owner: Any, attribute: str, name: str) -> None:
        """Take the time of a function of a class, an object or a module from now on."""
        setattr(owner, attribute, self.timed(getattr(owner, attribute), name))

    def median(self, name: str) -> float:
        """Return what a call takes, in microseconds."""
        return max(statistics.median(self.taken[name]) - self._own, 0.0) / 1000


class Line:
    """A connection with an application, on which requests of a row are asked, each another."""

    def __init__(self, row: Row) -> None:
        self._serving = serving_of(row)
        self._connection, self._wire = Connection(self._serving), Wire()
        self._connection.connection_made(self._wire)
        target = Target("127.0.0.1", 8000, CHAT, row.body, row.key, row.header)
        self._head, _, self._tail = target.request.partition(MARK)
        self.app: Any = self._serving.app

    async def ask(self, number: int) -> int:
        """Return the nanoseconds until a request is answered.

        Raises:
            RuntimeError: it is refused.
        """
        began = time.perf_counter_ns()
        self._connection.data_received(b"%b%09d%b" % (self._head, number, self._tail))
        self._serving.flush()
        spent = time.perf_counter_ns() - began
        if not self._wire.taken.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self._wire.taken.decode())
        self._wire.taken.clear()
        await asyncio.sleep(0)
        return spent

    async def typical(self, numbers: int, warm: int = WARM, count: int = COUNTED) -> float:
        """Return the microseconds of most requests, of which so many differ, once so many have been asked."""
        for number in range(warm):
            await self.ask(number % numbers)
        return (
            statistics.median([await self.ask(number % numbers) for number in range(warm, warm + count)])
            / 1000
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.connection_lost(None)


async def stages(row: Row, clock: Clock, warm: int = WARM, count: int = COUNTED) -> float:
    """Answer requests of a row, each another; return microseconds of a whole request, untimed."""
    line = Line(row)
    whole = await line.typical(row.numbers, warm, count)
    schema = line.app.contract.router.literal["POST", CHAT].json_body.schema
    with pytest.MonkeyPatch.context() as patch:
        for owner, attribute, _ in STAGES:
            patch.setattr(owner, attribute, getattr(owner, attribute))  # to be undone
        patch.setattr(schema, "accepts", schema.accepts)
        for owner, attribute, name in STAGES:
            clock.of(owner, attribute, name)
        clock.of(schema, "accepts", "hold it to the schema")
        for number in range(warm + count, warm + 2 * count):
            await line.ask(number % row.numbers)
    line.close()
    return whole


def keys() -> None:
    """Print what a request takes where so many keys take turns."""
    row = next(row for row in ROWS if row.name.strip() == "2,000 keys in turn")
    for numbers in KEYS:
        whole = asyncio.run(_of_keys(row, numbers))
        print(f"{numbers:6} keys {whole:6.1f} us", flush=True)


async def _of_keys(row: Row, numbers: int) -> float:
    line = Line(row)
    whole = await line.typical(numbers, max(WARM, 2 * numbers))
    line.close()
    return whole


def requests() -> None:
    """Print the stages of requests that are new each time."""
    for row in ROWS:
        if row.name.strip() in NEW:
            clock = Clock()
            whole = asyncio.run(stages(row, clock))
            print(f"{row.name.strip()}: {whole:.1f} us, of which")
            for name in [*(name for *_, name in STAGES), "hold it to the schema"]:
                if name in clock.taken:
                    print(f"    {name:48}{clock.median(name):6.1f}")


class Timing:
    """A plugin of pytest: takes the time of each test, of which the first do not count."""

    def __init__(self) -> None:
        self.each: list[int] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Any:
        """Take the time of one test, its fixtures included."""
        began = time.perf_counter_ns()
        try:
            return (yield)
        finally:
            self.each.append(time.perf_counter_ns() - began)


def tests() -> None:
    """Print what a test takes with an empty fixture, with an empty one like ours, with ours, and to play."""
    from mockgrid.testing.expectation import TestExpectation  # noqa: PLC0415 - pytest loads it, else
    from mockgrid.testing.mock_grid import LocalControls  # noqa: PLC0415 - the same
    from mockgrid.testing.run import Holding  # noqa: PLC0415 - the same
    from mockgrid.testing.session import GridSession  # noqa: PLC0415 - the same

    parts = (
        (Holding, "open_own", "open a session"),
        (GridSession, "play_as", "write what is played as JSON"),
        (LocalControls, "_on_loop", "wait for the server, once for each of play() and the judgement"),
        (TestExpectation, "judge", "read the judgement"),
        (TestExpectation, "judge_rest", "see whether anything came later"),
        (Holding, "end", "leave"),
    )
    for test in (EMPTY, SHAPE, USES, PLAYS):
        timing, clock = Timing(), Clock()
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            Path("pytest.ini").write_text("[pytest]\n")
            head = HEAD.replace("COUNT", str(TESTS)).replace("@pytest.mark", f"{SHAPED}@pytest.mark")
            Path("test_it.py").write_text(f"{head}{test}\n")
            for owner, attribute, name in parts:
                patch.setattr(owner, attribute, getattr(owner, attribute))
                clock.of(owner, attribute, name)
            without = ["-p", "no:mockgrid"] if test in {EMPTY, SHAPE} else []
            with contextlib.redirect_stdout(io.StringIO()):
                pytest.main(["-q", "-p", "no:cacheprovider", *without], plugins=[timing])
        print(f"{test}: {statistics.median(timing.each[100:]) / 1000:.0f} us, of which")
        for *_, name in parts:
            if name in clock.taken:
                print(f"    {name:64}{clock.median(name):6.0f}")
        sys.modules.pop("test_it", None)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("requests", "keys", "tests"), default="requests")
    {"requests": requests, "keys": keys, "tests": tests}[parser.parse_args().only]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
