"""Serves a document in a process of its own, calls some operations, and prints what that costs, as JSON.

Times are of the processor, in those that the standard library takes to read the document: so they are alike
on any machine.

    python tests/large_document.py 140 1200 > large.json
    python tests/large_run.py large.json CACHE_DIR
"""

import json
import sys
import time
from pathlib import Path

from asgi import Caller

CALLED_EVERY = 60


def least(work, times):
    """Return the least of several times that some work takes."""
    taken = []
    for _ in range(times):
        since = time.process_time()
        work()
        taken.append(time.process_time() - since)
    return min(taken)


def resident():
    """Return megabytes, of which some pages may be shared."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main(path, cache):
    since = time.process_time()
    caller = Caller(document=path, cache_dir=cache)
    warnings = caller.app.contract.warnings
    started = time.process_time() - since
    calls = []
    for operation in caller.app.contract.operations[::CALLED_EVERY]:
        reply = caller.call(operation.method, operation.path)
        assert reply.status == 200, reply.body
        body = reply.body if operation.body else b""
        assert caller.call(operation.method, operation.path, body).status == 200, operation.id
        calls.append((operation.method, operation.path, body, len(reply.body)))
    costs = {"warnings": len(warnings), "resident": resident(), "largest": max(call[3] for call in calls)}
    slowest = max(least(lambda call=call: caller.call(*call[:3]), 20) for call in calls)
    text = Path(path).read_text()
    unit = least(lambda: json.loads(text), 5)
    costs |= {"start": started / unit, "slowest": slowest / unit}
    sys.stdout.write(json.dumps(costs))


if __name__ == "__main__":
    main(*sys.argv[1:])
