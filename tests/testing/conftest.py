import importlib
import json
import os
import pkgutil
import subprocess
import sys
from contextlib import suppress

import pytest
from testing.client import Client

import mockgrid
from mockgrid import MockGrid, RemoteGrid

pytest_plugins = ["pytester"]

# Pytester forgets what is first imported while it runs, and httpx imports this when it is first used: in the
# tests that follow in this process it would not know its own exceptions.
for name in ("httpcore", "httpcore2"):
    with suppress(ImportError):
        importlib.import_module(name)


@pytest.fixture(scope="package")
def server():
    """One server in this process."""
    with MockGrid() as grid:
        yield grid


@pytest.fixture(scope="package")
def elsewhere(server):
    """The same server, asked over HTTP."""
    with RemoteGrid(server.base_url) as grid:
        yield grid


@pytest.fixture(scope="session")
def served():
    """The address of `mockgrid serve`, in a process of its own."""
    command = [sys.executable, "-m", "mockgrid", "serve", "--port", "0", "--ready", "json", "--log", "off"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "MOCKGRID_LOG": "off"}
    ) as process:
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.fixture(scope="session")
def _loaded():
    """Pytester forgets what is imported while it runs: of a server that is running, half would come twice."""
    for module in pkgutil.walk_packages(mockgrid.__path__, "mockgrid."):
        if not module.name.startswith(("mockgrid.cli", "mockgrid.__main__")):
            with suppress(ImportError):  # what only makes it faster may not be installed
                importlib.import_module(module.name)


@pytest.fixture(params=["local", "remote"])
def grid(request):
    """A server, asked in either of two ways."""
    return request.getfixturevalue({"local": "server", "remote": "elsewhere"}[request.param])


@pytest.fixture
def session(grid, request):
    opened = grid.session(request.node.nodeid)
    yield opened
    opened.close()


@pytest.fixture
def client(session):
    with Client(session) as client:
        yield client
