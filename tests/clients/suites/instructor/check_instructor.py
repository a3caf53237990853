"""instructor: typed answers through its modes, with its retries around them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

import instructor
import openai
import pytest
from instructor.core.exceptions import IncompleteOutputException, InstructorRetryException
from pydantic import BaseModel, Field, StringConstraints

MODEL = "agent-prime"
ASK = [{"role": "user", "content": "Forecast, please."}]
MODES = [
    instructor.Mode.TOOLS,
    instructor.Mode.TOOLS_STRICT,
    instructor.Mode.JSON_SCHEMA,
    instructor.Mode.JSON,  # it tells the schema in a message
]


class Sky(StrEnum):
    CLEAR = "clear"
    CLOUDY = "cloudy"


class Place(BaseModel):
    name: Annotated[str, StringConstraints(min_length=2, max_length=20)]
    kind: Literal["city", "mountain"]


class Journey(BaseModel):
    """What can be told piece by piece: a part is not validated as JSON, so it knows no enums or sets."""

    title: str = Field(min_length=3)
    places: list[Place] = Field(min_length=2, max_length=3)
    minutes: int = Field(ge=5, le=600)


class Forecast(BaseModel):
    """The weather of one day."""

    sky: Sky
    degrees: float = Field(ge=-60, le=60)
    places: list[Place] = Field(min_length=2, max_length=3)
    note: str | None = None
    tags: set[Literal["dry", "wet", "cold"]] = Field(min_length=2)


def typed(grid, mode, **settings):
    given = {"base_url": grid.url, "api_key": grid.key} | settings
    return instructor.from_openai(openai.OpenAI(**given), mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_typed_answer(grid, mode):
    forecast = typed(grid, mode).create(model=MODEL, messages=ASK, response_model=Forecast)
    assert isinstance(forecast, Forecast)
    assert grid.statuses == [200]


@pytest.mark.parametrize("mode", MODES)
def test_a_typed_answer_with_its_completion(grid, mode):
    forecast, completion = typed(grid, mode).create_with_completion(
        model=MODEL, messages=ASK, response_model=Forecast
    )
    assert isinstance(forecast, Forecast)
    assert completion.id.startswith("chatcmpl-")
    assert completion.model == MODEL
    assert (
        completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    )
    assert completion.choices[0].finish_reason == (
        "stop" if mode in {instructor.Mode.JSON_SCHEMA, instructor.Mode.JSON} else "tool_calls"
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_typed_answer_of_a_list(grid, mode):
    places = typed(grid, mode).create(model=MODEL, messages=ASK, response_model=list[Place])
    assert places
    assert all(isinstance(place, Place) for place in places)


@pytest.mark.parametrize("mode", MODES)
def test_a_partial_answer_grows_to_the_whole_one(grid, mode):
    parts = list(typed(grid, mode).create_partial(model=MODEL, messages=ASK, response_model=Journey))
    assert len(parts) > 2
    assert parts[0].minutes is None
    assert Journey.model_validate(parts[-1].model_dump())


@pytest.mark.parametrize("mode", MODES)
def test_an_iterable_yields_whole_items(grid, mode):
    places = list(typed(grid, mode).create_iterable(model=MODEL, messages=ASK, response_model=Place))
    assert places
    assert all(type(place) is Place for place in places)


@pytest.mark.parametrize("mode", MODES)
def test_the_async_client_says_the_same(grid, runner, mode):
    arguments = {"model": MODEL, "messages": ASK, "response_model": Journey}

    async def ask():
        async with openai.AsyncOpenAI(base_url=grid.url, api_key=grid.key) as plain:
            client = instructor.from_openai(plain, mode=mode)
            parts = [part async for part in client.create_partial(**arguments)]
            return await client.create(**arguments), parts[-1]

    journey, streamed = runner.run(ask())
    assert journey.model_dump() == typed(grid, mode).create(**arguments).model_dump()
    assert Journey.model_validate(streamed.model_dump())


def test_the_provider_string_leads_to_the_same_fake(grid):
    client = instructor.from_provider(f"openai/{MODEL}", base_url=grid.url, api_key=grid.key)
    assert isinstance(client.create(messages=ASK, response_model=Forecast), Forecast)
    assert grid.statuses == [200]


def test_without_a_model_of_the_answer_it_is_text(grid):
    answer = typed(grid, instructor.Mode.TOOLS).create(model=MODEL, messages=ASK, response_model=None)
    assert "Forecast, please." in answer.choices[0].message.content


def test_where_the_choice_is_left_to_the_model_it_answers_in_words(grid):
    client = typed(grid, instructor.Mode.PARALLEL_TOOLS)
    with pytest.raises(InstructorRetryException, match="No tool calls"):
        list(
            client.create(model=MODEL, messages=ASK, response_model=Iterable[Place | Forecast], max_retries=1)
        )
    assert set(grid.statuses) == {200}


def test_an_answer_that_is_cut_is_told(grid):
    client = typed(grid, instructor.Mode.JSON_SCHEMA)
    with pytest.raises(IncompleteOutputException):
        client.create(model=MODEL, messages=ASK, response_model=Forecast, max_completion_tokens=2)
    assert grid.statuses == [200]


def failing(client, **arguments):
    with pytest.raises(InstructorRetryException) as caught:
        client.create(**{"model": MODEL, "messages": ASK, "response_model": Place} | arguments)
    assert caught.value.n_attempts == 1
    return caught.value.__cause__


def test_an_unknown_key(grid):
    error = failing(typed(grid, instructor.Mode.TOOLS, api_key="sk-wrong"))
    assert type(error) is openai.AuthenticationError
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(grid):
    error = failing(typed(grid, instructor.Mode.TOOLS), model="gpt-5.2")
    assert type(error) is openai.NotFoundError
    assert "gpt-5.2" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
def test_a_value_out_of_range(grid):
    error = failing(typed(grid, instructor.Mode.TOOLS), temperature=3)
    assert type(error) is openai.UnprocessableEntityError
    assert "temperature" in error.body["errors"][0]["path"]
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(grid):
    error = failing(typed(grid, instructor.Mode.TOOLS, base_url=f"{grid.url}/v1"))
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
    client = typed(grid, instructor.Mode.TOOLS, max_retries=0)
    error = failing(client, extra_headers={"Prefer": f"code={status}"})
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status]


@pytest.mark.parametrize(("status", "attempts"), [(422, 1), (500, 3)])
def test_only_what_may_pass_is_tried_again(grid, status, attempts):
    error = failing(typed(grid, instructor.Mode.TOOLS), extra_headers={"Prefer": f"code={status}"})
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status] * attempts


def test_the_guide(documented):
    assert documented("instructor").strip()
