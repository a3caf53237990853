"""Scenarios that follow their files while the server runs."""

from __future__ import annotations

import threading
import weakref
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockgrid.findings import Finding
    from mockgrid.scenario.library import Library

_INTERVAL = 0.5
"""Seconds between two looks at the files."""

Loaded = tuple["Library", "list[Finding]"]


class WatchedLibrary:
    """A library that is read again when a file changes.

    A file that cannot be used keeps its last good version, and the log says so. Sessions under way keep the
    version that they began with.

    Args:
        directories: whose files are watched.
        load: reads all scenarios; returns those that can be used, and what was found.
        first: what was read at the start.
        say: writes a line to the log.
    """

    def __init__(
        self,
        directories: Sequence[str],
        load: Callable[[], Loaded],
        first: Library,
        say: Callable[[str], None],
    ) -> None:
        self._directories = tuple(Path(directory) for directory in directories)
        self._load = load
        self._library = first
        self._say = say
        self._seen = self._state()
        self.changed: Callable[[], None] = lambda: None
        """Called when scenarios have been read again."""

    def __call__(self) -> Library:
        """Return the scenarios as they are now."""
        return self._library

    def start(self) -> None:
        """Look at the files twice a second, on a thread that ends when nobody has the library any more."""
        threading.Thread(target=_watch, args=(weakref.ref(self),), name="mockgrid-watch", daemon=True).start()

    def look(self) -> bool:
        """Read the scenarios again where a file has changed; tell whether one has."""
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        library, findings = self._load()
        errors = [finding for finding in findings if finding.severity == "error"]
        broken = {finding.where.partition(":")[0] for finding in errors}
        kept = {
            name: scenario
            for name, scenario in self._library.scenarios.items()
            if name not in library.scenarios and scenario.origin.document.name in broken
        }
        scenarios = dict(sorted({**library.scenarios, **kept}.items()))
        self._library = replace(library, scenarios=MappingProxyType(scenarios))
        self.changed()
        for finding in errors:
            self._say(str(finding))
        for name in kept:
            self._say(f"the scenario {name} keeps its last good version")
        for finding in findings:
            if finding.severity == "warning":
                self._say(str(finding))
        if not errors:
            self._say("scenarios were read again: " + (", ".join(library.scenarios) or "there are none"))
        return True

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for directory in self._directories:
            for path in sorted(directory.glob("*")) if directory.is_dir() else ():
                try:
                    status = path.stat()
                except OSError:
                    continue  # gone between the two calls, which the next look will see
                found.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(found)


def _watch(watched: weakref.ref[WatchedLibrary]) -> None:
    idle = threading.Event()
    while not idle.wait(_INTERVAL):
        library = watched()
        if library is None:
            return
        library.look()
        del library
