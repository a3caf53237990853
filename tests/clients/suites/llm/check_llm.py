"""llm: its Python API and its command line, over an OpenAI-compatible endpoint."""

import json
from typing import Literal

import openai
import pytest
from click.testing import CliRunner
from llm.cli import cli
from llm.default_plugins.openai_models import AsyncChat, Chat
from pydantic import BaseModel, Field

MODEL = "agent-prime"
GREETING = "Good morning, Oslo 🌤 æøå."


class Place(BaseModel):
    name: str = Field(min_length=2)
    kind: Literal["city", "mountain"]


class Journey(BaseModel):
    title: str
    places: list[Place] = Field(min_length=2, max_length=3)
    minutes: int = Field(ge=5, le=600)


class Required(Chat):
    """A model that must call a tool before it answers: llm itself leaves the choice to the model."""

    def build_kwargs(self, prompt, stream):
        kwargs = super().build_kwargs(prompt, stream)
        if prompt.tools and not prompt.tool_results:
            kwargs |= {"tool_choice": "required", "parallel_tool_calls": True}
        return kwargs


def model(grid, cls=Chat, name=MODEL, url=None, **settings):
    return cls(name, api_base=url or grid.url, supports_schema=True, supports_tools=True, **settings)


@pytest.mark.parametrize("stream", [True, False])
def test_a_question_is_answered_with_its_own_words(grid, stream):
    response = model(grid).prompt(GREETING, system="Be brief.", key=grid.key, stream=stream)
    assert GREETING in response.text()
    told = response.usage()
    assert told.input > 0
    assert told.output > 0


def test_a_stream_says_what_the_plain_answer_says(grid):
    plain = model(grid).prompt(GREETING, key=grid.key, stream=False)
    streamed = model(grid).prompt(GREETING, key=grid.key)
    pieces = list(streamed)
    assert len(pieces) > 1
    assert "".join(pieces) == plain.text()
    assert streamed.usage() == plain.usage()
    assert streamed.response_json["finish_reason"] == "stop"


def test_the_async_calls_say_the_same(grid, runner):
    async def ask():
        response = model(grid, AsyncChat).prompt(GREETING, key=grid.key)
        return "".join([piece async for piece in response])

    assert runner.run(ask()) == model(grid).prompt(GREETING, key=grid.key, stream=False).text()


def test_a_conversation_goes_on(grid):
    conversation = model(grid).conversation()
    assert "One." in conversation.prompt("One.", key=grid.key).text()
    assert "Two." in conversation.prompt("Two.", key=grid.key).text()
    assert grid.statuses == [200, 200]


@pytest.mark.parametrize("stream", [True, False])
def test_a_schema_is_obeyed(grid, stream):
    response = model(grid).prompt("Describe a journey.", schema=Journey, key=grid.key, stream=stream)
    assert type(Journey.model_validate_json(response.text())) is Journey


def test_a_json_object_is_a_json_object(grid):
    response = model(grid).prompt("Answer in JSON.", key=grid.key, json_object=True)
    assert isinstance(json.loads(response.text()), dict)


@pytest.mark.parametrize("stream", [True, False])
def test_from_the_calls_to_the_final_text(grid, stream):
    called = []

    def measure(city: str, days: int) -> str:
        """Measures the weather."""
        called.append(("measure", type(city), type(days)))
        return "3 °C"

    def travel(kind: Literal["city", "mountain"]) -> str:
        """Travels."""
        called.append(("travel", kind in {"city", "mountain"}))
        return "gone"

    chain = model(grid, Required).chain(GREETING, tools=[measure, travel], key=grid.key, stream=stream)
    assert GREETING in chain.text()
    assert called == [("measure", str, int), ("travel", True)]
    assert grid.statuses == [200, 200]


def test_a_chain_that_may_answer_in_words_does(grid):
    def measure(city: str) -> str:
        """Measures the weather."""
        pytest.fail(f"Called for {city} without being required.")

    assert GREETING in model(grid).chain(GREETING, tools=[measure], key=grid.key).text()
    assert grid.statuses == [200]


@pytest.mark.breaks_contract
def test_a_tool_without_a_docstring_breaks_the_contract(grid):
    # The contract's description may be left out but not null, and null is what llm sends here.
    def measure(city: str) -> str:
        return city

    with pytest.raises(openai.APIStatusError) as caught:
        model(grid).chain(GREETING, tools=[measure], key=grid.key).text()
    assert "description" in caught.value.body["errors"][0]["path"]


def test_a_stop_sequence_ends_the_answer_before_it(grid):
    text = model(grid).prompt("alpha beta gamma", key=grid.key, stop="beta").text()
    assert "alpha" in text
    assert "beta" not in text


def test_a_token_limit_cuts_the_answer(grid):
    response = model(grid).prompt(GREETING, key=grid.key, max_tokens=3)
    assert GREETING not in response.text()
    assert response.usage().output == 3
    assert response.response_json["finish_reason"] == "length"


def test_the_command_line_asks_an_endpoint(grid):
    done = CliRunner().invoke(cli, ["openai", "endpoint", grid.url, GREETING, "-m", MODEL, "--key", grid.key])
    assert done.exit_code == 0, done.output
    assert GREETING in done.output
    assert grid.statuses == [200]


def test_the_command_line_lists_the_models_of_an_endpoint(grid):
    done = CliRunner().invoke(cli, ["openai", "endpoint", grid.url, "--models", "--key", grid.key])
    assert done.exit_code == 0, done.output
    assert {"text-prime", "agent-max"} <= set(done.output.split())


def test_the_command_line_asks_for_a_schema(grid):
    arguments = [
        "openai",
        "endpoint",
        grid.url,
        "A dog.",
        "-m",
        MODEL,
        "--key",
        grid.key,
        "--schema",
        "name, age int",
    ]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert type(answer["name"]) is str
    assert type(answer["age"]) is int


def failing(model, grid, **options):
    with pytest.raises(openai.APIStatusError) as caught:
        model.prompt(GREETING, **{"key": grid.key} | options).text()
    return caught.value


def test_an_unknown_key(grid):
    error = failing(model(grid), grid, key="sk-wrong")
    assert type(error) is openai.AuthenticationError
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(grid):
    error = failing(model(grid, name="gpt-5.2"), grid)
    assert type(error) is openai.NotFoundError
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(grid):
    class Hot(Chat):
        def build_kwargs(self, prompt, stream):
            return super().build_kwargs(prompt, stream) | {"temperature": 3}

    error = failing(model(grid, Hot), grid)
    assert type(error) is openai.UnprocessableEntityError
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(grid):
    error = failing(model(grid, url=f"{grid.url}/v1"), grid)
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
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_becomes_its_class_and_only_what_may_pass_is_tried_again(grid, status):
    error = failing(model(grid, headers={"Prefer": f"code={status}"}), grid)
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status] * (3 if status in {429, 500} else 1)


def test_the_guide(documented):
    assert "Hello?" in documented("llm")
