"""Remarks on valid requests: unknown fields, with what was meant, and deprecated ones."""

from __future__ import annotations

import gc
import time
import weakref

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.data import bundled
from mockgrid.document.document import Document, read_document
from mockgrid.document.pointer import resolve
from mockgrid.schema.warnings import field_warnings

CONTRACT = Contract(read_document(bundled("openapi") / "consumption.yaml"))
CHAT = CONTRACT.operation("createChatCompletion").json_body.schema
USER = {"role": "user", "content": "Hi"}


def found(value):
    assert CHAT.accepts(value)
    made = field_warnings(CHAT, value)
    for remark in made:
        resolve(CONTRACT.document.data, remark.contract)
    return [(remark.code, remark.pointer, remark.meant) for remark in made]


def of(schema, value, **components):
    media = {"content": {"application/json": {"schema": schema}}}
    data = {
        "openapi": "3.1.0",
        "paths": {"/x": {"post": {"operationId": "do", "requestBody": media}}},
        "components": {"schemas": components},
    }
    validator = Contract(Document(data, "api.json")).operation("do").json_body.schema
    assert validator.accepts(value)
    return [(remark.code, remark.pointer) for remark in field_warnings(validator, value)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, []),
        ({"max_token": 3}, [("MG140", "/max_token", "max_tokens")]),
        ({"max_tokens": 3}, [("MG141", "/max_tokens", "")]),
        ({"zzz": 1, "strem": True}, [("MG140", "/zzz", ""), ("MG140", "/strem", "stream")]),
        ({"metadata": {"anything": "x"}, "logit_bias": {"5": 1}}, []),
        (
            {"stream_options": {"includ_usage": True}},
            [("MG140", "/stream_options/includ_usage", "include_usage")],
        ),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "x": 1}}}
                ]
            },
            [],
        ),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": {"b": 1}, "strct": True},
                }
            },
            [("MG140", "/response_format/json_schema/strct", "strict")],
        ),
    ],
)
def test_fields_of_a_request(body, expected):
    assert found({"messages": [USER], **body}) == expected


def test_the_branch_that_a_role_chooses_knows_the_fields():
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}], "nme": "a"},
        {"role": "assistant", "content": None, "reasoning_content": "x"},
    ]
    assert found({"messages": messages}) == [
        ("MG140", "/messages/0/nme", "name"),
        ("MG140", "/messages/0/content/0/cache_control", ""),
        ("MG140", "/messages/1/reasoning_content", ""),
    ]


def test_words():
    (remark,) = field_warnings(CHAT, {"messages": [USER], "max_token": 3})
    assert remark.message == 'is not known, and will be ignored; did you mean "max_tokens"?'
    (remark,) = field_warnings(CHAT, {"messages": [USER], "max_tokens": 3})
    assert remark.message == "is deprecated"


NAMED = {"properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "object"}, {"x": 1}, []),
        ({**NAMED, "additionalProperties": True}, {"x": 1}, []),
        ({**NAMED, "additionalProperties": {"type": "integer"}}, {"x": 1}, []),
        ({**NAMED, "unevaluatedProperties": True}, {"x": 1}, []),
        ({**NAMED, "patternProperties": {"^x-": {}}}, {"x-a": 1, "y": 1}, [("MG140", "/y")]),
        ({"additionalProperties": NAMED}, {"a": {"nam": 1}}, [("MG140", "/a/nam")]),
        ({"allOf": [NAMED, {"properties": {"b": {}}}]}, {"name": "x", "b": 1, "c": 1}, [("MG140", "/c")]),
        ({"anyOf": [NAMED, {"type": "object"}]}, {"c": 1}, []),
        ({"anyOf": [NAMED, {"properties": {"b": {}}}]}, {"b": 1, "c": 1}, [("MG140", "/c")]),
        (
            {"prefixItems": [NAMED], "items": {"properties": {"b": {}}}},
            [{"b": 1}, {"b": 1}],
            [("MG140", "/0/b")],
        ),
        ({"properties": {"a": {"$ref": "#/components/schemas/Old"}}}, {"a": 1}, [("MG141", "/a")]),
        (NAMED, 5, []),
    ],
)
def test_a_field_is_unknown_only_where_a_schema_names_the_others(schema, value, expected):
    assert of(schema, value, Old={"deprecated": True}) == expected


def test_a_description_that_names_the_successor_is_used():
    schema = {
        "properties": {"a": {"deprecated": True, "description": "Deprecated in favor of `b`."}, "b": {}}
    }
    media = {"content": {"application/json": {"schema": schema}}}
    data = {"openapi": "3.1.0", "paths": {"/x": {"post": {"operationId": "do", "requestBody": media}}}}
    validator = Contract(Document(data, "api.json")).operation("do").json_body.schema
    (remark,) = field_warnings(validator, {"a": 1})
    assert (remark.message, remark.meant) == ("is deprecated; b takes its place", "b")


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{**USER, "x": 1}] * 100_000},
        {"messages": [USER], **{f"field{i}": 1 for i in range(100_000)}},
        {
            "messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 1000, "y": 1}] * 1000}]
            * 100
        },
    ],
)
def test_large_requests_cost_little(body):
    started = time.thread_time()
    made = field_warnings(CHAT, body)
    assert time.thread_time() - started < 1
    assert len(made) == 100


def test_deep_requests_are_looked_at_to_the_end():
    tree = {"properties": {"next": {"$ref": "#/components/schemas/Tree"}}}
    value = {"nxt": 1}
    for _ in range(250):
        value = {"next": value}
    assert of({"$ref": "#/components/schemas/Tree"}, value, Tree=tree) == [("MG140", "/next" * 250 + "/nxt")]


def test_what_was_read_in_a_schema_goes_with_its_document():
    contract = Contract(read_document(bundled("openapi") / "consumption.yaml"))
    schema = contract.operation("createChatCompletion").json_body.schema
    assert field_warnings(schema, {"messages": [USER], "max_token": 3})
    left = weakref.ref(schema)
    del contract, schema
    gc.collect()
    assert left() is None
