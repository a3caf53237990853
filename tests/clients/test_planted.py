"""Each planted mistake is found, alone, and at a reply of few words; a careful client has none."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from planted import PLANTED, AppError, Careful

from mockgrid import MockGrid
from mockgrid.app.build import load_contract
from mockgrid.fuzz.client import Client
from mockgrid.fuzz.examples import examples
from mockgrid.fuzz.failure import ClientFailure
from mockgrid.fuzz.judge import ClientJudge
from mockgrid.fuzz.search import Search
from mockgrid.settings import Settings

pytestmark = pytest.mark.once
CONTRACT = load_contract(Settings())
OPERATIONS = ["createChatCompletion"]


class PlantedClient(Client):
    """Runs a client of this process."""

    def __init__(self, kind, grid):
        super().__init__(ClientJudge(), 10)
        self._kind, self._grid = kind, grid

    def _session(self):
        return closing(self._grid.session("fuzz"))

    def _asked(self, session, played, seconds):
        del played, seconds
        try:
            self._kind(session.base_url, session.api_key).run()
        except AppError:
            return None
        except Exception as error:  # noqa: BLE001 - the client's mistake
            return ClientFailure("an error", type(error).__name__)
        return None


@pytest.fixture(scope="module")
def grid():
    with MockGrid() as grid:
        yield grid


def searched(kind, grid, runs, *, faults):
    client = PlantedClient(kind, grid)
    assert client.calls()
    drawn = examples(CONTRACT, OPERATIONS, streaming=kind.stream, faults=faults)
    search = Search(drawn, lambda example: client.failure_at(example.scenario))
    search.run(runs, 0)
    return search.discoveries


def test_there_are_at_least_24():
    assert len(PLANTED) >= 24


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_planted_mistake_is_found_and_made_small(mistake, grid):
    kind, faults = PLANTED[mistake]
    discoveries = searched(kind, grid, 150, faults=faults)
    assert discoveries, "with the first seed, and in no more examples than a command is given"
    smallest = min(
        (discovery.example for discovery in discoveries.values()), key=lambda example: example.size
    )
    assert smallest.size[0] <= 3, str(smallest)


PLANTED_TESTS = """
import mockgrid
import pytest
from hypothesis import settings
from planted import PLANTED, AppError

@settings(database=None, derandomize=True, max_examples=200)
@pytest.mark.parametrize("mistake", %s)
@mockgrid.any_reply(allowed=AppError)
def test_planted(mockgrid, mistake):
    PLANTED[mistake][0](mockgrid.base_url, mockgrid.api_key).run()
"""


def test_they_are_found_by_tests_that_any_reply_runs(tmp_path):
    mistakes = {"null content", "no usage", "another model that served", "an unknown tool", "comments"}
    file = tmp_path / "test_it.py"
    file.write_text(PLANTED_TESTS % sorted(mistakes), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert set(re.findall(r"^FAILED \S+::test_planted\[(.*?)\]", done.stdout, re.MULTILINE)) == mistakes
    smallest = re.findall(r"^steps:\n(.*?)\n\nSent", done.stdout, re.MULTILINE | re.DOTALL)
    assert len(smallest) == len(mistakes)
    assert all(text.count("\n") <= 3 for text in smallest), smallest


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_careful_client_survives_all_of_it(stream, grid):
    kind = type("Client", (Careful,), {"stream": stream})
    assert searched(kind, grid, 100, faults=True) == {}
