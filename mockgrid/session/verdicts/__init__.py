"""What the journal proves about a client's conduct."""

from __future__ import annotations

from mockgrid.session.verdicts.judging import verdicts
from mockgrid.session.verdicts.verdict import Verdict

__all__ = ["Verdict", "verdicts"]
