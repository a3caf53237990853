import asyncio
import errno
import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from asgi import Caller
from raw_http import connect, exchange, read_all
from waiting import open_descriptors, within

from mockgrid.errors import StartError
from mockgrid.http.listen import listen, url_host
from mockgrid.http.server import RunningServer, start_in_thread
from mockgrid.settings import Settings

HERE = Path(__file__).parent
GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"

PROGRAM = textwrap.dedent("""
    import json, sys
    sys.path[:0] = [{tests!r}, {root!r}]
    from raw_http import Echo
    from mockgrid.errors import StartError
    from mockgrid.http.server import run
    from mockgrid.settings import Settings
    sys.exit(run(Echo(), Settings(**json.loads(sys.argv[1]))))
""").format(tests=str(HERE.parent), root=str(HERE.parents[1]))


class Program:
    """A server in a process of its own."""

    def __init__(self, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings):
        settings = {"port": 0, "ready": "json"} | settings
        arguments = [sys.executable, "-c", PROGRAM, json.dumps(settings)]
        self.process = subprocess.Popen(arguments, stdout=stdout, stderr=stderr)

    def ready(self):
        return json.loads(self.process.stdout.readline())

    def end(self, timeout=60):
        """Exit code, and what was said on stdout since, and on stderr."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture
def program():
    started = []

    def start(**settings):
        started.append(Program(**settings))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()
        for stream in (one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


def test_ready_json_is_alone_on_stdout_and_true(program):
    server = program()
    ready = server.ready()
    port = ready["port"]
    assert ready == {
        "url": f"http://127.0.0.1:{port}/v1",
        "control": f"http://127.0.0.1:{port}/__mockgrid__",
        "port": port,
        "pid": server.process.pid,
    }
    assert exchange(port, b"GET /x HTTP/1.0\r\n\r\n")[0].status == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.end() == (0, "", "")


def test_ready_text_is_one_line_for_a_person(program, free_port):
    server = program(ready="text", port=free_port)
    base = f"http://127.0.0.1:{free_port}"
    line = server.process.stdout.readline().decode()
    assert line == (
        f"MockGrid serves Echo 1.0.0 at {base}/v1 (control: {base}/__mockgrid__) — Ctrl+C stops it\n"
    )
    server.process.send_signal(signal.SIGINT)
    assert server.end() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_lets_a_running_stream_finish_and_accepts_no_more(program, number):
    server = program(shutdown_timeout=60)
    port = server.ready()["port"]
    with connect(port) as connection, connect(port) as idle:
        connection.sendall(GET % b"stream")
        assert connection.recv(10)
        started = time.monotonic()
        server.process.send_signal(number)
        assert read_all(idle) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(port)
        assert read_all(connection).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert server.end() == (0, "", "")
    assert time.monotonic() - started < 30


def test_endless_stream_and_stalled_clients_do_not_hold_the_server(program):
    server = program(shutdown_timeout=0.4)
    port = server.ready()["port"]
    with connect(port) as reader, connect(port) as stalled, connect(port) as uploading:
        reader.sendall(GET % b"stream-endless")
        stalled.sendall((GET % b"stream-endless") * 2)
        uploading.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
        assert reader.recv(10)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.end() == (0, "", "")
        assert 0.3 < time.monotonic() - started < 30
        assert not read_all(reader).endswith(b"0\r\n\r\n")


def test_default_leaves_less_than_five_seconds_for_stopping():
    assert Settings().shutdown_timeout <= 4.5


def test_second_signal_stops_at_once(program):
    server = program(shutdown_timeout=60)
    port = server.ready()["port"]
    with connect(port) as connection:
        connection.sendall(GET % b"stream-endless")
        assert connection.recv(10)
        server.process.send_signal(signal.SIGTERM)
        assert within(30, lambda: not_listening(port))  # two signals that come together are one
        time.sleep(0.2)
        assert server.process.poll() is None
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.end()[0] == 0
        assert time.monotonic() - started < 30


def not_listening(port):
    try:
        connect(port).close()
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("ready", ["text", "json"])
def test_closed_stdout_and_stderr_do_not_stop_the_server(program, ready, free_port):
    reading, writing = os.pipe()
    os.close(reading)
    server = program(stdout=writing, stderr=writing, ready=ready, port=free_port)
    os.close(writing)
    assert within(60, lambda: not not_listening(free_port))
    assert exchange(free_port, b"GET /crash HTTP/1.0\r\n\r\n")[0].status == 500
    assert exchange(free_port, b"GET /x HTTP/1.0\r\n\r\n")[0].status == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0


def test_port_in_use_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as failure:
            start_in_thread(None, Settings(port=port))
    assert str(failure.value) == (
        f"Port {port} on 127.0.0.1 is already in use. "
        "Choose another with --port (0 takes a free one), or stop the program that holds it."
    )


def test_unusable_hosts_say_what_to_do():
    for host in ("no.such.invalid", "no..such", "x" * 70, "\u2028"):
        with pytest.raises(StartError, match=rf"{re.escape(repr(host))} cannot be resolved\. --host takes"):
            listen(host, 0)
    with pytest.raises(StartError, match=r"192\.0\.2\.1 is not an address of this machine\. --host takes"):
        listen("192.0.2.1", 0)


def test_privileged_port_says_what_to_do(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("socket.create_server", refuse)
    with pytest.raises(
        StartError, match=r"port 80 of 127\.0\.0\.1 is not permitted\. Choose a port from 1024 up"
    ):
        listen("127.0.0.1", 80)


def test_port_is_free_again_at_once(echo, free_port):
    for _ in range(3):
        with start_in_thread(echo, Settings(port=free_port)) as server, connect(free_port) as connection:
            connection.sendall(GET % b"x")
            assert connection.recv(10)
            assert server.port == free_port


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
        ("", "127.0.0.1"),
    ],
)
def test_host_in_the_url_can_be_reached(host, shown, echo):
    assert url_host(host) == shown
    if ":" in host and not can_ipv6():
        pytest.skip("this machine has no IPv6")
    with start_in_thread(echo, Settings(host=host, port=0)) as server:
        assert server.url == f"http://{shown}:{server.port}/v1"
        with socket.create_connection((shown.strip("[]"), server.port), timeout=30) as connection:
            connection.sendall(GET % b"x")
            assert connection.recv(10) == b"HTTP/1.1 2"


def can_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_a_hundred_servers_leave_nothing_behind(echo):
    with start_in_thread(echo, Settings(port=0)):
        pass  # what loads once is loaded
    threads, descriptors = threading.active_count(), open_descriptors()
    started = time.monotonic()
    for _ in range(100):
        with start_in_thread(echo, Settings(port=0)) as server, connect(server.port) as connection:
            connection.sendall(GET % b"x")
            assert connection.recv(10)
    assert time.monotonic() - started < 40
    assert threading.active_count() <= threads
    assert open_descriptors() <= descriptors


def test_stop_twice_is_stop_once_and_lets_replies_finish(echo):
    server = start_in_thread(echo, Settings(port=0))
    with connect(server.port) as connection:
        connection.sendall(GET % b"slow")
        assert within(30, lambda: echo.asked == ["/slow"])
        server.stop()
        server.stop()
        assert read_all(connection).startswith(b"HTTP/1.1 200")


def test_connections_that_come_with_the_stop_do_not_delay_it(echo):
    server = start_in_thread(echo, Settings(port=0, shutdown_timeout=60))
    server.loop.call_soon_threadsafe(time.sleep, 0.3)  # they wait to be accepted
    waiting = [connect(server.port) for _ in range(5)]
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 30
    for connection in waiting:
        connection.close()


def test_a_uvicorn_that_stops_by_itself_is_not_waited_for(echo):
    server = start_in_thread(echo, Settings(port=0))
    uvicorn_server = server._uvicorn._server  # told by a signal that came before ours were set
    server.loop.call_soon_threadsafe(setattr, uvicorn_server, "should_exit", True)
    assert within(30, lambda: not server._thread.is_alive())


def test_failure_in_the_thread_is_raised_to_the_caller(echo, monkeypatch):
    monkeypatch.setattr("mockgrid.http.adapter.UvicornServer.serve", lambda *_: 1 / 0)
    threads = threading.active_count()
    with pytest.raises(StartError, match="division by zero"):
        start_in_thread(echo, Settings(port=0))
    assert threading.active_count() == threads


def test_log_of_the_application_is_closed_last(echo):
    closed = []

    class Log:
        def close(self):
            closed.append(asyncio.get_running_loop().is_running())

    echo.log = Log()
    with start_in_thread(echo, Settings(port=0)):
        pass
    assert closed == [True]


def test_replies_carry_no_time_and_no_name(echo):
    with start_in_thread(echo, Settings(port=0)) as server:
        (response,) = exchange(server.port, b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert sorted(response.headers) == ["connection", "content-length", "content-type"]


async def _of_somebody_else():
    raise RuntimeError("Event loop is closed")


@pytest.mark.parametrize("guest", [True, False])
def test_what_fails_in_tasks_of_the_host_is_not_told_as_the_servers_own(guest, capfd, caplog):
    app = Caller().app
    settings = Settings(port=0, log="off")
    done = threading.Event()

    def begin():
        loop = asyncio.get_running_loop()
        for failing in (_of_somebody_else(), app({}, None, None)):  # the second one in a frame of ours
            loop.create_task(failing)  # noqa: RUF006 (nobody is to have them)
        loop.call_later(0.1, done.set)

    with RunningServer(app, settings, guest=guest) as running:
        running.loop.call_soon_threadsafe(begin)
        assert done.wait(60)
        gc.collect()
    told = capfd.readouterr().err
    assert "mockgrid: error: Task exception was never retrieved" in told
    assert "KeyError" in told
    assert ("Event loop is closed" in told) is not guest
    assert [record.name for record in caplog.records] == (["asyncio"] if guest else [])


def on_path(path, data):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        connection.sendall(data)
        return read_all(connection)


def test_unix_socket(program, tmp_path):
    path = tmp_path / "grid.sock"
    for _ in range(2):  # the second in the place of one that was killed
        server = program(uds=str(path))
        assert server.ready() == {
            "url": "http://localhost/v1",
            "control": "http://localhost/__mockgrid__",
            "uds": str(path),
            "pid": server.process.pid,
        }
        asked = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert on_path(path, asked).startswith(b"HTTP/1.1 200 OK\r\n")
        assert path.stat().st_mode & 0o777 == 0o666
        with pytest.raises(StartError, match=r"Unix socket .*grid\.sock: Address already in use\."):
            start_in_thread(None, Settings(uds=str(path)))
        server.process.kill()
        server.end()
        assert path.exists()
    server = program(uds=str(path), ready="text")
    line = server.process.stdout.readline().decode()
    assert f" at http://localhost/v1 on the socket {path} (control: " in line
    server.process.terminate()
    assert server.end() == (0, "", "")
    assert not path.exists()


def test_a_path_that_is_no_place_for_a_socket_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "nowhere" / "grid.sock", tmp_path / ("x" * 200)):
        with pytest.raises(StartError, match=r"Cannot listen on the Unix socket .* --uds takes a path"):
            start_in_thread(None, Settings(uds=str(path)))
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize("name", ["connections", "tasks", "server_state", "started", "servers"])
def test_a_uvicorn_without_what_is_used_of_it_is_refused(echo, monkeypatch, name):
    class Other(uvicorn.Server):
        def __init__(self, config):
            super().__init__(config)
            if name != "servers":
                delattr(self if hasattr(self, name) else self.server_state, name)

        async def startup(self, sockets=None):
            await super().startup(sockets)
            if name == "servers":
                for listening in self.servers:
                    listening.close()
                del self.servers

    monkeypatch.setattr("mockgrid.http.adapter.Server", Other)
    with pytest.raises(StartError, match=f"this version of uvicorn: .*{name}.* Install one"):
        start_in_thread(echo, Settings(port=0))


def test_a_uvicorn_that_has_not_a_setting_is_refused(echo, monkeypatch):
    monkeypatch.setattr("mockgrid.http.adapter.Config", lambda app, *, lifespan: (app, lifespan))
    with pytest.raises(StartError, match=r"this version of uvicorn: .*unexpected keyword"):
        start_in_thread(echo, Settings(port=0))


PRELOADING = textwrap.dedent("""
    import sys, time
    from mockgrid.app.build import build_app
    from mockgrid.http.server import RunningServer
    from mockgrid.settings import Settings
    app = build_app(Settings(port=0))
    before = "mockgrid.schema.generate" in sys.modules
    with RunningServer(app, app.settings):
        end = time.monotonic() + 20
        while "mockgrid.schema.generate" not in sys.modules and time.monotonic() < end:
            time.sleep(0.01)
        print(before, "mockgrid.schema.generate" in sys.modules)
""")


def test_what_the_first_schema_needs_is_loaded_after_the_server_is_ready():
    ran = subprocess.run([sys.executable, "-c", PRELOADING], capture_output=True, check=True, text=True)
    assert ran.stdout.split() == ["False", "True"]
