"""The plainest value of a schema: what it is, that it obeys the schema, and that it ends."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.reply.generic import GenericReplies
from mockgrid.schema.sample import sample


def body(schema, version="3.1.0", **schemas):
    """The body that a server with ``--style static`` answers with."""
    content = {"application/json": {"schema": schema}}
    document = {
        "openapi": version,
        "paths": {
            "/x": {"get": {"operationId": "x", "responses": {"200": {"description": "", "content": content}}}}
        },
        "components": {"schemas": schemas},
    }
    contract = Contract(Document(document, "api.json"))
    replies = GenericReplies(contract, static=True)
    first, other = (json.loads(replies.compose(contract.operation("x"), seed=seed).body) for seed in "ab")
    assert first == other
    assert contract.operation("x").responses["200"].media["application/json"].schema.accepts(first)
    return first


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, 0),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "string"}}, ["string"]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [0, 0, 0]),
        ({"type": "string", "format": "date-time"}, "2019-08-24T14:15:22Z"),
        ({"type": "string", "format": "uuid"}, "497f6eca-6276-4993-bfeb-53cbbbba6f08"),
        ({"type": "string", "format": "email"}, "user@example.com"),
        ({"type": "string", "minLength": 10}, "stringstri"),
        ({"type": "string", "maxLength": 3}, "str"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "string", "enum": ["b", "a"]}, "b"),
        ({"const": 7}, 7),
        ({"type": "string", "default": "d", "example": "e"}, "e"),
        ({"type": "string", "default": "d"}, "d"),
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["null", "string"]}, None),
        ({"type": ["integer", "string"]}, 0),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"property1": 0, "property2": 0}),
        ({"type": "object", "additionalProperties": True}, {}),
        # With what is required alone, where all that it may have fits several branches.
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
            {"a": "string"},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
            {"a": "string", "b": 0},
        ),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        (
            {
                "allOf": [
                    {"properties": {"a": {"type": "string"}}},
                    {"properties": {"b": {"type": "integer"}}},
                ]
            },
            {"a": "string", "b": 0},
        ),
        # What breaks its schema is as it was made.
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True}, None),
        ({"type": "string", "pattern": "^a{3}$"}, "aaa"),
    ],
)
def test_values_are_the_plainest(schema, value):
    plainest = body(schema)
    if "uniqueItems" in schema:
        assert len(set(plainest)) >= 2
    else:
        assert plainest == value


def test_only_the_part_that_breaks_its_schema_is_made():
    properties = {
        "plain": {"type": "string"},
        "code": {"type": "string", "pattern": "^[A-Z]{5}$"},
        "items": {"type": "array", "items": {"type": "string", "pattern": "^b$"}},
    }
    value = body({"type": "object", "required": ["code"], "properties": properties})
    assert value["plain"] == "string"
    assert value["code"].isupper()
    assert value["items"] in ([], ["b"], ["b", "b"], ["b", "b", "b"])


def test_what_requests_alone_have_is_left_out_also_where_it_is_required():
    properties = {
        "secret": {"type": "string", "writeOnly": True},
        "other": {"type": "string", "writeOnly": True},
        "maybe": {"type": "string", "nullable": True},
        "kind": {"type": "string", "nullable": True, "enum": ["x"]},
    }
    schema = {"type": "object", "required": ["secret"], "properties": properties}
    assert body(schema, "3.0.3") == {"maybe": "string", "kind": "x"}


def test_numbers_that_several_branches_take_are_made():
    assert not float(body({"oneOf": [{"type": "integer"}, {"type": "number"}]})).is_integer()


def test_a_discriminator_names_the_branch_or_the_heir_that_is_sent():
    text, at = {"type": "string"}, "#/components/schemas/"
    schemas = {
        "Base": {
            "type": "object",
            "required": ["t"],
            "properties": {"t": text},
            "discriminator": {"propertyName": "t", "mapping": {"b": f"{at}Heir"}},
        },
        "Heir": {"allOf": [{"$ref": f"{at}Base"}, {"required": ["b"], "properties": {"b": text}}]},
        "Cat": {"type": "object", "required": ["kind", "claws"], "properties": {"kind": text, "claws": text}},
        "Dog": {"type": "object", "required": ["kind", "bark"], "properties": {"kind": text, "bark": text}},
    }
    pets = {"oneOf": [{"$ref": f"{at}Cat"}, {"$ref": f"{at}Dog"}], "discriminator": {"propertyName": "kind"}}
    whole = {"type": "object", "properties": {"base": {"$ref": f"{at}Base"}, "pets": {"items": pets}}}
    assert body(whole, **schemas) == {
        "base": {"t": "b", "b": "string"},
        "pets": [{"kind": "Cat", "claws": "string"}],
    }


def test_schemas_that_come_back_to_themselves_end():
    node = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer"},
            "next": {"$ref": "#/components/schemas/Node"},
            "all": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    assert body({"$ref": "#/components/schemas/Node"}, Node=node) == {"id": 0, "all": []}


def test_schemas_that_refer_to_each_other_widely_end_soon():
    names = [f"S{number}" for number in range(30)]
    properties = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    root = {"components": {"schemas": {name: {"type": "object", "properties": properties} for name in names}}}
    began = time.process_time()
    value = sample({"$ref": "#/components/schemas/S0"}, root)
    assert time.process_time() - began < 5
    assert len(json.dumps(value)) < 1_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "required",
        "enum",
        "minimum",
        "minLength",
        "maxLength",
        "minItems",
        "format",
        "examples",
        "default",
    ]
)


@given(st.dictionaries(KEYWORDS, JSON, max_size=5))
def test_whatever_a_schema_holds_something_comes(schema):
    json.dumps(sample({"type": "object", "properties": {"a": schema, "b": {"allOf": [schema]}}}, {}))
    json.dumps(sample({"oneOf": [schema, {"type": "string"}]}, {}))
