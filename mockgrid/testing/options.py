"""What the options of a run say; one that cannot be used is told before the first test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockgrid.errors import MockgridError
from mockgrid.testing.plugin import option

if TYPE_CHECKING:
    import pytest

_WARNINGS: Final = {"allow": True, "error": False}


def check_options(config: pytest.Config) -> None:
    """Look at all options whose values may be wrong.

    Raises:
        MockgridError: one is.
    """
    least_covered(config)
    warnings_allowed(config)
    for folder in scenario_folders(config):
        if not Path(folder).is_dir():
            found = "is not a directory" if Path(folder).exists() else "does not exist"
            raise MockgridError(f"--mockgrid-scenarios: the folder {folder} {found}.")


def least_covered(config: pytest.Config) -> float | None:
    """Return how many per cent of the contract have to be covered; None where any number will do.

    Raises:
        MockgridError: it is no number from 0 to 100.
    """
    text = option(config, "fail-under")
    try:
        least = None if text is None else float(text)
    except ValueError:
        least = -1.0
    if least is not None and not 0 <= least <= 100:  # noqa: PLR2004 - per cent
        raise MockgridError(f"--mockgrid-fail-under is {text!r}; a number from 0 to 100 is expected.")
    return least


def scenario_folders(config: pytest.Config) -> list[str]:
    """Return the folders of scenario files: those of the command line, else those of the configuration."""
    given = [
        str(config.invocation_params.dir / folder) for folder in config.getoption("--mockgrid-scenarios")
    ]
    return given or [str(Path(folder)) for folder in config.getini("mockgrid_scenarios")]


def warnings_allowed(config: pytest.Config) -> bool:
    """Return whether unknown and deprecated fields pass in tests that say nothing of them.

    Raises:
        MockgridError: the configuration says something else.
    """
    value = str(config.getini("mockgrid_warnings"))
    if value not in _WARNINGS:
        raise MockgridError(f"mockgrid_warnings is {value!r}; it is allow or error.")
    return _WARNINGS[value]
