"""What one run of pytest has: options, a server, an expectation for each test that asks, and a report."""

from __future__ import annotations

import os
import re
import warnings
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import pytest

from mockgrid.document import is_document
from mockgrid.errors import MockgridError, MockgridWarning, StartError
from mockgrid.settings import SETTINGS, WORDS, read_setting
from mockgrid.testing import NOTHING, flag, option
from mockgrid.testing.error import CallError
from mockgrid.testing.expectation import HeldSession, TestExpectation
from mockgrid.testing.script import CallSite
from mockgrid.testing.tolerances import Tolerances
from mockgrid.values import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.testing.grid import Grid

Made = TypeVar("Made")

WRONG_FORM: Final = (pytest.UsageError, TypeError, ValueError)
"""What pytest raises where a setting of its configuration file has not the form that it asks for."""

_WARNINGS: Final = {"allow": True, "error": False}


def check_options(config: pytest.Config) -> None:
    """Look at all options whose values may be wrong.

    Raises:
        MockgridError: one is.
    """
    least_covered(config)
    warnings_allowed(config)
    report = option(config, "report")
    if report:
        from mockgrid.report import form_of  # noqa: PLC0415 - 50 ms, for runs that want a report

        form_of(Path(report))
    settings = settings_of(config)
    for folder in settings.get("scenarios", ()):
        if not Path(folder).is_dir() and not is_document(Path(folder)):
            wrong = "is not a directory" if Path(folder).exists() else "does not exist"
            raise MockgridError(f"--mockgrid-scenarios: the folder {folder} {wrong}.")
    flags = [name for name in flags_of(config) if name != flag("scenarios")]
    if flags and option(config, "url"):
        raise MockgridError(
            f"{flags[0]} is a setting of a server of the run's own, and --mockgrid-url names another; "
            "start that one with it, or leave out one of the two."
        )
    # Otherwise the first test that uses it tells; but of workers, none can stop the run.
    at_once = config.getoption(flag("url")) or config.getoption("tx", None)
    url = option(config, "url")
    if url and at_once and not config.option.collectonly:
        _remote(config, url).start().stop()


def flags_of(config: pytest.Config) -> list[str]:
    """Return the options of the command line that are settings of a server."""
    return [flag(word) for word in WORDS if config.getoption(flag(word)) is not None]


def least_covered(config: pytest.Config) -> float | None:
    """Return how many per cent of the contract have to be covered; None where any number will do.

    Raises:
        MockgridError: it is no number from 0 to 100, or one below 1, which was meant as a fraction of 1.
    """
    text = option(config, "fail-under")
    try:
        least = None if text is None else float(text)
    except ValueError:
        least = -1.0
    if least is not None and (not 0 <= least <= 100 or 0 < least < 1):  # noqa: PLR2004 - per cent
        raise MockgridError(
            f"--mockgrid-fail-under is {text!r}; a number from 0 to 100 is expected.",
            hint="It is a percentage: 80 for 80 %.",
        )
    return least


def settings_of(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of the run's own server by name: the command line's, else the configuration's.

    Raises:
        MockgridError: one cannot have its value.
    """
    settings = {}
    for word, name in WORDS.items():
        known = SETTINGS[name]
        where, folder = flag(word), config.invocation_params.dir
        given = config.getoption(where)
        try:
            if given is None:
                where, file = f"mockgrid_{word}", config.inipath
                folder = file.parent if file is not None else config.rootpath
                given = config.getini(where)
            if given not in NOTHING:
                settings[name] = known.beside(read_setting(name, given), folder)
        except StartError as error:
            raise MockgridError(f"{where}: {error}") from None
        except WRONG_FORM as error:
            form = "list" if isinstance(known.kind, Names) else known.kind.name
            raise MockgridError(f"{where}: a {form} is expected ({error}).") from None
    return settings


def has_files(config: pytest.Config) -> bool:
    """Tell whether the settings of the run's own server name files."""
    return any(SETTINGS[name].is_file for name in settings_of(config))


def warnings_allowed(config: pytest.Config) -> bool:
    """Return whether unknown and deprecated fields pass in tests that say nothing of them.

    Raises:
        MockgridError: the configuration says something else.
    """
    value = str(config.getini("mockgrid_warnings"))
    if value not in _WARNINGS:
        raise MockgridError(f"mockgrid_warnings is {value!r}; it is allow or error.")
    return _WARNINGS[value]


def write_report(documents: list[dict[str, Any]], path: Path | None, least: float | None) -> tuple[str, bool]:
    """Write what a run has exercised of the contract.

    Args:
        documents: one report for each server of the run; none where no test used one.
        path: where to; its ending says how. None writes nothing.
        least: per cent of the declared rows that must be covered; None for any.

    Returns:
        A line for people, and whether enough was exercised.

    Raises:
        MockgridError: the file cannot be written, or the reports are of different contracts.
    """
    from mockgrid.report import fail_under, form_of, merge, rendered  # noqa: PLC0415 - 50 ms, for runs that want a report

    if not documents:
        return "mockgrid: no test used the fixture, so there is no contract report", not least
    document = reduce(merge, documents)
    rows = document["summary"]["rows"]
    line = f"mockgrid: {rows['percent']:g} % of the contract's {rows['declared']} rows are covered"
    enough = least is None or not fail_under(document, least)
    if not enough:
        line += f", less than {least:g} %"
    if path is not None:
        _write(path, rendered(document, form_of(path)))
        line += f"; report: {path}"
    return line, enough


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise MockgridError(f"The report cannot be written: {error.strerror}.", where=str(path)) from None


def grid_of(config: pytest.Config) -> Grid:
    """Return the server that the options ask for; it is not started yet."""
    settings = settings_of(config)
    url = option(config, "url")
    if url is None:
        from mockgrid.testing.mock_grid import MockGrid  # noqa: PLC0415 - 185 ms, for a server here

        return MockGrid(**settings)
    return _remote(config, url, settings.get("scenarios", ()))


def _remote(config: pytest.Config, url: str, folders: Sequence[str] = ()) -> Grid:
    from mockgrid.testing.remote_grid import RemoteGrid  # noqa: PLC0415 - 35 ms, for one elsewhere

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return RemoteGrid(url, option(config, "token"), folders=folders, worker=worker)


def started(config: pytest.Config, begun: Callable[[], Grid] | None) -> Grid:
    """Start the server that the options ask for; where that cannot be, the run stops with the reason.

    Args:
        config: of the run.
        begun: gives the server where its start began before.
    """
    try:
        return grid_of(config).start() if begun is None else begun()
    except MockgridError as error:
        reason = str(error)
    return _stop(config, reason)


def _stop(config: pytest.Config, reason: str) -> NoReturn:
    """Stop a run that cannot have the server that it asks for: once, and not in each of its tests."""
    __tracebackhide__ = True
    if hasattr(config, "workerinput"):  # of which pytest-xdist takes an exit for a crash
        pytest.fail(reason, pytrace=False)
    pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)


def or_fail(make: Callable[[], Made]) -> Made:
    """Make something that a test needs; where that cannot be, the test fails with the reason alone."""
    __tracebackhide__ = True
    try:
        return make()
    except (MockgridError, MockgridWarning) as error:
        reason = str(error)
    pytest.fail(reason, pytrace=False)


def check_server(config: pytest.Config, grid: Grid) -> None:
    """Tell of a server that a fixture of the user's own has made, and that is not what the options ask for.

    Where they name one elsewhere, the run stops.
    """
    from mockgrid.testing.remote_grid import RemoteGrid  # noqa: PLC0415 - 35 ms, for one elsewhere

    if not option(config, "url"):
        for name in flags_of(config):
            said = f"{name} has no effect, since the fixture mockgrid_server is overridden."
            warnings.warn(pytest.PytestWarning(said), stacklevel=2)
        return
    if isinstance(grid, RemoteGrid):
        return
    _stop(
        config,
        f"--mockgrid-url (or mockgrid_url) names {option(config, 'url')}, but the fixture mockgrid_server is "
        "overridden and starts a server of its own; leave out one of the two, or have the fixture yield a "
        "RemoteGrid.",
    )


def report_of(config: pytest.Config, documents: list[dict[str, Any]]) -> tuple[str, bool]:
    """Write the report that the options ask for.

    Args:
        config: of the run.
        documents: the reports of its own servers; those elsewhere are asked here.

    Returns:
        A line for people, and whether enough of the contract was exercised; what went wrong counts as not.
    """
    try:
        url = option(config, "url")
        if url is not None:
            documents = [_report(config, at) for at in re.split(r"[,\s]+", option(config, "replicas") or url)]
        path = option(config, "report")
        return write_report(
            documents,
            None if path is None else config.invocation_params.dir / path,
            least_covered(config),
        )
    except MockgridError as error:
        return f"mockgrid: {error}", False


def _report(config: pytest.Config, url: str) -> dict[str, Any]:
    with _remote(config, url) as grid:
        return grid.report()


class Holding:
    """Holds one test to all sessions that it opens, by what its markers say.

    Args:
        item: the test.
        grid: the server.

    Raises:
        MockgridError: the markers cannot be meant.
    """

    def __init__(self, item: pytest.Item, grid: Grid) -> None:
        self._item, self._grid = item, grid
        self._played, self._strict, words = _marked(item)
        usual = Tolerances(allow_warnings=warnings_allowed(item.config))
        self._tolerances = usual.changed(words, beside=("strict",))
        self.expectations: list[TestExpectation] = []
        self._failed = False
        self._test = getattr(item, "obj", None)
        self._test = getattr(self._test, "__func__", self._test)  # of a method
        self._drawn: Any = getattr(self._test, "any_reply", None)

    def open_one(self, name: str) -> HeldSession:
        """Open a session by a name, beside the test's own."""
        return self._begin(HeldSession(self._grid, f"{self._item.nodeid} {name}"), name)

    def open_own(self, shared: HeldSession | None = None) -> HeldSession:
        """Open the test's own session, or begin one anew that tests share, and play what the markers say."""
        __tracebackhide__ = True
        if shared is not None:
            shared.restart()
        session = self._begin(shared or HeldSession(self._grid, self._item.nodeid))
        self.own = self.expectations[-1]
        if self._drawn is not None:
            self._drawn.hold(self, self._grid, self._test)
        if self._played is not None:
            line = (self._item.location[1] or 0) + 1
            session.play_as(CallSite(self._item.path, line), self._played)
        return session

    def begin_example(self, script: dict[str, Any]) -> None:
        """Begin the test's own session anew with what is played there, and forget its others."""
        self.expectations, others = [self.own], [each for each in self.expectations if each is not self.own]
        for expectation in others:
            expectation.session.end()
        self.own.session.replay(script)

    def judge(self) -> str:
        """Return what fails the test, which has passed so far; empty where nothing does."""
        __tracebackhide__ = True  # where warnings are errors
        texts = []
        for expectation in self.expectations:  # in this frame, which is not shown
            texts.append(expectation.judge())  # noqa: PERF401 - as said
        failure = _joined(texts)
        site = CallSite(self._item.path, (self._item.location[1] or 0) + 1)
        for expectation in self.expectations:
            site.warn(expectation.missed)
        self._failed = bool(failure)
        return failure

    def excuse(self) -> None:
        """Note that the test was skipped, or has failed by itself."""
        for expectation in self.expectations:
            expectation.excuse()

    def asides(self, error: BaseException | None) -> Iterator[tuple[str, str]]:
        """Yield what helps to understand why the test failed by itself, each text with its title.

        Args:
            error: what it failed with.
        """
        if not self._failed:
            for expectation in self.expectations:
                text = expectation.aside(error)
                if text:
                    yield expectation.title, text
        if self._drawn is not None:
            from mockgrid.testing.smallest import sections  # noqa: PLC0415 - with Hypothesis, for tests that have it

            yield from sections(error, self._item.nodeid, self._item.config.rootpath)

    def judge_rest(self) -> str:
        """Return what is wrong with what was done after ``judge``; empty where nothing is."""
        return _joined(expectation.judge_rest() for expectation in self.expectations)

    def end(self, shared: HeldSession | None = None) -> None:
        """Forget all sessions; the one that tests share begins anew, for what is asked between them."""
        for expectation in self.expectations:
            session = expectation.session
            with suppress(CallError):  # of a server that has gone, which the test was told
                (session.restart if session is shared else session.end)()
        self.expectations.clear()
        if self._drawn is not None:
            self._drawn.hold(None, self._grid, self._test)

    def _begin(self, session: HeldSession, name: str = "") -> HeldSession:
        self.expectations.append(TestExpectation(session, self._tolerances, name))
        session.begin(self.open_one, strict=self._strict)
        return session


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, texts))


def _marked(item: pytest.Item) -> tuple[Any, bool | None, dict[str, Any]]:
    """Return what plays, whether strictly, and what is allowed; the nearest marker has the last word."""
    played = None
    words: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("mockgrid"))):
        if len(mark.args) > 1:
            raise MockgridError(
                f"The marker mockgrid has {len(mark.args)} arguments without a name; one is expected.",
                hint='Such as @pytest.mark.mockgrid("tool-loop", strict=True).',
            )
        played = mark.args[0] if mark.args else played
        words |= mark.kwargs
    strict = words.pop("strict", None)
    if strict is not None and not isinstance(strict, bool):
        raise MockgridError(f"strict is True or False, not {strict!r}.")
    return played, strict, words
