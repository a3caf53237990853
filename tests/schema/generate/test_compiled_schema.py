"""What a compiled schema promises, keyword by keyword."""

import json
import os
import subprocess
import sys

import jsonschema
import pytest

from mockgrid.errors import UnsatisfiableError
from mockgrid.schema.generate import CompiledSchema

JUDGES = {
    "draft-04": jsonschema.Draft4Validator,
    "draft-06": jsonschema.Draft6Validator,
    "draft-07": jsonschema.Draft7Validator,
    "2019-09": jsonschema.Draft201909Validator,
    "2020-12": jsonschema.Draft202012Validator,
}


def values(schema, draft="2020-12", **options):
    compiled = CompiledSchema(schema, draft=draft)
    found = [compiled.value(f"s{seed}", **options) for seed in range(8)]
    for value in found:
        JUDGES[draft](schema).validate(value)
    return found


def test_members_come_in_the_order_of_properties_then_required():
    schema = {
        "type": "object",
        "required": ["z", "other", "a"],
        "properties": {"b": {}, "z": {}, "a": {}},
    }
    assert all(list(value) == ["b", "z", "a", "other"] for value in values(schema))


def test_strings_are_named_after_their_member():
    assert values({"type": "object", "properties": {"city": {"type": "string"}}})[0]["city"].startswith(
        "city-"
    )


def test_text_stands_where_prose_is_wanted():
    schema = {"type": "object", "properties": {"answer": {"type": "string"}, "city": {"type": "string"}}}
    value = CompiledSchema(schema).value("s", text="It is cold.")
    assert value["answer"] == "It is cold."
    assert value["city"] != "It is cold."


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "maxLength": 5},
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "format": "date"},
    ],
)
def test_text_that_does_not_fit_is_left_out(schema):
    assert "It is cold." not in values(schema, text="It is cold.")


def test_object_can_be_asked_for():
    assert all(isinstance(value, dict) for value in values({}, must_be_object=True))
    with pytest.raises(UnsatisfiableError):
        CompiledSchema({"type": "string"}).value("s", must_be_object=True)


def test_null_is_the_last_choice_unless_recursion_asks_for_it():
    assert None not in values({"anyOf": [{"type": "null"}, {"type": "integer"}]})
    assert None not in values({"type": ["null", "string"]})


def test_examples_are_used_when_valid():
    found = values({"type": "string", "examples": ["Oslo", "Bergen", 5], "maxLength": 4})
    assert "Oslo" in found
    assert "Bergen" not in found


def test_values_are_the_callers_own():
    compiled = CompiledSchema({"const": {"a": [1]}})
    compiled.value("s")["a"].append(2)
    assert compiled.value("s") == {"a": [1]}


def test_json_in_a_string():
    schema = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"type": "array", "items": {"type": "integer"}},
    }
    assert all(isinstance(json.loads(value), list) for value in values(schema))


@pytest.mark.parametrize(
    ("draft", "schema"),
    [
        ("draft-04", {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 4}),
        ("draft-04", {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}, "required": ["a", "c"]}),
        ("draft-04", {"definitions": {"x": {"id": "#x", "type": "string"}}, "$ref": "#x"}),
        ("draft-06", {"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}}),
        ("draft-06", {"type": "object", "propertyNames": {"pattern": "^[ab]{2}$"}, "minProperties": 2}),
        ("draft-07", {"$ref": "#/definitions/n", "minimum": 1000, "definitions": {"n": {"maximum": 3}}}),
        ("draft-07", {"items": [{"const": 1}, {"const": 2}], "additionalItems": False, "minItems": 2}),
        ("draft-07", {"if": {"type": "string"}, "then": {"minLength": 3}, "else": {"const": 3}}),
        (
            "2019-09",
            {"$recursiveAnchor": True, "properties": {"a": {"$recursiveRef": "#"}}, "type": "object"},
        ),
        ("2019-09", {"items": [{"const": 1}], "unevaluatedItems": {"const": 2}, "minItems": 3}),
        ("2020-12", {"prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 3}),
        ("2020-12", {"type": "array", "prefixItems": [{"const": 1}], "unevaluatedItems": False}),
        ("2020-12", {"type": "array", "contains": {"type": "null"}, "minContains": 2, "maxContains": 3}),
        ("2020-12", {"not": {"type": ["string", "number", "null"]}}),
        ("2020-12", {"type": "number", "not": {"minimum": 5}}),
        ("2020-12", {"type": "object", "properties": {"a": {}}, "not": {"required": ["a"]}}),
        ("2020-12", {"type": "object", "not": {"additionalProperties": False, "properties": {"a": {}}}}),
        ("2020-12", {"oneOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 50}]}),
        ("2020-12", {"type": "integer", "allOf": [{"minimum": 7}, {"maximum": 9}, {"multipleOf": 4}]}),
        ("2020-12", {"allOf": [{"enum": [1, 2, 3]}, {"enum": [3, 4]}]}),
        ("2020-12", {"type": "string", "format": "email", "minLength": 40, "maxLength": 40}),
        ("2020-12", {"type": "string", "format": "uri", "pattern": "^https://"}),
        ("2020-12", {"type": "string", "format": "date-time", "pattern": "Z$"}),
        ("2020-12", {"type": "string", "format": "int-of-the-future"}),
        ("2020-12", {"type": "string", "minLength": 2, "maxLength": 2}),
        ("2020-12", {"type": "integer", "format": "int32", "minimum": 2**31 - 2}),
        ("2020-12", {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.45}),
        ("2020-12", {"type": "object", "dependentSchemas": {"a": False}, "properties": {"a": {}, "b": {}}}),
    ],
)
def test_keywords(draft, schema):
    values(schema, draft)


def test_ref_makes_its_neighbours_void_before_2019():
    schema = {"$ref": "#/definitions/n", "type": "string", "definitions": {"n": {"type": "integer"}}}
    assert all(isinstance(value, int) for value in values(schema, "draft-07"))


def test_aliased_and_circular_python_objects_are_fine():
    part = {"type": "string"}
    node = {"type": "object", "properties": {"a": part, "b": part}, "required": ["a", "b"]}
    node["properties"]["next"] = node
    value = CompiledSchema(node).value("s")
    assert {"a", "b"} <= value.keys()


def test_a_circle_that_no_value_meets_does_no_harm():
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"$ref": "#/$defs/x"},
        "not": {"required": ["b"]},
        "$defs": {"x": {"$ref": "#/$defs/x"}},
    }
    assert values(schema)[0].keys() == {"a"}


def test_history_does_not_matter():
    schema = {"anyOf": [{"type": "integer"}, {"not": {"type": "integer"}, "minLength": 3}]}
    used = CompiledSchema(schema)
    for seed in range(30):
        assert used.value(str(seed)) == CompiledSchema(schema).value(str(seed))


PROGRAM = """
import json, sys
from mockgrid.schema.generate import CompiledSchema
from mockgrid.errors import SynthesisError
for name, schema in json.load(open(sys.argv[1], encoding="utf-8")).items():
    for seed in "abc":
        print(name, json.dumps(CompiledSchema(schema).value(seed, text="Hi.")))
"""


def test_values_do_not_depend_on_the_hash_seed():
    corpus = os.path.join(os.path.dirname(__file__), "corpus.json")  # noqa: PTH118, PTH120 (a plain argument)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, corpus],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.getcwd()},  # noqa: PTH109 (as above)
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "4242")
    }
    assert len(outputs) == 1
    assert outputs.pop()


def test_nothing_heavy_is_imported():
    check = "import sys, mockgrid.schema.generate; print('jsonschema' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True, text=True)
    assert ran.stdout.split() == ["False"]


NOTHING = {"$defs": {"no": False}}


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (False, ""),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, "/properties/a"),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/no"}}} | NOTHING,
            "/$defs/no",
        ),
        (
            {
                "type": "object",
                "required": ["b", "a"],
                "properties": {"a": False, "b": {"$ref": "#"}},
            },
            "/properties/a",
        ),
        ({"type": "array", "minItems": 1, "items": False}, "/items"),
        ({"anyOf": [False, False]}, "/anyOf/0"),
    ],
)
def test_where_nothing_is_allowed_the_refusal_says_so(schema, where):
    with pytest.raises(UnsatisfiableError, match="everything is forbidden here") as caught:
        CompiledSchema(schema).value("seed")
    assert caught.value.where == where


def test_a_forbidden_branch_is_not_blamed_for_an_endless_one():
    endless = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}
    with pytest.raises(UnsatisfiableError, match="contains another one, without end"):
        CompiledSchema({"anyOf": [False, endless]}).value("seed")


def test_an_optional_member_without_end_is_left_out_and_the_others_stay():
    endless = {"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#/$defs/x"}}}
    members = {"b": {"type": "integer"}, "a": {"$ref": "#/$defs/x"}, "c": {"type": "string"}}
    schema = {"type": "object", "properties": members, "$defs": {"x": endless}}
    assert all(value.keys() == {"b", "c"} for value in values(schema))


def test_neighbours_of_a_ref_say_nothing_of_members_and_items_before_2019():
    schema = {
        "$ref": "#/definitions/n",
        "properties": {"a": {"const": 1}},
        "definitions": {"n": {"type": "object", "properties": {"a": {"const": 2}}, "required": ["a"]}},
    }
    assert all(value == {"a": 2} for value in values(schema, "draft-07"))


def test_draft_4_rules_out_further_members_by_false():
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": False, "minProperties": 2}
    with pytest.raises(UnsatisfiableError, match="only 1 members were found that fit"):
        CompiledSchema(schema, draft="draft-04").value("s")


@pytest.mark.parametrize(
    "below",
    [
        {"$ref": "#/$defs/circle"},
        {"if": {"$ref": "#/$defs/circle"}},
        {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/circle"}]},
        {"if": {"propertyNames": {"$ref": "#/$defs/circle"}}, "required": ["b"], "type": "object"},
    ],
)
def test_no_part_of_a_value_meets_a_circle(below):
    circle = {"circle": {"$ref": "#/$defs/circle"}}
    assert CompiledSchema({"properties": {"a": below}, "$defs": circle}).value("1") == {}
    with pytest.raises(UnsatisfiableError):
        CompiledSchema(
            {"required": ["a"], "properties": {"a": below}, "type": "object", "$defs": circle}
        ).value("1")
