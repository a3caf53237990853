"""Explanations: the branch that was meant, the place that is wrong, in time, whatever the value."""

from __future__ import annotations

import random
import time

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.data import bundled
from mockgrid.document.document import Document, read_document
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.pointer import resolve

CHAT = Contract(read_document(bundled("openapi") / "consumption.yaml"))
VALIDATOR = CHAT.operation("createChatCompletion").json_body.schema
USER = {"role": "user", "content": "Hi"}


def validator(schema, version="3.1.0", **components):
    media = {"content": {"application/json": {"schema": schema}}}
    data = {
        "openapi": version,
        "paths": {"/x": {"post": {"operationId": "do", "requestBody": media}}},
        "components": {"schemas": components},
    }
    return (
        Contract(Document(data, "api.json", mistakes=Mistakes(strict=False))).operation("do").json_body.schema
    )


def explained(schema, value, version="3.1.0", **components):
    """What is wrong with a value; both validators must agree, and every place must exist as published."""
    found = validator(schema, version, **components)
    violations = found.explain(value)
    assert found.accepts(value) == (not violations)
    return violations


def only(violations):
    (violation,) = violations
    return violation


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"message": [USER]}, "messages", 'is required but missing; is "message" a misspelling of it?'),
        ({"messages": "Hi"}, "messages", "must be an array, got a string"),
        ({"messages": ["Hi"]}, "messages.0", "must be an object, got a string"),
        ({"messages": []}, "messages", "must have at least 1 item, got 0"),
        (
            {"messages": [{"role": "function", "content": "x"}]},
            "messages.0.role",
            'must be one of "system", "developer", "user", "assistant", "tool", got "function"',
        ),
        (
            {"messages": [{"content": "x"}]},
            "messages.0.role",
            'is required but missing; one of "system", "developer", "user", "assistant", "tool" was expected',
        ),
        (
            {"messages": [{"role": "user", "content": None}]},
            "messages.0.content",
            "must be a string or an array, got null",
        ),
        (
            {"messages": [{"role": "user", "content": ["x"]}]},
            "messages.0.content.0",
            "must be an object, got a string",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "url": "x"}]}]},
            "messages.0.content.0.type",
            'must be one of "text", "image_url", "input_audio", got "image"; did you mean "image_url"?',
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "http://x"}]}]},
            "messages.0.content.0.image_url",
            "must be an object, got a string",
        ),
        (
            {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages.0.content.0.type",
            'must be "text", got "image_url"',
        ),
        ({"messages": [USER], "max_tokens": "100"}, "max_tokens", "must be an integer or null, got a string"),
        (
            {"messages": [USER], "n": 1.0},
            "n",
            "must be an integer or null, written without fraction or exponent, got 1.0",
        ),
        ({"messages": [USER], "temperature": 2.5}, "temperature", "must be at most 2, got 2.5"),
        ({"messages": [USER], "stop": [1]}, "stop.0", "must be a string, got an integer"),
        ({"messages": [USER], "stop": 5}, "stop", "must be a string, an array or null, got an integer"),
        (
            {"messages": [USER], "tools": [{"type": "function", "name": "f"}]},
            "tools.0.function",
            "is required but missing",
        ),
        (
            {"messages": [USER], "tool_choice": "any"},
            "tool_choice",
            'must be one of "none", "auto", "required", got "any"',
        ),
        (
            {"messages": [USER], "tool_choice": {"type": "tool", "name": "f"}},
            "tool_choice.type",
            'must be "function", got "tool"',
        ),
        (
            {"messages": [USER], "response_format": "json_object"},
            "response_format",
            "must be an object or null, got a string",
        ),
        (
            {"messages": [USER], "response_format": {"type": "json_schema", "schema": {}}},
            "response_format.json_schema",
            'is required but missing; is "schema" a misspelling of it?',
        ),
        (
            {"messages": [USER], "logit_bias": {"50256": 101}},
            "logit_bias.50256",
            "must be at most 100, got 101",
        ),
        ({"messages": [USER], "metadata": {"run": 1}}, "metadata.run", "must be a string, got an integer"),
    ],
)
def test_mistakes_of_real_clients_are_told_in_words(body, path, message):
    first = VALIDATOR.explain(body)[0]
    assert (first.path, first.message) == (path, message)
    resolve(CHAT.document.data, first.contract)


@pytest.mark.parametrize(
    ("body", "contract"),
    [
        ({"messages": [{"role": "user"}]}, "/components/schemas/ChatCompletionUserMessageParam/required"),
        (
            {"messages": [USER], "temperature": 3},
            "/components/schemas/ChatCompletionsRequest/properties/temperature/maximum",
        ),
        (
            {"messages": [{"role": "x"}]},
            "/components/schemas/ChatCompletionsRequest/properties/messages/items/oneOf",
        ),
        (
            {"messages": [USER], "stop": ["a"] * 5},
            "/components/schemas/ChatCompletionsRequest/properties/stop/oneOf/1/maxItems",
        ),
    ],
)
def test_the_place_in_the_contract_is_the_published_one(body, contract):
    assert only(VALIDATOR.explain(body)).contract == contract


@pytest.mark.parametrize(
    ("version", "schema", "value", "contract"),
    [
        ("3.0.0", {"nullable": True, "allOf": [{"type": "integer"}]}, "x", ""),
        ("3.0.0", {"nullable": True, "allOf": [{"maximum": 1}]}, 2, "/allOf/0/maximum"),
        ("3.0.0", {"nullable": True, "oneOf": [{"maximum": 1, "type": "integer"}]}, 2, "/oneOf/0/maximum"),
        ("3.0.0", {"oneOf": [{"type": "integer"}], "anyOf": [{}]}, "x", "/oneOf"),
        ("3.1.0", {"prefixItems": [{}], "items": False}, [1, 2], "/items"),
        ("3.1.0", {"properties": {"a": False}}, {"a": 1}, "/properties/a"),
        ("3.1.0", {"properties": {"a/b": {"type": "null"}}}, {"a/b": 1}, "/properties/a~1b/type"),
        ("3.1.0", {"additionalProperties": False}, {"a": 1}, "/additionalProperties"),
        ("3.1.0", {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, "/then/required"),
        (
            "3.1.0",
            {"dependentSchemas": {"a": {"minProperties": 2}}},
            {"a": 1},
            "/dependentSchemas/a/minProperties",
        ),
        ("3.1.0", {"contains": {"const": 1}}, [2], "/contains"),
        ("3.1.0", {"not": {"const": 1}}, 1, "/not"),
    ],
)
def test_every_keyword_has_its_place(version, schema, value, contract):
    at = "/paths/~1x/post/requestBody/content/application~1json/schema"
    assert only(explained(schema, value, version)).contract == at + contract


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "message"),
    [
        (
            {"dependentRequired": {"card": ["address"], "other": ["more"]}},
            {"card": 1},
            "/address",
            'is required where "card" is there, but missing',
        ),
        ({"contains": {"const": 1}}, [2], "", 'must have at least 1 item that obeys {"const":1}'),
        (
            {"contains": {"const": 1}, "minContains": 2},
            [1],
            "",
            'must have at least 2 items that obey {"const":1}',
        ),
        (
            {"contains": {"const": 1}, "maxContains": 1},
            [1, 1],
            "",
            'must have at most 1 item that obeys {"const":1}',
        ),
    ],
)
def test_what_depends_and_what_is_contained_is_told_in_words(schema, value, pointer, message):
    violation = only(explained(schema, value))
    assert (violation.pointer, violation.message) == (pointer, message)


def test_surplus_items_are_reported():
    violation = only(explained({"prefixItems": [{"type": "integer"}], "items": False}, [1, "more", 3]))
    assert (violation.code, violation.path, violation.got) == ("MG118", "1", '"more"')
    assert violation.message == "is an item too many; at most 1 item can stand here"


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ({"properties": {"a": False}}, {"a": 1}, "a"),
        ({"patternProperties": {"^a": False}}, {"ab": 1}, "ab"),
        ({"prefixItems": [{}, False]}, [1, 2], "1"),
        ({"additionalProperties": {"not": {}}}, {"a": 1}, "a"),
    ],
)
def test_what_is_forbidden_is_told_by_its_place(schema, value, path):
    assert only(explained(schema, value)).path == path


CAT = {
    "type": "object",
    "required": ["kind", "lives"],
    "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}},
}
DOG = {
    "type": "object",
    "required": ["kind", "barks"],
    "properties": {"kind": {"type": "string"}, "barks": {"type": "boolean"}},
}
PETS = {"Cat": CAT, "Dog": DOG}
PET = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]


@pytest.mark.parametrize("version", ["3.0.0", "3.1.0"])
@pytest.mark.parametrize(
    ("mapping", "cat", "dog"),
    [({}, "Cat", "Dog"), ({"mapping": {"c": "#/components/schemas/Cat", "d": "Dog"}}, "c", "d")],
)
def test_a_discriminator_chooses_the_branch(version, mapping, cat, dog):
    schema = {"oneOf": PET, "nullable": True, "discriminator": {"propertyName": "kind", **mapping}}
    if version == "3.1.0":
        schema = {key: item for key, item in schema.items() if key != "nullable"}
    assert only(explained(schema, {"kind": cat, "barks": "no"}, version, **PETS)).pointer == "/lives"
    assert only(explained(schema, {"kind": dog, "lives": "no"}, version, **PETS)).pointer == "/barks"
    wrong = only(explained(schema, {"kind": "cow", "x": 1}, version, **PETS))
    assert (wrong.code, wrong.pointer) == ("MG112", "/kind")


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"anyOf": PET}, {"kind": "x", "lives": "9"}, ("MG110", "/lives")),
        (
            {
                "anyOf": [
                    {"items": {"type": "string"}, "type": "array"},
                    {"items": {"type": "object"}, "type": "array"},
                ]
            },
            [{}, 1],
            ("MG110", "/1"),
        ),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "c", ("MG112", "")),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string", "maxLength": 2}]}, "long", ("MG114", "")),
        (
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "uuid"}]},
            "x",
            ("MG119", ""),
        ),
        ({"anyOf": PET}, {"cow": 1}, ("MG119", "")),
    ],
)
def test_without_a_discriminator_the_likeliest_branch_is_explained(schema, value, expected):
    violation = only(explained(schema, value, **PETS))
    assert (violation.code, violation.pointer) == expected
    assert "None" not in violation.message


def test_branches_that_hold_themselves_are_told_apart_in_time():
    json = {
        "anyOf": [
            {"type": "array", "minItems": n, "items": {"$ref": "#/components/schemas/J"}} for n in range(1, 5)
        ]
    }
    started = time.thread_time()
    assert explained({"$ref": "#/components/schemas/J"}, [[[[]]]], J=json)
    assert time.thread_time() - started < 1


def test_where_no_branch_is_likely_all_are_told():
    violation = only(explained({"anyOf": PET}, {"cow": 1}, **PETS))
    assert violation.message.endswith("an object with kind, lives; or an object with kind, barks")


TREE = {
    "type": "object",
    "properties": {
        "next": {
            "oneOf": [
                {"$ref": "#/components/schemas/Tree"},
                {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            ]
        }
    },
}


def test_deep_values_are_explained_in_time():
    value = {"next": 1}
    for _ in range(250):
        value = {"next": value}
    started = time.thread_time()
    violation = only(validator({"$ref": "#/components/schemas/Tree"}, Tree=TREE).explain(value))
    # Twice the work at each level would take for ever.
    assert time.thread_time() - started < 3
    assert violation.pointer == "/next" * 251


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "uniqueItems": True}, [{"a": i} for i in range(100_000)] + [{"a": 5.0}]),
        ({"type": "array", "items": {"type": "object", "required": ["a"]}}, [{"a": 1}] * 100_000 + [{}]),
        ({"type": "object", "additionalProperties": False}, {f"field{i}": i for i in range(100_000)}),
        ({"type": "object", "required": ["field"]}, {f"fiel{i}": i for i in range(100_000)}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {str(i): "x" for i in range(100_000)},
        ),
        ({"type": "string", "pattern": "^(a+)+$"}, "a" * 1_000_000 + "!"),
        ({"type": "string", "pattern": "^(a|a)*$"}, "a" * 5_000 + "!"),
        ({"type": "string", "maxLength": 10}, "a" * 1_000_000),
        ({"type": "array", "contains": {"const": 1}}, [[[0] * 100] * 100] * 10),
        (
            {"type": "object", "patternProperties": {"^(x+x+)+y": {}}, "additionalProperties": False},
            {"x" * 5_000: 1},
        ),
    ],
)
def test_large_values_are_explained_in_time(schema, value):
    found = validator(schema)
    started = time.thread_time()
    violations = found.explain(value)
    assert time.thread_time() - started < 5
    assert 1 <= len(violations) <= 100
    assert all(len(violation.got) <= 256 for violation in violations)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"^\d+$", "٣", False),
        (r"^a$", "a\n", False),
        (r"^\p{L}+$", "æøå", True),
        (r"^\w+$", "é", False),
        (r"a(?=b)", "ab", True),
    ],
)
def test_patterns_mean_to_both_validators_what_they_mean_in_ecmascript(pattern, text, matches):
    assert (explained({"pattern": pattern}, text) == []) == matches
    assert (explained({"patternProperties": {pattern: False}}, {text: 1}) != []) == matches


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("date", "2026-01-31", True),
        ("date", "2026-02-30", False),
        ("date", "2026-W05-6", False),
        ("date", "20260131", False),
        ("date-time", "2026-01-31T12:00:60.5Z", True),
        ("date-time", "2026-02-30T12:00:00Z", False),
        ("date-time", "2026-W05-6T12:00:00Z", False),
    ],
)
def test_dates_are_those_of_rfc_3339(name, text, right):
    codes = [violation.code for violation in explained({"type": "string", "format": name}, text)]
    assert codes == ([] if right else ["MG116"])


def test_places_say_nothing_in_openapi_3_0():
    schema = {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}
    assert only(explained(schema, ["a"], "3.0.0")).path == "0"
    assert explained(schema, ["a"], "3.1.0") == []


def test_unique_items_compare_as_json_does():
    assert explained({"uniqueItems": True}, [1, True, "1", [1], {"a": 1}, {"a": True}, None, 0, False]) == []
    violation = only(explained({"uniqueItems": True}, [{"a": [1], "b": 2}, 5, {"b": 2.0, "a": [1.0]}]))
    assert violation.message == "must not hold the same item twice; item 2 is item 0 again"


def test_explanations_are_the_same_each_time():
    body = {
        "messages": [{"role": "x"}, {"role": "user"}],
        "n": "a",
        "stop": 5,
        "audio": {},
        "temperature": "b",
    }
    names = list(body)
    first = VALIDATOR.explain(body)
    for seed in range(5):
        random.Random(seed).shuffle(names)
        assert VALIDATOR.explain({name: body[name] for name in names}) == first


@pytest.mark.parametrize(
    ("pattern", "as_shown"),
    [
        (r"^[a-z]{2}-\d+$", r'"^[a-z]{2}-\d+$"'),
        (r"^\\$", r'"^\\$"'),
        ('^"a"$', '"^"a"$"'),
        ("^a\n$", r'"^a\n$"'),
    ],
)
def test_a_pattern_is_shown_as_the_document_has_it(pattern, as_shown):
    violation = only(explained({"type": "string", "pattern": pattern}, "x"))
    assert violation.message == f'must match the pattern {as_shown}, got "x"'
    assert violation.expected == f"text that matches {as_shown}"


@pytest.mark.parametrize("pattern", [r"(?=(a+)+$)x", r"(?<=a+)b", r"(a+)+\1b", "(?=a.*b)c"])
@pytest.mark.parametrize("length", [4_000, 4_000_000])
def test_a_pattern_that_takes_quadratic_time_is_tried_on_short_texts_alone(pattern, length):
    start = time.thread_time()
    (violation,) = explained(
        {"type": "object", "properties": {"x": {"pattern": pattern}}}, {"x": "a" * length}
    )
    assert time.thread_time() - start < 1.0
    assert pattern in violation.message


def test_a_long_text_is_still_held_against_a_pattern_that_takes_linear_time():
    schema = {"type": "string", "pattern": r"^(?=.*\d).*b$"}
    assert not explained(schema, "a" * 100_000 + "1b")
    assert only(explained(schema, "a" * 100_000)).code == only(explained(schema, "a")).code
