"""Whom a provider has to convince, and the proxies on the way to it, by the environment."""

import json
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from upstream.conftest import BODY, COMPLETION
from upstream.hostile_provider import HostileProvider, reply
from upstream.raw_client import ask, request

TLS = Path(__file__).with_name("tls")
CA = TLS / "ca.pem"
RAW = request(BODY, "content-type: application/json")


@pytest.fixture
def certified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem")
    return context


def detail(through):
    assert through.status == 502
    return json.loads(through.body)["errors"]["detail"]


def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_company_s_own_named(before, certified):
    with HostileProvider(reply(COMPLETION), context=certified) as provider:
        words = detail(ask(before(provider).base_url, RAW))
        assert "cannot be trusted, or speaks no TLS: " in words
        assert "certificate verify failed" in words
        assert provider.requests == []
        through = ask(before(provider, upstream_ca=CA).base_url, RAW)
        assert (through.status, through.body) == (200, COMPLETION)
        elsewhere = provider.url.replace("localhost", "127.0.0.1")
        assert "IP address mismatch" in detail(ask(before(elsewhere, upstream_ca=CA).base_url, RAW))
        assert len(provider.requests) == 1


def test_what_speaks_no_tls_is_told(before):
    def refuse(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        plain = threading.Thread(target=refuse, args=(listening,))
        plain.start()
        through = ask(before(f"https://127.0.0.1:{listening.getsockname()[1]}").base_url, RAW)
        plain.join()
    assert "cannot be trusted, or speaks no TLS: " in detail(through)


def test_the_environment_s_certificates_are_trusted(certified):
    code = """
import sys
from mockgrid import MockGrid
sys.path.insert(0, sys.argv[2])
from upstream.raw_client import ask, request
with MockGrid(upstream=sys.argv[1]) as grid:
    print(ask(grid.base_url, request(b"{}")).status)
"""
    with HostileProvider(reply(COMPLETION), context=certified) as provider:
        command = [sys.executable, "-c", code, provider.url, str(TLS.parents[1])]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=60, env={"SSL_CERT_FILE": str(CA)}
        )
    assert done.stdout == "200\n"


def test_the_environment_s_proxy_is_asked_unless_it_is_told_not_to_be(before, monkeypatch):
    with HostileProvider(reply(b"{}")) as proxy, HostileProvider(reply(COMPLETION)) as provider:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:p%40ss@localhost:{proxy.port}")
        assert ask(before(provider).base_url, RAW).body == b"{}"
        head = proxy.heads[0]
        assert head[0] == f"POST {provider.url}/chat/completions HTTP/1.1"
        assert "proxy-authorization: Basic dXNlcjpwQHNz" in [
            line.replace("Proxy-A", "proxy-a") for line in head
        ]
        monkeypatch.setenv("NO_PROXY", "example.com,localhost")
        assert ask(before(provider).base_url, RAW).body == COMPLETION
        assert (len(proxy.requests), len(provider.requests)) == (1, 1)


def test_a_proxy_that_refuses_is_told(before, monkeypatch):
    with HostileProvider(reply(b"", status="407 Proxy Authentication Required")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"localhost:{proxy.port}")
        words = detail(ask(before("https://provider.test/v1").base_url, RAW))
        assert proxy.heads[0][0] == "CONNECT provider.test:443 HTTP/1.1"
    assert words == (
        "The provider at https://provider.test cannot be reached: "
        "the proxy on the way refuses (407 Proxy Authentication Required)."
    )
