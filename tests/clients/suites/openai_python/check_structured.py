"""Structured output, read by the client's own typed helpers."""

import datetime as dt
import json
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import openai
import pytest
from pydantic import BaseModel, Field

MODEL = "text-max"
ASK = [{"role": "user", "content": "Describe a journey."}]


class Mood(StrEnum):
    CALM = "calm"
    WILD = "wild"


class Leg(BaseModel):
    start: str = Field(pattern=r"^[A-Z]{3}$")
    minutes: Annotated[int, Field(ge=5, le=600, multiple_of=5)]
    by: Literal["foot", "train", "boat"]


class Cost(BaseModel):
    kind: Literal["cost"]
    amount: float = Field(gt=0, lt=1000)


class Free(BaseModel):
    kind: Literal["free"]


class Journey(BaseModel):
    id: UUID
    title: str = Field(min_length=3, max_length=12)
    day: dt.date
    at: dt.datetime
    mood: Mood
    legs: list[Leg] = Field(min_length=2, max_length=3)
    guide: str | None
    price: Cost | Free
    rating: Decimal = Field(ge=0, le=5)


class Branch(BaseModel):
    name: str
    branches: list["Branch"]


@pytest.mark.parametrize("wanted", [Journey, Branch])
def test_parse_returns_the_model(api, chat, wanted):
    completion = api.call(chat.parse, model=MODEL, messages=ASK, response_format=wanted)
    message = completion.choices[0].message
    assert completion.choices[0].finish_reason == "stop"
    assert type(message.parsed) is wanted
    assert message.refusal is None
    assert wanted.model_validate_json(message.content) == message.parsed


def test_a_parsed_stream_says_what_the_plain_answer_says(api, chat):
    arguments = {"model": MODEL, "messages": ASK, "response_format": Journey}
    plain = api.call(chat.parse, **arguments)
    events, final = api.follow(chat.stream, **arguments, stream_options={"include_usage": True})
    done = [event for event in events if event.type == "content.done"]
    assert [type(event.parsed) for event in done] == [Journey]
    assert final.choices[0].message.content == plain.choices[0].message.content
    assert final.choices[0].message.parsed == plain.choices[0].message.parsed
    assert final.usage == plain.usage


def test_several_answers_are_parsed_each(api, chat):
    completion = api.call(chat.parse, model=MODEL, messages=ASK, response_format=Journey, n=3)
    assert [type(choice.message.parsed) for choice in completion.choices] == [Journey] * 3
    assert len({choice.message.content for choice in completion.choices}) == 3


def test_parse_takes_a_cut_answer_for_an_error(api, chat):
    arguments = {"model": MODEL, "messages": ASK, "response_format": Journey, "max_completion_tokens": 2}
    with pytest.raises(openai.LengthFinishReasonError) as caught:
        api.call(chat.parse, **arguments)
    assert caught.value.completion.usage.completion_tokens == 2
    with pytest.raises(openai.LengthFinishReasonError):
        api.follow(chat.stream, **arguments)


def test_a_plain_json_schema_is_obeyed(api, chat):
    schema = {"name": "journey", "schema": Journey.model_json_schema()}
    wanted = {"type": "json_schema", "json_schema": schema}
    completion = api.call(chat.create, model=MODEL, messages=ASK, response_format=wanted)
    Journey.model_validate_json(completion.choices[0].message.content)


def test_a_json_object_is_a_json_object(api, chat):
    wanted = {"type": "json_object"}
    completion = api.call(chat.create, model=MODEL, messages=ASK, response_format=wanted)
    assert isinstance(json.loads(completion.choices[0].message.content), dict)


def test_a_tool_comes_before_the_structure(api, chat):
    tools = [openai.pydantic_function_tool(Leg)]
    arguments = {"model": MODEL, "tools": tools, "response_format": Journey}
    message = api.call(chat.parse, **arguments, messages=ASK, tool_choice="required").choices[0].message
    assert message.parsed is None
    assert type(message.tool_calls[0].function.parsed_arguments) is Leg
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "45"}
    final = api.call(chat.parse, **arguments, messages=[*ASK, message, result]).choices[0].message
    assert final.tool_calls is None
    assert type(final.parsed) is Journey
