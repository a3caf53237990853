"""Values for the schemas of any OpenAPI document, held to it by validators that know nothing of ours."""

import json
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import (
    OAS30Validator,
    OAS31Validator,
    oas30_format_checker,
    oas31_format_checker,
)

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.pointer import resolve

pytestmark = pytest.mark.once

NAMES = ["Account", "Card", "Event", "Item", "Page", "User"]
OBJECTS = NAMES[::2]
PROPERTIES = [
    *("id", "name", "status", "count", "price", "created_at", "url", "tags", "owner", "data"),
    *(
        "examples",
        "default",
        "enum",
        "const",
        "type",
        "properties",
        "items",
        "required",
        "nullable",
        "example",
    ),
]


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


SCALARS = st.one_of(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "uuid"},
            {"type": "string", "format": "uri"},
            {"type": "string", "format": "email"},
            {"type": "string", "format": "byte"},
            {"type": "string", "pattern": "^[a-z]{3}_[0-9]+$"},
            {"type": "string", "pattern": r"^\d{4}-\d{2}$", "minLength": 7},
            {"type": "string", "minLength": 3, "maxLength": 8},
            {"type": "string", "enum": ["open", "closed"]},
            {"type": "string", "enum": ["only"], "default": "only"},
            {"type": "string", "default": "as it is"},
            {"type": "string", "maxLength": 4, "default": "too long", "example": "far too long"},
            {"type": "string", "format": "uuid", "example": "none"},
            {"type": "string", "example": "an example"},
            {"type": "integer"},
            {"type": "integer", "format": "int32", "minimum": 1, "maximum": 5},
            {"type": "integer", "format": "int64", "example": "7"},
            {"type": "number", "minimum": 0.5, "multipleOf": 0.5},
            {"type": "number", "example": 1.25},
            {"type": "boolean"},
            {"type": "boolean", "default": False},
        ]
    ).map(deepcopy),
)


def schemas(below, old, depth=2):
    """Schemas that refer to some of the components in `below` only, so that they can be met."""
    kinds = [SCALARS, SCALARS, SCALARS.map(lambda scalar: nullable(scalar, old))]
    if depth:
        inner = schemas(below, old, depth - 1)
        bounds = st.sampled_from([{}, {"minItems": 1}, {"maxItems": 3}, {"minItems": 2}])
        kinds += [
            objects(below, old, depth - 1),
            unions(below, old, depth - 1),
            st.builds(lambda items, bounds: {"type": "array", "items": items, **bounds}, inner, bounds),
            inner.map(lambda item: {"type": "object", "additionalProperties": item}),
            inner.map(lambda part: {"allOf": [part], **({"nullable": True} if old else {})}),
        ]
    if below:
        references = st.sampled_from(below).map(ref)
        own = SCALARS.map(lambda own: {"type": "object", "required": ["own"], "properties": {"own": own}})
        bases = st.sampled_from([name for name in below if name in OBJECTS]).map(ref)
        kinds += [
            references,
            references.map(lambda whole: {"anyOf": [{"type": "string", "maxLength": 500}, whole]}),
            st.builds(lambda base, own: {"allOf": [base, own]}, bases, own),
        ]
    return st.one_of(kinds)


def nullable(scalar, old):
    return {**scalar, "nullable": True} if old else {**scalar, "type": [scalar["type"], "null"]}


@st.composite
def objects(draw, below, old, depth):
    names = draw(st.lists(st.sampled_from(PROPERTIES), unique=True, max_size=5))
    properties = {name: draw(schemas(below, old, max(depth, 0))) for name in names}
    required = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


@st.composite
def unions(draw, below, old, depth):
    """A `oneOf` whose branches are told apart by what they require, by a constant or by their type."""
    count = draw(st.integers(2, 4))
    way = draw(st.sampled_from(["required", "constant", "type", "partly"]))
    if way == "type":
        kinds = ({"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "array", "items": {}})
        return {"oneOf": [deepcopy(kind) for kind in kinds[:count]]}
    branches = []
    for number in range(count):
        branch = draw(objects(below, old, depth))
        if way == "constant":
            branch["properties"]["kind"] = {"type": "string", "enum": [f"kind_{number}"]}
            branch["required"] = sorted({*branch.get("required", ()), "kind"})
        elif way == "required" or number:
            branch["properties"][f"only_{number}"] = draw(SCALARS)
            branch["required"] = sorted({*branch.get("required", ()), f"only_{number}"})
        branches.append(branch)
    return {"oneOf": branches}


@st.composite
def told_apart(draw, name, below, old):
    """A union of named schemas, of which nothing but a discriminator may tell one from the other."""
    variants = [f"{name}{number}" for number in range(draw(st.integers(2, 3)))]
    mapping = {f"variant.{variant}": f"#/components/schemas/{variant}" for variant in variants}
    mapped = draw(st.booleans())
    schemas = {}
    for label, variant in zip(mapping, variants, strict=True):
        schema = draw(objects(below, old, 0))
        own = draw(st.sampled_from([None, {"type": "string"}, {"enum": [label if mapped else variant]}]))
        if own is not None:
            schema["properties"]["variant"] = own
        schemas[variant] = schema
    discriminator = {"propertyName": "variant", **({"mapping": mapping} if mapped else {})}
    keyword = draw(st.sampled_from(["oneOf", "anyOf"]))
    schemas[name] = {keyword: [ref(variant) for variant in variants], "discriminator": discriminator}
    return schemas


@st.composite
def documents(draw, *, circular=False):
    """A document; a `circular` one may ask for what has no end."""
    old = draw(st.booleans())
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    components = {}
    for index, name in enumerate(names):
        below = names if circular else names[:index]
        if name in OBJECTS:
            components[name] = draw(objects(below, old, 1))
        elif draw(st.booleans()):
            components[name] = draw(unions(below, old, 1))
        else:
            components |= draw(told_apart(name, below, old))
    schema = draw(schemas([name for name in components if name in NAMES], old))
    responses = {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}
    return {
        "openapi": "3.0.3" if old else "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"operationId": "a", "responses": responses}}},
        "components": {"schemas": components},
    }


AT = "/paths/~1a/get/responses/200/content/application~1json/schema"


def judge(document):
    """An independent validator of the document's reply; a discriminator is enough to tell branches apart."""
    for schema in document["components"]["schemas"].values():
        if "discriminator" in schema and "oneOf" in schema and document["openapi"] != "3.0.3":
            schema["anyOf"] = schema.pop("oneOf")
    schema = {"components": document["components"], **resolve(document, AT)}
    if "$ref" in schema:
        schema = {"components": document["components"], "allOf": [{"$ref": schema["$ref"]}]}
    if document["openapi"] == "3.0.3":
        return OAS30Validator(schema, format_checker=oas30_format_checker)
    return OAS31Validator(schema, format_checker=oas31_format_checker)


@settings(max_examples=200, deadline=None)
@given(documents(), st.text(max_size=3))
def test_what_is_made_for_a_document_is_valid_and_of_one_branch(document, seed):
    made = Contract(Document(deepcopy(document), "x.yaml")).values.at(AT).value(seed, exemplary=True)
    judge(document).validate(made.value)
    assert made.fault is None
    assert made.exclusive or "discriminator" in json.dumps(document)
    assert len(json.dumps(made.value)) < 50_000


@settings(max_examples=200, deadline=None)
@given(documents(circular=True), st.text(max_size=3))
def test_what_refers_to_itself_is_answered_all_the_same(document, seed):
    source = Document(deepcopy(document), "x.yaml")
    source.mistakes = Mistakes(strict=False)
    contract = Contract(source)
    made = contract.values.at(AT).value(seed, exemplary=True)
    assert len(json.dumps(made.value)) < 50_000
    # OpenAPI 3.0 leaves open what `nullable` beside `allOf` admits; here it ends a circle.
    plain = "nullable" not in json.dumps(document["components"])
    if made.fault is None and made.exclusive and not contract.warnings and plain:
        judge(document).validate(made.value)
