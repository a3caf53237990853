"""Replicas of MockGrid and the proxies that deploy/ ships, as processes on free ports of this machine."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
START_SECONDS = 30
# Where the shipped files have the replicas, one after another.
FIRST_PORT = 8081


class MissingError(Exception):
    """A proxy is not installed; the message says how it would be."""


@contextmanager
def process(command, log, **options):
    """Runs a command until the block ends; what it says goes into a file."""
    with log.open("ab") as output, subprocess.Popen(command, cwd=ROOT, stderr=output, **options) as running:
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()


@contextmanager
def replica(folder, *arguments, port=0):
    """Serves; what it gives is the port."""
    log = folder / f"replica-{time.monotonic_ns()}.txt"
    command = [sys.executable, "-m", "mockgrid", "serve", "--port", str(port)]
    command += ["--ready", "json", "--log", "off", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MOCKGRID_")}
    with process(command, log, stdout=subprocess.PIPE, env=clean) as running:
        line = running.stdout.readline()
        assert line, log.read_text()
        yield json.loads(line)["port"]
    assert "Traceback" not in log.read_text(), log.read_text()


@contextmanager
def haproxy(folder, ports, *, host="127.0.0.1", config=None):
    """Runs deploy/haproxy.cfg as it is: where replicas stand comes from the environment."""
    with listening() as (port, taken):
        addresses = {f"MOCKGRID_{index}": f"{host}:{at}" for index, at in enumerate(ports)}
        environment = {**os.environ, **addresses, "MOCKGRID_LISTEN": f"127.0.0.1:{port}"}
        command = [program("haproxy"), "-f", str(config or DEPLOY / "haproxy.cfg")]
        taken.close()
        with process(command, folder / "haproxy.txt", env=environment):
            answers(port, folder / "haproxy.txt")
            yield port


@contextmanager
def nginx(folder, ports, *, config=None):
    """Runs deploy/nginx.conf with other ports, inside the least that nginx asks for."""
    text = (config or DEPLOY / "nginx.conf").read_text()
    for index, at in enumerate(ports):
        text = text.replace(f"127.0.0.1:{FIRST_PORT + index}", f"127.0.0.1:{at}")
    with listening() as (port, taken):
        home = folder / f"nginx-{port}"
        home.mkdir()
        (home / "mockgrid.conf").write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
        places = "".join(
            f"{name}_temp_path {home}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (home / "nginx.conf").write_text(
            f"daemon off; worker_processes 2; pid {home}/pid; error_log {home}/error.log;"
            "events { worker_connections 4096; }"
            f"http {{ access_log off; {places} include {home}/mockgrid.conf; }}"
        )
        taken.close()
        command = [
            program("nginx"),
            "-p",
            str(home),
            "-c",
            str(home / "nginx.conf"),
            "-e",
            f"{home}/error.log",
        ]
        with process(command, folder / "nginx.txt"):
            answers(port, folder / "nginx.txt")
            yield port


PROXIES = {"haproxy": haproxy, "nginx": nginx}


@contextmanager
def listening():
    """A free port, and the socket that holds it until the proxy takes it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1], taken


def program(name):
    """The path of a proxy; Debian has them where only root looks for programs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MissingError(f"{name} is not installed: apt-get install haproxy nginx-light.")
    return found


def answers(port, log):
    """Waits until something answers on a port."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"Nothing answers on port {port}:\n{log.read_text()}")


def call(port, method, path, body=None, headers=()):
    """One request: the status, and the body, as JSON where it is that."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers, data = dict(headers), None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    with suppress(ValueError):
        answer = json.loads(answer)
    return response.status, answer


def session_path(key, after=""):
    """The path of a control call about a session."""
    return f"/__mockgrid__/sessions/{urllib.parse.quote(key, safe='')}{after}"


def chat(text="Hi", **fields):
    """The body of a completion."""
    return {"model": "text-prime", "messages": [{"role": "user", "content": text}], **fields}


def complete(port, headers, body=None):
    """What a completion says; a status where it is none."""
    status, answer = call(port, "POST", "/v1/chat/completions", body or chat(), headers)
    return answer["choices"][0]["message"]["content"] if status == 200 else status
