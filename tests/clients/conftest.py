"""Real clients, each in its own environment, against the fake as it comes: one server for the run."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest
from environments import EnvironmentMissingError
from outcomes import Runner

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
STOP_SECONDS = 10

# The suites are run by the clients' own environments, which hold what they import.
collect_ignore = ["suites"]


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[str]]:
    """Starts `mockgrid serve`, or another command, with these arguments on a free port; gives its address."""

    @contextmanager
    def serve(*arguments: str, command: str = "serve") -> Iterator[str]:
        log = tmp_path_factory.mktemp("server") / "stderr.txt"
        words = [
            sys.executable,
            "-m",
            "mockgrid",
            command,
            "--port",
            "0",
            "--ready",
            "json",
            "--log",
            "off",
        ]
        words += arguments
        with (
            log.open("wb") as stderr,
            subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
        ):
            try:
                ready = _first_line(process)
                if ready is None:
                    pytest.fail(f"`{' '.join(words)}` did not get ready:\n{log.read_text()}", pytrace=False)
                yield json.loads(ready)["url"]
                assert process.poll() is None, f"It ended with {process.returncode}:\n{log.read_text()}"
            finally:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
        assert "Traceback" not in log.read_text(), f"The server's standard error:\n{log.read_text()}"

    return serve


@pytest.fixture(scope="session")
def url(serving: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The fake with nothing changed."""
    with serving() as address:
        yield address


@pytest.fixture
def check(url: str, tmp_path: Path, subtests: pytest.Subtests) -> Callable[[Runner, str, str], None]:
    """Runs a suite in an environment and reports each of its checks as a subtest of its own."""

    def run(runner: Runner, suite: str, environment: str) -> None:
        try:
            outcomes = runner(suite, environment, url, tmp_path)
        except EnvironmentMissingError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        for outcome in outcomes:
            with subtests.test(outcome.name):
                if outcome.report:
                    pytest.fail(outcome.report, pytrace=False)

    return run


def _first_line(process: subprocess.Popen[str]) -> str | None:
    """The first line the process prints; None if it ends or stays silent for too long."""
    assert process.stdout is not None
    lines: Queue[str] = Queue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    try:
        return lines.get(timeout=START_SECONDS) or None
    except Empty:
        return None
