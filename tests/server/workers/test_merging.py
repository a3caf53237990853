import json

from server.workers.fleet import chat, key_of, read_all, read_one

from mockgrid.report.reading import read_report
from mockgrid.server.workers.merging import metrics, sessions

ONE = b"""\
# HELP mockgrid_requests_total Requests.
# TYPE mockgrid_requests_total counter
mockgrid_requests_total{status="200",step="a b"} 3.0
# HELP mockgrid_loop_lag_seconds Lag.
# TYPE mockgrid_loop_lag_seconds gauge
mockgrid_loop_lag_seconds 0.25
"""
TWO = b"""\
# HELP mockgrid_requests_total Requests.
# TYPE mockgrid_requests_total counter
mockgrid_requests_total{status="200",step="a b"} 4.0
mockgrid_requests_total{status="404",step=""} 1.0
# HELP mockgrid_loop_lag_seconds Lag.
# TYPE mockgrid_loop_lag_seconds gauge
mockgrid_loop_lag_seconds 0.125
"""


def test_counters_are_summed_and_families_stay_together():
    assert metrics([ONE, TWO]) == (
        b"# HELP mockgrid_requests_total Requests.\n"
        b"# TYPE mockgrid_requests_total counter\n"
        b'mockgrid_requests_total{status="200",step="a b"} 7.0\n'
        b'mockgrid_requests_total{status="404",step=""} 1.0\n'
        b"# HELP mockgrid_loop_lag_seconds Lag.\n"
        b"# TYPE mockgrid_loop_lag_seconds gauge\n"
        b"mockgrid_loop_lag_seconds 0.25\n"
    )
    assert metrics([ONE]) == ONE


def test_sessions_are_those_of_all():
    parts = [json.dumps({"sessions": [{"session": name}]}).encode() for name in ("s-1", "s-2")]
    assert json.loads(sessions(parts)) == {"sessions": [{"session": "s-1"}, {"session": "s-2"}]}


def test_report_and_metrics_count_what_all_workers_have_answered(start):
    running = start("--log", "off")
    with running.connect() as connection:
        for number in range(20):
            connection.sendall(chat(key_of(number % 4), "counted"))
            read_one(connection)
    status, told = running.ask("/report")
    assert status == 200
    rows = [row for row in told["rows"] if row["count"]]
    assert [(row["operation"], row["status"], row["count"]) for row in rows] == [
        ("createChatCompletion", "200", 20)
    ]
    read_report(json.dumps(told).encode(), "report")
    with running.connect() as connection:
        connection.sendall(b"GET /__mockgrid__/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = read_all(connection)
    assert b'operation="createChatCompletion",status="200",step=""} 20.0\n' in text
    assert b"\nmockgrid_sessions 4.0\n" in text
    assert text.count(b"# TYPE mockgrid_requests") == 1
