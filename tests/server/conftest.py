import pytest
from server.raw_http import Echo

from mockgrid.server.protocol import Limits, detail_error, protocol_class
from mockgrid.server.run import start_in_thread
from mockgrid.server.settings import Settings


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture(params=["httptools", "h11"])
def parser(request):
    return request.param


@pytest.fixture
def serve(monkeypatch, echo, parser):
    """Starts the echo application behind one of the parsers."""
    running = []

    def choose(limits, error_body=detail_error, *, error_log=None):
        return protocol_class(limits, error_body, error_log=error_log, parser=parser)

    monkeypatch.setattr("mockgrid.server.run.protocol_class", choose)

    def start(**settings):
        running.append(start_in_thread(echo, Settings(port=0, **settings)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def limits():
    return Limits(max_headers=65536, header_timeout=30)
