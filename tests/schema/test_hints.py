import pytest

from mockgrid.schema.hints import SchemaHints

ROOT = {
    "components": {
        "schemas": {
            "Loop": {"$ref": "#/components/schemas/Loop"},
            "Tree": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Tree"}]},
            "Count": {"allOf": [{"type": "number"}, {"type": ["integer", "null"]}], "example": 3},
            "A": {"properties": {"x": {"type": "integer"}}},
            "B": {"properties": {"x": {"minimum": 1}, "y": {"type": "boolean"}}},
        }
    }
}


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        ({}, None),
        (True, None),
        ({"type": "string"}, {"string"}),
        ({"type": "number"}, {"number", "integer"}),
        ({"enum": [1, "a", None]}, {"integer", "string", "null"}),
        ({"const": True}, {"boolean"}),
        ({"type": "string", "enum": ["a", None]}, {"string"}),
        ({"anyOf": [{"type": "string"}, {}, {"type": "null"}]}, {"string", "null"}),
        ({"oneOf": [{"type": "array"}, {"const": 1}]}, {"array", "integer"}),
        ({"properties": {}}, {"object"}),
        ({"items": {}}, {"array"}),
        (ref("Count"), {"integer"}),
        (ref("Loop"), None),
        (ref("Tree"), {"string"}),
        (ref("Nowhere"), None),
    ],
)
def test_the_types_that_a_schema_names(schema, kinds):
    assert SchemaHints(schema, ROOT).kinds == kinds


def test_what_is_said_about_one_property_is_gathered_from_all_parts():
    outline = SchemaHints({"allOf": [ref("A"), ref("B")]}, ROOT)
    assert outline.properties == ("x", "y")
    assert outline.property("x").kinds == {"integer"}
    assert outline.typed({"x": "1", "y": "true", "z": "1"}) == {"x": 1, "y": True, "z": "1"}


def test_items_by_place_and_behind_them():
    schema = {"type": "array", "prefixItems": [{"type": "boolean"}], "items": {"type": "integer"}}
    assert SchemaHints(schema, ROOT).typed(["true", "2", "x"]) == [True, 2, "x"]
    assert SchemaHints({"type": "array", "items": [{"type": "null"}]}, ROOT).typed(["", ""]) == [None, ""]


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        ({"type": "integer"}, 1, True),
        ({"type": "integer"}, "1", False),
        ({"enum": ["a"]}, "b", False),
        ({"items": {"enum": [1]}}, [1, 2], False),
        ({"properties": {"a": {"type": "null"}}}, {"a": None}, True),
        ({}, ["anything"], True),
    ],
)
def test_whether_a_value_was_meant(schema, value, fits):
    assert SchemaHints(schema, ROOT).fits(value) is fits


def test_what_a_schema_says_itself_and_what_its_parts_say():
    assert SchemaHints(ref("Count"), ROOT).own("example") == 3
    assert SchemaHints(ref("Count"), ROOT).reference == "Count"
    assert SchemaHints({"allOf": [ref("Count")]}, ROOT).own("example") is None
    assert SchemaHints({"allOf": [ref("Count")]}, ROOT).anywhere("example") == 3
    assert SchemaHints(ref("Loop"), ROOT).own("example") is None
