"""Deciding by what values come to is deciding by the whole schema."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from large_document import large_document

from mockgrid.contract.contract import Contract
from mockgrid.document.source_map import Document
from mockgrid.schema import reached
from mockgrid.schema.engine import compile_fast
from mockgrid.schema.reached import Room, WhatIsReached
from mockgrid.schema.schemas import Schemas


def to(name):
    return {"$ref": f"#/components/schemas/{name}"}


# Whatever holds other schemas, each led to by a reference.
NEW = {
    "Text": {"type": "string", "maxLength": 1},
    "Whole": {"type": "integer"},
    "Not": {"not": to("Text")},
    "If": {"if": to("Text"), "then": {"const": "a"}, "else": to("Whole")},
    # What nobody has come to yet must not hold because it is not known.
    "Odd": {"properties": {"a": {"not": to("Text")}, "b": {"if": to("Text"), "then": False}}},
    "Sparse": {"properties": {"a": {"contains": to("Whole"), "minContains": 0, "maxContains": 1}}},
    "All": {"allOf": [to("Object"), {"required": ["a"]}]},
    "Any": {"anyOf": [to("Text"), to("Object"), to("List")]},
    "One": {"oneOf": [to("Whole"), to("Object")]},
    "Object": {
        "type": "object",
        "properties": {"a": to("Any"), "b": to("Text"), "c": to("Few")},
        "patternProperties": {"^b": to("Text")},
        "additionalProperties": to("Object"),
        "propertyNames": to("Text"),
    },
    "Closed": {"allOf": [to("Half")], "unevaluatedProperties": to("Whole")},
    "Half": {"properties": {"a": to("Closed")}, "dependentSchemas": {"a": to("All")}},
    "List": {"type": "array", "prefixItems": [to("Text")], "items": to("Any")},
    "Few": {"contains": to("Whole"), "maxContains": 1, "unevaluatedItems": to("Text")},
}
OLD = {
    "Text": {"type": "string", "maxLength": 1},
    "Whole": {"type": "integer"},
    "Object": {
        "properties": {"a": to("Union"), "b": to("List"), "c": {"not": to("Whole")}},
        "additionalProperties": to("Text"),
        "required": ["a"],
    },
    "List": {"type": "array", "items": to("Union"), "minItems": 1},
    "Union": {"nullable": True, "anyOf": [to("Text"), to("Object"), {"not": to("List")}]},
}


def schemas_of(version, components):
    data = {"openapi": version, "info": {}, "paths": {}, "components": {"schemas": components}}
    return Schemas(Document(data, "api.yaml"), "request")


CASES = {"3.1": schemas_of("3.1.0", NEW), "3.0": schemas_of("3.0.3", OLD)}
PLAIN = st.sampled_from([None, True, 0, 1.5, "", "a", "b", "bc"])
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "bc", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("schemas", CASES.values(), ids=CASES)
@settings(max_examples=150)
@given(values=st.lists(VALUES, min_size=1, max_size=6), data=st.data())
def test_it_decides_as_the_whole_schema_does(schemas, values, data):
    name = data.draw(st.sampled_from(sorted(schemas.document.data["components"]["schemas"])))
    schema = schemas.at(f"/components/schemas/{name}")
    whole = compile_fast(schemas.shared.standalone(schema), schemas.draft)
    part = WhatIsReached(schema, schemas.shared)
    assert [part.accepts(value) for value in values] == [whole(value) for value in values]


@pytest.mark.parametrize(
    ("version", "name", "first", "broken"),
    [
        ("3.1", "Odd", {}, {"a": "b"}),
        ("3.1", "Odd", {}, {"b": "b"}),
        ("3.1", "Sparse", {}, {"a": [1, 2]}),
        ("3.0", "Object", {"a": None}, {"a": None, "c": 1}),
    ],
)
def test_what_is_not_known_yet_is_not_taken_for_broken(version, name, first, broken):
    schemas = CASES[version]
    part = WhatIsReached(schemas.at(f"/components/schemas/{name}"), schemas.shared)
    assert part.accepts(first)
    assert not part.accepts(broken)


def test_what_was_used_longest_ago_makes_room(monkeypatch):
    monkeypatch.setattr(reached, "_ROOM", 5)
    room, gone = Room(), []
    for name in "abc":
        room.enter(name, 2, lambda name=name: gone.append(name))
        room.use("a")
    assert (gone, room.weight) == (["b"], 4)
    room.enter("a", 5, lambda: gone.append("a"))
    assert (gone, room.weight) == (["b", "c"], 5)
    room.enter("d", 50, lambda: gone.append("d"))  # it is needed now
    assert (gone, room.weight) == (["b", "c", "a"], 50)


def test_of_a_large_document_little_is_compiled_and_the_verdict_is_the_same(monkeypatch):
    contract = Contract(Document(large_document(12, 36), "large.json"))
    monkeypatch.setattr(reached, "_ROOM", 300)
    for operation in contract.operations[::2]:
        validator = operation.responses["200"].media["application/json"].schema
        whole = compile_fast(validator.standalone, validator.draft)
        value = contract.values.at(validator.at).value("seed").value
        assert validator.accepts(value)
        for spoilt in spoilings(value):
            assert validator.accepts(spoilt) == whole(spoilt), (operation.id, spoilt)
    assert 0 < contract._responses.shared.room.weight < 1_500


def spoilings(value):
    """Yield a value with one part in its place replaced, each time another."""
    yield from ([], {}, "text")
    for name, item in list(value.items())[:6] if isinstance(value, dict) else ():
        yield {**value, name: [item]}
        yield {key: each for key, each in value.items() if key != name}
        if isinstance(item, dict):
            yield from ({**value, name: inner} for inner in spoilings(item))
