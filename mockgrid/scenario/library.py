"""The scenarios of some directories, by name."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING

from mockgrid.document import is_document
from mockgrid.document.document import read_document
from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding
from mockgrid.fixed import fixed
from mockgrid.scenario.loading import check_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mockgrid.scenario.scenario import Scenario

__all__ = ["Library", "load_library"]


@fixed
class Library:
    """Scenarios by name, in alphabetical order, and what was found while they were read.

    Attributes:
        scenarios: those that can be used.
        findings: errors and warnings, file by file.
        files: all files that were read, whatever became of them.
        unusable: the files of scenarios with errors, by the scenario's name.
    """

    scenarios: Mapping[str, Scenario] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()
    files: tuple[Path, ...] = ()
    unusable: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def find(self, name: str) -> Scenario | None:
        """Return the scenario of a name; None where there is none."""
        return self.scenarios.get(name)

    def hint(self, name: str) -> str:
        """Say of a name that there is not why, or what may be meant: a sentence."""
        file = self.unusable.get(name)
        if file is not None:
            return f"Its file does not load; `mockgrid check {quote(file)}` tells why."
        path = Path(name)
        if is_document(path):
            return f"Name its file, too: --scenarios {quote(name)} --scenario {quote(_claimed(path))}."
        known = ", ".join(self.scenarios) or "none"
        return did_you_mean(name, self.scenarios).strip() or f"Known scenarios: {known}."


def load_library(directories: Iterable[str | Path], *, operations: Collection[str] | None = None) -> Library:
    """Read all YAML and JSON files of some directories, those inside them left out, and files that are named.

    Nothing is raised: a file that cannot be used is a finding, and so is a name that was given before; the
    first keeps it.

    Args:
        directories: and files, in the order in which names are given away.
        operations: ids of the contract's operations; None for no check.
    """
    scenarios: dict[str, Scenario] = {}
    findings: list[Finding] = []
    files: list[Path] = []
    unusable: dict[str, str] = {}
    for directory in directories:
        path = Path(directory)
        if not path.is_dir() and not path.is_file():
            message = "This is not a directory." if path.exists() else "There is no such directory."
            findings.append(Finding("MG210", "error", message, str(path)))
            continue
        for file in [path] if path.is_file() else _files(path):
            if file in files:
                continue
            files.append(file)
            scenario, file_findings = check_file(file, by_name=True, operations=operations)
            findings.extend(file_findings)
            if scenario is None:
                unusable.setdefault(_claimed(file), str(file))
                continue
            first = scenarios.setdefault(scenario.name, scenario)
            if first is not scenario:
                message = f"The scenario '{scenario.name}' is already in {first.origin.document.name}."
                where = scenario.origin.document.where_key("/scenario")
                findings.append(Finding("MG226", "error", message, where, "Rename one."))
    usable = MappingProxyType(dict(sorted(scenarios.items())))
    return Library(usable, tuple(findings), tuple(files), MappingProxyType(unusable))


def _files(directory: Path) -> Iterator[Path]:
    return filter(is_document, sorted(directory.iterdir()))


def _claimed(file: Path) -> str:
    """Return the name that a scenario with errors would have."""
    try:
        data = read_document(file).data
    except DocumentError:
        return file.stem
    name = data.get("scenario") if isinstance(data, dict) else None
    return name if isinstance(name, str) else file.stem
