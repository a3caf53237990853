"""Work that makes much, and no garbage: reading, loading, compiling."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, through what is made and is no garbage.

    It takes half of the time in which a document of thousands of parts is read.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
