"""Schemas that the fast validator cannot compile: what explains decides, and `check` tells of them."""

from __future__ import annotations

import json

import pytest
from asgi import Caller

from mockgrid.cli.checking import check_files

ODD = {"dependentRequired": {"a": ["b", "b"]}}  # which may not list a name twice
METASCHEMA = {"$ref": "http://json-schema.org/draft-07/schema#"}


def document(odd):
    one = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "odd": odd}}
    other = {"type": "object", "required": ["t"], "properties": {"t": {"type": "string"}, "odd": odd}}
    several = {"type": "array", "items": {"$ref": "#/components/schemas/One"}}
    schema = {"anyOf": [{"$ref": "#/components/schemas/One"}, other, several]}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": one}}}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": {"One": one}},
    }


@pytest.mark.parametrize("odd", [ODD, METASCHEMA])
def test_what_breaks_it_is_refused_and_what_obeys_it_is_not(odd, tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(document(odd)))
    caller = Caller(document=path)

    def call(value):
        return caller.call("POST", "/a", json.dumps(value).encode(), {"content-type": "application/json"})

    for valid in ({"n": 1}, {"t": "x", "odd": {}}, [{"n": 1}] * 20):
        assert call(valid).status == 200, call(valid).body
    for broken, at in (({"n": "x"}, "/n"), ({"t": 1}, "/t"), ([{"n": 1}] * 20 + [{"n": "x"}], "/20/n")):
        answer = call(broken)
        assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, at)
    (told,) = check_files([path], lambda: None, chosen=True).findings
    assert told.severity == "error"
    assert "cannot be compiled" in told.message
