import json
import re
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockgrid import MockGrid, cli
from mockgrid.cli.metrics import added

FIRST = """\
# HELP mockgrid_requests_total Requests answered.
# TYPE mockgrid_requests_total counter
mockgrid_requests_total{operation="a b",status="200",step=""} 2.0
# HELP mockgrid_loop_lag_seconds How long.
# TYPE mockgrid_loop_lag_seconds gauge
mockgrid_loop_lag_seconds 0.25
"""
SECOND = """\
# HELP mockgrid_requests_total Requests answered.
# TYPE mockgrid_requests_total counter
mockgrid_requests_total{operation="a b",status="200",step=""} 3.0
mockgrid_requests_total{operation="a b",status="503",step="s } 1"} 1.0
# HELP mockgrid_loop_lag_seconds How long.
# TYPE mockgrid_loop_lag_seconds gauge
mockgrid_loop_lag_seconds 0.125
"""
BOTH = """\
# HELP mockgrid_requests_total Requests answered.
# TYPE mockgrid_requests_total counter
mockgrid_requests_total{operation="a b",status="200",step=""} 5.0
mockgrid_requests_total{operation="a b",status="503",step="s } 1"} 1.0
# HELP mockgrid_loop_lag_seconds How long.
# TYPE mockgrid_loop_lag_seconds gauge
mockgrid_loop_lag_seconds 0.25
"""


@pytest.fixture
def run(capfd, monkeypatch):
    """Runs the command: exit code, stdout, stderr."""
    monkeypatch.delenv("MOCKGRID_URL", raising=False)
    monkeypatch.delenv("MOCKGRID_CONTROL_TOKEN", raising=False)

    def run(*arguments):
        code = cli.main(["metrics", *arguments])
        return (code, *capfd.readouterr())

    return run


def test_samples_are_added_up_in_their_families():
    assert added([FIRST, SECOND]) == BOTH
    assert added([FIRST]) == FIRST


def test_servers_are_asked_and_added_up(run):
    with MockGrid() as first, MockGrid() as second:
        for grid, count in ((first, 1), (second, 2)):
            for _ in range(count):
                ask(grid)
        urls = [grid.base_url for grid in (first, second)]
        code, out, err = run("--url", urls[0], "--url", urls[1])
        with urllib.request.urlopen(urls[0].replace("/v1", "/__mockgrid__/metrics")) as answer:
            alone = answer.read().decode()
    assert (code, err) == (0, "")
    families = {family.name: family for family in text_string_to_metric_families(out)}
    assert [sample.value for sample in families["mockgrid_requests"].samples] == [3.0]
    assert families["mockgrid_sessions"].samples[0].value == 2.0
    assert names(out) == names(alone)


def names(text):
    return re.findall(r"^(# .*|\w+)", text, re.MULTILINE)


def ask(grid):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {grid.api_key}"}
    request = urllib.request.Request(
        f"{grid.base_url}/chat/completions", json.dumps(body).encode(), headers, method="POST"
    )
    urllib.request.urlopen(request).close()


def test_mistakes_are_one_sentence(run):
    assert run() == (2, "", "mockgrid: Name a server with --url. See mockgrid metrics --help.\n")
    code, out, err = run("--url", "1")
    assert (code, out) == (2, "")
    assert err.startswith("mockgrid: There are no metrics at http://127.0.0.1:1: connection refused.")
