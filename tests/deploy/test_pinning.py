"""Whatever names a session leads to its replica."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from deploy.fleet import DEPLOY, PROXIES, ROOT, answers, call, chat, complete, replica, session_path

from mockgrid.session.session import session_name

KEYS = [f"mg-key-{number}" for number in range(300)]
# What else may stand in X-MockGrid-Session, and so in a path.
NAMES = [
    "alpha",
    "tests/test_agent.py::test_weather[Oslo/1-a b]",
    "tests/steps",
    "exchanges/1",
    "a//b",
    "100%25",
    "a%2Fb",
    "a+b",
    "a?b#c",
    "a|b /|c",
    "x" * 2000,
    "~s-20829f2873af",
]
AFTER = ["", "/", "?final=true", "/steps", "/reset", "/clock", "/exchanges?after=1", "/exchanges/7"]
COMPLETIONS = "/v1/chat/completions"


class Stub(BaseHTTPRequestHandler):
    """Answers every request with the port that it came to."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        body = b"%d" % self.server.server_port
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *arguments):
        pass


class Stubs(ThreadingHTTPServer):
    def handle_error(self, *arguments):
        """A proxy may close a connection as it likes."""


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    """Ports of four servers that only say which they are, and of the proxies before the first three."""
    folder = tmp_path_factory.mktemp("stubs")
    with ExitStack() as stack:
        servers = [stack.enter_context(Stubs(("127.0.0.1", 0), Stub)) for _ in range(4)]
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
        ports = [server.server_port for server in servers]
        proxies = {kind: stack.enter_context(start(folder, ports[:3])) for kind, start in PROXIES.items()}
        yield ports, proxies


@pytest.fixture
def where(stubs, kind):
    """Tells which replica a request comes to."""
    return lambda method, path, **headers: placed(stubs[1][kind], method, path, headers)


def placed(port, method, path, headers):
    status, answer = call(port, method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("name", [*KEYS[:12], *NAMES])
def test_header_and_path_lead_to_the_same_replica(where, name):
    at = where("POST", COMPLETIONS, Authorization="Bearer mg-other", X_MockGrid_Session=name)
    for after in AFTER:
        for method in ("GET", "PUT"):
            assert where(method, session_path(name, after), Authorization="Bearer control-token") == at
    # Clients differ in what they encode.
    path = f"/__mockgrid__/sessions/{urllib.parse.quote(name, safe=':[]@!$()*,;=+')}/steps"
    assert where("PUT", path) == at
    assert where("GET", "/__mockgrid__/events", X_MockGrid_Session=name) == at


@pytest.mark.parametrize("key", KEYS[:12])
def test_the_key_counts_wherever_and_however_it_is_sent(where, key):
    at = where("GET", session_path(key))
    for scheme in ("Bearer ", "bearer ", "BEARER   ", "Basic ", ""):
        assert where("POST", COMPLETIONS, Authorization=f"{scheme}{key}") == at
    assert where("POST", COMPLETIONS, X_Api_Key=key) == at
    assert where("POST", COMPLETIONS, Api_Key=key) == at
    assert where("POST", f"{COMPLETIONS}?x={key}", Authorization=f"Bearer {key}") == at
    assert where("POST", COMPLETIONS, Authorization=f"Bearer {key}", X_MockGrid_Scenario="overloaded") == at


def test_requests_without_a_key_have_one_replica(where):
    at = where("POST", COMPLETIONS)
    assert where("GET", "/v1/models") == where("GET", session_path("s-anonymous")) == at


def test_keys_are_spread(where):
    places = places_of(where)
    for port in set(places):
        assert 0.2 * len(KEYS) < places.count(port) < 0.47 * len(KEYS)


def places_of(where):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda key: where("POST", COMPLETIONS, Authorization=f"Bearer {key}"), KEYS))


CONFIGS = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}


def test_two_proxies_agree(stubs, where, kind, tmp_path):
    with PROXIES[kind](tmp_path, stubs[0][:3]) as port:
        assert places_of(lambda *asked, **headers: placed(port, *asked, headers)) == places_of(where)


CONFIGS = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}
LAST = {
    "haproxy": 'server mockgrid-2 "${MOCKGRID_2-127.0.0.1:8083}"',
    "nginx": "server 127.0.0.1:8083 max_fails=0;",
}


def test_another_replica_takes_its_share_and_moves_no_other_key(stubs, where, kind, tmp_path):
    ports, _ = stubs
    text = (DEPLOY / CONFIGS[kind]).read_text()
    line = LAST[kind]
    config = tmp_path / "four"
    config.write_text(
        text.replace(
            line, f"{line}\n    {line.replace('8083', '8084').replace('_2', '_3').replace('-2', '-3')}"
        )
    )
    before = places_of(where)
    with PROXIES[kind](tmp_path, ports, config=config) as port:
        after = places_of(lambda method, path, **headers: placed(port, method, path, headers))
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {ports[3]}
    assert 0.12 * len(KEYS) < len(moved) < 0.4 * len(KEYS)


def test_a_replica_that_restarts_keeps_its_keys(kind, tmp_path):
    with ExitStack() as stack:
        ports = [stack.enter_context(replica(tmp_path)) for _ in range(2)]
        third = stack.enter_context(ExitStack())
        ports.append(third.enter_context(replica(tmp_path)))
        proxy = stack.enter_context(PROXIES[kind](tmp_path, ports))
        keys = KEYS[:30]
        for key in keys:
            assert call(proxy, "PUT", session_path(key), {"steps": [{"say": key}]})[0] == 200
        its = [
            session["session"] for session in call(ports[2], "GET", "/__mockgrid__/sessions")[1]["sessions"]
        ]
        gone = [key for key in keys if session_name(key) in its]
        assert 0 < len(gone) < len(keys)
        third.close()
        # Its keys are told so, and not answered by a replica that has no script for them.
        said = {key: complete(proxy, {"Authorization": f"Bearer {key}"}) for key in keys}
        assert said == {key: 503 if key in gone else key for key in keys}
        detail = "The replica that has this session does not answer."
        assert call(proxy, "GET", session_path(gone[0])) == (503, {"errors": {"detail": detail}})
        with replica(tmp_path, port=ports[2]):
            said = {key: complete(proxy, {"Authorization": f"Bearer {key}"}) for key in keys}
            assert said == {key: "You said: Hi" if key in gone else key for key in keys}
            sessions = call(ports[2], "GET", "/__mockgrid__/sessions")[1]["sessions"]
            assert {session["session"] for session in sessions} == {session_name(key) for key in gone}


def test_a_session_is_found_by_the_name_that_logs_show(port):
    for key in KEYS[:10]:
        path = session_path(session_name(key))
        assert call(port, "PUT", session_path(key), {"steps": [{"say": key}]})[0] == 200
        assert call(port, "GET", path)[1]["session"] == session_name(key)
        assert call(port, "POST", f"{path}/reset")[1]["session"] == session_name(key)
        assert call(port, "DELETE", path)[0] == 204
        assert call(port, "GET", path)[0] == 404


@pytest.mark.parametrize("name", NAMES)
def test_a_session_of_any_name_is_scripted_and_read(port, name):
    assert call(port, "PUT", session_path(name), {"steps": [{"say": name}]})[0] == 200
    assert complete(port, {"Authorization": "Bearer mg-other", "X-MockGrid-Session": name}) == name
    assert call(port, "GET", session_path(name, "/exchanges"))[1]["count"] == 1
    assert call(port, "DELETE", session_path(name))[0] == 204


def test_nginx_asks_all_for_a_name_that_logs_show(fleet):
    port = fleet.proxies["nginx"]
    for number in range(10):
        name = f"alpha {number}/a"
        headers = {"Authorization": "Bearer mg-other", "X-MockGrid-Session": name}
        assert complete(port, headers) == "You said: Hi"
        path = session_path(session_name(f"session:{name}"))
        assert call(port, "GET", path)[1]["exchanges"]["count"] == 1
        # Opened by this name, it might be opened at a replica that is not its own.
        for after in ("", "/steps"):
            assert call(port, "PUT", f"{path}{after}", {"steps": []})[0] == 421


def test_a_redirect_that_was_followed_without_its_key(port, kind):
    counts = set()
    for number in range(10):
        key = f"mg-redirect-{number}"
        assert call(port, "PUT", session_path(key), {"steps": [{"redirect": "same"}]})[0] == 200
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request("POST", COMPLETIONS, json.dumps(chat()), headers)
        location = urllib.parse.urlsplit(connection.getresponse().headers["Location"])
        connection.close()
        assert call(port, "POST", f"{location.path}?{location.query}", chat())[0] == 401
        counts.add(call(port, "GET", session_path(key))[1]["exchanges"]["count"])
    # Some keys are where requests without a key are, too.
    assert counts == ({2} if kind == "haproxy" else {1, 2})


def test_a_key_in_another_place_is_a_line(stubs, kind, tmp_path):
    block = re.search(
        rf"^```{kind}\n(.*?)^```", (ROOT / "docs/scale.md").read_text(), re.MULTILINE | re.DOTALL
    )[1]
    text = (DEPLOY / CONFIGS[kind]).read_text()
    pattern = (
        r"( +http-request set-var\(txn.session\) req.fhdr\(Api-Key\).*\n)"
        if kind == "haproxy"
        else r"()map .*http_api_key.*\n"
    )
    text, count = re.subn(pattern, lambda line: line[1] + block, text)
    assert count == 1
    config = tmp_path / "other"
    config.write_text(text)
    with PROXIES[kind](tmp_path, stubs[0][:3], config=config) as port:
        for key in KEYS[:12]:
            at = placed(port, "GET", session_path(key), {})
            assert placed(port, "POST", COMPLETIONS, {"X-Shop-Key": key}) == at
            assert placed(port, "POST", f"{COMPLETIONS}?a=b&key={key}", {}) == at
            assert (
                placed(port, "POST", f"{COMPLETIONS}?key=mg-other", {"Authorization": f"Bearer {key}"}) == at
            )


def test_what_is_no_http_is_the_proxys(port):
    for sent in (b"Hello there\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(sent)
            assert connection.recv(65536).startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))


def test_the_page_begins_with_what_works(tmp_path):
    block = re.search(r"^```sh\n(.*?)^```", (ROOT / "docs/scale.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        ports = [holder.getsockname()[1] for holder in taken]
    for shown, port in zip((8080, 8081, 8082, 8083), ports, strict=True):
        block = block.replace(str(shown), str(port))
    places = {f"MOCKGRID_{index}": f"127.0.0.1:{port}" for index, port in enumerate(ports[1:])}
    places |= {"MOCKGRID_LISTEN": f"127.0.0.1:{ports[0]}", "MOCKGRID_LOG": "off"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
    with (tmp_path / "log").open("wb") as log:
        shell = subprocess.Popen(
            ["bash", "-ec", block],
            cwd=ROOT,
            env={**os.environ, **places, "PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        answers(ports[0], tmp_path / "log")
        assert complete(ports[0], {"Authorization": "Bearer mg-page"}) == "You said: Hi"
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.wait(10)


def test_what_is_of_all_sessions_is_refused(fleet, port):
    for path in ("sessions", "report", "metrics", "events", "events?session=mg-demo"):
        status, answer = call(port, "GET", f"/__mockgrid__/{path}")
        assert status == 421
        assert "A proxy stands here" in answer["errors"]["detail"]
    question = {"session": "mg-asked", "request": chat()}
    assert call(port, "POST", "/__mockgrid__/explain", question)[0] == 421
    assert call(port, "PUT", session_path("mg-asked"), {"steps": [{"say": "Hi"}]})[0] == 200
    named = {"X-MockGrid-Session": "mg-asked"}
    assert call(port, "POST", "/__mockgrid__/explain", question, named)[1]["outcome"] == "step"
    for path in ("health", "version", "openapi.json", "scenarios", "explain?code=MG113"):
        assert call(port, "GET", f"/__mockgrid__/{path}") == call(
            fleet.replicas[0], "GET", f"/__mockgrid__/{path}"
        )


def test_pages_of_others_are_refused_behind_a_proxy_too(port):
    for headers in ({"Host": "mockgrid.example.com"}, {"Origin": "http://example.com"}):
        assert call(port, "GET", "/__mockgrid__/version", headers=headers)[0] == 403


def test_what_mockgrid_takes_the_proxy_lets_through(port):
    text = "Long " * 2_000_000
    assert complete(port, {"Authorization": "Bearer mg-long"}, chat(text)).startswith("You said: Long Long")
    assert complete(port, {"Authorization": "Bearer mg-long", "X-Long": "x" * 60_000}) == "You said: Hi"
    many = {f"X-Field-{number}": "x" for number in range(90)}
    assert complete(port, {"Authorization": "Bearer mg-long", **many}) == "You said: Hi"


def test_an_error_that_is_scripted_is_mockgrids(port):
    for status in (421, 502, 503, 504):
        key = f"mg-error-{status}"
        scripted = {"error": {"status": status, "detail": "Scripted"}, "contract": "off"}
        assert call(port, "PUT", session_path(key), {"steps": [scripted]})[0] == 200
        answer = call(port, "POST", COMPLETIONS, chat(), {"Authorization": f"Bearer {key}"})
        assert answer[0] == status
        assert "Scripted" in json.dumps(answer[1])
