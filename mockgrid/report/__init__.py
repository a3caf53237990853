"""The contract report: what tests never exercised, and what the client did wrong.

It is one JSON document. Its renderings, ``text``, ``markdown``, ``junit`` and ``page``, are modules that only
those who ask for them load.
"""

from __future__ import annotations

from mockgrid.report.document import Document, build, fail_under, merge
from mockgrid.report.tally import Tally

__all__ = ["Document", "Tally", "build", "fail_under", "merge"]
