"""The default reply, field by field."""

from __future__ import annotations

import base64
import io
import json
import wave

import jsonschema
import pytest
from asgi import Caller

from mockgrid.reply.tokens import ShortWords

TOKENIZER = ShortWords()


def tool(name: str, **parameters) -> dict:
    return {"type": "function", "function": {"name": name, "parameters": parameters or {"type": "object"}}}


TOOLS = [tool("first"), tool("second"), tool("third")]


@pytest.fixture(scope="module")
def caller():
    return Caller()


def message(answer, index=0):
    assert answer.status == 200, answer.body
    return answer.json()["choices"][index]["message"]


def called(answer):
    return [call["function"]["name"] for call in message(answer)["tool_calls"]]


def test_the_content_echoes_the_last_user_text(caller):
    history = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "Two"},
        {"role": "user", "content": [{"type": "text", "text": "Three"}, {"type": "text", "text": "four"}]},
        {"role": "assistant", "content": "Five"},
    ]
    assert message(caller.call(body={"messages": history}))["content"] == "You said: Three four"


def test_a_long_text_is_echoed_in_one_short_sentence(caller):
    content = message(caller.chat("word " * 500))["content"]
    assert content == "You said: " + " ".join(["word"] * 12) + "…"


def test_a_conversation_without_user_text_is_answered(caller):
    assert message(caller.call(body={"messages": [{"role": "system", "content": "x"}]}))["content"]
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    assert message(caller.call(body={"messages": [{"role": "user", "content": [image]}]}))["content"]


def test_prose_has_the_length_that_was_asked_for():
    caller = Caller(style="prose", prose_tokens=200)
    answer = caller.chat()
    assert answer.json()["usage"]["completion_tokens"] == 200
    assert answer.json()["choices"][0]["finish_reason"] == "stop"
    assert message(answer)["content"] != message(caller.chat("Other"))["content"]
    assert message(answer)["content"] == message(Caller(style="prose", prose_tokens=200).chat())["content"]


def test_choices_differ(caller):
    contents = [choice["message"]["content"] for choice in caller.chat(n=5).json()["choices"]]
    assert len(set(contents)) == 5


def test_the_same_call_gives_the_same_bytes_but_for_its_ids():
    first, second = Caller(), Caller()
    one, again = first.chat(), first.chat()
    assert one.body == second.chat().body
    assert one.json()["id"] != again.json()["id"]
    assert {**one.json(), "id": ""} == {**again.json(), "id": ""}
    assert one.header("x-request-id") != again.header("x-request-id")


def test_white_space_and_the_order_of_keys_do_not_count():
    bodies = [
        b'{"messages":[{"role":"user","content":"Hi"}],"n":2}',
        b'{ "n": 2, "messages": [ {"content": "Hi", "role": "user"} ] }',
    ]
    assert len({Caller().call(body=body).body for body in bodies}) == 1


def test_the_seed_changes_what_is_drawn():
    assert Caller(seed=1).chat().json()["id"] != Caller(seed=2).chat().json()["id"]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_a_token_limit_cuts(caller, field, limit):
    answer = caller.chat("Count to ten", **{field: limit}).json()
    assert answer["usage"]["completion_tokens"] == limit
    assert answer["choices"][0]["finish_reason"] == "length"
    assert "You said: Count to ten".startswith(answer["choices"][0]["message"]["content"])


def test_a_token_limit_that_is_enough_does_not_cut(caller):
    answer = caller.chat("Count", max_tokens=TOKENIZER.count("You said: Count")).json()
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_the_newer_limit_counts_where_both_are_given(caller):
    answer = caller.chat("Count to ten", max_tokens=1, max_completion_tokens=2).json()
    assert answer["usage"]["completion_tokens"] == 2


@pytest.mark.parametrize(
    ("stop", "content"),
    [
        (" said", "You"),
        (["zzz", " to"], "You said: Count"),
        (["ten", "You"], ""),
        ("", "You said: Count to ten"),
    ],
)
def test_stops_cut_before_themselves(caller, stop, content):
    answer = caller.chat("Count to ten", stop=stop).json()["choices"][0]
    assert answer["message"]["content"] == content
    assert answer["finish_reason"] == "stop"


def test_a_named_tool_is_called(caller):
    answer = caller.chat(tools=TOOLS, tool_choice={"type": "function", "function": {"name": "second"}})
    assert called(answer) == ["second"]
    assert answer.json()["choices"][0]["finish_reason"] == "tool_calls"
    assert message(answer)["content"] is None


@pytest.mark.parametrize("choice", ["auto", "none", None])
def test_tools_alone_are_answered_with_text(caller, choice):
    assert message(caller.chat(tools=TOOLS, tool_choice=choice))["content"]


def test_required_goes_through_the_tools_and_then_stays_with_the_last(caller):
    history: list[dict] = [{"role": "user", "content": "Go"}]
    order = []
    for _ in range(5):
        answer = caller.call(body={"messages": history, "tools": TOOLS, "tool_choice": "required"})
        calls = message(answer)["tool_calls"]
        order += called(answer)
        history.append({"role": "assistant", "content": None, "tool_calls": calls})
        history += [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in calls]
    assert order == ["first", "second", "third", "third", "third"]


@pytest.mark.parametrize(
    "text",
    [
        "Calling tools:\n[{'id': 'a', 'function': {'name': 'first', 'arguments': {'name': 'x'}}}]",
        [{"type": "text", "text": 'Action:\n{"name" : "first", "arguments": {}}'}],
    ],
)
def test_required_goes_on_from_calls_that_an_agent_keeps_as_text(caller, text):
    asked = {"role": "user", "content": "Go, with {'name': 'second'}"}
    history = [
        asked,
        {"role": "assistant", "content": text},
        {"role": "user", "content": "Observation: done"},
    ]
    answer = caller.call(body={"messages": history, "tools": TOOLS, "tool_choice": "required"})
    assert called(answer) == ["second"]


def test_parallel_calls_are_made_when_they_are_asked_for(caller):
    answer = caller.chat(tools=TOOLS, tool_choice="required", parallel_tool_calls=True)
    assert called(answer) == ["first", "second", "third"]
    ids = [call["id"] for call in message(answer)["tool_calls"]]
    assert len(set(ids)) == 3
    assert all(len(one) == len("call_") + 24 for one in ids)


@pytest.mark.parametrize("extra", [{}, {"parallel_tool_calls": False}])
def test_one_call_is_made_otherwise(caller, extra):
    assert called(caller.chat(tools=TOOLS, tool_choice="required", **extra)) == ["first"]


def test_arguments_satisfy_the_tools_schema(caller):
    schema = {
        "type": "object",
        "required": ["city", "days"],
        "properties": {"city": {"type": "string", "minLength": 3}, "days": {"type": "integer", "minimum": 2}},
    }
    answer = caller.chat(tools=[tool("weather", **schema)], tool_choice="required", n=3)
    for index in range(3):
        arguments = json.loads(message(answer, index)["tool_calls"][0]["function"]["arguments"])
        jsonschema.validate(arguments, schema)


def test_a_schema_that_cannot_be_satisfied_is_422_at_its_place(caller):
    asked = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer", "minimum": 5, "maximum": 3}},
    }
    answer = caller.chat(
        tools=[tool("ok"), tool("f", **asked)], tool_choice={"type": "function", "function": {"name": "f"}}
    )
    assert answer.status == 422
    violation = json.loads(answer.header("x-mockgrid-violations"))[0]
    assert violation["code"] == "MG124"
    assert violation["pointer"] == "/tools/1/function/parameters/properties/a"
    assert answer.json()["errors"][0]["path"] == "tools.1.function.parameters.properties.a"


def test_a_json_object_is_a_json_object(caller):
    content = message(caller.chat(response_format={"type": "json_object"}))["content"]
    assert isinstance(json.loads(content), dict)


@pytest.mark.parametrize(
    "extra", [{}, {"strict": None}, {"strict": False}, {"strict": True, "description": "x"}]
)
def test_structured_content_is_bare_json_that_validates(caller, extra):
    schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **extra}}
    jsonschema.validate(json.loads(message(caller.chat(response_format=asked))["content"]), schema)


def test_structured_choices_differ(caller):
    asked = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": {"type": "integer", "maximum": 10**9}},
    }
    contents = [c["message"]["content"] for c in caller.chat(response_format=asked, n=4).json()["choices"]]
    assert len(set(contents)) == 4


def test_logprobs_are_consistent(caller):
    choice = caller.chat("Hi 😀", logprobs=True, top_logprobs=3).json()["choices"][0]
    entries = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == choice["message"]["content"]
    for entry in entries:
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert entry["logprob"] < 0
        assert len(entry["top_logprobs"]) == 3
        assert entry["top_logprobs"][0]["token"] == entry["token"]
        probabilities = [other["logprob"] for other in entry["top_logprobs"]]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(2.718281828459045**p for p in probabilities) <= 1


def test_without_logprobs_there_are_none(caller):
    assert caller.chat(top_logprobs=3).json()["choices"][0]["logprobs"] is None


@pytest.mark.parametrize(
    ("asked", "kind"),
    [(None, "wav"), ({"voice": "alloy", "format": "wav"}, "wav"), ({"format": "pcm16"}, "pcm")],
)
def test_audio_is_real(caller, asked, kind):
    spoken = message(caller.chat(modalities=["text", "audio"], audio=asked))
    assert spoken["content"] is None
    assert spoken["audio"]["transcript"] == "You said: Hello there"
    assert spoken["audio"]["expires_at"] == 1_735_689_600 + 3_600
    data = base64.b64decode(spoken["audio"]["data"])
    if kind == "wav":
        with wave.open(io.BytesIO(data)) as file:
            assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (24_000, 2_400, 1)
    else:
        assert len(data) == 4_800


@pytest.mark.parametrize("name", ["aac", "mp3", "flac", "opus"])
def test_audio_that_needs_an_encoder_is_422(caller, name):
    answer = caller.chat(modalities=["audio"], audio={"format": name, "voice": "alloy"})
    assert answer.status == 422
    assert answer.json()["errors"] == [
        {
            "path": "audio.format",
            "message": f"the fake makes audio as wav or pcm16, not as {name}",
            "value": name,
        }
    ]


def test_usage_adds_up_and_is_the_same_in_the_stream(caller):
    body = {"n": 3, "tools": TOOLS, "stop": "zzz"}
    whole = caller.chat("Some words", **body).json()["usage"]
    chunks = caller.chat("Some words", **body, stream=True, stream_options={"include_usage": True}).chunks()
    assert whole == chunks[-1]["usage"]
    assert whole["prompt_tokens"] + whole["completion_tokens"] == whole["total_tokens"]
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


def test_a_stream_without_usage_has_no_such_key(caller):
    assert all("usage" not in chunk for chunk in caller.chat(stream=True).chunks())


@pytest.mark.parametrize("stream", [None, False])
def test_json_is_the_answer_whatever_accept_says(caller, stream):
    answer = caller.call(
        body={"messages": [{"role": "user", "content": ""}], "stream": stream},
        headers={"accept": "text/event-stream"},
    )
    assert answer.header("content-type") == "application/json"


def test_a_stream_is_the_answer_whatever_accept_says(caller):
    answer = caller.call(
        body={"messages": [{"role": "user", "content": "x"}], "stream": True},
        headers={"accept": "application/json"},
    )
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("content-length") is None


def test_the_order_of_a_stream_of_several_choices(caller):
    chunks = caller.chat(n=3, stream=True).chunks()
    assert all(len(chunk["choices"]) == 1 for chunk in chunks)
    order = [chunk["choices"][0]["index"] for chunk in chunks]
    assert order[:6] == [0, 1, 2, 0, 1, 2]
    ends = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["finish_reason"]]
    assert [end["index"] for end in ends] == [0, 1, 2]
    assert [chunk["choices"][0] for chunk in chunks[-3:]] == ends
    assert all(end["delta"] == {} for end in ends)


def test_calls_in_a_stream_come_one_after_the_other(caller):
    chunks = caller.chat(tools=TOOLS, tool_choice="required", parallel_tool_calls=True, stream=True).chunks()
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    order = []
    for chunk in chunks[1:-1]:
        (call,) = chunk["choices"][0]["delta"]["tool_calls"]
        order.append(call["index"])
        if call["index"] not in order[:-1]:
            assert set(call) == {"index", "id", "type", "function"}
        else:
            assert set(call) == {"index", "function"}
            assert set(call["function"]) == {"arguments"}
    assert order == sorted(order)


def test_no_hundred_equal_chunks_follow_each_other():
    caller = Caller(style="prose", prose_tokens=2_000)
    pieces = [c["choices"][0]["delta"].get("content") for c in caller.chat(stream=True).chunks()]
    assert all(len(set(pieces[i : i + 100])) > 1 for i in range(len(pieces) - 100))


@pytest.mark.parametrize(
    ("model", "status"),
    [
        (None, 200),
        ("text-prime", 200),
        ("Text-Prime", 200),
        ("claude-opus-latest", 200),
        ("gpt-5.2", 404),
        ("", 404),
    ],
)
def test_models(caller, model, status):
    answer = caller.chat(model=model) if model is not None else caller.chat()
    assert answer.status == status
    if status == 404:
        assert answer.json()["errors"]["detail"].startswith(f"Model not found: {model}")
    else:
        assert answer.json()["model"] == (model or "text-standard")


def test_other_models_may_be_named():
    caller = Caller(models=("gpt-4o", "agent-*"))
    assert caller.chat(model="agent-7").status == 200
    assert caller.chat(model="text-prime").status == 404
    assert caller.chat().json()["model"] == "gpt-4o"
    assert [one["id"] for one in caller.call("GET", "/v1/models").json()["data"]] == ["gpt-4o"]


def test_the_list_of_models_needs_no_key(caller):
    listed = caller.call("GET", "/v1/models", key=None).json()
    assert listed["object"] == "list"
    assert "text-prime" in [one["id"] for one in listed["data"]]
    assert caller.call("GET", "/v1/models/agent-max", key=None).json()["id"] == "agent-max"
    assert caller.call("GET", "/v1/models/nope", key=None).status == 404


@pytest.mark.parametrize(("asked", "given"), [(None, "default"), ("auto", "default"), ("flex", "flex")])
def test_the_service_tier_is_never_null(caller, asked, given):
    assert caller.chat(service_tier=asked).json()["service_tier"] == given


def test_the_keys_of_a_completion_stand_in_the_vendors_order(caller):
    assert list(caller.chat().json()) == [
        "id", "object", "created", "model", "choices", "usage", "service_tier", "system_fingerprint",
    ]  # fmt: skip
    everything = {"include_usage": True, "include_obfuscation": True}
    assert list(caller.chat(stream=True, stream_options=everything).chunks()[0]) == [
        "id", "object", "created", "model", "service_tier", "system_fingerprint", "choices", "usage",
        "obfuscation",
    ]  # fmt: skip


def test_bounds_beyond_64_bits_are_not_rounded(caller):
    schema = {
        "type": "object",
        "required": ["x"],
        "properties": {"x": {"type": "integer", "maximum": -(2**62) - 1, "minimum": -(2**62) - 1}},
    }
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads(message(caller.chat(response_format=asked))["content"]) == {"x": -(2**62) - 1}
    tool = {"type": "function", "function": {"name": "x", "parameters": schema}}
    rounded = {"exclusiveMinimum": -(2**63) - 1, "maximum": -(2**63)}
    for number, words in ((2**63 + 1, {"const": 2**63 + 1}), (-(2**63), rounded)):
        schema["properties"]["x"] = {"type": "integer", **words}
        assert json.loads(message(caller.chat(response_format=asked))["content"]) == {"x": number}
        called = message(caller.chat(tools=[tool], tool_choice="required"))["tool_calls"][0]
        assert json.loads(called["function"]["arguments"]) == {"x": number}
