"""Room for recursion that is as deep as a request's body may be."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["with_deep_stack"]

_Result = TypeVar("_Result")

_FRAMES = 50_000
_BYTES = 256 * 1024 * 1024
_LOCK = threading.Lock()


def with_deep_stack(function: Callable[[], _Result]) -> _Result:
    """Call a function; where it runs out of stack, call it once more with a stack that is large enough.

    The memory is reserved only, and used as far as the recursion goes.
    """
    try:
        return function()
    except RecursionError:
        pass
    with _LOCK:
        results: list[_Result] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                results.append(function())
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                failures.append(error)

        limit, size = sys.getrecursionlimit(), threading.stack_size(_BYTES)
        try:
            sys.setrecursionlimit(max(limit, _FRAMES))
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    if failures:
        raise failures[0]
    return results[0]
