"""langchain-openai: messages, tools, structured output in each of its methods, streams and errors."""

import json
from datetime import date
from enum import StrEnum
from typing import Literal, TypedDict

import openai
import pytest
from langchain_core import exceptions
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import PydanticOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field

MODEL = "agent-prime"
GREETING = "Good morning, Oslo 🌤 æøå."


class Sky(StrEnum):
    CLEAR = "clear"
    CLOUDY = "cloudy"


class Place(BaseModel):
    name: str
    kind: Literal["city", "mountain"]


class Forecast(BaseModel):
    """The weather of one day."""

    day: date
    sky: Sky
    degrees: float = Field(ge=-60, le=60)
    places: list[Place] = Field(min_length=2, max_length=3)
    note: str | None


class Summary(TypedDict):
    """A summary."""

    title: str
    stars: int


@tool
def weather(city: str, days: int) -> str:
    """Tells the weather."""
    return f"3 °C in {city} for {days} days"


@tool
def travel(place: Place) -> str:
    """Travels to a place."""
    return place.name


def chat(grid, **settings):
    return ChatOpenAI(**{"model": MODEL, "base_url": grid.url, "api_key": grid.key} | settings)


def test_a_question_is_answered_with_its_own_words(grid):
    answer = chat(grid).invoke([SystemMessage("Be brief."), HumanMessage(GREETING)])
    assert type(answer) is AIMessage
    assert GREETING in answer.content
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.response_metadata["model_name"] == MODEL
    assert answer.response_metadata["id"].startswith("chatcmpl-")
    usage = answer.usage_metadata
    assert usage["input_tokens"] > 0
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_a_chain_of_a_prompt_and_a_model(grid):
    chain = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "Greet {city}.")]) | chat(
        grid
    )
    assert "Greet Tromsø." in chain.invoke({"city": "Tromsø"}).content


def test_a_stream_says_what_the_plain_answer_says(grid):
    plain = chat(grid).invoke(GREETING)
    chunks = list(chat(grid, stream_usage=True).stream(GREETING))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert len([chunk for chunk in chunks if chunk.content]) > 1
    assert whole.content == plain.content
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.response_metadata["model_name"] == MODEL
    assert whole.usage_metadata == plain.usage_metadata


def test_the_async_calls_say_the_same(grid, runner):
    async def ask():
        plain = await chat(grid).ainvoke(GREETING)
        pieces = [chunk.content async for chunk in chat(grid).astream(GREETING)]
        return plain.content, "".join(pieces)

    plain, streamed = runner.run(ask())
    assert GREETING in plain
    assert streamed == plain


def test_a_batch_answers_each_question(grid):
    answers = chat(grid).batch(["One.", "Two.", "Three."])
    assert all(
        word in answer.content for word, answer in zip(["One.", "Two.", "Three."], answers, strict=True)
    )


def test_an_image_is_looked_at_without_harm(grid):
    image = {"type": "image", "url": "https://example.com/oslo.png"}
    answer = chat(grid).invoke([HumanMessage([{"type": "text", "text": GREETING}, image])])
    assert GREETING in answer.content


@pytest.mark.parametrize("name", ["weather", "travel"])
def test_the_tool_that_is_named_is_called(grid, name):
    answer = chat(grid).bind_tools([weather, travel], tool_choice=name).invoke("What is the weather?")
    (call,) = answer.tool_calls
    assert call["name"] == name
    assert call["id"].startswith("call_")
    assert answer.invalid_tool_calls == []
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert {"weather": weather, "travel": travel}[name].invoke(call).status == "success"


def test_from_the_call_to_the_final_text(grid):
    messages = [HumanMessage("What is the weather?")]
    answer = chat(grid).bind_tools([weather], tool_choice="required").invoke(messages)
    result = weather.invoke(answer.tool_calls[0])
    assert type(result) is ToolMessage
    final = chat(grid).bind_tools([weather]).invoke([*messages, answer, result])
    assert final.tool_calls == []
    assert "What is the weather?" in final.content
    assert grid.statuses == [200, 200]


def test_parallel_calls_call_every_tool_once(grid):
    bound = chat(grid).bind_tools([weather, travel], tool_choice="required", parallel_tool_calls=True)
    messages = [HumanMessage("Go.")]
    answer = bound.invoke(messages)
    assert [call["name"] for call in answer.tool_calls] == ["weather", "travel"]
    results = [
        {"weather": weather, "travel": travel}[call["name"]].invoke(call) for call in answer.tool_calls
    ]
    final = chat(grid).bind_tools([weather, travel]).invoke([*messages, answer, *results])
    assert "Go." in final.content


def test_parallel_calls_stream_one_after_the_other(grid):
    bound = chat(grid).bind_tools([weather, travel], tool_choice="required", parallel_tool_calls=True)
    plain = bound.invoke("Go.")
    chunks = list(bound.stream("Go."))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [call["name"] for call in whole.tool_calls] == ["weather", "travel"]
    assert [call["args"] for call in whole.tool_calls] == [call["args"] for call in plain.tool_calls]
    assert whole.invalid_tool_calls == []
    assert whole.response_metadata["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("strict", [None, True])
def test_structured_output(grid, method, strict):
    structured = chat(grid).with_structured_output(Forecast, method=method, strict=strict, include_raw=True)
    answer = structured.invoke("Forecast, please.")
    assert answer["parsing_error"] is None
    assert type(answer["parsed"]) is Forecast


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_of_a_typed_dict(grid, method):
    answer = chat(grid).with_structured_output(Summary, method=method).invoke("Sum up.")
    assert set(answer) == {"title", "stars"}
    assert type(answer["stars"]) is int


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output_streams(grid, method):
    structured = chat(grid).with_structured_output(Forecast, method=method)
    *_, last = structured.stream("Forecast, please.")
    assert type(last) is Forecast
    assert last == structured.invoke("Forecast, please.")


def test_json_mode_gives_an_object(grid):
    answer = chat(grid).bind(response_format={"type": "json_object"}).invoke("Answer in JSON.")
    assert isinstance(json.loads(answer.content), dict)


def test_json_mode_obeys_the_instructions_of_a_parser(grid):
    parser = PydanticOutputParser(pydantic_object=Forecast)
    asked = f"Forecast, please.\n{parser.get_format_instructions()}"
    structured = chat(grid).with_structured_output(Forecast, method="json_mode")
    assert type(structured.invoke(asked)) is Forecast
    assert type((chat(grid).bind(response_format={"type": "json_object"}) | parser).invoke(asked)) is Forecast


def test_structured_output_that_is_cut_is_told(grid):
    structured = chat(grid, max_completion_tokens=2).with_structured_output(Forecast, method="json_schema")
    with pytest.raises(openai.LengthFinishReasonError):
        structured.invoke("Forecast, please.")
    assert grid.statuses == [200]


def test_logprobs_spell_the_answer(grid):
    answer = chat(grid, logprobs=True, top_logprobs=2).invoke(GREETING)
    tokens = answer.response_metadata["logprobs"]["content"]
    assert b"".join(bytes(token["bytes"]) for token in tokens).decode() == answer.content
    assert {len(token["top_logprobs"]) for token in tokens} == {2}


def test_several_answers_to_one_question_differ(grid):
    (generations,) = chat(grid, n=3).generate([[HumanMessage(GREETING)]]).generations
    assert len({generation.text for generation in generations}) == 3


def test_a_stop_sequence_ends_the_answer_before_it(grid):
    answer = chat(grid).invoke("alpha beta gamma", stop=["beta"])
    assert "alpha" in answer.content
    assert "beta" not in answer.content


def test_a_token_limit_cuts_the_answer(grid):
    answer = chat(grid, max_completion_tokens=3).invoke(GREETING)
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.usage_metadata["output_tokens"] == 3


def failing(model, **arguments):
    with pytest.raises(openai.APIStatusError) as caught:
        model.invoke(GREETING, **arguments)
    return caught.value


def test_an_unknown_key(grid):
    error = failing(chat(grid, api_key="sk-wrong"))
    assert isinstance(error, exceptions.ModelAuthenticationError)
    assert error.status_code == 401
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(grid):
    error = failing(chat(grid, model="gpt-5.2"))
    assert isinstance(error, exceptions.ModelNotFoundError)
    assert "gpt-5.2" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(grid):
    error = failing(chat(grid, temperature=3))
    assert isinstance(error, openai.UnprocessableEntityError)
    assert "temperature" in error.body["errors"][0]["path"]
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(grid):
    error = failing(chat(grid, base_url=f"{grid.url}/v1"))
    assert isinstance(error, exceptions.ModelNotFoundError)
    assert "/v1/chat/completions" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


CLASSES = {
    400: exceptions.ModelInvalidRequestError,
    401: exceptions.ModelAuthenticationError,
    404: exceptions.ModelNotFoundError,
    422: openai.UnprocessableEntityError,
    429: exceptions.ModelRateLimitError,
    500: exceptions.ModelAPIError,
    503: exceptions.ModelAPIError,
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_becomes_its_class(grid, status):
    error = failing(chat(grid, max_retries=0, default_headers={"Prefer": f"code={status}"}))
    assert error.status_code == status
    assert isinstance(error, CLASSES[status])
    assert grid.statuses == [status]


@pytest.mark.parametrize(("status", "attempts"), [(401, 1), (422, 1), (500, 3)])
def test_only_what_may_pass_is_tried_again(grid, status, attempts):
    error = failing(chat(grid, default_headers={"Prefer": f"code={status}"}))
    assert error.status_code == status
    assert grid.statuses == [status] * attempts


def test_a_conversation_that_is_too_long_has_its_code(grid):
    grid.play(grid.TOO_LONG)
    with pytest.raises(exceptions.ModelInvalidRequestError) as caught:
        chat(grid).invoke(GREETING)
    # langchain-openai 1.7.4 looks for the code among the error's words, where openai 3 has it no more.
    assert not isinstance(caught.value, exceptions.ContextOverflowError)
    assert caught.value.code == "context_length_exceeded"
    assert grid.statuses == [400]


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_that_served_is_named(grid, stream):
    grid.play({"say": "Hello.", "served": "qwen/qwen3-235b"})
    if stream:
        pieces = list(chat(grid).stream(GREETING))
        (named,) = {piece.response_metadata.get("model_name") for piece in pieces} - {None}
    else:
        named = chat(grid).invoke(GREETING).response_metadata["model_name"]
    assert named == "qwen/qwen3-235b"


def test_the_guide(documented):
    assert "Hello?" in documented("LangChain")
