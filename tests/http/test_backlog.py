"""Clients that come together are accepted together, however long the turns of the event loop are."""

import threading
from contextlib import ExitStack

import pytest
from playing_app import request
from raw_http import connect
from waiting import within

from mockgrid.scenario.delivery import Fault

CLIENTS = 50
EXPECTED = {"": (True, "FIN"), "reset": (False, "RST"), "empty": (False, "FIN")}


def ended(client):
    """Return what arrived, and how it ended."""
    data = b""
    try:
        while piece := client.recv(65536):
            data += piece
    except ConnectionResetError:
        return data, "RST"
    return data, "FIN"


@pytest.mark.parametrize("fault", [None, Fault("reset"), Fault("empty")])
def test_who_waits_is_accepted_in_a_few_turns(player, starts, fault):
    server = starts(player, log="off")
    player.play(early_fault=fault)
    held, turns = threading.Event(), []

    def count():
        turns.append(len(server._serving.connections))
        if turns[-1] < CLIENTS and len(turns) < 10_000:
            server.loop.call_soon(count)

    def hold():
        held.wait(30)
        count()

    server.loop.call_soon_threadsafe(hold)
    with ExitStack() as opened:
        clients = [opened.enter_context(connect(server.port)) for _ in range(CLIENTS)]
        held.set()
        assert within(30, lambda: turns and turns[-1] == CLIENTS)
        for client in clients:
            client.sendall(request("/body"))
        ends = [ended(client) for client in clients]
    assert len(turns) < CLIENTS // 2
    kind = fault.kind if fault is not None else ""
    assert {(bool(data), end) for data, end in ends} == {EXPECTED[kind]}
