"""What it costs to be looked at: a server under load with the live page open, and the tab that shows it.

The server's cost is told by its processor time for a reply, which other work on the machine does not change
much; what the page is sent and how often, by counting.

    PYTHONPATH=.cache/ci/page python benchmarks/watched.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from load import MARK, Target, load, paced, send_many
from servers import Server, is_open, serving

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from page.browser import Tab, chromium  # noqa: E402 - the browser's tests are beside the benchmarks
from playwright.sync_api import sync_playwright  # noqa: E402 - see tests/page/requirements.txt

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 16
# Exchanges after which the journal is full, and each that comes has another go.
JOURNAL = 120_000
MOST_LOST = 0.05
# By so much two rounds of the same differ.
NOISE = 0.02
MOST_DELAY = 100
# Milliseconds in which an opened page is told of what came before; that happens once.
PAST = 1500
# Megabytes by which the tab may be larger at the end than after a fifth of the time.
MOST_GROWTH = 10.0
_BODY = b'{"model": "text-prime", "messages": [{"role": "user", "content": "Say @@@@@@@@@"}]}'
_DELAYS = """() => {
  window.delays = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (/^key/.test(entry.name)) window.delays.push(entry.duration);
  }).observe({type: "event", durationThreshold: 16});
}"""


class Watched:
    """What a tab is sent from now on, and how it fares.

    Attributes:
        late: milliseconds from a key to what it changed on screen, where they were 16 and more.
        memories: megabytes of the heap, and nodes of the document.
        busy: which part of the time the tab's own thread had a core, and something to do.
    """

    def __init__(self, tab: Tab) -> None:
        self.page = tab.page
        self.devtools = tab.context.new_cdp_session(tab.page)
        self.bytes = self.pieces = self.keys = 0
        self.busy = 0.0
        self.late: list[float] = []
        self.memories: list[tuple[float, int]] = []
        self.devtools.on("Network.dataReceived", self._received)
        self.devtools.send("Network.enable")
        self.devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.begun = time.monotonic()
        self.page.evaluate(_DELAYS)

    def _received(self, event: dict[str, Any]) -> None:
        self.bytes += event["dataLength"]
        self.pieces += 1

    def remember(self) -> None:
        """Note the tab's megabytes once they are tidied up, its nodes, and which keys were late."""
        self.devtools.send("HeapProfiler.collectGarbage")
        figures = self.devtools.send("Performance.getMetrics")["metrics"]
        told = {figure["name"]: figure["value"] for figure in figures}
        self.memories.append((told["JSHeapUsedSize"] / 2**20, int(told["Nodes"])))
        self.busy = told["TaskDuration"] / (time.monotonic() - self.begun)
        self.late = self.page.evaluate("window.delays")

    def type(self, seconds: float) -> None:
        """Use the filter for so long, four keys a second."""
        field = self.page.get_by_label("Text")
        field.focus()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.page.keyboard.press("Backspace" if self.keys % 2 else "x")
            self.keys += 1
            self.page.wait_for_timeout(250)


@contextmanager
def watched(browser: Any, port: int) -> Iterator[Watched]:
    """Look at a server's journal until the block ends."""
    tab = Tab(browser, f"http://127.0.0.1:{port}", 1300, "light")
    try:
        tab.go("#/journal")
        yield Watched(tab)
    finally:
        tab.context.close()


def target(server: Server) -> Target:
    """Return a request that differs each time."""
    assert MARK in _BODY
    return Target("127.0.0.1", server.port, "/v1/chat/completions", _BODY)


class Cost(NamedTuple):
    """What replies cost a server.

    Attributes:
        each: microseconds of its processor for a reply.
        rate: replies a second; with other work on the machine, fewer than it could.
    """

    each: float
    rate: float


def cost(server: Server, seconds: float) -> Cost:
    """Ask as much as the server answers."""
    before = server.cpu()
    loaded = load(target(server), seconds, CONNECTIONS)
    return Cost((server.cpu() - before) / loaded.replies * 1e6, loaded.rate)


class Costs(NamedTuple):
    """What replies cost two servers, in rounds: one at which nobody ever looks, beside one that is looked at.

    The machine has moods, and no two processes cost quite the same: what is compared stands in one round.

    Attributes:
        before: rounds before the page is opened; of each server.
        after: rounds after that; of each server with the page closed again, and of the second with it open.
    """

    before: list[tuple[Cost, Cost]]
    after: list[tuple[Cost, Cost, Cost]]

    def of_open(self) -> list[float]:
        """Return which part of a core, and so of a busy server's rate, the open page takes, of each round."""
        return [(opened.each - closed.each) * opened.rate / 1e6 for _, closed, opened in self.after]

    def of_closed(self) -> list[float]:
        """Return by which part replies cost more once it was closed, of each round."""
        usual = statistics.median(second.each / first.each for first, second in self.before)
        return [closed.each / first.each / usual - 1 for first, closed, _ in self.after]


def costs(browser: Any, beside: Server, server: Server, rounds: int, seconds: float) -> Costs:
    """Measure in rounds, in each of which every state has its turn."""
    for each in (beside, server):
        send_many(target(each), JOURNAL, CONNECTIONS)
    before = [(cost(beside, seconds), cost(server, seconds)) for _ in range(rounds)]
    after = []
    for _ in range(rounds):
        with watched(browser, server.port) as looking:
            looking.page.locator(".lines [role=row]").first.wait_for()
            looking.page.wait_for_timeout(PAST)
            opened = cost(server, seconds)
        after.append((cost(beside, seconds), cost(server, seconds), opened))
    return Costs(before, after)


def spread(shares: list[float]) -> str:
    """Return the median, and between what half of them lie."""
    low, middle, high = statistics.quantiles(shares, n=4)
    return f"{middle:+.1%} (half of {len(shares)} rounds between {low:+.1%} and {high:+.1%})"


def session(browser: Any, server: Server, seconds: int, rate: float) -> Watched:
    """Use the page while there are so many exchanges a second."""
    generator = Process(target=paced, args=(target(server), seconds + 10, 64, rate))
    with watched(browser, server.port) as looking:
        generator.start()
        try:
            for _ in range(5):
                looking.type(seconds / 5)
                looking.remember()
        finally:
            generator.terminate()
            generator.join()
    return looking


def median(late: list[float], keys: int) -> float:
    """Return after which time half of the keys were answered, of which two events each are told if late."""
    quick = [16.0] * max(2 * keys - len(late), 0)
    return statistics.median([*quick, *late])


def main() -> int:
    """Measure, print, and say whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of looking under a steady load")
    parser.add_argument("--rate", type=float, default=1000, help="exchanges a second of that load")
    parser.add_argument("--rounds", type=int, default=11, help="at least 2, for a spread has two ends")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bound is missed")
    given = parser.parse_args()
    command = (sys.executable, "-m", "mockgrid", "serve", "--port", "PORT", "--log", "off")
    served = (command, HERE.parent, is_open)
    with sync_playwright() as playwright, serving(*served) as beside, serving(*served) as server:
        browser = chromium(playwright)
        measured = costs(browser, beside, server, max(given.rounds, 2), 2.0)
        usual = statistics.median(closed.each for _, closed, _ in measured.after)
        print(f"{usual:.1f} µs of the processor for a reply with the page closed")
        print(f"page open    {spread(measured.of_open())} of a core")
        print(f"page closed  {spread(measured.of_closed())} for a reply, against before it was opened")
        looking = session(browser, server, given.seconds, given.rate)
        browser.close()
    late, memories = looking.late, looking.memories
    kilobytes, pieces = looking.bytes / given.seconds / 1000, looking.pieces / given.seconds
    print(f"{kilobytes:.0f} kB and {pieces:.1f} pieces a second come to the page")
    half, slowest = median(late, looking.keys), max(late, default=16)
    print(f"{looking.keys} keys: half were answered within {half:.0f} ms, the slowest after {slowest:.0f} ms")
    print(f"the tab's own thread was at work for {looking.busy:.1%} of the time")
    sizes = ", ".join(f"{size:.1f} MB ({nodes} nodes)" for size, nodes in memories)
    print(f"memory after each fifth: {sizes}")
    held = (
        statistics.median(measured.of_open()) < MOST_LOST
        and statistics.median(measured.of_closed()) < NOISE
        and max(late, default=0) <= MOST_DELAY
        and memories[-1][0] <= memories[0][0] + MOST_GROWTH
    )
    print("as it should be" if held else "not as it should be")
    return int(given.check and not held)


if __name__ == "__main__":
    sys.exit(main())
