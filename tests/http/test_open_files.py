"""How many connections there may be, by how many files may be open."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from raw_http import connect

resource = pytest.importorskip("resource")

PROGRAM = """
import json, resource, sys
from mockgrid.http.listen import connections_that_fit
allowed, highest, most = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, highest))
fit = connections_that_fit(most)
print(json.dumps([fit, *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


@pytest.mark.parametrize(
    ("allowed", "highest", "most", "fit", "raised"),
    [
        (256, 1000, 100, 100, 256),
        (256, 1000, 500, 500, 564),
        (256, 1000, 5000, 936, 1000),
        (256, 256, 5000, 192, 256),
    ],
)
def test_the_bound_is_raised_as_far_as_it_may_and_the_rest_is_refused(allowed, highest, most, fit, raised):
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(allowed), str(highest), str(most)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert json.loads(ran.stdout) == [fit, raised, highest]


LOW = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
sys.path[:0] = sys.argv[1:]
from raw_http import Echo
from mockgrid.http.server import run
from mockgrid.settings import Settings
run(Echo(), Settings(port=0, ready="json", log="off", header_timeout=60))
"""


def test_under_a_low_limit_what_fits_is_admitted_and_the_rest_is_told():
    here = Path(__file__).parents[1]
    command = [sys.executable, "-c", LOW, str(here), str(here.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server, contextlib.ExitStack() as opened:
        port = json.loads(server.stdout.readline())["port"]
        answers = []
        for _ in range(20):
            connection = opened.enter_context(connect(port))
            connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            answers.append(connection.recv(12))
        server.terminate()
        assert server.wait(60) == 0
    admitted = answers.count(b"HTTP/1.1 200")
    assert 8 <= admitted < 20
    assert answers[admitted:] == [b"HTTP/1.1 503"] * (20 - admitted)
