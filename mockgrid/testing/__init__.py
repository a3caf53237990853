"""MockGrid in tests: ``MockGrid`` for any of them, and the fixture ``mockgrid`` for those that pytest runs.

Nothing is imported here: pytest loads the plugin in every run of every user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def option(config: pytest.Config, name: str) -> str | None:
    """Return what the command line says, else the configuration file; None where neither does."""
    given = config.getoption(f"--mockgrid-{name}")
    return str(given or config.getini(f"mockgrid_{name.replace('-', '_')}") or "") or None
