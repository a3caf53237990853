"""What one run of pytest has: its server, and a trial for each test that asks."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from mockgrid.errors import MockgridError
from mockgrid.testing.allowance import Allowance
from mockgrid.testing.caller import at
from mockgrid.testing.options import least_covered, scenario_folders, warnings_allowed
from mockgrid.testing.plugin import option
from mockgrid.testing.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.testing.grid import Grid


def grid_of(config: pytest.Config) -> Grid:
    """Return the server that the options ask for; it is not started yet."""
    folders = scenario_folders(config)
    url = option(config, "url")
    if url is None:
        from mockgrid.testing.mock_grid import MockGrid  # noqa: PLC0415 - a server elsewhere needs no server here

        return MockGrid(scenarios=folders)
    return _remote(config, url, folders)


def _remote(config: pytest.Config, url: str, folders: Sequence[str] = ()) -> Grid:
    from mockgrid.testing.remote_grid import RemoteGrid  # noqa: PLC0415 - a server here needs no client

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return RemoteGrid(url, option(config, "token"), folders=folders, worker=worker)


def started(config: pytest.Config) -> Grid:
    """Start the server that the options ask for; where that cannot be, tests fail with the reason alone."""
    __tracebackhide__ = True
    try:
        return grid_of(config).start()
    except MockgridError as error:
        reason = str(error)
    pytest.fail(reason, pytrace=False)


def check_server(config: pytest.Config, grid: Grid) -> None:
    """Stop a run that names a server elsewhere, and whose own fixture starts another all the same."""
    from mockgrid.testing.remote_grid import RemoteGrid  # noqa: PLC0415 - a server here needs no client

    if isinstance(grid, RemoteGrid):
        return
    reason = (
        f"--mockgrid-url (or mockgrid_url) names {option(config, 'url')}, but the fixture mockgrid_server is "
        "overridden and starts a server of its own; leave out one of the two, or have the fixture yield a "
        "RemoteGrid."
    )
    if hasattr(config, "workerinput"):  # of which pytest-xdist takes an exit for a crash
        pytest.fail(reason, pytrace=False)
    pytest.exit(reason, returncode=pytest.ExitCode.USAGE_ERROR)


def report_of(config: pytest.Config, documents: list[dict[str, Any]]) -> tuple[str, bool]:
    """Write the report that the options ask for.

    Args:
        config: of the run.
        documents: the reports of its own servers; those elsewhere are asked here.

    Returns:
        A line for people, and whether enough of the contract was exercised; what went wrong counts as not.
    """
    from mockgrid.testing.contract_report import write_report  # noqa: PLC0415 - only where wanted

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


def trial_of(item: pytest.Item, grid: Grid) -> Trial:
    """Open a session for a test, and play what its marker says."""
    __tracebackhide__ = True
    try:
        return _trial(item, grid)
    except MockgridError as error:
        reason = str(error)
    pytest.fail(reason, pytrace=False)


def _trial(item: pytest.Item, grid: Grid) -> Trial:
    played, strict, words = _marked(item)
    allowance = Allowance(allow_warnings=warnings_allowed(item.config)).changed(words)
    session = grid.session(item.nodeid)
    try:
        if played is not None:
            session.play_as(at(item.path, (item.location[1] or 0) + 1), played, strict=strict)
    except BaseException:
        session.close()
        raise
    return Trial(session, allowance)


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
    if strict is not None and played is None:
        raise MockgridError(
            "The marker mockgrid has `strict` and nothing that plays.",
            hint="Name a scenario beside it, or say it in the test: mockgrid.play(…, strict=True).",
        )
    return played, strict, words
