import pytest
from scenarios.grid import Grid

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings


def _started(**asked):
    settings = Settings(port=0, log="off", shutdown_timeout=0.2, **asked)
    app = build_app(settings)
    with start_in_thread(app, settings) as server:
        yield Grid(server.url, app)


@pytest.fixture(scope="package")
def grid():
    yield from _started()


@pytest.fixture(scope="package")
def hurried():
    """The same on a virtual clock: nothing waits."""
    yield from _started(clock="virtual")
