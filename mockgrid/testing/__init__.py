"""MockGrid in tests: ``MockGrid`` for any of them, and the fixture ``mockgrid`` for those that pytest runs.

Nothing is imported here: pytest loads the plugin in every run of every user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pytest


NOTHING: Final[tuple[Any, ...]] = (None, "", [])
"""What an option has that nobody gave."""


def flag(name: str) -> str:
    """Return the option of the command line that is called so: ``--mockgrid-error-shape``."""
    return f"--mockgrid-{name.replace('_', '-')}"


def option(config: pytest.Config, name: str) -> Any:
    """Return what the command line says, else the configuration file; None where neither does."""
    given = config.getoption(flag(name))
    if given in NOTHING:
        given = config.getini(f"mockgrid_{name.replace('-', '_')}")
    return None if given in NOTHING else given
