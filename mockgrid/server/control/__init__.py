"""The control interface under ``/__mockgrid__/``, and the contract at ``/openapi.json``.

It is for operators and test fixtures, never for the client under test. ``Operator`` does what is asked, as
Python; ``Control`` puts it on HTTP. A fixture in the same process uses the first, all others the second.
"""

from __future__ import annotations

from mockgrid.server.control.control import CONTROL, Control
from mockgrid.server.control.error import ControlError

__all__ = ["CONTROL", "Control", "ControlError"]
