"""Each planted mistake is found, alone, and at a reply of few words; a careful client has none."""

from contextlib import closing

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


def searched(kind, grid, runs, *, faults, seed=0):
    client = PlantedClient(kind, grid)
    assert client.calls()
    drawn = examples(CONTRACT, OPERATIONS, streaming=kind.stream, faults=faults)
    search = Search(drawn, lambda example: client.failure_at(example.scenario))
    search.run(runs, seed)
    return search.discoveries


def test_there_are_at_least_24():
    assert len(PLANTED) >= 24


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_planted_mistake_is_found_and_made_small(mistake, grid):
    kind, faults = PLANTED[mistake]
    searches = (searched(kind, grid, 150, faults=faults, seed=seed) for seed in range(8))
    discoveries = next(filter(None, searches))
    smallest = min(
        (discovery.example for discovery in discoveries.values()), key=lambda example: example.size
    )
    assert smallest.size[0] <= 3, str(smallest)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_careful_client_survives_all_of_it(stream, grid):
    kind = type("Client", (Careful,), {"stream": stream})
    assert searched(kind, grid, 100, faults=True) == {}
