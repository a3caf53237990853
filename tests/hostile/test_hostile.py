"""No input brings a 5xx, a traceback, a hang or a dead server: each gets one clear JSON error, in time."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import Any

import httpx
import pytest
from asgi import CHAT, Caller
from starlette.applications import Starlette
from starlette.routing import Mount

USER = {"role": "user", "content": "Hi"}
OK = {"messages": [USER]}
# Each takes a tenth of it on a machine that has nothing else to do.
SECONDS = 5.0


@pytest.fixture(scope="module")
def caller():
    return Caller()


def nested(depth: int) -> bytes:
    return b'{"messages":' + b"[" * depth + b"]" * depth + b"}"


def with_schema(schema: Any) -> bytes:
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return json.dumps({**OK, "response_format": asked}).encode()


def with_tool(schema: Any) -> bytes:
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    return json.dumps({**OK, "tools": [tool], "tool_choice": "required"}).encode()


def doubling(keyword: str, levels: int = 40) -> dict[str, Any]:
    defs = {f"a{i}": {keyword: [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{levels}": {"type": "integer"}}}


def deep_schema(depth: int) -> bytes:
    """Written as text: the standard writer itself gives up on such depths."""
    start, end = b'{"type":"object","properties":{"a":' * depth, b"}}" * depth
    return with_schema("@").replace(b'"@"', start + b'{"type":"null"}' + end)


MALFORMED = {
    "empty": b"",
    "white space": b" \r\n\t",
    "not UTF-8": b'{"messages": "\xff\xfe"}',
    "UTF-16": json.dumps(OK).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(OK).encode(),
    "NaN": b'{"messages":[],"temperature":NaN}',
    "Infinity": b'{"messages":[],"temperature":-Infinity}',
    "out of range": b'{"messages":[],"temperature":1e999}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 nested arrays": nested(100_000),
    "1,000 nested arrays": nested(1_000),
    "lone surrogate": b'{"messages":[{"role":"user","content":"\\ud800"}]}',
    "reversed surrogates": b'{"messages":[{"role":"user","content":"\\udc00\\ud800"}]}',
    "5,000 digits": b'{"messages":[{"role":"user","content":""}],"seed":' + b"9" * 5_000 + b"}",
    "gzip undeclared": gzip.compress(json.dumps(OK).encode()),
    "truncated": json.dumps(OK).encode()[:-3],
    "trailing": json.dumps(OK).encode() + b"{}",
    "single quotes": b"{'messages': []}",
    "trailing comma": b'{"messages": [],}',
    "control character": b'{"messages": "\x00"}',
    "form": b"messages=1",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_json_is_400(caller, name):
    started = time.thread_time()
    answer = caller.call(body=MALFORMED[name])
    assert time.thread_time() - started < SECONDS
    assert answer.status == 400
    assert isinstance(answer.json()["errors"]["detail"], str)


BROKEN = {
    "an array": (b"[]", 400),
    "a text": (b'"hi"', 400),
    "null": (b"null", 400),
    "an object without anything": (b"{}", 422),
    "no messages": (b'{"messages":[]}', 422),
    "a key of odd text": (json.dumps({"messages": [], "\u0000\u202e\ud83d\ude00": 1}).encode(), 422),
    "many wrong messages": (json.dumps({"messages": [{"role": "x"}] * 100_000}).encode(), 422),
    "one wrong among many": (json.dumps({"messages": [*[USER] * 100_000, {"role": "user"}]}).encode(), 422),
    "many wrong parts": (
        json.dumps({"messages": [{"role": "user", "content": [{"type": "x"}] * 50_000}]}).encode(),
        422,
    ),
    "many wrong numbers": (
        json.dumps({**OK, "logit_bias": {str(i): 101 for i in range(50_000)}}).encode(),
        422,
    ),
    "huge number": (b'{"messages":[{"role":"user","content":""}],"n":' + b"9" * 4_000 + b"}", 422),
    "huge text for a number": (json.dumps({**OK, "n": "9" * 1_000_000}).encode(), 400),
    "long name": (
        json.dumps({**OK, "tools": [{"type": "function", "function": {"name": "x" * 10**6}}]}).encode(),
        422,
    ),
    "remote ref": (with_schema({"$ref": "http://127.0.0.1:9/schema.json"}), 422),
    "file ref": (with_schema({"$ref": "file:///etc/passwd"}), 422),
    "remote ref of a tool": (with_tool({"$ref": "https://example.com/schema.json"}), 422),
    "billion items": (with_schema({"type": "array", "items": {"type": "integer"}, "minItems": 10**9}), 422),
    "billion characters": (with_schema({"type": "string", "minLength": 10**9}), 422),
    "billion properties": (with_schema({"type": "object", "minProperties": 10**9}), 422),
    "endless recursion": (
        with_schema({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
        422,
    ),
    "reference to itself": (with_schema({"$ref": "#"}), 422),
    "nothing fits": (with_schema({"type": "integer", "minimum": 5, "maximum": 3}), 422),
    "nothing at all": (with_schema({"not": {}}), 422),
    "not a schema": (with_schema({"type": 5}), 422),
    "not a pattern": (with_schema({"type": "string", "pattern": "("}), 422),
    "tool that takes no object": (with_tool({"type": "string"}), 422),
    "doubling object": (
        with_schema(
            {
                "$ref": "#/$defs/a0",
                "$defs": {
                    **{
                        f"a{i}": {
                            "type": "object",
                            "required": ["l", "r"],
                            "properties": {
                                "l": {"$ref": f"#/$defs/a{i + 1}"},
                                "r": {"$ref": f"#/$defs/a{i + 1}"},
                            },
                        }
                        for i in range(40)
                    },
                    "a40": {"type": "null"},
                },
            }
        ),
        422,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_contract_is_4xx_with_a_list(caller, name):
    body, status = BROKEN[name]
    started = time.thread_time()
    answer = caller.call(body=body)
    assert time.thread_time() - started < SECONDS
    assert answer.status == status
    entries = answer.json()["errors"]
    assert entries
    for entry in entries:
        assert set(entry) == {"path", "message", "value"}
        assert all(isinstance(value, str) for value in entry.values())
        assert len(entry["message"]) + len(entry["value"]) < 2_000
    header = answer.header("x-mockgrid-violations")
    assert header is not None
    assert len(header) <= 4_096
    assert json.loads(header)[0]["code"].startswith("MG1")


SERVED = {
    "100,000 messages": json.dumps({"messages": [USER] * 100_000}).encode(),
    "128 choices": json.dumps({**OK, "n": 128}).encode(),
    "128 choices with logprobs": json.dumps({**OK, "n": 128, "logprobs": True, "top_logprobs": 20}).encode(),
    "128 choices of a schema": with_schema({"type": "object", "properties": {"a": {"type": "string"}}})[:-1]
    + b',"n":128}',
    "a long text": json.dumps({"messages": [{"role": "user", "content": "word " * 200_000}]}).encode(),
    "one endless word": json.dumps({"messages": [{"role": "user", "content": "x" * 1_000_000}]}).encode(),
    "odd characters": json.dumps(
        {"messages": [{"role": "user", "content": "\u0000\u202e\u2028\ufeff😀"}]}
    ).encode(),
    "same key twice": b'{"messages":1,"messages":[{"role":"user","content":"Hi"}]}',
    "400 digits": b'{"messages":[{"role":"user","content":"Hi"}],"seed":' + b"9" * 400 + b"}",
    "empty stops": json.dumps({**OK, "stop": ["", "", ""]}).encode(),
    "many unknown fields": json.dumps({**OK, **{f"x{i}": i for i in range(50_000)}}).encode(),
    "catastrophic pattern": with_schema({"type": "string", "pattern": "^(a+)+$"}),
    "catastrophic alternatives": with_schema({"type": "string", "pattern": "^(a|aa)*b$"}),
    "optional recursion": with_schema({"type": "object", "properties": {"a": {"$ref": "#"}}}),
    "empty schema": with_schema({}),
    "prototype names": with_schema(
        {
            "type": "object",
            "required": ["__proto__", "constructor"],
            "properties": {"__proto__": {"type": "string"}},
        }
    ),
    "250 tools": json.dumps(
        {
            **OK,
            "tools": [{"type": "function", "function": {"name": f"f{i}"}} for i in range(250)],
            "tool_choice": "required",
            "parallel_tool_calls": True,
        }
    ).encode(),
    "tool that is not offered": json.dumps(
        {**OK, "tools": [], "tool_choice": {"type": "function", "function": {"name": "x"}}}
    ).encode(),
    "nesting that is allowed": with_tool({"x": json.loads("[" * 200 + "]" * 200)}),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", SERVED)
def test_what_the_contract_allows_is_served(caller, name, stream):
    body = SERVED[name]
    if stream:
        body = body[:-1] + b',"stream":true}'
    started = time.thread_time()
    answer = caller.call(body=body)
    assert time.thread_time() - started < SECONDS
    assert answer.status == 200
    assert answer.chunks() if stream else answer.json()["choices"]


@pytest.mark.parametrize("keyword", ["anyOf", "allOf", "oneOf"])
def test_schemas_that_double_at_each_level_cost_no_time(caller, keyword):
    started = time.thread_time()
    answer = caller.call(body=with_schema(doubling(keyword)))
    assert time.thread_time() - started < SECONDS
    assert answer.status in (200, 422)


@pytest.mark.parametrize("depth", [100, 2_000, 30_000])
def test_schemas_that_are_deep_cost_no_time(caller, depth):
    started = time.thread_time()
    answer = caller.call(body=deep_schema(depth))
    assert time.thread_time() - started < SECONDS
    assert answer.status == (200 if depth == 100 else 400)


def test_a_declared_gzip_body_is_read(caller):
    body = gzip.compress(json.dumps(OK).encode())
    assert caller.call(body=body, headers={"content-encoding": "gzip"}).status == 200


def test_a_gzip_bomb_is_413(caller):
    bomb = gzip.compress(b" " * 200_000_000)
    started = time.thread_time()
    answer = caller.call(body=bomb, headers={"content-encoding": "gzip"})
    assert time.thread_time() - started < SECONDS
    assert answer.status == 413
    assert "decoded" in answer.json()["errors"]["detail"]


@pytest.mark.parametrize(
    ("encoding", "status"), [("br", 415), ("gzip, foo", 415), ("gzip", 400), ("deflate", 400)]
)
def test_encodings_that_cannot_be_undone(caller, encoding, status):
    answer = caller.call(body=json.dumps(OK).encode(), headers={"content-encoding": encoding})
    assert answer.status == status
    assert answer.json()["errors"]["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "",
        ";;;",
        "json",
        "*/*",
    ],
)
def test_media_types_that_are_not_taken(caller, content_type):
    answer = caller.call(body=json.dumps(OK).encode(), headers={"content-type": content_type})
    assert answer.status == 415
    assert "application/json" in answer.json()["errors"]["detail"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=UTF-8"]
)
def test_media_types_that_are_json(caller, content_type):
    assert caller.call(body=json.dumps(OK).encode(), headers={"content-type": content_type}).status == 200


def test_a_declared_length_over_the_limit_is_not_read():
    answer = Caller(max_body=1_000).call(body=b"x", headers={"content-length": "1001"})
    assert answer.status == 413
    assert answer.json() == {"errors": {"detail": "The request body has 1001 bytes; at most 1000 are read."}}


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/chat/completions", CHAT),
        ("/v1/v1/chat/completions", CHAT),
        ("/v1/chat/completion", CHAT),
        ("/v1/chat/completions/", CHAT),
        ("/v1//chat/completions", CHAT),
        ("/V1/chat/completions", CHAT),
        ("/v1/model", "/v1/models"),
    ],
)
def test_a_wrong_path_names_the_nearest(caller, path, nearest):
    answer = caller.call(path=path, body=OK)
    assert answer.status == 404
    detail = answer.json()["errors"]["detail"]
    assert detail.startswith(f"No such path: {path}. Did you mean {nearest}? Served: ")
    assert detail.partition("Served: ")[2].partition(", ")[0].split() == [
        "POST" if nearest == CHAT else "GET",
        nearest,
    ]


@pytest.mark.parametrize(
    "path", ["/" + "a" * 10_000, "/%00", "/v1/../etc/passwd", "/v1/chat/completions%2F", "/\u2028"]
)
def test_odd_paths_are_404(caller, path):
    assert caller.call("GET", path).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO"])
def test_other_methods_are_405(caller, method):
    answer = caller.call(method)
    assert answer.status == 405
    assert answer.header("allow") == "POST"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic bWctdGVzdDo=", "mg-test", "Bearer sk-test", "Bearer mg-",
     "Bearer mg-a b", "Bearer mg.nosuch.test", "Bearer mg.nosuch", "Bearer mg..", "Token mg-test",
     "Bearer mg-\u00e9"],
)  # fmt: skip
def test_wrong_keys_are_401(caller, authorization):
    headers = {} if authorization is None else {"authorization": authorization}
    answer = caller.call(body=OK, headers=headers, key=None)
    assert answer.status == 401
    assert answer.header("www-authenticate") == "Bearer"
    assert "sk-test" not in answer.body.decode()


@pytest.mark.parametrize("authorization", ["bearer mg-test", "BEARER mg-test", "Bearer  mg-test "])
def test_the_scheme_has_no_case(caller, authorization):
    assert caller.call(body=OK, headers={"authorization": authorization}, key=None).status == 200


def test_every_reply_has_a_request_id(caller):
    answers = [
        caller.call(body=OK),
        caller.call(body=OK),
        caller.call(body={**OK, "stream": True}),
        caller.call(body=b"{"),
        caller.call(path="/nope", body=OK),
        caller.call(body=OK, key=None),
        caller.call("GET"),
    ]
    ids = [answer.header("x-request-id") for answer in answers]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_a_failure_while_routing_is_a_500_in_the_vendors_shape(caller, monkeypatch, capfd):
    monkeypatch.setattr(caller.app.contract.router, "find", lambda *_: 1 / 0)
    answer = caller.call(path="/nowhere", body=OK)
    assert answer.status == 500
    assert answer.header("x-request-id") in answer.json()["errors"]["detail"]
    capfd.readouterr()


def test_something_else_after_a_hundred_wrong_types_is_still_422(caller):
    wrong = [{"role": "user", "content": 5}] * 1_000
    assert caller.call(body={"messages": wrong}).status == 400
    answer = caller.call(body={"messages": [*wrong, {"role": "user"}]})
    assert answer.status == 422
    assert len(answer.json()["errors"]) == 100


@pytest.mark.parametrize("extra", [{}, {"n": 128}, {"n": 2, "stream": True}])
def test_many_large_values_in_one_request_cost_no_time(caller, extra):
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2_000)}}
    schema["required"] = list(schema["properties"])
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    started = time.thread_time()
    answer = caller.call(body={**OK, "tools": [tool], "tool_choice": "required", **extra})
    assert time.thread_time() - started < SECONDS
    assert answer.status == 200


def test_log_probabilities_beyond_reason_are_refused(caller):
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2_000)}}
    schema["required"] = list(schema["properties"])
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {**OK, "response_format": asked, "n": 8, "logprobs": True, "top_logprobs": 20}
    answer = caller.call(body=body)
    assert answer.status == 422
    assert answer.json()["errors"][0]["path"] == "logprobs"


@pytest.mark.parametrize("choice", ["any", "requiered"])
def test_lenient_takes_a_tool_choice_that_it_does_not_know(choice):
    tool = {"type": "function", "function": {"name": "f"}}
    assert Caller(lenient=True).call(body={**OK, "tools": [tool], "tool_choice": choice}).status == 200


def test_the_media_type_counts_before_the_encoding(caller):
    headers = {"content-encoding": "gzip", "content-type": "x/y"}
    assert caller.call(body=b"no gzip", headers=headers).status == 415


def test_memory_of_keys_is_bounded(caller):
    known = caller.app.credentials._known
    caller.call(body=OK, key="mg-" + "k" * 60_000)
    assert max(map(len, known)) < 1_000


def test_an_application_under_a_prefix_finds_its_paths():
    app = Starlette(routes=[Mount("/fake", app=Caller().app)])

    async def ask():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://fake") as client:
            headers = {"authorization": "Bearer mg-mounted"}
            answer = await client.post(f"/fake{CHAT}", json=OK, headers=headers)
            return answer.status_code, (await client.get("/fake/__mockgrid__/health")).json()

    assert asyncio.run(ask()) == (200, {"status": "ready"})
