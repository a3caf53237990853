"""The table of docs/scale.md: what becomes of faults behind a proxy."""

import itertools
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from deploy.fleet import ROOT, call, chat, session_path
from deploy.wire import completion, look
from waiting import within

from mockgrid.document import yaml

PAGE = (ROOT / "docs/scale.md").read_text("utf-8")
ROWS = {
    cells[0]: dict(zip(("haproxy", "nginx"), cells[1:], strict=True))
    for line in PAGE.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 3 and cells[0].startswith("`")
}
TEXT = "Über Oslo sind es 21 °C, und es ist heiter"
SAME = "as it is"
# Seconds by which a proxy may be later without that being a difference, on a machine that is busy.
LATE = 0.15
NUMBERS = itertools.count()


def fault_of(row):
    """Whether the fault of a row is one within a stream, and the fault."""
    place, fault = re.fullmatch(r"`((?:stream: )?)fault: (.+)`", row).groups()
    return bool(place), yaml.load(f"fault: {fault}", name="row").data["fault"]


def seen(port, row, *, stream, warm):
    """What a client meets that asks for a completion with the fault of a row."""
    within, fault = fault_of(row)
    reply = {"say": TEXT, **({"stream": {"chunks": "word", "fault": fault}} if within else {"fault": fault})}
    key = f"mg-{next(NUMBERS)}"
    status, answer = call(port, "PUT", session_path(key), {"steps": [reply]})
    assert status == 200, answer
    return look(port, key, chat(stream=stream), warm=warm)


def difference(alone, behind):
    """What a client meets behind a proxy, in the words of the page."""
    if behind.bytes_and_end == alone.bytes_and_end:
        late = behind.first - alone.first > LATE
        return "the whole head, late" if late else SAME
    if not behind.body and behind.status is None and behind.end == "FIN":
        return "FIN, and no byte"
    if behind.bytes_and_end == (*alone.bytes_and_end[:4], "FIN"):
        return "FIN"
    if behind.whole and behind.length == alone.length == len(behind.body) < len(alone.body):
        return "the body up to its `content-length`"
    return f"{behind} for {alone}"


def test_the_table_has_all_faults():
    definitions = json.loads((ROOT / "mockgrid/scenario/scenario.schema.json").read_text())["definitions"]
    kinds = {False: set(), True: set()}
    for row in ROWS:
        within, fault = fault_of(row)
        kinds[within].add(fault if isinstance(fault, str) else fault["kind"])
    assert kinds[False] == set(definitions["faultKind"]["enum"])
    assert kinds[True] == set(definitions["streamFaultKind"]["enum"])


# Whether a stream was asked for, and whether the connection had a request before.
@pytest.mark.parametrize(("stream", "warm"), [(True, True), (True, False), (False, True)])
def test_what_becomes_of_faults(fleet, kind, stream, warm):
    expected = {row: cells[kind] for row, cells in ROWS.items() if stream or not fault_of(row)[0]}

    def measured(row):
        for _ in range(5):  # times may differ where the machine is held up
            alone, behind = (
                seen(port, row, stream=stream, warm=warm) for port in (fleet.replicas[0], fleet.proxies[kind])
            )
            what = difference(alone, behind)
            if what == expected[row]:
                break
        return what

    with ThreadPoolExecutor(8) as pool:
        assert dict(zip(expected, pool.map(measured, expected), strict=True)) == expected


def test_chunks_come_one_by_one_at_their_pace(port):
    reply = {
        "say": "one two three four five six",
        "stream": {"chunks": "word", "pace": {"per_token": "100ms"}},
    }
    for _ in range(5):
        key = f"mg-{next(NUMBERS)}"
        assert call(port, "PUT", session_path(key), {"steps": [reply]})[0] == 200
        times = {}
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(completion(key, chat(stream=True)))
            data, began = b"", time.monotonic()
            while piece := connection.recv(65536):
                data += piece
                for word in (b"one", b"two", b"three", b"four", b"five", b"six"):
                    if word in data:
                        times.setdefault(word, time.monotonic() - began)
        pauses = [after - before for before, after in itertools.pairwise(times.values())]
        if len(pauses) == 5 and all(0.05 < pause < 0.15 for pause in pauses):
            return
    pytest.fail(f"Pauses of {pauses} instead of 0.1 s.")


@pytest.mark.parametrize("reply", [{"fault": "hang"}, {"stream": {"fault": {"kind": "stall"}}}], ids=str)
def test_a_client_that_leaves_is_noticed(port, reply):
    key = f"mg-{next(NUMBERS)}"
    assert call(port, "PUT", session_path(key), {"steps": [{"say": TEXT, **reply}]})[0] == 200
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(completion(key, chat(stream=True)))
        # Not before its request has come.
        assert within(30, lambda: call(port, "GET", session_path(key))[1]["exchanges"]["under_way"])
    status, answer = call(port, "GET", session_path(key, "/exchanges?wait=1&timeout=5s"))
    assert status == 200
    assert [exchange["ended_by"] for exchange in answer["exchanges"]] == ["client"]
