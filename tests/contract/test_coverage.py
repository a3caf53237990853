"""What requests exercised of a contract: rows, and branches of the request's schema."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from large_document import large_document

from mockgrid.contract.contract import Contract
from mockgrid.contract.coverage import Coverage, OtherContractError, merge
from mockgrid.data import bundled
from mockgrid.document.document import Document, read_document
from mockgrid.document.overlay import apply
from mockgrid.document.pointer import resolve
from mockgrid.schema import coverage
from mockgrid.schema.coverage import CoverageTree

_FILES = bundled("openapi")
CONTRACT = Contract(
    apply(
        read_document(_FILES / "consumption.yaml"), read_document(_FILES / "consumption.overlay.yaml")
    ).document
)
CHAT = CONTRACT.operation("createChatCompletion")
JSON = "application/json"

USER = {"role": "user", "content": "Hi"}
TEXT = {"type": "text", "text": "Hi"}
MESSAGES = [
    USER,
    {"role": "system", "content": "Be brief.", "name": "a"},
    {"role": "system", "content": [TEXT]},
    {"role": "developer", "content": "Be brief.", "name": "a"},
    {"role": "developer", "content": [TEXT]},
    {"role": "user", "content": [TEXT], "name": "a"},
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x", "detail": "auto"}}]},
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x", "detail": "low"}}]},
    {"role": "user", "content": [TEXT, {"type": "image_url", "image_url": {"url": "x", "detail": "high"}}]},
    {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]},
    {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}}]},
    {"role": "assistant"},
    {"role": "assistant", "content": None},
    {"role": "assistant", "content": "Hi", "name": "a", "audio": {}},
    {"role": "assistant", "content": [TEXT], "audio": {"id": "x"}},
    {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    {
        "role": "assistant",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "3"},
    {"role": "tool", "tool_call_id": "1", "content": [TEXT]},
]
_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
FIELDS = {
    "model": ["text-prime"],
    "max_tokens": [5, None],
    "max_completion_tokens": [5],
    "temperature": [1, 0.5],
    "top_p": [1],
    "n": [1],
    "stream": [True, False],
    "stream_options": [{"include_usage": True}, {"include_obfuscation": True}],
    "stop": ["x", ["x", "y"]],
    "logprobs": [True],
    "top_logprobs": [3],
    "response_format": [
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "x"}},
        {
            "type": "json_schema",
            "json_schema": {"name": "x", "description": "x", "schema": {}, "strict": True},
        },
    ],
    "tools": [
        [],
        [{"type": "function", "function": {"name": "f"}}],
        [
            {
                "type": "function",
                "function": {"name": "f", "description": "x", "parameters": {}, "strict": True},
            }
        ],
    ],
    "tool_choice": ["none", "auto", "required", {"type": "function", "function": {"name": "f"}}],
    "parallel_tool_calls": [True],
    "frequency_penalty": [0],
    "presence_penalty": [0],
    "logit_bias": [{"5": 1}],
    "seed": [1],
    "service_tier": ["auto", "default", "flex", "scale", "priority"],
    "reasoning_effort": ["none", "minimal", "low", "medium", "high", "xhigh"],
    "modalities": [["text"], ["text", "audio"]],
    "audio": [
        {"voice": "mine"},
        {"voice": {"id": "x"}},
        *({"voice": voice} for voice in _VOICES),
        *({"format": name} for name in ("wav", "aac", "mp3", "flac", "opus", "pcm16")),
    ],
    "prediction": [{"type": "content", "content": "x"}, {"content": [TEXT]}],
    "metadata": [{"a": "b"}],
    "store": [True],
    "verbosity": ["low", "medium", "high"],
    "web_search_options": [
        *({"search_context_size": size} for size in ("low", "medium", "high")),
        {
            "user_location": {
                "type": "approximate",
                "approximate": {"city": "x", "country": "x", "region": "x", "timezone": "x"},
            }
        },
    ],
    "prompt_cache_key": ["x"],
    "prompt_cache_retention": ["in-memory", "24h"],
    "safety_identifier": ["x"],
    "route": ["fallback"],
    "provider": [{}],
    "user": ["x"],
}
BODIES = [
    *({"messages": [message]} for message in MESSAGES),
    *({"messages": [USER], name: value} for name, values in FIELDS.items() for value in values),
]

bodies = st.builds(
    lambda messages, fields: {"messages": messages, **fields},
    st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=6),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()}),
)
odd_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.sampled_from(["user", "tool", "json_schema", "auto", 10**400, object()]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["messages", "role", "content", "type", "stop", "audio", "voice", "tools", "x"])
            | st.integers(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def observed(*values, contract=CONTRACT):
    coverage = Coverage(contract)
    operation = contract.operations[0]
    for value in values:
        coverage.observe_body(operation, operation.json_body, value)
    return coverage.snapshot()["branches"]


def labels(branches, *, sent=True):
    return [branch["label"] for branch in branches if branch["sent"] is sent]


def small(schema, *, lenient=False, version="3.1.0", **components):
    """A contract with one operation that takes a body of this schema."""
    media = {"content": {JSON: {"schema": schema}}, "required": True}
    data = {
        "openapi": version,
        "info": {"title": "Small", "version": "1"},
        "paths": {"/x": {"post": {"operationId": "do", "requestBody": media, "responses": {}}}},
        "components": {"schemas": components},
    }
    return Contract(Document(data, "small.json"), lenient=lenient)


def sent(schema, *values, lenient=False, version="3.1.0", **components):
    """What was sent, and what was not."""
    contract = small(schema, lenient=lenient, version=version, **components)
    for value in values:
        assert contract.operations[0].json_body.schema.accepts(value)
    found = observed(*values, contract=contract)
    return labels(found), labels(found, sent=False)


# ---------------------------------------------------------------------- branches of the bundled contract


@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:60])
def test_bodies_of_these_tests_are_valid(body):
    assert CHAT.json_body.schema.accepts(body)


def test_each_branch_of_the_bundled_contract_can_be_covered():
    assert labels(observed(*BODIES), sent=False) == []
    assert labels(observed(*reversed(BODIES)), sent=False) == []


def test_no_branch_is_covered_before_it_was_sent():
    assert labels(observed()) == []


def test_branches_have_pointers_into_the_contract_and_stand_below_their_parents():
    found = observed()
    pointers = [branch["pointer"] for branch in found]
    assert len(set(pointers)) == len(pointers) > 100
    for number, branch in enumerate(found):
        resolve(CONTRACT.document.data, branch["pointer"])
        assert branch["parent"] is None or branch["parent"] in pointers[:number]
    assert [branch["label"] for branch in found if branch["deprecated"]] == ["max_tokens", "user"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["messages[].role=user", "messages[role=user].content (a string)"]),
        ({"model": "x"}, ["model"]),
        ({"temperature": None, "stop": None, "response_format": None, "tools": None}, []),
        ({"stop": "x"}, ["stop", "stop (a string)"]),
        ({"stop": ["x"]}, ["stop", "stop (an array)"]),
        (
            {"response_format": {"type": "json_object"}},
            ["response_format", "response_format.type=json_object"],
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": None}}},
            ["response_format", "response_format.type=json_schema"],
        ),
        ({"tool_choice": "auto"}, ["tool_choice", "tool_choice (a string)", "tool_choice=auto"]),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            ["tool_choice", "tool_choice (an object)"],
        ),
        ({"modalities": ["audio"]}, ["modalities", "modalities[]=audio"]),
        (
            {"audio": {"voice": "ash"}},
            [
                "audio",
                "audio.voice",
                "audio.voice (a string)",
                "audio.voice (one of the values that are listed)",
                "audio.voice=ash",
            ],
        ),
        ({"audio": {"voice": "mine"}}, ["audio", "audio.voice", "audio.voice (a string)"]),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]},
            ["tools", "tools[].function.strict"],
        ),
        ({"unknown": 1}, []),
    ],
    ids=str,
)
def test_what_a_request_covers(body, expected):
    plain = ["messages[].role=user", "messages[role=user].content (a string)"]
    found = labels(observed({"messages": [USER], **body}))
    assert sorted(found) == sorted({*expected, *plain})


def test_what_stands_deep_in_a_long_conversation_is_seen():
    conversation = [USER, {"role": "assistant", "content": "Hi"}] * 50
    conversation[50:50] = [{"role": "tool", "tool_call_id": "1", "content": "3"}]
    assert "messages[].role=tool" in labels(observed({"messages": [USER]}, {"messages": conversation}))


def test_what_is_covered_is_not_looked_at_again():
    tree = CoverageTree(CHAT.json_body.schema)
    tree.see({"messages": [USER]})
    assert not tree.finished
    for body in (*BODIES, *BODIES):
        tree.see(body)
    assert tree.finished


@settings(max_examples=60, deadline=None)
@given(st.lists(odd_values, max_size=4))
def test_odd_values_never_fail(values):
    for value in (*values, {"messages": values}, {"messages": [{"role": value} for value in values]}):
        observed(value, {"messages": [USER]}, value)


@settings(max_examples=40, deadline=None)
@given(st.lists(bodies, max_size=6))
def test_what_is_covered_does_not_depend_on_order_or_repetition(values):
    found = observed(*values)
    assert observed(*values, *values) == found
    assert observed(*reversed(values)) == found
    each = [labels(observed(value)) for value in values]
    assert set(labels(found)) == {label for covered in each for label in covered}


# ---------------------------------------------------------------------- other schemas


TREE = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["leaf", "node"]},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}


def test_schema_within_itself_has_its_branches_once():
    deep = {"kind": "leaf"}
    for _ in range(500):
        deep = {"children": [deep]}
    covered, open_ = sent({"$ref": "#/components/schemas/Tree"}, Tree=TREE)
    assert (covered, open_) == ([], ["kind", "kind=leaf", "kind=node", "children"])
    covered, _ = sent({"$ref": "#/components/schemas/Tree"}, {"children": [{"kind": "node"}]}, Tree=TREE)
    assert covered == ["kind", "kind=node", "children"]
    found = observed(deep, contract=small({"$ref": "#/components/schemas/Tree"}, Tree=TREE))
    assert labels(found) == ["children"]  # what is deeper than anybody writes is not looked at


def test_of_bodies_that_lead_to_a_whole_document_the_nearest_branches_are_told_each_in_a_turn(monkeypatch):
    data = large_document(20, 20)
    for item in data["paths"].values():
        item["post"] = item.pop("get")
        item["post"]["requestBody"] = {"content": item["post"]["responses"]["200"]["content"]}
    found = Coverage(Contract(Document(data, "large.json")))
    turns = sum(1 for _ in found.prepared())
    monkeypatch.setattr(coverage, "inventory", None)  # all is known
    told = Counter(branch["operation"] for branch in found.snapshot()["branches"])
    assert len(told) == turns == 20
    assert 200 <= max(told.values()) < 500


def test_schema_that_is_a_form_within_itself():
    node = {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            {"$ref": "#/components/schemas/Not"},
            {"$ref": "#/components/schemas/Like"},
        ]
    }
    inner = {"$ref": "#/components/schemas/Node"}
    components = {
        "Node": node,
        "Not": {"type": "object", "required": ["op"], "properties": {"op": {"const": "not"}, "of": inner}},
        "Like": {
            "type": "object",
            "required": ["op"],
            "properties": {"op": {"const": "like"}, "of": inner, "case": {"type": "boolean"}},
        },
    }
    value = [{"op": "not", "of": [{"op": "not", "of": {"op": "like", "of": "x"}}]}]
    covered, open_ = sent({"$ref": "#/components/schemas/Node"}, value, **components)
    assert open_ == ["[op=like].case"]
    assert {"op=not", "op=like", "(a string)", "(an array)"} <= set(covered)


def test_forms_that_nothing_tells_apart_are_tested():
    schema = {
        "anyOf": [
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "more": {}}},
            {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}},
            {"type": "object", "required": ["c"]},
        ]
    }
    covered, open_ = sent(schema, {"a": 1}, {"a": 1, "b": 2})
    assert covered == ["(an object with a)", "(an object with b)"]
    assert open_ == ["more", "(an object with c)"]
    covered, _ = sent(schema, {"a": 1}, {"a": 2, "more": 1})
    assert covered == ["(an object with a)", "more"]


def test_listed_types_are_forms():
    schema = {
        "properties": {"x": {"type": ["string", "integer", "number", "null"]}, "y": {"type": ["string"]}}
    }
    assert sent(schema, {"x": 1}, {"x": None, "y": "s"}) == (
        ["x", "x (an integer)", "y"],
        ["x (a string)", "x (a number)"],
    )
    assert sent(schema, {"x": 1.5})[0] == ["x", "x (a number)"]


def test_forms_of_one_value_are_called_by_it():
    schema = {
        "properties": {"x": {"anyOf": [{"const": "a"}, {"const": "b"}, {"const": 3}, {"type": "array"}]}}
    }
    assert sent(schema, {"x": "b"}, {"x": 3}) == (["x", "x=b", "x=3"], ["x=a", "x (an array)"])


def test_null_is_no_form():
    schema = {"properties": {"x": {"anyOf": [{"$ref": "#/components/schemas/X"}, {"type": "null"}]}}}
    kind = {"type": "object", "properties": {"y": {"type": "null"}, "z": {"enum": ["a", None]}}}
    assert sent(schema, {"x": None}, X=kind) == ([], ["x", "x.z"])
    assert sent(schema, {"x": {"z": "a"}}, X=kind) == (["x", "x.z"], [])


def test_listed_values_of_every_type():
    schema = {"properties": {"x": {"enum": ["a", 1, 1.5, True, None, [1], {"b": 2}]}}}
    assert sent(schema, {"x": 1}, {"x": [1]}) == (["x", "x=1"], ["x=a", "x=1.5", "x=true"])
    assert sent(schema, {"x": 1.0}, {"x": True})[0] == ["x", "x=1", "x=true"]


def test_properties_by_pattern_and_all_further_ones():
    inner = {"type": "object", "properties": {"y": {}}}
    schema = {
        "properties": {"x": {"type": "integer"}},
        "patternProperties": {"^p": inner},
        "additionalProperties": {"enum": ["a", "b"]},
    }
    assert sent(schema, {"x": 1}) == (["x"], ["*=a", "*=b", "*.y"])
    assert sent(schema, {"p1": {"y": 1}, "z": "b"}) == (["*=b", "*.y"], ["x", "*=a"])


def test_items_by_place_and_all_others():
    schema = {
        "type": "array",
        "prefixItems": [{"enum": ["a", "b"]}, {"type": "integer"}],
        "items": {"properties": {"x": {}}},
    }
    assert sent(schema, ["b", 1]) == (["[0]=b"], ["[0]=a", "[].x"])
    assert sent(schema, ["a"], ["b", 1, {}, {"x": 1}])[1] == []


def test_all_of_speaks_about_the_same_value():
    base = {"type": "object", "properties": {"x": {"enum": ["a", "b"]}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Base"}], "properties": {"y": {}}, "required": ["x"]}
    assert sent(schema, {"x": "a"}, Base=base) == (["x", "x=a"], ["y", "x=b"])


def test_what_a_request_cannot_have_is_no_branch():
    schema = {"properties": {"id": {"type": "integer", "readOnly": True}, "no": False, "yes": True}}
    assert sent(schema, {"yes": 1}) == (["yes"], [])


def test_lenient_contract_has_the_same_branches():
    schema = {
        "type": "object",
        "required": ["y"],
        "properties": {
            "x": {"type": "string", "enum": ["a", "b"]},
            "y": {"oneOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "integer"}]},
        },
    }
    strict = sent(schema, {"x": "a", "y": 1}, version="3.0.3")
    assert sent(schema, {"x": "a", "y": 1}, {"y": 2, "x": "new"}, lenient=True, version="3.0.3") == strict
    assert strict == (["x", "x=a", "y (an integer)"], ["x=b", "y (a string)", "y=a", "y=b"])


def test_discriminator_tells_forms_apart():
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "claws": {}}}
    dog = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "bark": {}}}
    schema = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind"},
    }
    found = observed({"kind": "Dog", "bark": 1}, contract=small(schema, Cat=cat, Dog=dog))
    assert labels(found) == ["kind=Dog", "[kind=Dog].bark"]


# ---------------------------------------------------------------------- rows


def media(*names):
    return {"content": {name: {} for name in names}}


SHOP = Contract(
    Document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Shop", "version": "2"},
            "paths": {
                "/items": {
                    "get": {
                        "operationId": "list",
                        "responses": {"200": media(JSON), "405": media(JSON), "default": media(JSON)},
                    },
                    "post": {
                        "operationId": "add",
                        "requestBody": {**media(JSON, "application/xml", "text/*"), "required": True},
                        "responses": {
                            "201": media(JSON, "image/*"),
                            "204": {},
                            "307": media("text/html"),
                            "405": media(JSON),
                            "415": media(JSON),
                            "4XX": media(JSON),
                        },
                    },
                },
                "/ping": {
                    "put": {
                        "operationId": "ping",
                        "requestBody": media(JSON),
                        "responses": {"200": {}},
                    }
                },
            },
        },
        "shop.json",
    )
)


def rows(*seen, contract=SHOP):
    coverage = Coverage(contract)
    for key in seen:
        coverage.observe(*key)
    return coverage.snapshot()


def covered(*seen):
    found = rows(*seen)
    return [
        (row["operation"], row["request"], row["status"], row["response"])
        for row in found["rows"]
        if row["count"]
    ], len(found["undeclared"])


def test_declared_rows():
    found = [(row["operation"], row["request"], row["status"]) for row in rows()["rows"]]
    assert len(found) == 3 + 3 * 7 + 2
    assert found[:3] == [("list", "", "200"), ("list", "", "405"), ("list", "", "default")]
    assert found[-2:] == [("ping", JSON, "200"), ("ping", "", "200")]
    for row in rows()["rows"]:
        resolve(SHOP.document.data, row["pointer"])


def test_stream_is_a_row_of_its_own():
    found = rows(("createChatCompletion", JSON, 200, "text/event-stream; charset=utf-8"), contract=CONTRACT)
    assert [(row["status"], row["response"]) for row in found["rows"] if row["count"]] == [
        ("200", "text/event-stream")
    ]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (("list", "", 200, JSON), [("list", "", "200", JSON)]),
        (("list", "", 200, "Application/JSON; charset=utf-8"), [("list", "", "200", JSON)]),
        (("list", "", 503, JSON), [("list", "", "default", JSON)]),
        (("list", "", 200, "text/plain"), []),
        (("list", JSON, 200, JSON), []),
        (("add", JSON, 201, JSON), [("add", JSON, "201", JSON)]),
        (("add", "application/xml", 201, "image/png"), [("add", "application/xml", "201", "image/*")]),
        (("add", "text/csv", 201, JSON), [("add", "text/*", "201", JSON)]),
        (("add", JSON, 201, ""), []),
        (("add", JSON, 204, ""), [("add", JSON, "204", "")]),
        (("add", JSON, 204, JSON), []),
        (("add", JSON, 204, "application/problem+json"), [("add", JSON, "204", "")]),
        (("add", JSON, 307, ""), [("add", JSON, "307", "text/html")]),
        (("add", JSON, 422, JSON), [("add", JSON, "4XX", JSON)]),
        (("add", JSON, 500, JSON), []),
        (("add", "image/png", 201, JSON), []),
        # The media type is the reason, or was never looked at: the status is seen for each.
        (
            ("add", "image/png", 415, JSON),
            [("add", name, "415", JSON) for name in (JSON, "application/xml", "text/*")],
        ),
        (
            ("add", "", 431, JSON),
            [("add", name, "4XX", JSON) for name in (JSON, "application/xml", "text/*")],
        ),
        # No operation was called, so each of the path has met it.
        (
            ("list", "", 405, JSON),
            [
                ("list", "", "405", JSON),
                *(("add", name, "405", JSON) for name in (JSON, "application/xml", "text/*")),
            ],
        ),
        (("ping", "", 200, ""), [("ping", "", "200", "")]),
        ((None, "", 404, JSON), []),
        (("gone", "", 200, JSON), []),
    ],
    ids=str,
)
def test_which_row_an_exchange_is(seen, expected):
    assert covered(seen) == (expected, 0 if expected else 1)


def test_rows_are_counted():
    found = rows(
        *[("list", "", 200, JSON)] * 3, *[("list", "", 200, f"{JSON}; v=1")] * 2, (None, "", 404, JSON)
    )
    assert found["rows"][0] == {
        "operation": "list",
        "request": "",
        "status": "200",
        "response": JSON,
        "pointer": "/paths/~1items/get/responses/200/content/application~1json",
        "count": 5,
    }
    assert found["undeclared"] == [
        {"operation": None, "request": "", "status": "404", "response": JSON, "count": 1}
    ]


def test_kinds_of_exchanges_are_bounded_and_what_is_dropped_is_counted():
    many = [("list", f"text/x-{number}", 200, JSON) for number in range(3_000)]
    found = rows(*many, ("list", f"multipart/form-data; boundary={'x' * 500}", 200, JSON))
    assert len(found["undeclared"]) + found["dropped"]["rows"] == 3_001
    assert found["dropped"]["rows"] > 0
    again = rows(*(("list", f"multipart/form-data; boundary={number}", 200, JSON) for number in range(3_000)))
    assert [row["count"] for row in again["undeclared"]] == [3_000]


# ---------------------------------------------------------------------- snapshots

keys = st.tuples(
    st.sampled_from(["list", "add", "ping", None]),
    st.sampled_from(["", JSON, "text/plain", "image/png"]),
    st.sampled_from([200, 201, 204, 405, 415, 500]),
    st.sampled_from(["", JSON, "image/png"]),
)
snapshots = st.builds(
    lambda seen, values: {
        **rows(*seen, contract=CONTRACT),
        "branches": observed(*values),
    },
    st.lists(
        st.tuples(
            st.sampled_from(["createChatCompletion", "listModels", None]),
            st.sampled_from(["", JSON, "text/plain"]),
            st.sampled_from([200, 405, 418, 503]),
            st.sampled_from(["", JSON]),
        ),
        max_size=6,
    ),
    st.lists(bodies, max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(snapshots, snapshots, snapshots)
def test_snapshots_add_up_in_any_order(a, b, c):
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a)["branches"] == a["branches"]
    assert merge(a, rows(contract=CONTRACT)) == a
    assert json.loads(json.dumps(a)) == a


@settings(deadline=None)
@given(st.lists(keys, max_size=10))
def test_snapshots_of_workers_are_that_of_one(seen):
    whole = rows(*seen)
    assert merge(rows(*seen[:4]), rows(*seen[4:])) == whole
    assert rows(*reversed(seen)) == whole


def test_snapshots_of_different_contracts_are_not_added_up():
    with pytest.raises(OtherContractError, match=r"Shop 2 \(\w{12}\) and Consumption API 1.0.0 \(\w{12}\)"):
        merge(rows(), rows(contract=CONTRACT))


def test_branches_that_only_one_of_two_versions_knows_are_kept():
    older = {**rows(contract=CONTRACT), "branches": observed(BODIES[0])}
    newer = {**older, "branches": [branch for branch in older["branches"] if branch["label"] != "seed"]}
    merged = merge(older, newer)
    assert merged == merge(newer, older)
    assert len(merged["branches"]) == len(older["branches"])
