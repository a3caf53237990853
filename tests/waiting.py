"""Waiting, and measuring, on machines that are slow or stall."""

import time
from contextlib import suppress
from pathlib import Path


def within(seconds, holds):
    """Whether something comes to hold; looks again and again, so the time may be generous."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def at_best(seconds, measure):
    """Whether something takes less than so long, at least where nothing else holds the machine up."""
    return any(measure() < seconds for _ in range(6))


def open_descriptors():
    """How many files this process has open, without the folders that a thread may be looking into."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += not descriptor.readlink().is_dir()
    return found
