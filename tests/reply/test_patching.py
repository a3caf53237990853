"""Fields that scenarios give or leave out one by one, calls of what is offered, and values at the edges."""

import json

import jsonschema
import pytest
from asgi import Caller

from mockgrid.reply.patching import _Patch

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "minLength": 2, "maxLength": 9},
                    "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 3},
                },
                "required": ["city"],
            },
        },
    }
    for name in ("get_weather", "get_time")
]


@pytest.fixture
def play(tmp_path):
    def write(reply):
        text = json.dumps({"steps": [{"reply": reply}]})
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        return Caller(scenarios=(str(tmp_path),), scenario="mine")

    return write


def chunks(answer):
    lines = answer.body.decode().split("\n\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


def test_fields_are_given_and_left_out(play):
    caller = play(
        {
            "say": "Hello",
            "fields": {"/choices/0/message/content": None, "/service_tier": "${model}", "/a~1b": [1]},
            "without": ["/usage/prompt_tokens_details", "/choices/0/logprobs", "/choices/7/index", "/none"],
            "contract": "off",
        }
    )
    body = caller.chat().json()
    assert body["choices"][0]["message"]["content"] is None
    assert (body["service_tier"], body["a/b"]) == ("text-standard", [1])
    assert "prompt_tokens_details" not in body["usage"]
    assert "logprobs" not in body["choices"][0]


def test_in_a_stream_each_event_with_a_place_for_them(play):
    caller = play({"say": "Hi", "fields": {"/choices/0/delta/annotations": []}, "without": ["/service_tier"]})
    answer = caller.chat(stream=True, stream_options={"include_usage": True})
    events = chunks(answer)
    assert [event["choices"][0]["delta"]["annotations"] for event in events if event["choices"]] == [[]] * 3
    assert events[-1]["choices"] == []
    assert all("service_tier" not in event for event in events)
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_an_error_and_any_operation_has_fields_too(play):
    caller = play({"error": 500, "fields": {"/errors/code": 7}})
    assert caller.chat().json()["errors"]["code"] == 7


def test_what_breaks_the_contract_is_told(play):
    with pytest.raises(Exception, match="must be a string or null"):
        play({"say": "Hi", "fields": {"/choices/0/message/content": 3}}).chat()


def calls_of(answer):
    calls = answer.json()["choices"][0]["message"].get("tool_calls", [])
    return [(call["function"]["name"], call["function"]["arguments"]) for call in calls]


def test_so_many_tools_are_called_as_the_number_says(play):
    caller = play({"call": 3})
    calls = calls_of(caller.chat(tools=TOOLS))
    assert [name for name, _ in calls] == ["get_weather", "get_time", "get_weather"]
    assert calls[0] != calls[2]
    assert [name for name, _ in calls_of(caller.chat(tools=TOOLS, parallel_tool_calls=False))] == [
        "get_weather"
    ]
    chosen = {"type": "function", "function": {"name": "get_time"}}
    assert {name for name, _ in calls_of(caller.chat(tools=TOOLS, tool_choice=chosen))} == {"get_time"}


def test_where_none_are_offered_or_wanted_the_reply_is_text(play):
    caller = play({"call": 1})
    for request in ({}, {"tools": TOOLS, "tool_choice": "none"}):
        choice = caller.chat(**request).json()["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == ("You said: Hello there", "stop")
    assert play({"call": 1, "say": "No."}).chat().json()["choices"][0]["message"]["content"] == "No."


def test_at_the_edges_values_obey_their_schema_and_do_not_depend_on_the_words(play):
    schema = TOOLS[0]["function"]["parameters"]
    validator = jsonschema.Draft202012Validator(schema)
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    made = []
    for number in range(12):
        caller = play({"call": 1, "edges": number})
        calls = calls_of(caller.chat("Hello", tools=TOOLS))
        assert calls == calls_of(caller.chat("Another", tools=TOOLS))
        answer = play({"auto": True, "edges": number}).chat(response_format=wanted).json()
        made += [calls[0][1], answer["choices"][0]["message"]["content"]]
    values = [json.loads(text) for text in made]
    for value in values:
        validator.validate(value)
    assert values[:2] == [{"city": "xx"}, {"city": "xx"}]
    assert {value.get("days", "absent") for value in values} >= {None, "absent", 1, 3}
    assert {len(value["city"]) for value in values} >= {2, 9}


def test_a_text_with_other_line_ends_stays_whole(play):
    caller = play({"say": "a\u2028b\u0085c\x0bd", "fields": {"/id": "mine"}})
    told = chunks(caller.chat(stream=True))
    assert {chunk["id"] for chunk in told} == {"mine"}
    assert caller.chat(stream=True).body.count(b"\n\n") == len(told) + 1
    assert all(line.startswith(b"data: ") for line in caller.chat(stream=True).body.split(b"\n") if line)


def test_events_of_the_same_bytes_are_patched_once(play, monkeypatch):
    caller, made, data = play({"say": "again " * 1000, "fields": {"/id": "mine"}}), [], _Patch.data
    monkeypatch.setattr(_Patch, "data", lambda patch, event: made.append(event) or data(patch, event))
    told = chunks(caller.chat(stream=True))
    assert len(told) > 1000
    assert {chunk["id"] for chunk in told} == {"mine"}
    assert len(made) < 10
