from functools import partial

import pytest
from playing_app import Player
from raw_http import Echo

from mockgrid.http.protocol import Limits, detail_error, protocol_class
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture(params=["httptools", "h11"])
def parser(request):
    return request.param


@pytest.fixture
def starts(monkeypatch, parser):
    """Starts any application behind one of the parsers."""
    running = []

    def choose(limits, error_body=detail_error, *, error_log=None):
        return protocol_class(limits, error_body, error_log=error_log, parser=parser)

    monkeypatch.setattr("mockgrid.http.server.protocol_class", choose)

    def start(app, **settings):
        running.append(start_in_thread(app, Settings(port=0, **settings)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def serve(starts, echo):
    """Starts the echo application behind one of the parsers."""
    return partial(starts, echo)


@pytest.fixture
def player():
    return Player()


@pytest.fixture
def port(starts, player):
    """Where the player plays, behind one of the parsers."""
    return starts(player, log="off").port


@pytest.fixture
def limits():
    return Limits(max_headers=65536, header_timeout=30)
