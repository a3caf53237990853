from functools import partial

import pytest
from playing_app import Player
from raw_http import Echo

from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def starts():
    """Starts any application."""
    running = []

    def start(app, **settings):
        running.append(start_in_thread(app, Settings(port=0, **settings)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def serve(starts, echo):
    """Starts the echo application."""
    return partial(starts, echo)


@pytest.fixture
def player():
    return Player()


@pytest.fixture
def port(starts, player):
    """Where the player plays."""
    return starts(player, log="off").port
