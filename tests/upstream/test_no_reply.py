"""A provider that gives no reply is a 502 in the vendor's shape that says so."""

import json
import socket
import subprocess
import sys

import pytest
from upstream.conftest import BODY, journal
from upstream.hostile_provider import CLOSE, HANG, RESET, HostileProvider, reply
from upstream.raw_client import ask, request

RAW = request(BODY, "content-type: application/json", "authorization: Bearer mg-x")
SILENT = "closed the connection without a reply."

SCRIPTS = {
    "closes": ((CLOSE,), SILENT),
    "resets": ((RESET,), SILENT),
    "says nothing": ((HANG,), "did not answer within 0.3 s."),
    "half a head": ((b"HTTP/1.1 200 OK\r\ncontent-ty", CLOSE), SILENT),
    "trickles for ever": (([b"HTTP/1.1 200 OK\r\nx: ", *[b"y", 0.05] * 40]), "did not answer within 0.3 s."),
    "no HTTP": ((b"220 smtp.example ready\r\n\r\n", HANG), "answers what is no HTTP: "),
    "no length": ((b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", CLOSE), "answers what is no HTTP: "),
    "two lengths": (
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", CLOSE),
        "answers what is no",
    ),
    "a line that is no header": (
        (b"HTTP/1.1 200 OK\r\nset-cookie : session=abcdefgh\r\n\r\n", CLOSE),
        "answers what is no HTTP: illegal header line.",
    ),
    "no status": ((b"HTTP/1.1 twohundred OK\r\n\r\n", CLOSE), "answers what is no HTTP: "),
    "another protocol": (
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", CLOSE),
        "answers what is no HTTP: ",
    ),
    "beyond all statuses": ((reply(b"", status="777 X"),), "answers with the status 777, which is no reply."),
    "an endless head": ((b"HTTP/1.1 200 OK\r\n" + b"x-y: z\r\n" * 40_000, HANG), "answers what is no HTTP: "),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_reply_is_a_502_that_says_why(before, name):
    script, words = SCRIPTS[name]
    with HostileProvider(*script) as provider:
        grid = before(provider, request_timeout=0.3 if "0.3 s" in words else 30)
        through = ask(grid.base_url, RAW)
        assert provider.connections == 1, "nothing is tried again"
    assert (through.status, through.end) == (502, "whole")
    detail = json.loads(through.body)["errors"]["detail"]
    origin = provider.url.removesuffix("/v1")
    assert detail.startswith(f"The provider at {origin} ")
    assert words in detail
    (exchange,) = journal(grid, "mg-x")
    assert [each["code"] for each in exchange["provider_violations"]] == ["MG244"]
    assert grid.report()["provider"][0]["code"] == "MG244"


def test_a_provider_that_is_not_there_is_said_to_be_none(before, free_port):
    through = ask(before(f"http://127.0.0.1:{free_port}/v1").base_url, RAW)
    assert through.status == 502
    assert "cannot be reached: Connection refused." in json.loads(through.body)["errors"]["detail"]
    through = ask(before("http://no-such-host.invalid").base_url, RAW)
    assert "cannot be reached: " in json.loads(through.body)["errors"]["detail"]


def test_a_provider_that_takes_no_connections_is_waited_for_no_longer_than_for_a_reply(before):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        port = listening.getsockname()[1]
        full = [socket.socket() for _ in range(4)]  # the queue of a server that accepts nobody
        for each in full:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        through = ask(before(f"http://127.0.0.1:{port}", request_timeout=0.4).base_url, RAW)
        for each in full:
            each.close()
    assert through.status == 502
    assert "within 0.4 s." in json.loads(through.body)["errors"]["detail"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port", "0", "--upstream", "http://localhost:1"],
        ["verify", "--against", "http://localhost:1"],
    ],
    ids=" ".join,
)
def test_without_the_extra_one_sentence_says_how_to_install_it(arguments):
    code = f"""
import sys
sys.modules["httpcore2"] = None
from mockgrid.cli import main
sys.exit(main({arguments}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mockgrid: Asking a provider needs httpcore2, which is not installed. "
        "Install MockGrid with its extra `record`, as in pip install 'mockgrid[record]', "
        "or pip install '.[record]' in a clone.\n"
    )


def test_a_server_without_a_provider_imports_nothing_of_it():
    code = """
import sys
from mockgrid import MockGrid
with MockGrid() as grid:
    grid.play([{"say": "Hi"}])
print([name for name in sys.modules if name.startswith(("mockgrid.upstream", "httpcore", "h11"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
