"""What OpenAPI requires and a document lacks, as `check` tells it."""

from __future__ import annotations

import json

import pytest

from mockgrid.app.build import build_app
from mockgrid.cli.checking import check_files
from mockgrid.errors import DocumentError
from mockgrid.settings import Settings

OK = {"200": {"description": "ok"}}
Q = {"name": "q", "in": "query", "schema": {}}


def found(tmp_path, path, item, version):
    file = tmp_path / "a.json"
    document = {"openapi": version, "info": {"title": "t", "version": "1"}, "paths": {path: item}}
    file.write_text(json.dumps(document, indent=1))
    checked = check_files([file], lambda: None, chosen=True).findings
    return [(finding.severity, finding.message) for finding in checked]


def body(schema):
    return {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": OK}}


@pytest.mark.parametrize(
    ("path", "item", "message"),
    [
        ("/a", {"get": {}}, "this operation has no responses."),
        ("/a", {"get": {"responses": {}}}, "this operation has no responses."),
        ("/a", {"get": {"responses": {"200": {}}}}, "this response has no description."),
        ("/a", {"get": {"responses": OK, "tags": "nope"}}, 'tags is "nope"; a list of texts was expected.'),
        (
            "/a",
            {"get": {"responses": OK, "parameters": [{"name": "q", "in": "query"}]}},
            'the parameter "q" has neither schema nor content; one of them was expected.',
        ),
        (
            "/a",
            {"get": {"responses": OK}, "parameters": [Q, Q]},
            'the query parameter "q" is there a second time.',
        ),
        (
            "/{p}",
            {"get": {"responses": OK, "parameters": [{**Q, "name": "p", "in": "path"}]}},
            'the path parameter "p" does not say required: true.',
        ),
        ("/a", body({"type": "array"}), "an array has no items, which OpenAPI 3.0 requires."),
        ("/a", body({"type": ["string", "null"]}), "type is a list; OpenAPI 3.0 has one type."),
        ("/a", body({"max": 3}), "max is no keyword of OpenAPI 3.0."),
        ("/a", {"get": {"responses": OK, "servers": [{}]}}, "this server has no url."),
        ("/a", {"get": {"responses": OK, "summary": 5}}, "summary is 5; a text was expected."),
        ("/a", {"get": {"responses": OK, "weight": 5}}, "weight is no field of an operation."),
    ],
)
def test_what_is_missing_is_told_as_a_warning(tmp_path, path, item, message):
    assert found(tmp_path, path, item, "3.0.3") == [("warning", message)]


@pytest.mark.parametrize("item", [{"get": {}}, body({"type": "array"})])
def test_what_openapi_no_longer_requires_is_not_missing(tmp_path, item):
    assert found(tmp_path, "/a", item, "3.1.0") == []


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"enum": []}, "enum lists no value"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, 'type "integer" meets type "string" of /'),
        ({"allOf": [{"type": "integer"}], "minimum": 5, "maximum": 3}, "minimum 5 is above maximum 3"),
        ({"allOf": [{"type": "number", "minimum": 5}, {"maximum": 3}]}, "minimum 5 of /"),
        ({"allOf": [{"enum": ["a"]}, {"enum": ["b", "c"]}]}, 'the list ["b","c"] meets the value "a" of /'),
        ({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                    {"properties": {"a": {"type": "object"}}}]}, "the property a is required, and type"),
    ],
)  # fmt: skip
def test_what_nothing_satisfies_is_told(tmp_path, schema, reason):
    ((severity, message),) = found(tmp_path, "/a", body(schema), "3.0.3")
    assert severity == "error"
    assert message.startswith(reason)
    assert "nothing fits" in message


def test_a_required_property_that_admits_nothing_is_told(tmp_path):
    schema = {"type": "object", "required": ["z"], "properties": {"z": False}}
    ((severity, message),) = found(tmp_path, "/a", body(schema), "3.1.0")
    assert severity == "error"
    assert message.startswith("z is required and nothing is admitted for it, so that nothing fits")


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"type": "number"}, {"type": "integer"}]},
        {"allOf": [{"minimum": 5}, {"maximum": 3}]},  # which a text obeys
        {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}},
                   {"properties": {"a": {"type": "integer"}}}]},  # which may be left out
        {"allOf": [{"type": "string"}, {"type": "string", "nullable": True}]},
    ],
)  # fmt: skip
def test_what_something_satisfies_is_not(tmp_path, schema):
    assert found(tmp_path, "/a", body(schema), "3.0.3") == []


def test_what_refuses_a_document_says_how_much_more_there_is(tmp_path):
    file = tmp_path / "a.json"
    schemas = [{"type": "unknown"}, {"required": True}, {"$ref": "#/nowhere"}]
    item = body({"properties": {str(number): schema for number, schema in enumerate(schemas)}})
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": {"/a": item}}))
    with pytest.raises(DocumentError) as refused:
        build_app(Settings(document=str(file), log="off", strict_document=True))
    assert refused.value.hint.endswith(f"There are 2 more mistakes in it; `mockgrid check {file}` tells all.")
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": {"/a": body(schemas[0])}}))
    with pytest.raises(DocumentError) as refused:
        build_app(Settings(document=str(file), log="off", strict_document=True))
    assert "more" not in refused.value.hint


def test_an_example_of_several_branches_of_a_one_of_is_told(tmp_path):
    branches = [{"type": "object", "properties": {name: {"type": "integer"}}} for name in ("a", "b")]
    content = {
        "schema": {"oneOf": branches},
        "examples": {"both": {"value": {"a": 1, "b": 1}}, "one": {"value": {"a": 1, "b": "x"}}},
    }
    item = {"get": {"responses": {"200": {"description": "ok", "content": {"application/json": content}}}}}
    message = "The example both fits several branches of a oneOf, of which one alone may fit."
    assert found(tmp_path, "/a", item, "3.0.3") == [("warning", message)]


def test_webhooks_are_checked_whether_they_are_served_or_not(tmp_path):
    file = tmp_path / "api.yaml"
    hook = {"post": {"parameters": [{"name": "q"}], "responses": {"200": {"description": "ok"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": {"paid": hook}}
    file.write_text(json.dumps(document))
    (finding,) = check_files([file], lambda: None, chosen=True).findings
    assert finding.message == "this parameter has no field in."
    del hook["post"]["parameters"]
    file.write_text(json.dumps(document))
    assert check_files([file], lambda: None, chosen=True).findings == []
