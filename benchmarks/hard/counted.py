"""The command ``mockgrid``, which also prints how many asyncio tasks it has when it gets SIGUSR1."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from mockgrid.cli import main


def tell(*_: object) -> None:
    """Print the number of tasks that have not ended."""
    os.write(sys.stdout.fileno(), b"%d\n" % len(asyncio.all_tasks()))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, tell)
    sys.exit(main())
