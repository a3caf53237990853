"""Any schema at all: a value that an independent validator accepts or a SynthesisError, in time."""

import contextlib
import json
import time
import warnings

import jsonschema
import pytest
from asgi import Caller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockgrid.errors import SynthesisError
from mockgrid.schema.generate import CompiledSchema

pytestmark = pytest.mark.once

CALLER = Caller()
NAMES = st.sampled_from(["a", "b", "c", "city", "$ref", "type", ""])
PATTERNS = st.sampled_from(["^[a-c]+$", "b", "^\\d{2,4}$", "^(ab|cd)*$", "^x?y$", "[A-Z]$", "^$", "^.{3}$"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.sampled_from([0.5, -1.25, 1e300, 2.0]),
    st.sampled_from(["a", "b", "ab", "12", "xy", "😀"]),
)
CONSTANTS = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(NAMES, SCALARS, max_size=2))
COUNTS = st.integers(0, 4)
NUMBERS = st.one_of(st.integers(-20, 20), st.sampled_from([0.5, 2.5, -0.1, 1e9]))
DIVISORS = st.sampled_from([1, 2, 3, 7, 0.5, 0.01, 0.1])
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
FORMATS = st.sampled_from(["date", "date-time", "email", "uuid", "ipv4", "uri", "hostname", "unheard-of"])
REFERENCES = st.sampled_from(["#", "#/$defs/x", "#/$defs/y", "#/$defs/z", "#anchor"])
SCHEMA_LEAVES = st.one_of(
    st.just({}),
    st.booleans(),
    st.builds(lambda name: {"type": name}, st.sampled_from(TYPES)),
    st.builds(lambda value: {"const": value}, CONSTANTS),
    st.builds(lambda target: {"$ref": target}, REFERENCES),
)


def keywords(inner):
    schemas = st.lists(inner, min_size=1, max_size=3)
    return {
        "type": st.one_of(st.sampled_from(TYPES), st.lists(st.sampled_from(TYPES), min_size=1, unique=True)),
        "enum": st.lists(CONSTANTS, min_size=1, max_size=4),
        "const": CONSTANTS,
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": DIVISORS,
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": PATTERNS,
        "format": FORMATS,
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "items": inner,
        "prefixItems": schemas,
        "contains": inner,
        "minContains": COUNTS,
        "maxContains": COUNTS,
        "unevaluatedItems": inner,
        "properties": st.dictionaries(NAMES, inner, max_size=4),
        "required": st.lists(NAMES, unique=True, max_size=3),
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
        "additionalProperties": inner,
        "propertyNames": inner,
        "minProperties": COUNTS,
        "maxProperties": COUNTS,
        "unevaluatedProperties": inner,
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=2), max_size=2),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=2),
        "allOf": schemas,
        "anyOf": schemas,
        "oneOf": schemas,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "default": CONSTANTS,
        "examples": st.lists(CONSTANTS, max_size=2),
        "$ref": REFERENCES,
    }


@st.composite
def compound(draw, inner):
    offered = keywords(inner)
    names = draw(st.lists(st.sampled_from(sorted(offered)), min_size=1, max_size=5, unique=True))
    return {name: draw(offered[name]) for name in names}


SCHEMAS = st.recursive(SCHEMA_LEAVES, compound, max_leaves=8)


@st.composite
def documents(draw):
    """A schema with definitions that may refer to each other and to the whole."""
    root = draw(compound(SCHEMAS))
    named = {name: draw(SCHEMAS) for name in "xyz"}
    named["anchored"] = {"$anchor": "anchor", **draw(compound(SCHEMA_LEAVES))}
    return {**root, "$defs": named}


@st.composite
def plain_objects(draw):
    """A schema as a program writes it, which can always be satisfied."""
    leaf = st.one_of(
        st.builds(
            lambda low, width: {"type": "integer", "minimum": low, "maximum": low + width}, NUMBERS, COUNTS
        ).map(
            lambda schema: {
                **schema,
                "minimum": int(schema["minimum"]),
                "maximum": int(schema["maximum"]) + 1,
            }
        ),
        st.builds(
            lambda low, width: {"type": "string", "minLength": low, "maxLength": low + width}, COUNTS, COUNTS
        ),
        st.builds(lambda pattern: {"type": "string", "pattern": pattern}, PATTERNS),
        st.builds(lambda form: {"type": "string", "format": form}, FORMATS),
        st.builds(lambda values: {"enum": values}, st.lists(SCALARS, min_size=1, max_size=4)),
        st.just({"type": "boolean"}),
        st.just({"anyOf": [{"$ref": "#"}, {"type": "null"}]}),
    )
    inner = st.recursive(
        leaf,
        lambda below: st.one_of(
            st.builds(lambda item, low: {"type": "array", "items": item, "minItems": low}, below, COUNTS),
            st.builds(
                lambda members: {
                    "type": "object",
                    "properties": members,
                    "required": list(members),
                    "additionalProperties": False,
                },
                st.dictionaries(NAMES, below, max_size=3),
            ),
            st.builds(lambda options: {"anyOf": options}, st.lists(below, min_size=1, max_size=3)),
            st.builds(lambda value: {"type": "object", "additionalProperties": value}, below),
        ),
        max_leaves=6,
    )
    members = draw(st.dictionaries(NAMES, inner, min_size=1, max_size=4))
    return {"type": "object", "properties": members, "required": list(members)}


def outcome(schema, seed):
    start = time.thread_time()
    try:
        found = CompiledSchema(schema).value(seed, text="Hello there")
    except SynthesisError as error:
        found = (type(error).__name__, error.where, error.message)
    return found, time.thread_time() - start


COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@settings(COMMON, max_examples=150)
@given(documents(), st.sampled_from(["1", "2", "3"]))
def test_any_schema_gets_a_valid_value_or_a_refusal(schema, seed):
    first, took = outcome(schema, seed)
    if took > 0.25:
        took = min(took, outcome(schema, seed)[1], outcome(schema, seed)[1])
    assert took < 0.75
    assert outcome(schema, seed)[0] == first
    if not isinstance(first, tuple):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            jsonschema.Draft202012Validator(schema).validate(first)


@settings(COMMON, max_examples=100)
@given(plain_objects(), st.sampled_from(["1", "2"]))
def test_sane_schemas_are_never_refused(schema, seed):
    jsonschema.Draft202012Validator(schema).validate(CompiledSchema(schema).value(seed))


BROKEN = st.recursive(
    st.one_of(SCALARS, st.just(10**400), st.just(float("nan")), st.just("\ud800")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [*sorted(keywords(st.just({}))), "$id", "$anchor", "$dynamicRef", "id", "dependencies"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)
DRAFTS = st.sampled_from(["draft-04", "draft-06", "draft-07", "2019-09", "2020-12"])


@settings(COMMON, max_examples=200)
@given(BROKEN, DRAFTS)
def test_nonsense_raises_nothing_but_synthesis_errors(schema, draft):
    with contextlib.suppress(SynthesisError):
        CompiledSchema(schema, draft=draft).value("s")


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.one_of(documents(), plain_objects()).filter(lambda schema: isinstance(schema, dict)))
def test_whatever_the_schema_the_content_validates_or_the_request_is_a_4xx(schema):
    """The same through the front door: what a client sends, and what it gets."""
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = CALLER.chat("Make one", response_format=asked)
    assert answer.status in (200, 422)
    if answer.status == 422:
        assert answer.json()["errors"][0]["path"].startswith("response_format.json_schema.schema")
        return
    (choice,) = answer.json()["choices"]
    assert choice["finish_reason"] == "stop"
    jsonschema.Draft202012Validator(schema).validate(json.loads(choice["message"]["content"]))
