"""What a server holds in memory: after very many requests, and for each exchange in its journal.

    python benchmarks/memory.py [--requests 1000000]

A quarter of the requests each are new in their body, in their head, in their key (of 20,000 in turn), and
streams. Resident memory is told ten times meanwhile. Then a server that has the room keeps nearly as many
exchanges as a journal may hold, and what they take beside the bytes of their bodies is told. Linux alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from load import MARK, Target, load
from run import CHAT, MOCKGRID
from servers import Server, is_open, serving

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CONNECTIONS = 16
NEW, SAID = f"Say hello to {MARK.decode()}", "Say hello to the world"
JOURNALED = 80_000
"""Fewer than a journal has at most."""


def running(*flags: str) -> AbstractContextManager[Server]:
    """Run a server until the block ends."""
    return serving((sys.executable, *MOCKGRID, *flags), Path(__file__).parent, is_open)


def body(text: str, **options: Any) -> bytes:
    """A request of two messages."""
    messages = [{"role": "system", "content": "You are kind."}, {"role": "user", "content": text}]
    return json.dumps({"model": "text-prime", "messages": messages, **options}).encode()


def send(target: Target, count: int) -> int:
    """Send so many requests, or a few more; return how many."""
    done = 0
    while done < count:
        done += load(target, min(1.0, max((count - done) / 20_000, 0.02)), CONNECTIONS).replies
    return done


def flat(requests: int) -> None:
    """Tell the memory of one server while it answers all."""
    with running() as server:
        address = "127.0.0.1", server.port, CHAT
        kinds = {
            "bodies": Target(*address, body(NEW)),
            "heads": Target(*address, body(SAID), header=f"traceparent: 00-{MARK.decode()}\r\n"),
            "keys": Target(*address, body(SAID), key=f"mg-{MARK.decode()}", numbers=20_000),
            "streams": Target(*address, body(NEW, stream=True)),
        }
        print(f"{'requests':>10}  MB, of which the journal counts 16; each row has all kinds")
        print(f"{0:10}  {server.rss():6.1f}", flush=True)
        done = 0
        for _ in range(10):
            done += sum(send(target, requests // 40) for target in kinds.values())
            print(f"{done:10}  {server.rss():6.1f}", flush=True)


def journaled() -> None:
    """Tell what an exchange takes in the journal, beside the bodies of its request and its reply."""
    with running("--journal-bytes", "1GiB") as server:
        target = Target("127.0.0.1", server.port, CHAT, body(NEW))
        send(target, 2_000)
        before, kept = server.rss(), _kept(server)
        send(target, JOURNALED)
        more = _kept(server) - kept
        url = f"http://127.0.0.1:{server.port}/__mockgrid__/sessions/{target.key}/exchanges/{kept + 1}"
        with urlopen(url) as answer:
            exchange = json.load(answer)
        size = exchange["request"]["bytes"] + exchange["reply"]["bytes"]
        spent = (server.rss() - before) * 2**20 / more
        beside = spent - size
        print(f"{more} exchanges take {spent:.0f} bytes each, {beside:.0f} beside their bodies' {size}")


def _kept(server: Server) -> int:
    with urlopen(f"http://127.0.0.1:{server.port}/__mockgrid__/sessions") as answer:
        return int(sum(session["exchanges"] for session in json.load(answer)["sessions"]))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1_000_000)
    flat(parser.parse_args().requests)
    journaled()
    return 0


if __name__ == "__main__":
    sys.exit(main())
