"""Scenarios that follow their files while the server runs."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
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

# Characters of a failure that the log has.
_SHOWN = 200

Loaded = tuple["Library", "list[Finding]"]


class WatchedLibrary:
    """A library that is read again when a file changes.

    A file that cannot be used keeps its last good version, and the log says so. Sessions under way keep the
    version that they began with.

    Args:
        directories: whose files are watched; files are, too.
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
        self._stopped = threading.Event()
        self.changed: Callable[[], None] = lambda: None
        """Called when scenarios have been read again."""

    def __call__(self) -> Library:
        """Return the scenarios as they are now."""
        return self._library

    def start(self) -> None:
        """Look at the files twice a second, on a thread that ends when nobody has the library any more."""
        arguments = (weakref.ref(self), self._stopped)
        threading.Thread(target=_watch, args=arguments, name="mockgrid-watch", daemon=True).start()

    def stop(self) -> None:
        """Look at the files no more."""
        self._stopped.set()

    def look(self) -> bool:
        """Read the scenarios again where a file has changed; tell whether one has."""
        state = self._state()
        if state == self._seen:
            return False
        files = {file for file, _ in self._seen.items() ^ state.items()}
        self._seen = state
        before = self._library
        library, findings = self._load()
        broken = {_file(finding) for finding in findings if finding.severity == "error"}
        kept = {}
        for name, scenario in before.scenarios.items():
            file = scenario.origin.document.name
            # Else one that ships could take the place of a file that is being worked upon.
            if library.unusable.get(name) == file or (file in broken and name not in library.scenarios):
                kept[name] = scenario
        scenarios = dict(sorted({**library.scenarios, **kept}.items()))
        self._library = replace(library, scenarios=MappingProxyType(scenarios))
        self._seen = {**self._state(), **state}
        self.changed()
        # What was said of a file that is as it was is not said again.
        news = [finding for finding in findings if _file(finding) in files or finding not in before.findings]
        for severity in ("error", "warning"):
            for finding in news:
                if finding.severity == severity:
                    self._say(str(finding))
        for name, scenario in kept.items():
            if not files.isdisjoint(scenario.files):
                self._say(f"the scenario {name} keeps its last good version")
        self._announce(before, files)
        return True

    def look_anyway(self) -> None:
        """Do as ``look`` does; whatever fails is said, and the next look is taken all the same."""
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 - watching must not end with what one file holds
            failure = f"{type(error).__name__}: {error}".strip()
            self._say(f"scenarios could not be read again, and stay as they were ({failure[:_SHOWN]})")

    def _announce(self, before: Library, files: set[str]) -> None:
        """Say which scenarios are others now, and which are no more."""
        read = []
        for name, new in self._library.scenarios.items():
            old, file = before.find(name), new.origin.document.name
            changed = not files.isdisjoint(new.files)
            if old is not new and (old is None or old.origin.document.name != file or changed):
                read.append(name)
        gone = [name for name in before.scenarios if name not in self._library.scenarios]
        if read:
            self._say("scenarios were read again: " + ", ".join(read))
        if gone:
            self._say("scenarios are gone: " + ", ".join(gone))

    def _state(self) -> dict[str, tuple[int, int]]:
        """Return when each file was written last, and its size."""
        state = {}
        paths = [Path(file) for scenario in self._library.scenarios.values() for file in scenario.included]
        for directory in self._directories:
            paths += sorted(directory.glob("*")) if directory.is_dir() else [directory]
        for path in paths:
            with suppress(OSError):  # gone between the two calls, which the next look will see
                status = path.stat()
                state[str(path)] = (status.st_mtime_ns, status.st_size)
        return state


def _file(finding: Finding) -> str:
    return finding.where.partition(":")[0]


def _watch(watched: weakref.ref[WatchedLibrary], stopped: threading.Event) -> None:
    while not stopped.wait(_INTERVAL):
        library = watched()
        if library is None:
            return
        library.look_anyway()
        del library
