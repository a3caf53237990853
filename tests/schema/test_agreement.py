"""The fast validator, the one that explains, and (where it reads the contract alike) a third one agree."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from mockgrid.contract.contract import Contract
from mockgrid.data import bundled
from mockgrid.document.document import read_document
from mockgrid.document.json_body import read_json
from mockgrid.document.pointer import resolve

DOCUMENT = read_document(bundled("openapi") / "consumption.yaml")
CONTRACT = Contract(DOCUMENT)
VALIDATOR = CONTRACT.operation("createChatCompletion").json_body.schema
SCHEMAS = DOCUMENT.data["components"]["schemas"]
REGISTRY = Registry().with_resource("urn:contract", DRAFT4.create_resource(DOCUMENT.data))
THIRD = OAS30Validator({"$ref": "urn:contract#/components/schemas/ChatCompletionsRequest"}, registry=REGISTRY)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=6,
)


@cache
def referenced(name: str) -> st.SearchStrategy[Any]:
    """Made once: hypothesis looks into every new strategy, which takes longer than to draw from it."""
    return st.deferred(lambda: obeying(SCHEMAS[name]))


def obeying(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values for a schema of this contract: written from OpenAPI's words, not from the code under test."""
    if "$ref" in schema:
        return referenced(schema["$ref"].rpartition("/")[2])
    made = _made(schema)
    return st.none() | made if schema.get("nullable") else made


def _made(schema: dict[str, Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one return for each kind
    if "oneOf" in schema:
        return st.one_of([obeying(branch) for branch in schema["oneOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "string":
        return st.text(max_size=min(schema.get("maxLength", 12), 12))
    if kind == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "number":
        low, high = schema["minimum"], schema["maximum"]
        return st.floats(low, high) | st.integers(low, high)
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(
            obeying(schema["items"]),
            min_size=schema.get("minItems", 0),
            max_size=min(schema.get("maxItems", 3), 3),
        )
    properties = schema.get("properties", {})
    if not properties:
        values = schema.get("additionalProperties")
        return st.dictionaries(st.text(max_size=6), obeying(values) if values else JSON, max_size=3)
    required = schema.get("required", ())
    return st.fixed_dictionaries(
        {name: obeying(properties[name]) for name in required},
        optional={name: obeying(item) for name, item in properties.items() if name not in required},
    )


@st.composite
def requests(draw: st.DrawFn) -> Any:
    """Requests that obey, and such with one to three breaks."""
    value = copy.deepcopy(draw(referenced("ChatCompletionsRequest")))
    for _ in range(draw(st.integers(0, 3))):
        value = _broken(draw, value)
    return value


def _broken(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, (dict, list)) or not value or draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
    if draw(st.integers(0, 6)) == 0:
        del value[key]
    else:
        value[key] = _broken(draw, value[key])
    return value


def _deviates(value: Any) -> bool:
    """Whether the two documented readings matter: null, and the voices that two branches of a oneOf take."""
    if value is None:
        return True
    if isinstance(value, list):
        return any(_deviates(item) for item in value)
    if isinstance(value, dict):
        voice = value.get("voice")
        return isinstance(voice, str) or any(_deviates(item) for item in value.values())
    return False


@settings(max_examples=2500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(requests())
def test_the_validators_agree(value):
    accepted = VALIDATOR.accepts(value)
    explained = VALIDATOR.explain(value)
    assert accepted == (not explained), explained
    if not _deviates(value):
        assert accepted == THIRD.is_valid(value)
    for violation in explained:
        assert violation.code.startswith("MG1")
        assert violation.message
        assert _exists(value, violation)
        resolve(DOCUMENT.data, violation.contract)


def _exists(value: Any, violation: Any) -> bool:
    """A pointer leads to what was sent, or, for what is missing, to where it should stand."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in violation.pointer.split("/")[1:]]
    for part in parts[:-1] if violation.code == "MG111" else parts:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return violation.code != "MG111" or parts[-1] not in value


def test_a_long_list_is_explained_as_a_short_one_is():
    """The shortcut through long lists finds what the plain way finds."""
    good = {"role": "user", "content": "Hi"}
    for bad in ({"role": "user"}, {"role": "usr", "content": ""}, 5, {"role": "tool", "content": []}):
        short = VALIDATOR.explain({"messages": [bad]})
        long = VALIDATOR.explain({"messages": [good] * 500 + [bad]})
        assert [(v.code, v.message, v.path.replace("500", "0")) for v in long] == [
            (v.code, v.message, v.path) for v in short
        ]


@pytest.mark.parametrize(
    "place", ["stop", "response_format", "tool_choice", "service_tier", "verbosity", "tools"]
)
def test_null_is_accepted_wherever_the_contract_says_nullable(place):
    assert VALIDATOR.accepts({"messages": [{"role": "assistant", "content": None}], place: None})


@pytest.mark.parametrize("voice", ["alloy", "fable", {"id": "x"}])
def test_one_matching_branch_is_enough(voice):
    assert VALIDATOR.accepts({"messages": [{"role": "user", "content": ""}], "audio": {"voice": voice}})


@pytest.mark.parametrize(
    ("text", "good"), [("1", True), ("1.0", False), ("1e0", False), ("true", False), ("null", True)]
)
def test_integers_have_no_fraction_and_booleans_are_no_numbers(text, good):
    body = read_json(f'{{"messages":[{{"role":"user","content":""}}],"n":{text}}}'.encode(), max_depth=99)
    assert VALIDATOR.accepts(body) is good


def test_integers_beyond_64_bits_are_integers():
    body = json.loads('{"messages":[{"role":"user","content":""}],"seed":' + "9" * 400 + "}")
    assert VALIDATOR.accepts(body)
    assert VALIDATOR.explain(body) == []
