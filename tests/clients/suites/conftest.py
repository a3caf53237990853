"""What every check gets: the fake's address, a key of its own, and what went over the wire."""

import asyncio
import importlib.util
import os
import re
import sys
from dataclasses import dataclass, field

import pytest

CLIENT = os.environ["MOCKGRID_CLIENT"]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def no_network(event, args):
    """Refuses every address but this machine's: a check that needs the network is no check."""
    host = None
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0]
    if isinstance(host, bytes):
        host = host.decode()
    if host and host not in LOOPBACK:
        raise PermissionError(f"The checks run without a network, and {host!r} was asked for.")


sys.addaudithook(no_network)


@dataclass
class Grid:
    """The fake as one check sees it: an address, a key that nobody else uses, and every answer that came."""

    url: str
    key: str
    answers: list = field(default_factory=list)

    @property
    def statuses(self):
        """The status of each answer, in order: one for every attempt that the client made."""
        return [answer.status_code for answer in self.answers]


@pytest.fixture
def grid(request, monkeypatch):
    """A session of the check's own; at the end, the client must have kept the contract in it."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")
    grid = Grid(url=os.environ["MOCKGRID_URL"], key=f"mg-{CLIENT}-{name}")
    listen(grid.answers, monkeypatch)
    yield grid
    assert grid.answers, "The client never spoke to the fake."
    if request.node.get_closest_marker("breaks_contract") is None:
        # Wrong keys, paths and models are what their checks are about.
        broken = [answer for answer in grid.answers if answer.status_code in (400, 422)]
        told = [answer.headers.get("x-mockgrid-violations") for answer in broken]
        assert not any(told), f"{CLIENT} broke the contract in an ordinary call: {told}"


def listen(answers, monkeypatch):
    """Notes every answer, below the client and its retries: each client speaks through httpx, old or new."""
    for package in ("httpx", "httpx2"):
        if importlib.util.find_spec(package):
            module = importlib.import_module(package)
            monkeypatch.setattr(module.Client, "send", noting(module.Client.send, answers))
            monkeypatch.setattr(module.AsyncClient, "send", noting_async(module.AsyncClient.send, answers))


def noting(send, answers):
    def noted(*args, **kwargs):
        answer = send(*args, **kwargs)
        answers.append(answer)
        return answer

    return noted


def noting_async(send, answers):
    async def noted(*args, **kwargs):
        answer = await send(*args, **kwargs)
        answers.append(answer)
        return answer

    return noted


@pytest.fixture
def runner():
    """An event loop for the check."""
    with asyncio.Runner() as runner:
        yield runner
