"""What a test wants to have played, as the control interface takes it, and which line of it wants that."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from mockgrid.document import is_path
from mockgrid.errors import MockgridWarning
from mockgrid.findings import Finding
from mockgrid.fixed import fixed
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.testing.error import PlayError, hidden, unplayable

if TYPE_CHECKING:
    from mockgrid.document.source_map import Document
    from mockgrid.scenario.view import RequestView
    from mockgrid.schema.violation import FieldWarning

__tracebackhide__ = hidden

Function: TypeAlias = "Callable[[RequestView], Mapping[str, Any]]"
"""Makes a reply of a request: ``lambda request: {"say": request.last_user}``."""

Played: TypeAlias = (
    "str | os.PathLike[str] | Function | Mapping[str, Any] | Sequence[Mapping[str, Any] | Function]"
)
"""The name of a scenario, the path of a file, a whole scenario, one reply or step, or a list of these."""

# Stands for a function while data are copied as JSON.
_MARK: Final = "mockgrid function "
_WHOLE: Final = frozenset(("steps", "scenario", "description", "limits", "balance", "models"))

_HERE: Final = str(Path(__file__).parent) + os.sep


@fixed
class CallSite:
    """Who asked.

    Attributes:
        file: of the code.
        line: of that file.
    """

    file: Path
    line: int

    @property
    def where(self) -> str:
        """File and line, such as ``tests/test_agent.py:12``, seen from the current directory."""
        return f"{seen_from_here(self.file)}:{self.line}"

    @property
    def folder(self) -> Path:
        """Where that file is."""
        return self.file.parent

    def warn(self, findings: Iterable[Finding | FieldWarning]) -> None:
        """Warn of what is odd in what is played there, or in what came of it."""
        __tracebackhide__ = True  # where warnings are errors
        for finding in findings:
            warning = MockgridWarning(str(finding))
            warnings.warn_explicit(warning, MockgridWarning, str(self.file), self.line, self.file.stem)


def call_site() -> CallSite:
    """Return the nearest line on the stack that is not MockGrid's own."""
    frame = sys._getframe(1)  # noqa: SLF001 - what inspect uses, without its cost
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return CallSite(Path(frame.f_code.co_filename), frame.f_lineno)


def seen_from_here(path: Path) -> str:
    """Return a path relative to the current directory where it lies inside, else as it is."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)


class Computation:
    """A function that makes replies, and is told what was wrong with itself or with one.

    Args:
        function: of the test's.
        failures: takes in what was wrong.
    """

    def __init__(self, function: Function, failures: list[BaseException]) -> None:
        self._function = function
        self._failures = failures

    def __call__(self, request: RequestView) -> Any:
        """Return what the function makes of a request."""
        return self._function(request)

    def failed(self, error: BaseException) -> None:
        """Take in what was wrong."""
        self._failures.append(error)


class PlayCall(NamedTuple):
    """What is played, and where it was written.

    Attributes:
        body: of the call that plays it.
        document: a file with all that it includes, which the body has as data; None for all else.
    """

    body: dict[str, Any]
    document: Document | None = None

    def placed(self, findings: Iterable[Mapping[str, Any]]) -> list[Finding]:
        """Return what a server found, with the lines of the files in place of pointers into the data."""
        return [self._placed(Finding(**finding)) for finding in findings]

    def _placed(self, finding: Finding) -> Finding:
        file, mark, pointer = finding.where.partition("#/")
        if self.document is None or not mark or file != self.document.name:
            return finding
        return replace(finding, where=self.document.where(f"/{pointer}"))


def script_of(
    played: Played,
    site: CallSite,
    *,
    strict: bool | None = None,
    folders: Sequence[str] = (),
    failures: list[BaseException] | None = None,
) -> PlayCall:
    """Return the call that plays something.

    Args:
        played: what to play. A text is a path where it ends as one of a scenario file, or has a slash; paths
            are looked for beside the call's file first, then in the current directory.
        site: whose line findings name.
        strict: overrides what the scenario says; None leaves it.
        folders: of scenario files that the server does not have, and that may be named all the same.
        failures: takes in what is wrong with functions that make replies, and with what they make.

    Raises:
        PlayError: a file cannot be used, or data is none that JSON has.
    """
    if isinstance(played, os.PathLike) or (isinstance(played, str) and is_path(played)):
        path = Path(played)
        script = _of_file(_beside(path, site), site, None if path.is_absolute() else path)
    elif isinstance(played, str):
        file = _named(played, folders) if folders else None
        script = PlayCall({"scenario": played}) if file is None else _of_file(file, site)
    elif isinstance(played, (Mapping, Sequence)) or callable(played):
        steps = _plain(played, site, [] if failures is None else failures)
        script = PlayCall({"steps": steps, "where": site.where})
    else:
        raise PlayError(
            f"A value of type {type(played).__name__} cannot be played; "
            "a list of replies, a scenario's name or a path is expected.",
            where=site.where,
        )
    return script if strict is None else script._replace(body={**script.body, "strict": strict})


def _beside(path: Path, site: CallSite) -> Path:
    if path.is_absolute():
        return path
    beside = site.folder / path
    return beside if beside.exists() or not path.exists() else path


def _named(name: str, folders: Sequence[str]) -> Path | None:
    """Return the file of a scenario in the test's own folders."""
    from mockgrid.scenario.library import load_library  # noqa: PLC0415 - 80 ms, for scenarios named to a server elsewhere

    scenario = load_library(folders).find(name)
    return None if scenario is None else Path(scenario.origin.document.name)


def _of_file(path: Path, site: CallSite, relative: Path | None = None) -> PlayCall:
    """Read a file here, so that findings name its lines, wherever the server is.

    Args:
        path: the file.
        site: who asked.
        relative: the relative path by which it was looked for in several places; None for no search.
    """
    from mockgrid.scenario.loading import check_file  # noqa: PLC0415 - 85 ms, for those who play files

    name = seen_from_here(path)
    scenario, findings = check_file(name)
    if scenario is None:
        wrong = [finding for finding in findings if finding.severity == "error"]
        if path.exists():
            raise unplayable(wrong)
        if relative is not None and not wrong[0].hint.startswith("Did you mean"):
            places = dict.fromkeys(str(folder) for folder in (site.folder, Path.cwd()))
            hint = f"{relative} was looked for in {' and in '.join(places)}."
            wrong = [replace(wrong[0], hint=hint)]
        raise PlayError(str(wrong[0]), where=site.where, findings=[wrong[0].as_json()])
    if scenario.included:  # files that a server elsewhere does not have
        document = scenario.origin.document
        return PlayCall({"steps": document.data, "where": name, "name": scenario.name}, document)
    return PlayCall({"source": path.read_text("utf-8-sig"), "where": name})


def _plain(
    played: Mapping[str, Any] | Sequence[Any] | Function, site: CallSite, failures: list[BaseException]
) -> Any:
    """Return data as JSON has it, the same for a server in this process and for one elsewhere.

    Functions, which only the former can call, stay where they are.
    """
    single = callable(played) or (isinstance(played, Mapping) and _WHOLE.isdisjoint(played))
    data = [played] if single else played
    functions: dict[str, Computation] = {}

    def default(value: Any) -> Any:
        if isinstance(value, Mapping):
            return dict(value)
        if callable(value) and not isinstance(value, type):
            functions[mark := f"{_MARK}{len(functions)}"] = Computation(value, failures)
            return {_MARK: mark}
        raise TypeError

    def restored(value: dict[str, Any]) -> Any:
        return functions.get(value[_MARK], value) if value.keys() == {_MARK} else value

    try:
        return json.loads(json.dumps(data, allow_nan=False, default=default), object_hook=restored)
    except (TypeError, ValueError, RecursionError):
        pass
    from mockgrid.scenario.loading import build  # noqa: PLC0415 - 85 ms, for what is wrong

    try:
        build(data, where=site.where)
    except ScenarioError as error:
        raise unplayable(finding for finding in error.findings if finding.severity == "error") from None
    raise PlayError("What is to be played has values that JSON does not have.", where=site.where)
