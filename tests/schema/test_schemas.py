"""From the schemas of a document to what the validators run: one way or the other, wherever they stand."""

from __future__ import annotations

import json

import pytest

from mockgrid.contract.bundle import bundle
from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document, read_document
from mockgrid.document.pointer import resolve
from mockgrid.errors import DocumentError


def document(schema, version="3.1.0", answer=None, **components):
    content = {"content": {"application/json": {"schema": schema}}}
    answered = content if answer is None else {"content": {"application/json": {"schema": answer}}}
    operation = {"operationId": "do", "requestBody": content, "responses": {"200": answered}}
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "paths": {"/x": {"post": operation}},
        "components": {"schemas": components},
    }


def compiled(schema, version="3.1.0", answer=None, **components):
    return Contract(Document(document(schema, version, answer, **components), "api.json"))


def request_schema(contract):
    return contract.operation("do").json_body.schema


def response_schema(contract):
    return contract.operation("do").responses["200"].media["application/json"].schema


def codes(validator, value):
    """What is wrong with a value; the validator that accepts must agree."""
    found = validator.explain(value)
    assert validator.accepts(value) == (not found), found
    return [(violation.code, violation.pointer) for violation in found]


USER = {
    "type": "object",
    "required": ["id", "name", "password"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
    },
}
REF = {"$ref": "#/components/schemas/User"}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "components"),
    [
        (USER, {}),
        (REF, {"User": USER}),
        ({"allOf": [REF, {"type": "object"}]}, {"User": USER}),
        (
            REF,
            {
                "User": {
                    **USER,
                    "properties": {**USER["properties"], "id": {"$ref": "#/components/schemas/Id"}},
                },
                "Id": {"type": "integer", "readOnly": True},
            },
        ),
        (
            {"allOf": [{"$ref": "#/components/schemas/Fields"}, {"required": ["id", "name", "password"]}]},
            {"Fields": {"type": "object", "properties": USER["properties"]}},
        ),
    ],
)
def test_each_direction_requires_what_is_meant_for_it(version, schema, components):
    contract = compiled(schema, version, **components)
    sent, got = request_schema(contract), response_schema(contract)
    assert codes(sent, {"name": "a", "password": "b"}) == []
    assert codes(sent, {"name": "a"}) == [("MG111", "/password")]
    assert codes(got, {"id": 1, "name": "a"}) == []
    assert codes(got, {"name": "a"}) == [("MG111", "/id")]


def test_a_list_of_required_names_may_be_left_empty_by_a_direction():
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "readOnly": True}},
    }
    assert codes(request_schema(compiled(schema, "3.0.0")), {}) == []


def test_lenient_is_lenient_with_requests_only():
    schema = {"type": "object", "properties": {"size": {"type": "string", "enum": ["s", "m"]}}}
    contract = Contract(Document(document(schema), "api.json"), lenient=True)
    assert (
        codes(request_schema(contract), {"size": "xl"})
        == codes(request_schema(contract), {"size": None})
        == []
    )
    assert codes(response_schema(contract), {"size": "xl"}) == [("MG112", "/size")]


@pytest.fixture
def two_files(tmp_path):
    (tmp_path / "schemas.yaml").write_text(
        "Cat:\n"
        "  type: object\n"
        "  required: [name]\n"
        "  properties:\n"
        "    name: {type: string, maxLength: 5, nullable: true}\n"
        "    kind: {nullable: true, oneOf: [{type: string, enum: [wild]}, {type: integer}]}\n"
        "    kitten: {$ref: '#/Cat'}\n"
        "    owner: {$ref: 'people/owner.yaml'}\n"
    )
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "owner.yaml").write_text(
        "type: object\n"
        "properties: {age: {type: integer, nullable: true, minimum: 0, exclusiveMinimum: true}}\n"
    )
    main = document({"$ref": "schemas.yaml#/Cat"}, "3.0.3")
    (tmp_path / "api.json").write_text(json.dumps(main))
    return bundle(read_document(tmp_path / "api.json"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": None, "kind": None, "owner": {"age": None}}, []),
        ({"name": "Tomcat"}, [("MG114", "/name")]),
        ({"name": "Tom", "kitten": {"name": 1}}, [("MG110", "/kitten/name")]),
        ({"name": "Tom", "kind": "tame"}, [("MG112", "/kind")]),
        ({"name": "Tom", "owner": {"age": 0}}, [("MG113", "/owner/age")]),
    ],
)
def test_schemas_in_other_files_are_read_as_those_in_the_first(two_files, value, expected):
    validator = request_schema(Contract(two_files))
    assert codes(validator, value) == expected
    for violation in validator.explain(value):
        assert violation.contract.startswith("/x-bundled/")
        resolve(two_files.data, violation.contract)


def test_a_mistake_in_another_file_is_told_by_its_own_place(tmp_path):
    (tmp_path / "cat.yaml").write_text("type: object\nproperties:\n  name:\n    type: strin\n")
    (tmp_path / "api.json").write_text(json.dumps(document({"$ref": "cat.yaml"})))
    with pytest.raises(DocumentError) as caught:
        Contract(bundle(read_document(tmp_path / "api.json")))
    assert caught.value.where == f"{tmp_path / 'cat.yaml'}:4:11"
    assert caught.value.hint == "Did you mean string?"


@pytest.mark.parametrize(
    ("reference", "bad", "code"),
    [
        ("#/components/schemas/A/oneOf/0", "x", "MG110"),
        ("#/components/schemas/A/oneOf/1", 1, "MG110"),
        ("#/components/schemas/N/properties/deep", "x", "MG110"),
        ("#/components/schemas/a%20b", "x", "MG110"),
        ("#/paths/~1x/post/responses/200/content/application~1json/schema", {}, "MG110"),
    ],
)
def test_references_may_lead_into_the_middle_of_a_schema(reference, bad, code):
    components = {
        "A": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        "N": {"nullable": True, "allOf": [{}], "properties": {"deep": {"type": "integer"}}},
        "a b": {"type": "boolean"},
    }
    contract = compiled({"$ref": reference}, "3.0.0", {"type": "array"}, **components)
    (violation,) = request_schema(contract).explain(bad)
    assert violation.code == code
    assert violation.contract == reference[1:].replace("%20", " ") + "/type"


def test_the_dialect_of_the_whole_document_counts():
    schema = {"type": "array", "items": [{"type": "integer"}], "additionalItems": False}
    data = document(schema) | {"jsonSchemaDialect": "http://json-schema.org/draft-07/schema#"}
    validator = request_schema(Contract(Document(data, "api.json")))
    assert codes(validator, [1]) == []
    assert codes(validator, ["x"]) == [("MG110", "/0")]
    assert codes(validator, [1, 2]) == [("MG118", "/1")]


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"dependencies": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}),
        ({"dependencies": {"a": {"required": ["b"]}}}, {"a": 1, "b": 1}, {"a": 1}),
        ({"definitions": {"t": {"$id": "#t", "type": "string"}}, "items": {"$ref": "#t"}}, ["x"], [1]),
        ({"$ref": "#/components/schemas/Text", "maxLength": 1}, "long", 1),
        ({"unevaluatedProperties": False, "type": "object"}, {"x": 1}, 1),
    ],
)
def test_a_schema_may_be_of_draft_07(schema, good, bad):
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    validator = request_schema(
        compiled({"$ref": "#/components/schemas/S"}, S=schema, Text={"type": "string"})
    )
    assert codes(validator, good) == []
    assert codes(validator, bad)


@pytest.mark.parametrize(
    ("dependency", "good", "bad"),
    [
        ({"$ref": "#/components/schemas/Text"}, {}, {"n": 1}),
        ({"properties": {"m": {"type": "string", "nullable": True}}}, {"n": 1, "m": None}, {"n": 1, "m": 2}),
        (["m"], {"n": 1, "m": 2}, {"n": 1}),
    ],
)
def test_dependencies_hold_schemas_in_openapi_3_0_too(dependency, good, bad):
    schema = {"type": "object", "dependencies": {"n": dependency}}
    validator = request_schema(compiled(schema, "3.0.3", Text={"type": "string"}))
    assert codes(validator, good) == []
    assert codes(validator, bad)


def test_a_schema_may_be_of_draft_2019_09():
    tree = {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": "https://example.com/tree",
        "$recursiveAnchor": True,
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$recursiveRef": "#"}}},
        "dependentRequired": {"a": ["b"]},
    }
    validator = request_schema(compiled({"$ref": "#/components/schemas/Tree"}, Tree=tree))
    assert codes(validator, {"children": [{"children": []}]}) == []
    assert codes(validator, {"children": [{"children": [3]}]}) == [("MG110", "/children/0/children/0")]
    assert codes(validator, {"a": 1}) == [("MG111", "/b")]


def test_an_unknown_dialect_is_refused():
    with pytest.raises(DocumentError, match=r"https://example\.com/mine") as caught:
        compiled({"$schema": "https://example.com/mine"})
    assert caught.value.where.endswith("/schema/$schema")


def test_an_id_inside_a_component_does_not_break_its_references():
    order = {
        "$id": "https://example.com/order",
        "type": "object",
        "properties": {
            "outer": {"$ref": "#/components/schemas/Text"},
            "inner": {"$ref": "#/$defs/count"},
            "other": {"$ref": "item"},
            "named": {"$ref": "#word"},
            "again": {"$ref": "#"},
        },
        "$defs": {"count": {"type": "integer"}, "w": {"$anchor": "word", "enum": ["w"]}},
    }
    item = {"$id": "https://example.com/item", "type": "boolean"}
    contract = compiled(
        {"$ref": "https://example.com/order"}, Order=order, Item=item, Text={"type": "string"}
    )
    validator = request_schema(contract)
    good = {"outer": "a", "inner": 1, "other": True, "named": "w"}
    assert codes(validator, {**good, "again": good}) == []
    for name in good:
        assert [pointer for _, pointer in codes(validator, {name: []})] == [f"/{name}"]
    assert codes(validator, {"again": 1}) == [("MG110", "/again")]


def test_a_dynamic_reference_with_one_target_is_a_reference():
    tree = {"$dynamicAnchor": "node", "type": "object", "properties": {"next": {"$dynamicRef": "#node"}}}
    validator = request_schema(compiled({"$ref": "#/components/schemas/Tree"}, Tree=tree))
    assert codes(validator, {"next": {"next": 1}}) == [("MG110", "/next/next")]


def test_where_a_dynamic_reference_leads_depends_on_the_way():
    generic = {"$id": "urn:list", "items": {"$dynamicRef": "#T"}, "$defs": {"T": {"$dynamicAnchor": "T"}}}
    strings = {
        "$id": "urn:strings",
        "$defs": {"S": {"$dynamicAnchor": "T", "type": "string"}},
        "$ref": "urn:list",
    }
    both = {"properties": {"list": {"$ref": "urn:list"}, "strings": {"$ref": "urn:strings"}}}
    validator = request_schema(compiled(both, List=generic, Strings=strings))
    assert codes(validator, {"list": [1], "strings": ["a"]}) == []
    assert codes(validator, {"list": [1], "strings": [1]}) == [("MG110", "/strings/0")]


@pytest.mark.parametrize(
    ("version", "schema", "place", "words"),
    [
        ("3.1.0", {"type": "string", "pattern": "(a"}, "pattern", "is not a regular expression"),
        ("3.1.0", {"pattern": "^.{50000}$"}, "pattern", "counts too far to be held to"),
        ("3.1.0", {"pattern": "^(?:a{1,500}b){1,500}$"}, "pattern", "counts too far to be held to"),
        ("3.1.0", {"patternProperties": {"[": {}}}, "patternProperties/[", "is not a regular expression"),
        ("3.0.0", {"$ref": "#/components/schemas/Cat"}, "$ref", "leads to nothing"),
        ("3.0.0", {"$ref": "Cat"}, "$ref", "leads out of the document"),
        ("3.0.0", {"minimum": 1, "exclusiveMinimum": 1}, "exclusiveMinimum", "true or false was expected"),
        ("3.1.0", {"minimum": 1, "exclusiveMinimum": True}, "exclusiveMinimum", "a number was expected"),
        ("3.0.0", {"type": "file"}, "type", "is not a type"),
        ("3.1.0", {"type": ["string", "nul"]}, "type", "Did you mean null?"),
        (
            "3.0.0",
            {"properties": {"a": {"type": "string", "required": True}}},
            "properties/a/required",
            "List the names",
        ),
        ("3.0.0", {"properties": {"a": "string"}}, "properties", "schemas by name was expected"),
        ("3.0.0", {"minLength": -1}, "minLength", "whole number"),
        ("3.1.0", {"anyOf": []}, "anyOf", "at least one"),
        ("3.1.0", {"enum": "a"}, "enum", "a list was expected"),
        (
            "3.1.0",
            {"writeOnly": {"additionalProperties": {"$ref": "#"}}},
            "writeOnly",
            "true or false was expected",
        ),
    ],
)
def test_a_schema_that_means_nothing_is_refused_with_its_place(version, schema, place, words):
    with pytest.raises(DocumentError) as caught:
        compiled({"items": {"allOf": [schema]}}, version)
    assert caught.value.where.endswith(f"/schema/items/allOf/0/{place}")
    assert words in str(caught.value)


def test_the_place_is_a_line_and_a_column(tmp_path):
    text = json.dumps(document({"$ref": "#/components/schemas/A"}, A={"type": "int"}), indent=1)
    (tmp_path / "api.json").write_text(text)
    with pytest.raises(DocumentError) as caught:
        Contract(read_document(tmp_path / "api.json"))
    line = text.split("\n").index('    "type": "int"') + 1
    assert caught.value.where == f"{tmp_path / 'api.json'}:{line}:13"


@pytest.mark.parametrize(
    "part",
    [
        {"parameters": [{"name": "q", "in": "query", "schema": {"type": "x"}}]},
        {"responses": {"default": {"headers": {"X-A": {"schema": {"type": "x"}}}}}},
        {"responses": {"200": {"content": {"text/event-stream": {"itemSchema": {"type": "x"}}}}}},
    ],
)
def test_every_schema_of_an_operation_is_checked(part):
    data = document({})
    data["paths"]["/x"]["post"] |= part
    with pytest.raises(DocumentError, match='is "x", which is not a type'):
        Contract(Document(data, "api.json"))


def test_what_no_operation_refers_to_is_not_checked():
    compiled({}, Broken={"type": "x"})


@pytest.mark.parametrize(
    "components",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"allOf": [{"$ref": "#/components/schemas/A"}]}},
    ],
)
def test_a_schema_that_is_only_itself_is_refused(components):
    with pytest.raises(DocumentError, match="refers to itself"):
        compiled({"$ref": "#/components/schemas/A"}, **components)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"paths": []}, "/paths"),
        ({"paths": {"/x": {"post": {"responses": []}}}}, "/paths/~1x/post/responses"),
        ({"paths": {"/x": {"get": {"parameters": {"a": 1}}}}}, "/paths/~1x/get/parameters"),
        ({"paths": {"/x": {"get": {"requestBody": {"content": []}}}}}, "/paths/~1x/get/requestBody/content"),
        ({"paths": {"/x": {"get": []}}}, "/paths/~1x/get"),
        ({"components": []}, "/components"),
    ],
)
def test_a_document_of_another_shape_is_refused_with_its_place(broken, place):
    with pytest.raises(DocumentError) as caught:
        Contract(Document(document({}) | broken, "api.json"))
    assert caught.value.where == f"api.json#{place}"


def test_every_place_of_a_lenient_document_is_the_published_one():
    words = {"type": "string", "enum": ["a", "b"], "nullable": True}
    fields = {f"field{index}": words | {"maxLength": 3} for index in range(50)}
    schema = {"type": "object", "properties": fields}
    contract = Contract(Document(document(schema, "3.0.0"), "api.json"), lenient=True)
    at = "/paths/~1x/post/requestBody/content/application~1json/schema"
    found = request_schema(contract).explain(dict.fromkeys(fields, "long"))
    assert [violation.contract for violation in found] == [
        f"{at}/properties/{name}/maxLength" for name in fields
    ]
