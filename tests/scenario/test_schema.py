import copy
import json
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from mockgrid.document.document import Document
from mockgrid.scenario.diagnostics import Diagnostics, Node
from mockgrid.scenario.loading import check
from mockgrid.scenario.reading.structure import check_structure, schema

SEEDS = [
    {
        "scenario": "weather-agent",
        "description": "x",
        "strict": True,
        "seed": 7,
        "models": ["a", "b-*"],
        "pace": {"first_token": "300ms", "per_token": "25ms", "jitter": "20%"},
        "limits": [{"requests": 60, "per": "1m", "scope": "key"}, {"tokens": 10, "per": "1m"}],
        "balance": {"tokens": 500, "top_up": {"tokens": 500, "after": "2s"}},
        "steps": [
            {
                "name": "a",
                "then": "repeat",
                "times": 3,
                "go_to": "b",
                "when": {
                    "operation": "x",
                    "last_user": {"contains": ["a"], "not": {"glob": "b*"}},
                    "turn": {"above": 1},
                    "any": [{"stream": True}, {"not": {"tools": ["a"]}}],
                    "body": {"n": {"above": 1}},
                    "headers": {"x": 1},
                    "query": {"q": {"exists": False}},
                    "any_message": {"role": "user"},
                    "response_format": "text",
                    "state": {"one_of": ["a"]},
                },
                "replies": [
                    {"error": 503, "retry_after": "1s"},
                    {"error": {"status": 429, "detail": {"a": ["b"]}}},
                    {"call": {"f": {"a": 1}}, "say": "x"},
                ],
            },
            {
                "reply": {
                    "say": "x",
                    "think": "y",
                    "finish": "stop",
                    "usage": {"prompt_tokens": 1},
                    "status": 200,
                    "headers": {"a": None},
                    "delay": {"uniform": {"from": "1s", "to": "2s"}},
                    "contract": "off",
                    "fault": {"kind": "hang", "for": "1s"},
                    "stream": {
                        "pace": {"tokens_per_second": 5},
                        "chunks": {"chars": 3},
                        "newline": "crlf",
                        "comments": {"text": "x"},
                        "split": 3,
                        "bom": True,
                        "fault": {"kind": "error_event", "after": 4, "error": {"message": "m"}},
                    },
                }
            },
        ],
    },
    {"steps": [{"reply": {"json": [1]}}, {"reply": {"redirect": {"to": "same", "status": 307}}}]},
    {"steps": [{"reply": {"body": {"a": 1}, "usage": "off"}}, {"reply": {"auto": True, "fault": "reset"}}]},
]

KEYS = [
    "say",
    "json",
    "call",
    "error",
    "reply",
    "replies",
    "contains",
    "above",
    "per_token",
    "tokens_per_second",
    "requests",
    "tokens",
    "kind",
    "for",
    "split",
    "coalesce",
    "x",
    "5",
    "auto",
    "status",
    "when",
    "not",
]
VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2.5,
        3.0,
        503,
        700,
        10**20,
        "",
        "x",
        "5",
        "5s",
        "1.5ms",
        "20%",
        "200%",
        "off",
        "on",
        "repeat",
        "stall",
        "reset",
        "a.b",
        [],
        ["x"],
        [1],
        {},
        {"x": 1},
        {"contains": "x"},
        {"kind": "stall"},
        {"say": "x"},
        [{"say": "x"}],
        {"from": "1s"},
        {"a": {"b": "c"}},
    ]
)


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


@st.composite
def scenarios(draw):
    """A good scenario with a few things changed, taken away or added."""
    data = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        if not data:
            break
        *around, last = draw(st.sampled_from([path for path in places(data) if path]))
        holder = data
        for part in around:
            holder = holder[part]
        match draw(st.integers(0, 2)):
            case 0:
                holder[last] = copy.deepcopy(draw(VALUES))
            case 1 if isinstance(holder, dict):
                holder[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(VALUES))
            case _:
                del holder[last]
    return data


def structural(data):
    diagnostics = Diagnostics(Document(data, "t"))
    check_structure(Node(data, "", diagnostics))
    return diagnostics.findings


VALIDATOR = jsonschema_rs.Draft7Validator(schema())


@settings(max_examples=300, deadline=None)
@given(scenarios())
def test_schema_and_loader_agree(data):
    accepted = VALIDATOR.is_valid(data)
    assert (structural(data) == ()) is accepted, data
    scenario, findings = check(Document(data, "t"))
    if not accepted:
        assert scenario is None
    errors = [finding for finding in findings if finding.severity == "error"]
    assert (scenario is None) is bool(errors)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_any_data_is_taken_or_refused(data):
    assert (structural(data) == ()) is VALIDATOR.is_valid(data)
    check(Document(data, "t"))


@pytest.mark.parametrize("data", SEEDS, ids=["first", "second", "third"])
def test_the_seeds_are_good(data):
    Draft7Validator(schema()).validate(data)
    assert structural(data) == ()


def test_the_schema_is_a_draft_07_schema():
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema())


def test_the_caller_may_change_the_schema():
    schema()["properties"].clear()
    assert schema()["properties"]


def properties(node, path=""):
    if isinstance(node, dict):
        for name, item in (
            node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ()
        ):
            yield f"{path}/{name}", item
        for key, item in node.items():
            if key != "examples":
                yield from properties(item, f"{path}/{key}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from properties(item, f"{path}/{index}")


@pytest.mark.parametrize(
    ("path", "node"), list(properties(schema())), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_is_described_and_its_examples_are_good(path, node):
    assert path
    assert node["description"].endswith(".")
    assert node["examples"]
    whole = schema()
    holder = {key: value for key, value in whole.items() if key == "definitions"}
    applied = {"$ref": node["$ref"]} if "$ref" in node else node  # nothing counts beside a reference
    validator = Draft7Validator({**holder, "allOf": [applied]})
    for example in node["examples"]:
        validator.validate(example)


def test_every_mapping_refuses_keys_that_it_does_not_know():
    def mappings(node):
        if isinstance(node, dict):
            if node.get("type") == "object" and isinstance(node.get("properties"), dict):
                yield node
            for item in node.values():
                yield from mappings(item)
        elif isinstance(node, list):
            for item in node:
                yield from mappings(item)

    found = list(mappings(schema()))
    assert len(found) > 15
    assert all(node["additionalProperties"] is False for node in found)


def test_the_schema_ships_beside_the_code():
    file = Path(__file__).parents[2] / "mockgrid" / "scenario" / "scenario.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == schema()
