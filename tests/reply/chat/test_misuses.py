"""What agents break most of the rules between fields: told of, and refused where the server is strict."""

import json
from typing import Literal

import openai
import pydantic
import pytest
from asgi import Caller
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.errors import MockgridError
from mockgrid.reply.chat.strict import misuses
from mockgrid.schema.strict_subset import outside_strict_subset
from mockgrid.testing.tolerances import Tolerances

USER = {"role": "user", "content": "What is the weather in Oslo?"}
CLOSED = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def tool(name="get_weather", **function):
    return {"type": "function", "function": {"name": name, **function}}


def calling(*ids):
    function = {"name": "get_weather", "arguments": "{}"}
    calls = [{"id": each, "type": "function", "function": function} for each in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def answering(call):
    return {"role": "tool", "tool_call_id": call, "content": "3 °C"}


def strict_tool(schema):
    return {"tools": [tool(strict=True, parameters=schema)]}


def formatted(schema, **more):
    wanted = {"name": "weather", "schema": schema, **more}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


PARAMETERS = "/tools/0/function/parameters"
ODD = {
    "a name with a dot": ({"tools": [tool("files.read")]}, "MG138", "/tools/0/function/name"),
    "a name of nothing": ({"tools": [tool(), tool("")]}, "MG138", "/tools/1/function/name"),
    "an open object": (strict_tool({"type": "object", "properties": {}}), "MG139", PARAMETERS),
    "a property that may be missing": (
        strict_tool({**CLOSED, "properties": {"city": {"type": "string"}}}),
        "MG139",
        PARAMETERS,
    ),
    "an object inside": (
        strict_tool(
            {**CLOSED, "properties": {"a": {"type": "array", "items": {"type": "object"}}}, "required": ["a"]}
        ),
        "MG139",
        f"{PARAMETERS}/properties/a/items",
    ),
    "a keyword": (strict_tool({**CLOSED, "allOf": [{}]}), "MG139", f"{PARAMETERS}/allOf"),
    "a definition": (
        strict_tool({**CLOSED, "$defs": {"A": {"anyOf": [{"type": "object"}, {"type": "null"}]}}}),
        "MG139",
        f"{PARAMETERS}/$defs/A/anyOf/0",
    ),
    "a root that is a list": (
        formatted({"type": "array", "items": {}}, strict=True),
        "MG139",
        "/response_format/json_schema/schema",
    ),
    "two calls of one id": (
        {"messages": [USER, calling("a", "a"), answering("a")]},
        "MG151",
        "/messages/1/tool_calls/1/id",
    ),
    "an id once more": (
        {"messages": [USER, calling("a"), answering("a"), calling("a"), answering("a"), USER]},
        "MG151",
        "/messages/3/tool_calls/0/id",
    ),
    "an answer without its call": ({"messages": [answering("a"), USER]}, "MG134", "/messages/0/tool_call_id"),
    "two answers to one call": (
        {"messages": [USER, calling("a"), answering("a"), answering("a")]},
        "MG134",
        "/messages/3/tool_call_id",
    ),
    "a call without its answer": (
        {"messages": [USER, calling("a", "b"), answering("b"), USER]},
        "MG134",
        "/messages/3",
    ),
    "calls and no answer": (
        {"messages": [USER, calling("a"), calling("b"), answering("b")]},
        "MG134",
        "/messages/2",
    ),
    "a call at the end": ({"messages": [USER, calling("a")]}, "MG134", "/messages/1"),
    "no tools": ({"tools": []}, "MG136", "/tools"),
}
PROPER = {
    "a loop": {
        "messages": [USER, calling("a", "b"), answering("b"), answering("a"), calling("c"), answering("c")]
    },
    "a strict tool": strict_tool(
        {**CLOSED, "properties": {"city": {"type": ["string", "null"]}}, "required": ["city"]}
    ),
    "a strict tool without parameters": {"tools": [tool(strict=True)]},
    "a strict format": formatted({**CLOSED, "$defs": {"A": CLOSED}}, strict=True),
    "an open tool": {"tools": [tool("x" * 64, parameters={"type": "object"})]},
    "an open format": formatted({"allOf": [{}]}),
    "reasoning that comes back": {
        "messages": [USER, {"role": "assistant", "content": "Hm", "reasoning_content": "I think"}, USER]
    },
}


def key_of(case):
    return "mg-" + case.replace(" ", "-")


@pytest.fixture(scope="module")
def callers():
    return Caller(), Caller(strict=True)


@pytest.mark.parametrize("case", ODD)
def test_it_is_a_warning_and_where_the_server_is_strict_a_422(callers, case):
    body, code, pointer = ODD[case]
    body = {"messages": [USER], "model": "text-prime", **body}
    plain, strict = callers
    answer = plain.call(body=body, key=key_of(case))
    assert (answer.status, answer.header("x-mockgrid-violations")) == (200, None)
    operator = plain.app.operator
    for told in (operator.exchanges(key_of(case))["exchanges"][0], operator.session(key_of(case))):
        (warning,) = told["warnings"]
        assert (warning["code"], warning["pointer"]) == (code, pointer)
    refused = strict.call(body=body)
    assert refused.status == 422
    (violation,) = json.loads(refused.header("x-mockgrid-violations"))
    assert (violation["code"], violation["pointer"]) == (code, pointer)
    assert violation["message"] == warning["message"]


@pytest.mark.parametrize("case", PROPER)
def test_what_is_right_is_no_warning(callers, case):
    body = {"messages": [USER], "model": "text-prime", **PROPER[case]}
    plain, strict = callers
    assert plain.call(body=body, key=key_of(case)).status == 200
    assert plain.app.operator.session(key_of(case))["warnings"] == []
    assert strict.call(body=body).status == 200


class Leaf(pydantic.BaseModel):
    kind: Literal["leaf"]
    value: float | None = None


class Node(pydantic.BaseModel):
    kind: Literal["node"]
    left: "Node | Leaf | None"
    names: list[str] = pydantic.Field(description="Its names")


@pytest.mark.parametrize("model", [Leaf, Node])
def test_what_the_official_client_makes_of_a_model_is_right(callers, model):
    _, strict = callers
    body = {"messages": [USER], "tools": [openai.pydantic_function_tool(model)]}
    assert strict.call(body=body).status == 200


def test_the_report_counts_each_of_them():
    caller = Caller()
    for names in (["a.b"], ["c.d", "ok"], ["ok"]):
        assert caller.chat(tools=[tool(name) for name in names]).status == 200
    (warning,) = caller.app.operator.report()["warnings"]
    assert (warning["code"], warning["pointer"], warning["count"]) == ("MG138", "/tools/*/function/name", 2)
    strict = Caller(strict=True)
    strict.chat(tools=[tool("a.b")])
    report = strict.app.operator.report()
    assert ([each["code"] for each in report["violations"]], report["warnings"]) == (["MG138"], [])


def test_reasoning_elsewhere_is_a_field_that_nobody_knows(callers):
    plain, _ = callers
    messages = [{**USER, "reasoning_content": "I think"}]
    plain.call(body={"messages": messages}, key="mg-elsewhere")
    (warning,) = plain.app.operator.session("mg-elsewhere")["warnings"]
    assert (warning["code"], warning["path"]) == ("MG140", "messages.0.reasoning_content")


@pytest.mark.parametrize("code", ["MG134", "MG136", "MG138", "MG139", "MG151"])
def test_a_test_may_allow_each_as_a_warning_and_as_a_violation(code):
    assert Tolerances().changed({"allow_warnings": [code], "allow_violations": [code]})
    with pytest.raises(MockgridError, match="is no warning"):
        Tolerances().changed({"allow_warnings": ["MG113"]})


KEYWORDS = ["type", "properties", "items", "anyOf", "$defs", "required", "not", "a"]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just("object"),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "anyOf", "$defs", "required", "not", "a"]),
            inside,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_whatever_a_schema_holds_it_is_read(schema):
    for at, message, expected in outside_strict_subset(schema):
        assert message
        assert expected
        assert isinstance(at, tuple)


@pytest.mark.parametrize(
    ("matcher", "answered"),
    [
        ({"contains": "think"}, ["I think"]),
        ("I think", ["I think"]),
        ({"exists": True}, ["I think", ""]),
        ({"exists": False}, [..., None]),
    ],
)
def test_a_step_may_ask_for_reasoning_that_comes_back_or_for_none(matcher, answered):
    caller = Caller()
    when = {"any_message": {"role": "assistant", "reasoning_content": matcher}}
    played = caller.app.operator.script("mg-test", {"steps": [{"when": when, "reply": {"say": "Yes"}}]})
    assert played["findings"] == []
    matching = []
    for reasoning in ("I think", "", ..., None):
        message = {"role": "assistant", "content": "Hm", "reasoning_content": reasoning}
        if reasoning is ...:
            del message["reasoning_content"]
        reply = caller.call(body={"messages": [USER, message, USER]}).json()["choices"][0]["message"]
        matching += [reasoning] * (reply["content"] == "Yes")
    assert sorted(matching, key=str) == sorted(answered, key=str)


NAMES = (
    *("tools", "function", "name", "strict", "parameters", "messages", "role", "tool_calls", "id"),
    *("tool_call_id", "response_format", "json_schema", "schema", "properties"),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["tool", "a", ""])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner)),
    max_leaves=12,
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_a_contract_admits_is_looked_at(tools, messages, response_format):
    body = {"tools": tools, "messages": messages, "response_format": response_format}
    for odd in (*misuses(body), *misuses(tools)):
        assert odd.code in {"MG134", "MG136", "MG138", "MG139", "MG151"}
