"""Tools: one call, several, and the way from a call to the final text."""

import json
from enum import StrEnum
from typing import Literal

import openai
import pytest
from pydantic import BaseModel, Field, TypeAdapter

MODEL = "agent-prime"
QUESTION = "What is the weather in Oslo?"
ASK = [{"role": "user", "content": QUESTION}]


class Unit(StrEnum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


class Weather(BaseModel):
    """Tells the weather of a city."""

    city: str = Field(min_length=1)
    unit: Unit
    days: int = Field(ge=1, le=14)


class Place(BaseModel):
    name: str
    kind: Literal["city", "mountain"]


class Travel(BaseModel):
    """Plans a journey."""

    stops: list[Place] = Field(min_length=2, max_length=4)
    note: str | None


class Rest(BaseModel):
    """Waits."""


TOOLS = [openai.pydantic_function_tool(tool) for tool in (Weather, Travel, Rest)]
MODELS = {"Weather": Weather, "Travel": Travel, "Rest": Rest}


def named(name):
    return {"type": "function", "function": {"name": name}}


@pytest.mark.parametrize("name", ["Weather", "Travel", "Rest"])
def test_the_tool_that_is_named_is_called(api, chat, name):
    completion = api.call(chat.create, model=MODEL, messages=ASK, tools=TOOLS, tool_choice=named(name))
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.id.startswith("call_")
    assert call.type == "function"
    assert call.function.name == name
    MODELS[name].model_validate_json(call.function.arguments)


def test_parse_reads_the_arguments_into_the_model(api, chat):
    completion = api.call(chat.parse, model=MODEL, messages=ASK, tools=TOOLS, tool_choice=named("Travel"))
    (call,) = completion.choices[0].message.tool_calls
    parsed = call.function.parsed_arguments
    assert type(parsed) is Travel
    assert 2 <= len(parsed.stops) <= 4


@pytest.mark.parametrize("choice", ["auto", "none", None])
def test_without_being_told_to_it_answers_in_words(api, chat, choice):
    given = {} if choice is None else {"tool_choice": choice}
    completion = api.call(chat.create, model=MODEL, messages=ASK, tools=TOOLS, **given)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.choices[0].message.tool_calls is None
    assert QUESTION in completion.choices[0].message.content


def test_required_calls_go_through_the_tools_one_by_one(api, chat):
    messages, called = list(ASK), []
    for turn in range(4):
        arguments = {"model": MODEL, "messages": messages, "tools": TOOLS, "tool_choice": "required"}
        message = api.call(chat.create, **arguments, parallel_tool_calls=False).choices[0].message
        (call,) = message.tool_calls
        called.append(call.function.name)
        messages += [message, {"role": "tool", "tool_call_id": call.id, "content": f"turn {turn}"}]
    assert called == ["Weather", "Travel", "Rest", "Rest"]


def test_from_the_call_to_the_final_text(api, chat, grid):
    messages = list(ASK)
    arguments = {"model": MODEL, "messages": messages, "tools": TOOLS}
    message = api.call(chat.parse, **arguments, tool_choice=named("Weather")).choices[0].message
    (call,) = message.tool_calls
    city = call.function.parsed_arguments.city
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": f"3 °C in {city}"}]
    final = api.call(chat.create, **arguments).choices[0]
    assert final.finish_reason == "stop"
    assert final.message.tool_calls is None
    assert QUESTION in final.message.content
    assert grid.statuses == [200, 200]


def test_a_streamed_call_adds_up_to_the_plain_one(api, chat):
    arguments = {"model": MODEL, "messages": ASK, "tools": TOOLS, "tool_choice": named("Travel")}
    plain = api.call(chat.create, **arguments)
    chunks = api.items(chat.create, **arguments, stream=True, stream_options={"include_usage": True})
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    fragments = [fragment for choice in choices for fragment in choice.delta.tool_calls or []]
    assert {fragment.index for fragment in fragments} == {0}
    first, *rest = fragments
    assert (first.type, first.function.name) == ("function", "Travel")
    assert first.id.startswith("call_")
    assert all(fragment.id is None and fragment.type is None for fragment in rest)
    assert all(fragment.function.name is None for fragment in rest)
    spelled = "".join(fragment.function.arguments for fragment in fragments)
    assert spelled == plain.choices[0].message.tool_calls[0].function.arguments
    assert [choice.finish_reason for choice in choices] == [None] * (len(choices) - 1) + ["tool_calls"]
    assert chunks[-1].usage == plain.usage


def test_the_stream_helper_reads_the_arguments_into_the_model(api, chat):
    arguments = {"model": MODEL, "messages": ASK, "tools": TOOLS, "tool_choice": named("Weather")}
    events, final = api.follow(chat.stream, **arguments)
    done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [event.name for event in done] == ["Weather"]
    assert type(done[0].parsed_arguments) is Weather
    assert final.choices[0].message.tool_calls[0].function.parsed_arguments == done[0].parsed_arguments
    assert final.choices[0].finish_reason == "tool_calls"


def test_parallel_calls_call_every_tool_once(api, chat):
    arguments = {"model": MODEL, "messages": list(ASK), "tools": TOOLS, "tool_choice": "required"}
    completion = api.call(chat.parse, **arguments, parallel_tool_calls=True)
    assert completion.choices[0].finish_reason == "tool_calls"
    calls = completion.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["Weather", "Travel", "Rest"]
    assert [type(call.function.parsed_arguments) for call in calls] == [Weather, Travel, Rest]
    assert len({call.id for call in calls}) == 3


def test_parallel_calls_stream_one_after_the_other(api, chat):
    arguments = {"model": MODEL, "messages": ASK, "tools": TOOLS, "tool_choice": "required"}
    plain = api.call(chat.create, **arguments, parallel_tool_calls=True)
    events, final = api.follow(chat.stream, **arguments, parallel_tool_calls=True)
    done = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert [(event.index, event.name) for event in done] == [(0, "Weather"), (1, "Travel"), (2, "Rest")]
    spelled = [call.function.arguments for call in final.choices[0].message.tool_calls]
    assert spelled == [call.function.arguments for call in plain.choices[0].message.tool_calls]


def test_the_results_of_parallel_calls_lead_to_text(api, chat):
    messages = list(ASK)
    arguments = {"model": MODEL, "messages": messages, "tools": TOOLS}
    message = api.call(chat.create, **arguments, tool_choice="required", parallel_tool_calls=True)
    message = message.choices[0].message
    messages.append(message)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "done"} for call in message.tool_calls]
    final = api.call(chat.create, **arguments).choices[0]
    assert final.finish_reason == "stop"
    assert QUESTION in final.message.content


def test_parallel_calls_leave_out_what_was_called(api, chat):
    messages = list(ASK)
    arguments = {"model": MODEL, "messages": messages, "tools": TOOLS}
    message = api.call(chat.create, **arguments, tool_choice=named("Travel")).choices[0].message
    messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "done"}]
    rest = api.call(chat.create, **arguments, tool_choice="required", parallel_tool_calls=True)
    assert [call.function.name for call in rest.choices[0].message.tool_calls] == ["Weather", "Rest"]


def test_a_schema_without_strictness_is_obeyed_too(api, chat):
    schema = TypeAdapter(dict[str, Travel]).json_schema()
    parameters = {
        "type": "object",
        "properties": {"plans": schema | {"minProperties": 1}},
        "required": ["plans"],
    }
    parameters["$defs"] = parameters["properties"]["plans"].pop("$defs")
    tool = {"type": "function", "function": {"name": "plan", "parameters": parameters}}
    completion = api.call(chat.create, model=MODEL, messages=ASK, tools=[tool], tool_choice="required")
    arguments = json.loads(completion.choices[0].message.tool_calls[0].function.arguments)
    assert TypeAdapter(dict[str, Travel]).validate_python(arguments["plans"])


def test_a_tool_without_parameters_is_called_with_none(api, chat):
    tool = {"type": "function", "function": {"name": "ping"}}
    completion = api.call(chat.create, model=MODEL, messages=ASK, tools=[tool], tool_choice="required")
    (call,) = completion.choices[0].message.tool_calls
    assert call.function.name == "ping"
    assert json.loads(call.function.arguments) == {}
