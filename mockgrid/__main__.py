"""``python -m mockgrid``."""

from __future__ import annotations

import sys

from mockgrid.cli import main

sys.exit(main())
