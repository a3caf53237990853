"""How many connections there may be, by how many files may be open."""

import json
import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

PROGRAM = """
import json, resource, sys
from mockgrid.http.open_files import connections_that_fit
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
        (40, 40, 5000, 1, 40),
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
