"""Tools, structured output and reasoning: what a client has to look at besides the content."""

import json

import openai
import pydantic
import pytest
from scenarios.grid import HELLO

SAID = "You said: Hello there"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


class City(pydantic.BaseModel):
    name: str
    people: int


def agent(client, *, at_most, only_first=False, stream=False):
    """Asks until there is no call left; returns the text, and the cities that were asked for."""
    messages, cities = list(HELLO), []
    for _ in range(at_most):
        if stream:
            with client.stream(model="agent-prime", messages=messages, tools=TOOLS) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = client.create(model="agent-prime", messages=messages, tools=TOOLS).choices[0].message
        if not message.tool_calls:
            return message.content, cities
        messages.append(message.to_dict())
        for call in message.tool_calls[:1] if only_first else message.tool_calls:
            cities.append(json.loads(call.function.arguments)["city"])
            messages.append({"role": "tool", "tool_call_id": call.id, "content": "12 °C"})
    return None, cities


@pytest.mark.parametrize("stream", [False, True])
def test_tool_loop(grid, stream):
    answer = "Rome is the warmest of the three."
    with grid.openai("tool-loop") as client:
        assert agent(client, at_most=10, stream=stream) == (answer, ["Oslo", "Rome", "Tokyo"])
    assert grid.statuses == [200, 200, 200]
    with grid.openai("tool-loop") as client:
        assert agent(client, at_most=1, stream=stream) == (None, ["Oslo", "Rome"])


def test_tool_loop_and_a_client_that_answers_one_call_of_two(grid):
    with grid.openai("tool-loop") as client, pytest.raises(openai.APIStatusError) as raised:
        agent(client, at_most=10, only_first=True)
    assert grid.statuses == [200, 424]
    assert "one more, after both results" in raised.value.response.text


def test_tool_loop_and_a_client_without_the_tool(grid):
    with grid.openai("tool-loop") as client, pytest.raises(openai.APIStatusError):
        client.create(model="agent-prime", messages=HELLO)
    assert grid.statuses == [424]


def test_structured_output(grid):
    asked = {"model": "text-prime", "messages": HELLO, "response_format": City}
    with grid.openai("structured-output") as client:
        first = client.parse(**asked).choices[0].message
        assert (first.parsed, first.refusal) == (None, "I cannot help with that.")
        with pytest.raises(openai.LengthFinishReasonError):
            client.parse(**asked)
        assert isinstance(client.parse(**asked).choices[0].message.parsed, City)
    assert grid.statuses == [200] * 3
    with grid.openai("structured-output") as client:
        asked["response_format"] = {"type": "json_object"}
        contents = [client.create(**asked).choices[0].message.content for _ in range(3)]
    with pytest.raises(TypeError):
        json.loads(contents[0])
    with pytest.raises(json.JSONDecodeError):
        json.loads(contents[1])
    assert isinstance(json.loads(contents[2]), dict)


def test_reasoning(grid):
    with grid.openai("reasoning") as client:
        deltas = [
            chunk.choices[0].delta.to_dict()
            for chunk in client.create(model="text-prime", messages=HELLO, stream=True)
        ]
        message = client.create(model="text-prime", messages=HELLO).choices[0].message
    thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    assert "".join(delta.get("content") or "" for delta in deltas) == SAID == message.content
    assert thought == "The user wants a greeting. A short one will do." == message.reasoning_content
    # A reader that stops at the first chunk without content has nothing.
    assert not deltas[0].get("content")
    assert not deltas[1].get("content")


@pytest.mark.parametrize("limit", ["max_completion_tokens", "max_tokens"])
def test_reasoning_under_a_small_limit(grid, limit):
    with grid.openai("reasoning") as client:
        completion = client.create(model="text-prime", messages=HELLO, **{limit: 16})
    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("", "length")
    assert choice.message.reasoning_content
