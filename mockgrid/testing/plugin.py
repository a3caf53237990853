"""The pytest plugin, as pytest loads it in every run: little, for this module pytest compiles itself."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    import pytest


class AsInstalled:
    """Finds our modules as Python does, ahead of pytest's own import hook.

    That takes all of a distribution that has a plugin for parts of tests: it compiles each module again, with
    assertions rewritten, in each run that cannot keep them. Ours assert nothing, and pip has compiled them.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """See ``importlib.abc.MetaPathFinder``."""
        return PathFinder.find_spec(name, path, target) if name.startswith("mockgrid.") else None


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Load the rest, which has the options too."""
    if AsInstalled not in sys.meta_path:
        sys.meta_path.insert(0, AsInstalled)
    from mockgrid.testing import hooks  # noqa: PLC0415 - found so from here on

    pluginmanager.register(hooks)
