"""Waiting, and measuring, on machines that are slow or stall."""

import time


def within(seconds, holds):
    """Whether something comes to hold; looks again and again, so the time may be generous."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def at_best(seconds, measure):
    """Whether something takes less than so long, at least where nothing else holds the machine up."""
    return any(measure() < seconds for _ in range(6))
