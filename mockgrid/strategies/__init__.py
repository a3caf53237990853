"""Hypothesis strategies for scripted replies, in the words of the scenario language.

What they draw is what stands under ``reply:`` or ``replies:`` in a scenario file: it can be read, committed
and played again. They need Hypothesis, which the extra ``mockgrid[fuzz]`` brings.

>>> @given(replies())
... def test_a_client_survives(reply): ...
"""

from __future__ import annotations

from mockgrid.errors import ExtraError

try:
    import hypothesis  # noqa: F401 - whether it is there
except ImportError:
    raise ExtraError("Drawing replies needs Hypothesis, which is not installed.", "fuzz") from None

from mockgrid.strategies.replies import errors, faults, replies, sequences, streams, wild
from mockgrid.strategies.text import scenario_text

__all__ = ["errors", "faults", "replies", "scenario_text", "sequences", "streams", "wild"]
