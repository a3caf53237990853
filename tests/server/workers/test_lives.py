"""Workers that start, stop and die."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from server.workers.fleet import chat, key_of, read_all, read_one, said

from mockgrid.server.run import CANCELLED
from mockgrid.server.settings import Settings
from mockgrid.server.workers.supervisor import _LATE

KEYS = [key_of(worker) for worker in range(4)]
# No reply ends because the time for stopping is over.
PATIENT = """
from mockgrid.server.settings import Settings
Settings.__init__.__kwdefaults__["shutdown_timeout"] = 60
"""


def begun(connection):
    """Read until two chunks of a stream have come."""
    seen = b""
    while seen.count(b"data: ") < 2:
        seen += connection.recv(65536)
    return seen


def wait_for(found, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_ready_line_is_one_and_names_the_parent(start):
    running = start("--log", "off")
    assert running.ready == {
        "url": f"http://127.0.0.1:{running.port}/v1",
        "control": f"http://127.0.0.1:{running.port}/__mockgrid__",
        "port": running.port,
        "pid": running.process.pid,
    }
    assert len(running.pids()) == 4
    assert running.ask("/health") == (200, {"status": "ready"})
    running.process.terminate()
    assert running.end() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_streams_of_all_workers_finish_and_accepts_no_more(start, number):
    running = start("--log", "off", patch=PATIENT)
    streams = []
    for worker in range(4):
        connection = running.connect()
        connection.sendall(chat(key_of(worker, prefix="mg.pacing."), stream=True))
        begun(connection)
        streams.append(connection)
    with running.connect() as idle:
        idle.sendall(chat("mg-idle"))  # what no worker has accepted yet is reset
        read_one(idle)
        started = time.monotonic()
        if number == signal.SIGINT:  # as a terminal sends it: to all processes
            for pid in running.pids():
                os.kill(pid, number)
        running.process.send_signal(number)
        assert read_all(idle) == b""
    wait_for(lambda: not_listening(running.port))
    for connection in streams:
        assert read_all(connection).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        connection.close()
    assert running.end() == (0, "", "")
    assert time.monotonic() - started < 30


def not_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionError:
        return True
    return False


def test_second_signal_stops_at_once(start):
    running = start("--log", "off", patch=PATIENT)
    with running.connect() as connection:
        connection.sendall(chat("mg.stalling.x", stream=True))
        begun(connection)
        running.process.terminate()
        wait_for(lambda: not_listening(running.port))  # two signals that come together are one
        time.sleep(0.1)
        assert running.process.poll() is None
        started = time.monotonic()
        running.process.terminate()
        assert running.end()[0] == 0
        assert time.monotonic() - started < 30


def test_worker_that_is_killed_is_replaced_and_takes_only_its_own_sessions_along(start):
    running = start("--log", "off", workers=3)
    keys = [key_of(worker, 3, prefix="mg.counting.") for worker in range(3)]
    connections = [running.connect() for _ in keys]
    for key, connection in zip(keys, connections, strict=True):
        connection.sendall(chat(key))
        assert said(read_one(connection)) == "Hello 1"
    before = set(running.pids())
    victim = next(pid for pid in before if is_connected(pid, connections[1]))
    os.kill(victim, signal.SIGKILL)
    assert read_reset(connections[1]) == b""
    wait_for(lambda: running.ask("/health")[0] == 200 and len(running.pids()) == 3)
    assert before - set(running.pids()) == {victim}
    for number in (0, 2):  # the same connections, the same sessions
        connections[number].sendall(chat(keys[number]))
        assert said(read_one(connections[number])) == "Hello 2"
    with running.connect() as connection:
        for key, expected in zip(keys, ("Hello 3", "Hello 1", "Hello 3"), strict=True):
            connection.sendall(chat(key))
            assert said(read_one(connection)) == expected
    for connection in connections:
        connection.close()
    running.process.terminate()
    code, out, err = running.end()
    assert (code, out) == (0, "")
    assert err == (
        f"mockgrid: worker 2 (process {victim}) was ended by SIGKILL; "
        "its sessions are lost, and another takes its place\n"
    )


def is_connected(pid, connection):
    """Whether a process has the other end of a connection."""
    client = f":{connection.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[2].endswith(client)}
    return any(str(held.readlink()) in inodes for held in Path(f"/proc/{pid}/fd").iterdir())


def read_reset(connection):
    try:
        return read_all(connection)
    except ConnectionResetError:
        return b""


def test_server_is_not_ready_while_a_worker_does_not_answer(start):
    running = start("--log", "off", workers=2)
    stopped, other = running.pids()
    os.kill(stopped, signal.SIGSTOP)
    try:
        # Whichever worker accepts: the one that runs.
        status, told = running.ask("/health")
        assert status == 503
        assert re.fullmatch(r"Worker [12] does not answer; .*", told["errors"]["detail"])
    finally:
        os.kill(stopped, signal.SIGCONT)
    wait_for(lambda: running.ask("/health")[0] == 200)
    assert {stopped, other} == set(running.pids())


def test_workers_end_when_their_parent_is_killed(start):
    running = start("--log", "off", stderr=subprocess.DEVNULL)
    pids = running.pids()
    running.process.kill()
    running.process.wait()
    wait_for(lambda: all(gone(pid) for pid in pids))
    assert not_listening(running.port)


def test_worker_that_hangs_is_killed(start):
    running = start("--log", "off", workers=2, patch="mockgrid.server.workers.supervisor._LATE = -4.4")
    os.kill(running.pids()[0], signal.SIGSTOP)
    started = time.monotonic()
    running.process.terminate()
    assert running.end()[0] == 0
    assert time.monotonic() - started < 30


def test_workers_have_less_than_five_seconds_for_stopping():
    assert Settings().shutdown_timeout + CANCELLED + _LATE < 5


def test_workers_ask_one_another_however_many_connections_there_are(start):
    running = start("--log", "off", "--max-connections", "2", workers=2)
    with running.connect() as one, running.connect() as two:
        for connection, key in ((one, key_of(0, 2)), (two, key_of(1, 2))):
            connection.sendall(chat(key))
            assert read_one(connection).status == 200
        with running.connect() as third:
            assert read_one(third).status == 503
        one.sendall(b"GET /__mockgrid__/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_one(one).status == 200


def test_lines_of_the_log_stay_whole(start):
    running = start("--log", "json")
    with running.connect() as connection:
        for number in range(800):  # more than a pipe holds
            connection.sendall(chat(key_of(number % 4)))
            read_one(connection)
    running.process.terminate()
    time.sleep(0.2)
    code, _, err = running.end()
    lines = err.splitlines()
    assert (code, len(lines)) == (0, 800)
    assert all(re.fullmatch(r'\{"method":"POST",.*"status":200,.*\}', line) for line in lines)


def test_stderr_that_nobody_reads_stops_no_worker(start):
    running = start("--log", "json")
    with running.connect() as connection:
        for _ in range(60):  # some 600 kB of lines, much more than the pipes hold
            connection.sendall(b"".join(chat(key) for key in KEYS * 10))
            for _ in range(40):
                read_one(connection)
    assert running.ask("/health")[0] == 200
    running.process.terminate()
    assert running.process.wait(60) == 0


def test_scenarios_are_watched_by_all_workers(start, tmp_path):
    file = tmp_path / "changing.yaml"
    file.write_text("steps: [{name: first, reply: {say: Before}}]")
    running = start("--log", "off", "--scenarios", str(tmp_path), "--watch", workers=2)

    def answers(round_):
        found = set()
        for worker in range(2):
            key = key_of(worker, 2, prefix="mg.changing.", salt=round_)
            with running.connect() as connection:
                connection.sendall(chat(key))
                found.add(said(read_one(connection)))
        return found

    assert answers("a") == {"Before"}
    file.write_text("steps: [{name: first, reply: {say: After}}]")
    rounds = iter(range(1000))
    wait_for(lambda: answers(f"b{next(rounds)}-") == {"After"})


def test_port_in_use_is_told_once(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = start("--port", str(taken.getsockname()[1]))
        code, out, err = running.end()
    assert (code, out) == (2, "")
    assert err.count("is already in use") == 1


def test_worker_that_cannot_start_ends_the_server(start):
    running = start(without="mockgrid.server.workers.httptools_roaming mockgrid.server.workers.h11_roaming")
    code, out, err = running.end()
    assert (code, out) == (2, "")
    assert "ModuleNotFoundError" in err
    assert re.search(
        r"cannot start: worker \d \(process \d+\) ended with exit code 1 before it answered", err
    )


def test_worker_that_cannot_be_replaced_yet_is_replaced_later(start, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    file = own / "own.yaml"
    file.write_text("steps: [{name: first, reply: {say: Before}}]")
    told = tmp_path / "stderr"
    with told.open("wb") as stderr:
        running = start("--log", "off", "--scenarios", str(own), "--watch", workers=2, stderr=stderr)
    file.write_text("steps: nothing that can be used")
    os.kill(running.pids()[0], signal.SIGKILL)
    wait_for(lambda: "ended with exit code 1" in told.read_text())
    assert running.ask("/health")[0] == 503
    file.write_text("steps: [{name: first, reply: {say: After}}]")
    wait_for(lambda: running.ask("/health")[0] == 200)
    running.process.terminate()
    assert running.end()[0] == 0
    assert "was ended by SIGKILL" in told.read_text()
