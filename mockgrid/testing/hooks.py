"""What the plugin does in a run of pytest: the fixture ``mockgrid``, its marker and its options.

What a run without the fixture does not need is not imported here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mockgrid.testing import flag, option

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mockgrid.testing.expectation import HeldSession
    from mockgrid.testing.grid import Grid
    from mockgrid.testing.run import Holding

_HOLDING = pytest.StashKey["Holding"]()
_REPORTS = pytest.StashKey["list[dict[str, Any]]"]()
_START = pytest.StashKey[Any]()
_GRID = pytest.StashKey["Grid"]()
_SERVER = pytest.StashKey[Any]()
_LINE = pytest.StashKey[str]()
_ASKING = pytest.StashKey[pytest.FixtureRequest]()

_USUAL_WARNINGS = "allow"
# Options by which tests are left out when they have been collected.
_LEAVING_OUT = ("keyword", "markexpr", "deselect", "lf", "stepwise")
# Options with which no test runs.
_RUNNING_NONE = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test")
# Fixtures by which a test opens sessions, or may.
_USERS = frozenset(("mockgrid", "mockgrid_server", "request"))

_MARKER = (
    "mockgrid(scenario, *, strict, allow_violations, allow_warnings, allow_unmatched, allow_unused, "
    "resilient): what plays in the test's session, and what does not fail the test."
)
_OPTIONS = (
    ("url", "URL", "use the MockGrid at this address instead of one of the run's own"),
    (
        "replicas",
        "URLS",
        "the servers behind that address, where it is a proxy's: they are asked for the report",
    ),
    ("token", "TOKEN", "control token of that MockGrid; callers on its own machine need none"),
    ("report", "PATH", "write the contract report here: .json, .md, .html or .xml (JUnit)"),
    ("fail-under", "PERCENT", "fail the run where less of the contract was exercised"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same as settings of the configuration file."""
    from mockgrid.settings import SETTINGS, WORDS  # noqa: PLC0415 - 4 ms, of which options come
    from mockgrid.values import Names, Switch, Whole  # noqa: PLC0415 - the same

    group = parser.getgroup("mockgrid", "MockGrid")
    for name, metavar, text in _OPTIONS:
        group.addoption(flag(name), metavar=metavar, help=text)
        parser.addini(f"mockgrid_{name.replace('-', '_')}", text)
    settings = parser.getgroup("mockgrid-settings", "MockGrid's settings, as of `mockgrid serve`")
    for word, name in WORDS.items():
        kind, text = SETTINGS[name].kind, SETTINGS[name].description
        shape: dict[str, Any] = {"metavar": kind.name.upper()}
        whole = isinstance(kind, Whole) and pytest.version_tuple >= (8, 4)  # which knows that form
        form: Any = "int" if whole else "string"
        if isinstance(kind, Switch):
            shape, form = {"action": "store_true", "default": None}, "bool"
        elif isinstance(kind, Names):
            shape["action"] = "append"
            form = "paths" if kind.name in {"path", "dir"} else "linelist"
        settings.addoption(flag(word), help=text, **shape)
        parser.addini(f"mockgrid_{word}", text, type=form, default=None)
    text = "allow or error: whether unknown and deprecated fields in requests fail a test"
    parser.addini("mockgrid_warnings", text, default=_USUAL_WARNINGS)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_REPORTS] = []


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop a run whose options cannot be used: once, and not after all of its tests."""
    config = session.config
    if hasattr(config, "workerinput") or not _needs_check(config):
        return
    from mockgrid.errors import MockgridError  # noqa: PLC0415 - a run that does not use it loads nothing
    from mockgrid.testing.run import check_options  # noqa: PLC0415 - 10 ms, as in all of these

    try:
        check_options(config)
    except MockgridError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have the server start while the rest is collected, where no option may leave out who wants it."""
    if not any(getattr(item.config.option, name, None) for name in _LEAVING_OUT):
        _start(item.config, [item])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the server start where one of the tests that are left wants it."""
    _start(session.config, session.items)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hold tests to the run's session, and warn of markers that do nothing: no fixture is used."""
    for item in items:
        names = getattr(item, "fixturenames", ["mockgrid"])
        if "mockgrid_run" in names and "mockgrid" not in names:
            names.append("mockgrid")
    if getattr(config, "workerinput", {"workerid": "gw0"})["workerid"] != "gw0":
        return  # all workers collect the same
    warned = set()
    for item in items:
        # Who has `request` may ask for the fixture by name; classes and modules mark what need not have it.
        if not _USERS.isdisjoint(getattr(item, "fixturenames", _USERS)):
            continue
        test = item.nodeid.partition("[")[0]
        if test not in warned and any(mark.name == "mockgrid" for mark in item.own_markers):
            warned.add(test)
            _warn_of_marker(item, test)


@pytest.fixture(scope="session")
def mockgrid_server(pytestconfig: pytest.Config) -> Iterator[Grid]:
    """Give the server that the tests of a run share.

    Override it to choose other settings: ``with MockGrid(clock="virtual") as grid: yield grid``.
    """
    from mockgrid.testing.run import started  # noqa: PLC0415 - 10 ms, see above

    start = pytestconfig.stash.get(_START, None)
    grid = pytestconfig.stash[_GRID] = started(pytestconfig, start and start.grid)
    yield grid
    grid.stop()


@pytest.fixture(scope="session")
def _mockgrid_report(pytestconfig: pytest.Config, mockgrid_server: Grid) -> Iterator[pytest.Stash]:
    """Ask the server for its report before it stops; what the run knows is for the fixture of each test."""
    if mockgrid_server is not pytestconfig.stash.get(_GRID, None):
        from mockgrid.testing.run import check_server  # noqa: PLC0415 - 10 ms, see above

        check_server(pytestconfig, mockgrid_server)
    yield pytestconfig.stash
    # Of a server that others use too, the process that writes the report asks: once, not in each worker.
    if _wants_report(pytestconfig) and not option(pytestconfig, "url"):
        pytestconfig.stash[_REPORTS].append(mockgrid_server.report())


@pytest.fixture(scope="session")
def mockgrid_run(mockgrid_server: Grid, _mockgrid_report: pytest.Stash) -> Iterator[HeldSession]:
    """Give the run one session, for an application that is started once: its ``api_key`` stays the same.

    The fixture ``mockgrid`` of a test that uses it, be it by another fixture, is this session, begun anew.
    """
    from mockgrid.testing.expectation import HeldSession  # noqa: PLC0415 - 10 ms, see above
    from mockgrid.testing.run import or_fail  # noqa: PLC0415 - the same

    session = or_fail(lambda: HeldSession(mockgrid_server, "run"))
    yield session
    session.end()


@pytest.fixture
def mockgrid(mockgrid_server: Grid, _mockgrid_report: pytest.Stash) -> Iterator[HeldSession]:
    """Give the test a session of its own on the run's server: ``base_url``, ``api_key``, ``play`` and more.

    The test fails if the client broke the contract, met no step, or left steps of a strict scenario unused.
    """
    from mockgrid.testing.run import or_fail  # noqa: PLC0415 - 10 ms, see above

    # `request` as a fixture costs a tenth of all this: pytest makes it anew wherever it is named.
    request = _mockgrid_report[_ASKING]
    shared = request.getfixturevalue("mockgrid_run") if "mockgrid_run" in request.fixturenames else None
    holding = or_fail(lambda: _holding_of(request.node, mockgrid_server))
    try:
        yield or_fail(lambda: holding.open_own(shared))
        _fail(holding.judge_rest())
    finally:
        holding.end(shared)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Hold a test to the sessions that fixtures of its own open on the server, and to no others."""
    if fixturedef.argname == "mockgrid":  # and no other's, that somebody asks for before it is made
        request.config.stash[_ASKING] = request
    with _held(request.config, request.node if fixturedef.scope == "function" else None):
        value = yield
    if fixturedef.argname == "mockgrid_server":
        request.config.stash[_SERVER] = value
    return value


def _of_the_test(raised: pytest.ExceptionInfo[BaseException]) -> bool:
    """Tell whether the lines of the test show where something was raised, and ours need not."""
    return not issubclass(raised.type, pytest.fail.Exception)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that has passed though its client did wrong; the test itself, not its teardown."""
    __tracebackhide__ = _of_the_test
    try:
        with _held(item.config, item):
            result = yield
    except BaseException:
        if _HOLDING in item.stash:
            item.stash[_HOLDING].excuse()
        raise
    # A unittest's failure is not raised here, but kept.
    if _HOLDING in item.stash and not getattr(item, "_excinfo", None):
        _fail(item.stash[_HOLDING].judge())
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the client did in a test that failed by itself."""
    report = yield
    if report.failed and call.when != "teardown" and _HOLDING in item.stash:
        error = call.excinfo.value if call.excinfo is not None else None
        report.sections += item.stash[_HOLDING].asides(error)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the reports of one of pytest-xdist's workers."""
    node.config.stash[_REPORTS] += getattr(node, "workeroutput", {}).get("mockgrid_reports", [])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the contract report, or hand it to the process that does."""
    config = session.config
    if _START in config.stash:
        config.stash[_START].stop()  # unless a test has taken it
    if hasattr(config, "workeroutput"):
        config.workeroutput["mockgrid_reports"] = config.stash[_REPORTS]
    elif _wants_report(config) and not config.option.collectonly:
        _write_report(session, config.stash[_REPORTS])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how much of the contract was exercised."""
    if _LINE in config.stash:
        terminalreporter.write_line(config.stash[_LINE])


@contextmanager
def _held(config: pytest.Config, item: pytest.Item | None) -> Iterator[None]:
    """Hold a test to the sessions that are opened on the server meanwhile; None for no test."""
    grid: Any = config.stash.get(_SERVER, None)
    if not hasattr(grid, "opener"):  # there is none yet, or one of the user's own make
        yield
        return
    before = grid.opener
    grid.opener = None if item is None else lambda name: _holding_of(item, grid).open_one(name)
    try:
        yield
    finally:
        grid.opener = before


def _holding_of(item: pytest.Item, grid: Grid) -> Holding:
    from mockgrid.testing.run import Holding  # noqa: PLC0415 - 10 ms, see above

    holding = item.stash.get(_HOLDING, None)
    if holding is None or not holding.expectations:  # none yet, or that of an attempt before this
        holding = item.stash[_HOLDING] = Holding(item, grid)
        item.addfinalizer(lambda: _end(holding))
    return holding


def _end(holding: Holding) -> None:
    try:
        _fail(holding.judge_rest())
    finally:
        holding.end()


def _start(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin to start the server that the run shares, where one of these tests uses it."""
    if _START in config.stash or not any(_uses_ours(item) for item in items):
        return
    runs_none = any(getattr(config.option, name, False) for name in _RUNNING_NONE)
    if not (runs_none or option(config, "url")):
        from mockgrid.testing.start import EarlyStart  # noqa: PLC0415 - a run that does not use it loads nothing

        config.stash[_START] = EarlyStart(config)


def _uses_ours(item: pytest.Item) -> bool:
    """Tell whether a test uses the server's fixture, and nobody overrides it."""
    if "mockgrid_server" not in getattr(item, "fixturenames", ()):
        return False
    # Pytest documents no such thing: where it has none, the server starts when the first test asks for it.
    fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return len(fixtures.get("mockgrid_server", ())) == 1


def _needs_check(config: pytest.Config) -> bool:
    if option(config, "fail-under") or config.getini("mockgrid_warnings") != _USUAL_WARNINGS:
        return True
    from mockgrid.settings import WORDS  # noqa: PLC0415 - it is there

    try:
        return any(option(config, word) is not None for word in ("url", "report", *WORDS))
    except (
        pytest.UsageError,
        TypeError,
        ValueError,
    ):  # of the configuration file: what is wrong is told then
        return True


def _warn_of_marker(item: pytest.Item, test: str) -> None:
    said = (
        f"The marker mockgrid of {test} does nothing, since the test does not use the fixture mockgrid; take "
        "it as an argument, or remove the marker."
    )
    try:
        item.warn(pytest.PytestWarning(said))
    except pytest.PytestWarning:  # where warnings are errors
        raise pytest.UsageError(said) from None


def _wants_report(config: pytest.Config) -> bool:
    return bool(option(config, "report") or option(config, "fail-under"))


def _write_report(session: pytest.Session, documents: list[dict[str, Any]]) -> None:
    from mockgrid.testing.run import report_of  # noqa: PLC0415 - 10 ms, see above

    line, enough = report_of(session.config, documents)
    session.config.stash[_LINE] = line
    if not enough and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _fail(text: str) -> None:
    __tracebackhide__ = True
    if text:
        pytest.fail(text, pytrace=False)
