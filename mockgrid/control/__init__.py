"""The control interface under ``/__mockgrid__/``, and the contract at ``/openapi.json``.

It is for operators and test fixtures, never for the client under test. ``operator.Operator`` does what is
asked, as Python; ``control.Control`` puts it on HTTP. A fixture in the same process uses the first, all
others the second. Both are loaded when the first call comes: a server should be ready before.
"""

from __future__ import annotations

from typing import Final

CONTROL: Final = "/__mockgrid__"
"""What the paths of the control interface begin with."""
