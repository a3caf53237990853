"""llama-index: chat, tools and typed output over a model that it does not know by name."""

from typing import Literal

import openai
import pytest
from llama_index.core.base.llms.types import LLMMetadata
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI
from pydantic import BaseModel, Field

MODEL = "agent-prime"
GREETING = "Good morning, Oslo 🌤 æøå."
ASK = [ChatMessage(GREETING)]
PROMPT = PromptTemplate("Describe {thing}.")


class Grid(OpenAI):
    """OpenAI's class knows only OpenAI's models by name: what it needs to know of another is told here."""

    native: bool = False

    @property
    def metadata(self):
        return LLMMetadata(
            context_window=120_000, is_chat_model=True, is_function_calling_model=True, model_name=self.model
        )

    def _should_use_structure_outputs(self):
        return self.native


class Place(BaseModel):
    """A place."""

    name: str = Field(min_length=2)
    kind: Literal["city", "mountain"]


class Journey(BaseModel):
    """A journey."""

    title: str
    places: list[Place] = Field(min_length=2, max_length=3)
    minutes: int = Field(ge=5, le=600)
    note: str | None


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def visit(place: Place) -> str:
    """Visits a place."""
    return f"visited {place.name}"


ADD = FunctionTool.from_defaults(add)
VISIT = FunctionTool.from_defaults(visit)


def model(grid, **settings):
    return Grid(**{"model": MODEL, "api_base": grid.url, "api_key": grid.key} | settings)


def test_a_question_is_answered_with_its_own_words(grid):
    answer = model(grid).chat([ChatMessage("Be brief.", role=MessageRole.SYSTEM), *ASK])
    assert answer.message.role == MessageRole.ASSISTANT
    assert GREETING in answer.message.content
    assert answer.raw.choices[0].finish_reason == "stop"
    usage = answer.additional_kwargs
    assert usage["prompt_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert GREETING in model(grid).complete(GREETING).text


def test_a_stream_says_what_the_plain_answer_says(grid):
    plain = model(grid).chat(ASK)
    parts = list(model(grid).stream_chat(ASK, stream_options={"include_usage": True}))
    assert len([part for part in parts if part.delta]) > 1
    assert "".join(part.delta for part in parts) == plain.message.content
    assert parts[-1].message.content == plain.message.content
    assert parts[-1].additional_kwargs == plain.additional_kwargs


def test_the_async_calls_say_the_same(grid, runner):
    async def ask():
        plain = await model(grid).achat(ASK)
        pieces = [part.delta async for part in await model(grid).astream_chat(ASK)]
        return plain.message.content, "".join(pieces)

    plain, streamed = runner.run(ask())
    assert GREETING in plain
    assert streamed == plain


def test_the_tool_that_is_named_is_called(grid):
    answer = model(grid).chat_with_tools([ADD, VISIT], user_msg="Go.", tool_choice="visit")
    (call,) = model(grid).get_tool_calls_from_response(answer)
    assert call.tool_name == "visit"
    assert call.tool_id.startswith("call_")
    assert set(call.tool_kwargs) == {"place"}
    Place.model_validate(call.tool_kwargs["place"])
    assert answer.raw.choices[0].finish_reason == "tool_calls"


def test_predict_and_call_calls_the_function(grid):
    answer = model(grid).predict_and_call([ADD], user_msg="Go.", tool_required=True)
    (output,) = answer.sources
    assert output.tool_name == "add"
    assert not output.is_error
    arguments = output.raw_input["kwargs"]
    assert output.raw_output == arguments["a"] + arguments["b"]


def test_from_the_call_to_the_final_text(grid):
    llm = model(grid)
    answer = llm.chat_with_tools([ADD], user_msg="What is the sum?", tool_required=True)
    (call,) = llm.get_tool_calls_from_response(answer)
    result = ChatMessage(
        str(ADD(**call.tool_kwargs)), role=MessageRole.TOOL, additional_kwargs={"tool_call_id": call.tool_id}
    )
    history = [ChatMessage("What is the sum?"), answer.message, result]
    final = llm.chat_with_tools([ADD], chat_history=history)
    assert llm.get_tool_calls_from_response(final, error_on_no_tool_call=False) == []
    assert "What is the sum?" in final.message.content
    assert grid.statuses == [200, 200]


def test_parallel_calls_call_every_tool_once(grid):
    llm = model(grid)
    wanted = {"user_msg": "Go.", "tool_required": True, "allow_parallel_tool_calls": True}
    plain = llm.get_tool_calls_from_response(llm.chat_with_tools([ADD, VISIT], **wanted))
    assert [call.tool_name for call in plain] == ["add", "visit"]
    *_, last = llm.stream_chat_with_tools([ADD, VISIT], **wanted)
    streamed = llm.get_tool_calls_from_response(last)
    assert [(call.tool_name, call.tool_kwargs) for call in streamed] == [
        (call.tool_name, call.tool_kwargs) for call in plain
    ]


@pytest.mark.parametrize("native", [True, False])
def test_structured_predict(grid, native):
    journey = model(grid, native=native).structured_predict(Journey, PROMPT, thing="a journey")
    assert type(journey) is Journey
    assert grid.statuses == [200]


@pytest.mark.parametrize("native", [True, False])
def test_structured_predict_async(grid, runner, native):
    llm = model(grid, native=native)
    journey = runner.run(llm.astructured_predict(Journey, PROMPT, thing="a journey"))
    assert journey == llm.structured_predict(Journey, PROMPT, thing="a journey")


def test_structured_predict_streams(grid):
    llm = model(grid, native=True)
    *_, last = llm.stream_structured_predict(Journey, PROMPT, thing="a journey")
    assert type(last) is Journey
    assert last == llm.structured_predict(Journey, PROMPT, thing="a journey")


def test_a_structured_model_answers_chats(grid):
    answer = model(grid).as_structured_llm(Journey).chat(ASK)
    assert type(answer.raw) is Journey


def test_logprobs_spell_the_answer(grid):
    answer = model(grid, logprobs=True, top_logprobs=2).chat(ASK)
    assert b"".join(bytes(best[0].bytes) for best in answer.logprobs).decode() == answer.message.content
    assert {len(best) for best in answer.logprobs} == {2}


def test_several_answers_to_one_question_differ(grid):
    answer = model(grid, additional_kwargs={"n": 3}).chat(ASK)
    assert len({choice.message.content for choice in answer.raw.choices}) == 3


def test_a_stop_sequence_ends_the_answer_before_it(grid):
    content = model(grid).chat([ChatMessage("alpha beta gamma")], stop=["beta"]).message.content
    assert "alpha" in content
    assert "beta" not in content


def test_a_token_limit_cuts_the_answer(grid):
    answer = model(grid, max_tokens=3).chat(ASK)
    assert answer.raw.choices[0].finish_reason == "length"
    assert answer.additional_kwargs["completion_tokens"] == 3


def test_the_answer_is_a_sound(grid):
    audio = {"voice": "alloy", "format": "wav"}
    answer = model(grid, modalities=["text", "audio"], audio_config=audio).chat(ASK)
    (block,) = [block for block in answer.message.blocks if block.block_type == "audio"]
    assert block.resolve_audio().read(4) == b"RIFF"


def failing(llm):
    with pytest.raises(openai.APIStatusError) as caught:
        llm.chat(ASK)
    return caught.value


def test_an_unknown_key(grid):
    error = failing(model(grid, api_key="sk-wrong"))
    assert type(error) is openai.AuthenticationError
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(grid):
    error = failing(model(grid, model="gpt-5.2"))
    assert type(error) is openai.NotFoundError
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(grid):
    error = failing(model(grid, additional_kwargs={"temperature": 3}))
    assert type(error) is openai.UnprocessableEntityError
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(grid):
    error = failing(model(grid, api_base=f"{grid.url}/v1"))
    assert type(error) is openai.NotFoundError
    assert "/v1/chat/completions" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


CLASSES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    404: openai.NotFoundError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_becomes_its_class(grid, status):
    error = failing(model(grid, max_retries=0, default_headers={"Prefer": f"code={status}"}))
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status]


@pytest.mark.parametrize(("status", "attempts"), [(401, 1), (422, 1), (503, 2)])
def test_only_what_may_pass_is_tried_again(grid, status, attempts):
    # Its own retries lie around the SDK's: one of its own, at once, is the whole of the first round.
    error = failing(model(grid, max_retries=1, default_headers={"Prefer": f"code={status}"}))
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status] * attempts


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_comes_with_the_answer(grid, stream):
    grid.play({"think": "North.", "say": "Cold."})
    answer = list(model(grid).stream_chat(ASK))[-1] if stream else model(grid).chat(ASK)
    told = {
        block.block_type: block.content if block.block_type == "thinking" else block.text
        for block in answer.message.blocks
    }
    assert told == {"thinking": "North.", "text": "Cold."}


def test_the_guide(documented):
    assert "Hello?" in documented("llama-index")
