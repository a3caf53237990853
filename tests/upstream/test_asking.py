"""What a provider is asked, and by which key."""

import json
import re

import pytest
from upstream.conftest import BODY, COMPLETION, journal
from upstream.hostile_provider import HostileProvider, reply
from upstream.raw_client import ask, request

from mockgrid import MockGrid
from mockgrid.contract.security import Scheme, Security
from mockgrid.errors import StartError
from mockgrid.upstream.key import with_key
from mockgrid.upstream.provider import Provider

BEARER = Security([{"b": []}], {"b": Scheme("b", "bearer")})


def fields(head):
    return [tuple(line.split(": ", 1)) for line in head[1:]]


@pytest.fixture
def provider():
    with HostileProvider(reply(COMPLETION)) as provider:
        yield provider


def test_a_request_goes_on_with_its_headers_in_order_but_for_those_of_its_connection(before, provider):
    sent = [
        ("authorization", "Bearer sk-client"),
        ("accept-encoding", "br, x"),
        ("x-twice", "1"),
        ("cookie", "a=1"),
        ("x-twice", "2"),
        ("cookie", "b=2"),
        ("user-agent", "odd/1"),
    ]
    ending = [
        ("connection", "X-Hop, close"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("proxy-authorization", "Basic eA=="),
        ("x-mockgrid-session", "mine"),
    ]
    lines = (": ".join(line) for line in (*ending[:2], *sent, *ending[2:]))
    raw = request(BODY, *lines, target="/v1/chat%2Fcompletions/./?a=%2f&b=+")
    grid = before(provider)
    ask(grid.base_url, raw)
    (head,) = provider.heads
    assert head[0] == "POST /v1/chat%2Fcompletions/./?a=%2f&b=+ HTTP/1.1"
    length = ("content-length", str(len(BODY)))
    assert fields(head) == [("host", f"localhost:{provider.port}"), *sent, length]
    assert provider.requests[0].endswith(b"\r\n\r\n" + BODY)
    assert [each["request"]["path"] for each in journal(grid, "mine")] == ["/v1/chat/completions/./"]


def test_a_body_in_chunks_arrives_whole_and_one_that_is_too_large_not_at_all(before, provider):
    grid = before(provider, max_body=2000)
    line = b"POST /v1/chat/completions HTTP/1.1\r\n"
    head = line + b"host: x\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n"
    ask(grid.base_url, head + b"%x\r\n%b\r\n" % (len(BODY), BODY) + b"0\r\n\r\n")
    assert provider.requests[0].endswith(b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY))
    assert "expect" not in dict(fields(provider.heads[0]))
    assert ask(grid.base_url, request(b"x" * 3000)).status == 413
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/models"),
        ("DELETE", "/v1/files/1"),
        ("GET", "/elsewhere?x"),
        ("PATCH", "/v1/chat/completions"),
    ],
)
def test_what_is_no_operation_goes_on_as_it_is(before, provider, method, target):
    through = ask(before(provider).base_url, request(method=method, target=target))
    assert (through.status, through.body) == (200, COMPLETION)
    assert provider.heads[0][0] == f"{method} {target} HTTP/1.1"
    assert "content-length" not in dict(fields(provider.heads[0]))


@pytest.mark.parametrize(
    ("url", "base", "path", "target"),
    [
        ("http://x", "/v1", "/v1/models", "/v1/models"),
        ("http://x/v1", "/v1", "/v1/models", "/v1/models"),
        ("http://x/openai/v1", "/v1", "/v1/models", "/openai/v1/models"),
        ("http://x/openai/v1", "/v1", "/v1", "/openai/v1"),
        ("http://x/openai/v1", "/v1", "/v10/models", "/v10/models"),
        ("http://x/openai/v1", "/v1", "/health", "/health"),
        ("http://x/api", "", "/models", "/api/models"),
        ("http://x", "", "/models", "/models"),
        ("http://x/v1", "/api/v3/", "/api/v3/a%2Fb", "/v1/a%2Fb"),
    ],
)
def test_the_provider_s_path_takes_the_place_of_the_base_path(url, base, path, target):
    provider = Provider(url, base, None, 1)
    assert provider.target(path.encode(), b"") == target.encode()
    assert provider.target(path.encode(), b"q=1") == f"{target}?q=1".encode()


def test_the_client_s_key_goes_on_or_the_one_of_a_variable_and_neither_is_told(
    before, provider, monkeypatch, capfd
):
    monkeypatch.setenv("PROVIDER_KEY", "sk-provider-0123456789")
    raw = request(
        BODY,
        "content-type: application/json",
        "authorization: Bearer sk-client-0123456789",
        "api-key: sk-other-99",
    )
    passing = before(provider, log="text")
    replacing = before(provider, log="text", upstream_key_env="PROVIDER_KEY")
    echo = json.dumps({"key": "sk-provider-0123456789", "and": "sk-client-0123456789"}).encode()
    provider.script = (reply(echo, "x-key: sk-provider-0123456789"),)
    for grid in (passing, replacing):
        ask(grid.base_url, raw)
    first, second = (dict(fields(head)) for head in provider.heads)
    assert (first["authorization"], first["api-key"]) == ("Bearer sk-client-0123456789", "sk-other-99")
    assert (second["authorization"], second.get("api-key")) == ("Bearer sk-provider-0123456789", None)
    client = "sk-client-0123456789"
    for grid in (passing, replacing):
        (exchange,) = journal(grid, client)
        assert "sk-client" not in json.dumps(exchange)
    assert "sk-provider" not in json.dumps(exchange)
    told = capfd.readouterr()
    assert "sk-" not in told.out + told.err


@pytest.mark.parametrize(
    ("kind", "headers", "query", "sent"),
    [
        (("bearer",), [], b"", [(b"authorization", b"Bearer KEY")]),
        (("basic",), [], b"", [(b"authorization", b"Basic dTpw")]),
        (("header", "X-Key"), [(b"x-key", b"old"), (b"a", b"b")], b"", [(b"a", b"b"), (b"x-key", b"KEY")]),
        (("header", "X-Key"), [(b"authorization", b"Bearer old")], b"", [(b"authorization", b"Bearer KEY")]),
        (("query", "key"), [(b"a", b"b")], b"x=1&key=old", ([(b"a", b"b")], b"x=1&key=KEY")),
        (("query", "key"), [(b"a", b"b")], b"", ([(b"a", b"b")], b"key=KEY")),
    ],
)
def test_a_key_stands_where_the_contract_or_the_client_has_one(kind, headers, query, sent):
    security = Security([{"s": []}], {"s": Scheme("s", *kind)})
    key = "u:p" if kind == ("basic",) else "KEY"
    expected = sent if isinstance(sent, tuple) else (sent, query)
    assert with_key(key, security, headers, query) == expected


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"upstream": "localhost:8000"}, "is not a URL such as https://api.example.com/v1."),
        ({"upstream": "http://u:secret@host/v1"}, "The URL has a user or a password in it"),
        ({"upstream": "http://host/v1?x=1"}, "ends in more than a path"),
        ({"upstream": "ftp://host"}, "is not a URL"),
        ({"upstream": "http://host:99999"}, "is not a URL"),
        (
            {"upstream": "http://host", "upstream_key_env": "NOT_SET"},
            "The variable 'NOT_SET' is not set, or is empty",
        ),
        (
            {"upstream": "http://host", "upstream_key_env": "PATH", "cors": True},
            "pages of any origin could ask the provider by that key",
        ),
        ({"upstream_key_env": "PATH"}, "--upstream-key-env is about a provider, and none is named"),
        (
            {"upstream": "https://host", "upstream_ca": "no.pem"},
            "There are no certificates to be read in 'no.pem'",
        ),
    ],
)
def test_what_cannot_be_used_is_told_at_the_start(settings, words):
    with pytest.raises(StartError, match=re.escape(words)) as told:
        MockGrid(**settings).start()
    assert "secret" not in str(told.value)


def test_an_empty_variable_and_a_key_that_no_header_carries_are_told_at_the_start(monkeypatch):
    for value in ("", " ", "sk-\nx", "sk-é"):
        monkeypatch.setenv("PROVIDER_KEY", value)
        with pytest.raises(StartError, match="PROVIDER_KEY") as told:
            MockGrid(upstream="http://host", upstream_key_env="PROVIDER_KEY").start()
        assert "sk-" not in str(told.value)


def test_keys_that_have_to_come_together_are_sent_together():
    schemes = {"app": Scheme("app", "header", "X-App"), "key": Scheme("key", "query", "key")}
    security = Security(
        [{"app": [], "key": []}, {"other": []}], {**schemes, "other": Scheme("other", "bearer")}
    )
    assert with_key("KEY", security, [], b"") == ([(b"x-app", b"KEY")], b"key=KEY")
    assert with_key("KEY", security, [], b"", {"app": "APP"}) == ([(b"x-app", b"APP")], b"key=KEY")
    assert with_key("", security, [], b"a=1", {"app": "APP"}) == ([(b"x-app", b"APP")], b"a=1")
    assert with_key("", security, [], b"", {"other": "TOKEN"}) == ([(b"authorization", b"Bearer TOKEN")], b"")
    assert with_key("KEY", security, [(b"authorization", b"Bearer old")], b"") == (
        [(b"authorization", b"Bearer KEY")],
        b"",
    )
