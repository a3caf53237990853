"""Errors in the shapes that clients read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asgi import Caller

from mockgrid.errors import DocumentError

USER = {"role": "user", "content": "Hi"}


def test_a_wrong_type_alone_is_400():
    answer = Caller().chat(temperature="warm")
    assert answer.status == 400
    assert answer.json() == {
        "errors": [
            {"path": "temperature", "message": "must be a number or null, got a string", "value": "warm"},
        ]
    }


def test_a_wrong_type_and_something_else_is_422():
    answer = Caller().chat(temperature="warm", top_p=7)
    assert answer.status == 422
    assert [entry["path"] for entry in answer.json()["errors"]] == ["temperature", "top_p"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (2.5, "2.5"), (True, "true"), ({"a": [1]}, '{"a":[1]}'), ("x", "x"), (["y"], '["y"]')],
)
def test_the_value_of_an_entry_is_always_a_text(value, shown):
    assert Caller().chat(service_tier=value).json()["errors"][0]["value"] == shown


def test_the_header_has_what_the_body_cannot_say():
    answer = Caller().call(body={"messages": [{"role": "user", "contents": "Hi"}], "tempature": 3, "n": 0})
    found = json.loads(answer.header("x-mockgrid-violations"))
    assert [(v["code"], v["pointer"]) for v in found] == [("MG111", "/messages/0/content"), ("MG113", "/n")]
    assert "contents" in found[0]["message"]
    assert found[1]["contract"].endswith("/properties/n/minimum")


def test_openais_shape_alone():
    answer = Caller(error_shape="openai").chat(temperature=3)
    assert answer.status == 422
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert error["message"] == "temperature must be at most 2, got 3"
    assert error["param"] == "temperature"
    assert error["type"] == "invalid_request_error"
    assert error["code"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (502, "Bad Gateway"),
        (504, "Gateway Timeout"),
        (520, "Web Server Returned an Unknown Error"),
        (522, "Connection Timed Out"),
        (529, "Site Is Overloaded"),
    ],
)
def test_statuses_of_gateways_are_known(tmp_path, status, name):
    page = f"{{error: {{status: {status}, by: gateway, detail: <a>}}}}"
    (tmp_path / "a.yaml").write_text(f"steps: [{{replies: [{{error: {status}}}, {page}]}}]")
    caller = Caller(scenarios=(str(tmp_path),), scenario="a")
    first, page = caller.chat(), caller.chat()
    assert (first.status, first.json()) == (status, {"errors": {"detail": f"{name}."}})
    assert (page.status, page.header("content-type")) == (status, "text/html; charset=utf-8")
    assert f"<h1>{status} {name}</h1>".encode() in page.body
    assert b"<p>&lt;a&gt;</p>" in page.body


def test_a_gateways_status_alone_makes_no_error_of_a_completion(tmp_path):
    (tmp_path / "a.yaml").write_text("steps: [{reply: {say: Hi, status: 502}}]")
    with pytest.raises(DocumentError, match="does not make an error of a reply"):
        Caller(scenarios=(str(tmp_path),), scenario="a")


@pytest.mark.parametrize("reply", ["{error: 598}", "{body: x, status: 598}"])
def test_an_overlay_says_which_others_there_are(tmp_path, reply):
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    (scenarios / "a.yaml").write_text(f"steps: [{{reply: {reply}}}]")
    with pytest.raises(DocumentError, match="does not declare the status 598"):
        Caller(scenarios=(str(scenarios),), scenario="a")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: A gateway, version: 1.0.0}\n"
        "actions: [{target: \"$['x-mockgrid'].errors\", update: {gateway: [598]}}]\n"
    )
    caller = Caller(scenarios=(str(scenarios),), scenario="a", overlays=(str(overlay),))
    assert caller.chat().status == 598
    (scenarios / "a.yaml").write_text("steps: [{reply: {error: {status: 599, by: gateway}}}]")
    assert b"<h1>599</h1>" in Caller(scenarios=(str(scenarios),), scenario="a").chat().body
    overlay.write_text(overlay.read_text().replace("[598]", "[x]"))
    with pytest.raises(DocumentError, match="a status from 400 to 599"):
        Caller(overlays=(str(overlay),))


def test_both_shapes_in_one_body():
    answer = Caller(error_shape="both").chat(model="nope")
    assert set(answer.json()) == {"error", "errors"}
    assert answer.json()["error"]["message"] == answer.json()["errors"]["detail"]
    assert answer.json()["error"]["message"].startswith("Model not found: nope.")
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("shape", ["vendor", "both"])
@pytest.mark.parametrize("code", [400, 401, 402, 404, 413, 415, 422, 429, 500, 503])
def test_preferred_errors_obey_the_contract(code, shape):
    caller = Caller(error_shape=shape)
    answer = caller.call(body={"messages": [USER]}, headers={"prefer": f"code={code}"})
    assert answer.status == code
    response = caller.app.contract.operation("createChatCompletion").responses[str(code)]
    assert response.media["application/json"].schema.explain(answer.json()) == []
    assert (answer.header("retry-after") is not None) == (code in (429, 503))


def test_a_preferred_status_that_is_not_declared_is_refused():
    answer = Caller().call(body={"messages": [USER]}, headers={"prefer": "code=418"})
    assert answer.status == 400
    assert "418" in answer.json()["errors"]["detail"]


def test_a_preference_does_not_excuse_a_broken_request():
    assert Caller().call(body={"messages": []}, headers={"prefer": "code=429"}).status == 422


def test_a_defect_of_ours_is_a_500_without_a_traceback(monkeypatch, capfd):
    caller = Caller()
    monkeypatch.setattr(caller.app._composer, "compose", lambda *_: 1 / 0)
    answer = caller.chat()
    assert answer.status == 500
    detail = answer.json()["errors"]["detail"]
    assert answer.header("x-request-id") in detail
    assert "ZeroDivisionError" not in answer.body.decode()
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_lenient_takes_nulls_and_newer_words():
    body = {"user": None, "service_tier": "fast", "parallel_tool_calls": None, "reasoning_effort": "max"}
    assert Caller().chat(**body).status == 422
    assert Caller(lenient=True).chat(**body).status == 200
    assert Caller(lenient=True).call(body={"messages": [{"role": "usr", "content": ""}]}).status == 422


TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"top_logprobs": 2}, "MG130", "top_logprobs"),
        ({"stream_options": {}}, "MG131", "stream_options"),
        ({"tool_choice": "auto"}, "MG132", "tool_choice"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
            "MG133",
            "tool_choice.function.name",
        ),
        (
            {"messages": [USER, {"role": "tool", "tool_call_id": "c", "content": ""}]},
            "MG134",
            "messages.1.tool_call_id",
        ),
        ({"response_format": {"type": "json_object"}}, "MG135", "response_format"),
        ({"tools": []}, "MG136", "tools"),
        ({"max_tokens": 65_537}, "MG137", "max_tokens"),
        ({"messages": [{"role": "user", "content": "word " * 130_000}]}, "MG137", "messages"),
    ],
)
def test_strict_enforces_openais_rules_between_fields(body, code, path):
    body = {"messages": [USER], **body}
    assert Caller().call(body=body).status == 200
    answer = Caller(strict=True).call(body=body)
    assert answer.status == 422
    assert answer.json()["errors"][0]["path"] == path
    assert json.loads(answer.header("x-mockgrid-violations"))[0]["code"] == code


def test_strict_admits_a_proper_tool_loop():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
        USER,
    ]
    body = {"messages": history, "tools": [TOOL], "tool_choice": "auto", "logprobs": True, "top_logprobs": 1}
    assert Caller(strict=True).call(body=body).status == 200


DOCUMENTS = Path(__file__).parents[1] / "documents"


def fastapi():
    return Caller(document=str(DOCUMENTS / "fastapi.json"))


def test_a_declared_error_is_made_from_its_schema():
    answer = fastapi().call("GET", "/items/x?skip=-1")
    assert answer.status == 422
    assert answer.header("content-type") == "application/json"
    assert answer.json() == {
        "detail": [
            {"loc": ["path", "item_id"], "type": "MG122", "msg": 'cannot be read as an integer: "x"'},
            {"loc": ["query", "skip"], "type": "MG113", "msg": "must be at least 0, got -1"},
            {"loc": ["query", "x_token"], "type": "MG111", "msg": "is required but missing"},
        ]
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"$ref": "#/components/schemas/E"}},
            },
            True,
        ),
        ({"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}, True),
        ({"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/E"}}, True),
        ({"type": "string"}, True),
        ({"type": "object", "required": ["message"], "properties": {"message": {"enum": ["bad"]}}}, False),
    ],
)
def test_a_declared_error_carries_the_message_where_a_text_fits(schema, expected, tmp_path):
    parameter = {"name": "n", "in": "query", "required": True, "schema": {"type": "integer"}}
    error = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    answers = {"400": {"description": "", "content": {"application/json": {"schema": schema}}}}
    data = {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/x": {"get": {"operationId": "do", "parameters": [parameter], "responses": answers}}},
        "components": {"schemas": {"E": error}},
    }
    (tmp_path / "api.json").write_text(json.dumps(data))
    caller = Caller(document=str(tmp_path / "api.json"))
    answer = caller.call("GET", "/x")
    media = caller.app.contract.operation("do").responses["400"].media["application/json"]
    assert answer.status == 400
    assert media.schema.accepts(answer.json())
    assert ("is required but missing" in answer.body.decode()) == expected


def served(path, extension, media="application/json", described=None):
    """Serve a document of which a body may be refused as it has an example for."""
    content = {media: {"example": {"mine": 1}} if described is None else described}
    post = {
        "operationId": "post",
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}},
        "responses": {"200": {"description": ""}, "422": {"description": "", "content": content}},
    }
    data = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": post}}}
    (path / "a.json").write_text(json.dumps({**data, "x-mockgrid": extension}))
    return Caller(document=str(path / "a.json"))


@pytest.mark.parametrize(
    ("extension", "own"),
    [
        ({"limit_headers": "openai"}, True),
        ({"errors": {"gateway": [521]}}, True),
        ({"errors": {"failures": {"invalid_request": {"code": "mine"}}}}, False),
    ],
)
def test_an_extension_that_is_silent_on_errors_leaves_the_documents_own(tmp_path, extension, own):
    answer = served(tmp_path, extension).call("POST", "/a", {})
    assert answer.status == 422
    assert (answer.json() == {"mine": 1}) == own


def test_a_media_type_injects_nothing_into_an_error(tmp_path):
    answer = served(tmp_path, {}, "a/b\r\nx-injected: c+json").call("POST", "/a", {})
    assert answer.json() == {"mine": 1}
    assert answer.header("content-type") == "a/b x-injected: c+json"


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        ({"errors": {"gateway": [99, 521]}}, "a status from 400 to 599 was expected"),
        ({"absent": {"/b": 5}}, "a text was expected"),
        ({"models": {"known": {"a": {"served": 5}}}}, "a text was expected"),
        ({"errors": {"failures": {"rate_limited": {"headers": {"x": "a\r\nb: c"}}}}}, "no header can hold"),
    ],
)
def test_a_mistake_in_the_extension_costs_its_part_alone(tmp_path, extension, said):
    caller = served(tmp_path, extension)
    (mistake,) = caller.app.contract.document.mistakes
    assert said in str(mistake)
    assert caller.call("POST", "/a", {"a": 1}).status == 200


WORDED = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
MISSING = "a is required but missing"


@pytest.mark.parametrize(
    ("media", "described", "content_type", "body"),
    [
        (
            "application/xml",
            {"schema": WORDED},
            "application/xml",
            f"<root><message>{MISSING}</message></root>",
        ),
        ("application/xml", {"example": "<e/>"}, "application/xml", "<e/>"),
        ("text/plain", {"schema": {"type": "string"}}, "text/plain; charset=utf-8", MISSING),
        ("text/plain", {}, "text/plain; charset=utf-8", MISSING),
        ("text/html", {"example": "<p>"}, "text/html; charset=utf-8", "<p>"),
        ("*/*", {"schema": WORDED}, "application/json", f'{{"message":"{MISSING}"}}'),
        ("text/*", {}, "text/plain; charset=utf-8", MISSING),
        (
            "application/problem+json",
            {"schema": {**WORDED, "required": ["message", "title"]}},
            "application/problem+json",
            f'"message":"{MISSING}"',
        ),
        ("image/png", {}, "application/problem+json", f'"detail":"{MISSING}"'),
    ],
)
def test_a_refusal_is_of_the_media_type_that_is_declared(tmp_path, media, described, content_type, body):
    answer = served(tmp_path, {"limit_headers": "openai"}, media, described).call("POST", "/a", {})
    assert (answer.status, answer.header("content-type")) == (422, content_type)
    assert body in answer.body.decode()


def test_a_refusal_has_the_headers_that_are_declared_for_it(tmp_path):
    described = {"schema": WORDED}
    caller = served(tmp_path, {"limit_headers": "openai"}, "application/json", described)
    data = json.loads((tmp_path / "a.json").read_text())
    headers = {
        "X-Code": {"required": True, "schema": {"enum": [7]}},
        "X-Told": {"schema": {"type": "string"}, "example": "so"},
        "X-Silent": {"schema": {"type": "string"}},
    }
    data["paths"]["/a"]["post"]["responses"]["422"]["headers"] = headers
    (tmp_path / "a.json").write_text(json.dumps(data))
    answer = Caller(document=str(tmp_path / "a.json")).call("POST", "/a", {})
    assert [answer.header(name) for name in ("x-code", "x-told", "x-silent")] == ["7", "so", None]
    assert caller.call("POST", "/a", {}).header("x-code") is None
