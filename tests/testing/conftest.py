import json
import os
import subprocess
import sys
from pathlib import Path

import _pytest.pytester
import pytest
from testing.client import Client
from testing.suites import suite

import mockgrid
from mockgrid import MockGrid, RemoteGrid

pytest_plugins = ["pytester"]


class KeepsInstalled(_pytest.pytester.SysModulesSnapshot):
    """Pytester's, which forgets what the tests that it ran have imported: their own modules alone.

    Of what is imported late and then forgotten, a server that is running would keep one copy, and the tests
    that follow in this process would get another.
    """

    def __init__(self, preserve):
        super().__init__(lambda name: preserve(name) or installed(sys.modules[name]))


INSTALLED = tuple({sys.prefix, sys.base_prefix, str(Path(mockgrid.__file__).parent)})


def installed(module):
    file = getattr(module, "__file__", None)
    return file is None or file.startswith(INSTALLED)


@pytest.fixture(scope="session", autouse=True)
def _keeps_installed():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pytest.pytester, "SysModulesSnapshot", KeepsInstalled)
        yield


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


@pytest.fixture
def runs(pytester):
    """Runs a module in this process, without the plugins that this environment has besides."""

    def run(text, *options, **files):
        pytester.makepyfile(test_it=suite(text))
        for name, content in files.items():
            pytester.path.joinpath(name.replace("__", ".")).write_text(content)
        return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:xdist", "-q", *options)

    return run
