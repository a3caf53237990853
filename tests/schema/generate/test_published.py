"""What values for a document's schemas promise, kind by kind."""

import json
import time
from collections import Counter

import jsonschema
import pytest
from large_document import large_document

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.document.mistakes import Mistakes
from mockgrid.schema.generate.judge import Judge

AT = "/paths/~1a/get/responses/200/content/application~1json/schema"


def contract(schema, components=None, version="3.0.3"):
    responses = {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}
    document = {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": responses}}},
        "components": {"schemas": components or {}},
    }
    return serving(document)


def serving(data):
    document = Document(data, "x.yaml")
    document.mistakes = Mistakes(strict=False)
    return Contract(document)


def made(schema, components=None, version="3.0.3"):
    """The values of eight seeds."""
    published = contract(schema, components, version).values.at(AT)
    return [published.value(str(seed), exemplary=True) for seed in range(8)]


def values(schema, components=None, version="3.0.3"):
    return [each.value for each in made(schema, components, version)]


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


TEXT = {"type": "string"}
PET = {
    "Pet": {
        "type": "object",
        "required": ["kind"],
        "discriminator": {"propertyName": "kind"},
        "properties": {"kind": TEXT, "name": TEXT},
    },
    "Cat": {"allOf": [ref("Pet"), {"type": "object", "required": ["claws"], "properties": {"claws": TEXT}}]},
    "Siamese": {"allOf": [ref("Cat"), {"type": "object", "properties": {"voice": TEXT}}]},
    "Dog": {"allOf": [ref("Pet"), {"type": "object", "required": ["pack"], "properties": {"pack": TEXT}}]},
}
OWN = {"Cat": {"claws"}, "Siamese": {"claws", "voice"}, "Dog": {"pack"}}


def test_a_value_of_a_base_is_of_an_heir_and_named_after_it():
    kinds = set()
    for value in values({"type": "array", "minItems": 4, "items": ref("Pet")}, PET):
        for pet in value:
            kinds.add(pet["kind"])
            assert OWN[pet["kind"]] <= pet.keys()
    assert kinds == OWN.keys()


@pytest.mark.parametrize("name", ["Cat", "Siamese", "Dog"])
def test_a_value_of_an_heir_is_named_after_it(name):
    assert {value["kind"] for value in values(ref(name), PET)} == {name}


def test_a_mapping_names_the_heirs():
    mapping = {"m": "#/components/schemas/Cat", "w": "Dog"}
    pet = {**PET["Pet"], "discriminator": {"propertyName": "kind", "mapping": mapping}}
    for value in values(ref("Pet"), {**PET, "Pet": pet}):
        assert OWN[{"m": "Cat", "w": "Dog", "Siamese": "Siamese"}[value["kind"]]] <= value.keys()


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize("mapping", [None, {"first": "#/components/schemas/A", "other": "B"}])
def test_a_discriminator_names_the_branch_that_was_made(keyword, mapping):
    components = {
        name: {"type": "object", "properties": {"type": TEXT, f"only_{name}": TEXT}} for name in ("A", "B")
    }
    discriminator = {"propertyName": "type", **({"mapping": mapping} if mapping else {})}
    schema = {keyword: [ref("A"), ref("B")], "discriminator": discriminator}
    names = {"first": "A", "other": "B"} if mapping else {"A": "A", "B": "B"}
    for value in values(schema, components):
        assert value.keys() == {"type", f"only_{names[value['type']]}"}


def test_a_branch_that_lists_the_label_itself_has_that():
    own = {"type": "object", "required": ["b"], "properties": {"b": TEXT}}
    components = {"A": {"type": "object", "properties": {"type": {"enum": ["a"]}}}, "B": own}
    schema = {"oneOf": [ref("A"), ref("B")], "discriminator": {"propertyName": "type"}}
    assert {value["type"] for value in values(schema, components)} == {"a", "B"}


ID = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": TEXT}}
NAMED = {**ID, "required": ["id", "name"]}


@pytest.mark.parametrize(
    "branches",
    [
        [ID, NAMED],
        [{"type": "integer"}, {"type": "number"}],
        [{"type": "string", "enum": ["auto"]}, TEXT],
        [TEXT, {"type": "array", "items": TEXT}],
        [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 50}],
        [{"type": "object", "required": [name], "properties": {name: TEXT}} for name in "ab"],
        [{"type": "object", "properties": {"k": {"enum": [name]}}} for name in "abcdefghij"],
        [
            {"allOf": [ID, {"required": ["x"]}]},
            {**ID, "additionalProperties": False},
        ],
    ],
)
def test_one_branch_alone_of_a_one_of_where_a_natural_value_can_be(branches):
    schema = {"oneOf": branches}
    for each in made(schema, version="3.1.0"):
        jsonschema.Draft202012Validator(schema).validate(each.value)
        assert each.exclusive


def test_no_value_is_contorted_to_fail_the_other_branches():
    branches = [{"type": "object", "properties": {name: TEXT}} for name in "ab"]
    for each in made({"oneOf": branches}):
        assert not each.exclusive
        assert each.value.keys() <= {"a", "b"}
        assert all(isinstance(value, str) for value in each.value.values())


COLOR = {"Color": {"type": "string", "enum": ["red", "green"]}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True, "enum": ["x", "y"]},
        {"type": "string", "nullable": True, "enum": ["x", None]},
        {"allOf": [ref("Color")], "nullable": True},
        {"$ref": "#/components/schemas/Color", "nullable": True},
        {"allOf": [ref("Color")], "enum": ["red"]},
        {"anyOf": [ref("Color")], "nullable": True},
        {"oneOf": [ref("Color"), {"type": "object"}], "nullable": True},
    ],
)
def test_null_is_not_chosen_where_something_else_can_be(schema):
    whole = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    assert None not in [value["a"] for value in values(whole, COLOR)]


def test_a_nullable_circle_ends_in_null():
    node = {"type": "object", "nullable": True, "required": ["next"], "properties": {"next": ref("Node")}}
    for value in values(ref("Node"), {"Node": node}):
        assert value == {"next": {"next": None}}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_properties_with_the_names_of_keywords_are_properties(version):
    properties = {
        "examples": {"type": "array", "minItems": 1, "items": ref("Color")},
        "default": ref("Color"),
        "enum": {"type": "object", "required": ["const"], "properties": {"const": {"type": "integer"}}},
        "const": {"type": "integer"},
        "example": TEXT,
    }
    schema = {"type": "object", "required": list(properties), "properties": properties}
    for value in values(schema, COLOR, version):
        assert value["default"] in COLOR["Color"]["enum"]
        jsonschema.Draft202012Validator({**schema, "components": {"schemas": COLOR}}).validate(value)


def test_examples_that_fit_their_own_schema_are_used_and_others_are_not():
    properties = {
        "good": {"type": "string", "example": "of a kind"},
        "bad": {"type": "integer", "example": "many"},
        "odd": {"type": "string", "format": "uuid", "example": "none"},
    }
    for value in values({"type": "object", "properties": properties}):
        assert value["good"] == "of a kind"
        assert isinstance(value["bad"], int)
        assert value["odd"] != "none"


def test_broken_examples_of_schemas_are_told():
    schema = {"type": "object", "properties": {"a": {"type": "integer", "example": "many"}, "b": ref("B")}}
    components = {"B": {"type": "string", "maxLength": 2, "example": "too long"}}
    assert sorted(message.rpartition(": ")[2] for _, message in contract(schema, components).warnings) == [
        "$ must be an integer, got a string.",
        "$ must have at most 2 characters, got 8.",
    ]


ENDLESS = {
    "P": {"type": "object", "required": ["r"], "properties": {"r": ref("R")}},
    "R": {
        "type": "object",
        "required": ["p", "id"],
        "properties": {"p": ref("P"), "id": {"type": "integer"}},
    },
}


def test_what_has_no_end_is_cut_short_and_told():
    [each, *_] = made(ref("P"), ENDLESS)
    assert each.value.keys() == {"r"}
    assert isinstance(each.value["r"]["id"], int)
    assert "without end" in each.fault.message
    assert values({"type": "array", "items": ref("P")}, ENDLESS) == [[]] * 8
    [told] = contract(ref("P"), ENDLESS).warnings
    assert "contains another of the same, without end" in told[1]


def test_of_contradictions_there_is_what_can_be_made():
    properties = {"a": {"type": "integer", "minimum": 5, "maximum": 3}, "b": TEXT}
    [each, *_] = made({"type": "object", "required": ["a", "b"], "properties": properties})
    assert each.value.keys() == {"b"}
    assert each.fault.message == "minimum 5 is above maximum 3, so no number fits"
    [told] = contract({"type": "object", "properties": properties}).warnings
    assert told[1].startswith("minimum 5 is above maximum 3, so that nothing fits.")


def test_long_lists_that_are_combined_are_compared_in_linear_time():
    listed = [f"value {number}" for number in range(20_000)]
    started = time.thread_time()
    assert contract({"allOf": [{"enum": listed}, {"enum": listed[::-1]}, {"minLength": 1}]}).warnings == ()
    assert time.thread_time() - started < 5


def test_hundreds_of_heirs_are_told_apart_in_no_time():
    base = {
        "type": "object",
        "required": ["k"],
        "properties": {"k": TEXT},
        "discriminator": {"propertyName": "k"},
    }
    reference = {"$ref": "#/components/schemas/Base"}
    schemas = {"Base": base, **{f"H{number}": {"allOf": [reference]} for number in range(800)}}
    answer = {"responses": {"200": {"content": {"application/json": {"schema": reference}}}}}
    data = {"openapi": "3.1.0", "paths": {"/a": {"get": answer}}, "components": {"schemas": schemas}}
    whole = Contract(Document(data, "api.json"))
    started = time.thread_time()
    each = whole.values.at(whole.operations[0].responses["200"].media["application/json"].schema.at).value(
        "s"
    )
    assert each.value["k"] in schemas
    assert time.thread_time() - started < 8


def test_a_large_document_costs_no_more_than_what_is_asked_for():
    """Mutually recursive objects: each small, and soon made, however much they refer to."""
    whole = serving(large_document(40, 160))
    times, sizes = [], []
    for operation in whole.operations:
        start = time.thread_time()
        each = whole.values.at(operation.responses["200"].media["application/json"].schema.at).value("s")
        times.append(time.thread_time() - start)
        sizes.append(len(json.dumps(each.value)))
        assert each.fault is None
    assert max(sizes) < 50_000
    assert sorted(times)[len(times) // 2] < 0.2  # a tenth of that on an idle machine
    assert 0 < whole.values._maker._judge._room.weight <= 6_000


def test_the_other_branches_of_a_discriminator_are_looked_at_no_further(monkeypatch):
    """Each branch of a union leads to unions: those of the one that a value names will do."""
    levels, width = 4, 12
    schemas: dict = {}
    for level in range(levels):
        names = [f"L{level}B{number}" for number in range(width)]
        schemas[f"L{level}"] = {
            "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names],
            "discriminator": {"propertyName": "kind"},
        }
        for number, name in enumerate(names):
            kind = {"enum": [name]} if number % 2 else {"type": "string"}
            fields = {f"f{place}": {"type": "integer"} for place in range(20)}
            schemas[name] = {"type": "object", "required": ["kind"], "properties": {"kind": kind, **fields}}
            if level + 1 < levels:
                schemas[name]["required"] = ["kind", "next"]
                schemas[name]["properties"]["next"] = {
                    "oneOf": [
                        {"$ref": f"#/components/schemas/L{level + 1}B{(number + turn) % width}"}
                        for turn in range(width)
                    ],
                    "discriminator": {"propertyName": "kind"},
                }
    whole = contract({"$ref": "#/components/schemas/L0"}, schemas)
    at = whole.operations[0].responses["200"].media["application/json"].schema
    published = whole.values.at(at.at)
    values = [published.value(str(seed)).value for seed in range(20)]
    broken = [
        {**value, "next": {**value["next"], **change}}
        for value in values[:5]
        for change in ({"kind": "no"}, {"f1": "text"}, {"next": 3}, {"kind": value["kind"]})
    ]
    for value in [*values, *broken, {}, {"kind": "L0B1"}]:
        assert published.accepts(value) is at.accepts(value)
    assert all(map(at.accepts, values))
    assert not any(map(at.accepts, broken))
    looked = Counter()
    visits = Judge._visits
    monkeypatch.setattr(Judge, "_visits", lambda *held, **cut: looked.update([1]) or visits(*held, **cut))
    assert published.accepts(values[0])
    assert looked.total() < 2_000  # of 4,310
