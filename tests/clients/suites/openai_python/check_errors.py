"""Errors: each status becomes the client's own class, and only what may pass is tried again."""

import time

import openai
import pytest

MODEL = "text-prime"
ASK = [{"role": "user", "content": "Hello"}]

CLASSES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    404: openai.NotFoundError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}
RETRIED = {500, 503}


def failing(api, client, **arguments):
    with pytest.raises(openai.APIStatusError) as caught:
        api.call(client.chat.completions.create, **{"model": MODEL, "messages": ASK} | arguments)
    return caught.value


def test_an_unknown_key(api, grid):
    error = failing(api, api.client(api_key="sk-wrong"))
    assert type(error) is openai.AuthenticationError
    assert error.status_code == 401
    assert error.request_id
    assert "mg-" in error.body["errors"]["detail"]
    assert grid.statuses == [401]


def test_an_unknown_model(api, grid):
    error = failing(api, api.client(), model="gpt-5.2")
    assert type(error) is openai.NotFoundError
    assert "Model not found: gpt-5.2" in error.body["errors"]["detail"]
    assert error.code is None
    assert grid.statuses == [404]


@pytest.mark.breaks_contract
@pytest.mark.parametrize("stream", [False, True])
def test_a_value_out_of_range(api, grid, stream):
    error = failing(api, api.client(), temperature=3, stream=stream)
    assert type(error) is openai.UnprocessableEntityError
    (violation,) = error.body["errors"]
    assert "temperature" in violation["path"]
    assert violation["value"] == "3"
    assert violation["message"]
    assert "x-mockgrid-violations" in error.response.headers
    assert grid.statuses == [422]


@pytest.mark.breaks_contract
def test_a_value_of_the_wrong_type(api, grid):
    error = failing(api, api.client(), temperature="warm")
    assert type(error) is openai.BadRequestError
    assert "temperature" in error.body["errors"][0]["path"]
    assert grid.statuses == [400]


@pytest.mark.breaks_contract
def test_extra_body_goes_through_the_contract_too(api, grid):
    error = failing(api, api.client(), extra_body={"top_logprobs": 21})
    assert type(error) is openai.UnprocessableEntityError
    assert "top_logprobs" in error.body["errors"][0]["path"]
    assert grid.statuses == [422]


def test_a_doubled_version_in_the_path(api, grid):
    error = failing(api, api.client(base_url=f"{grid.url}/v1"))
    assert type(error) is openai.NotFoundError
    assert "/v1/chat/completions" in error.body["errors"]["detail"]
    assert grid.statuses == [404]


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_becomes_its_class(api, grid, status):
    client = api.client(max_retries=0, default_headers={"Prefer": f"code={status}"})
    error = failing(api, client)
    assert type(error) is CLASSES[status]
    assert error.status_code == status
    assert error.request_id
    assert grid.statuses == [status]


def test_the_balance_error_is_the_one_with_a_code(api):
    error = failing(api, api.client(max_retries=0), extra_headers={"Prefer": "code=503"})
    assert set(error.body) <= {"code", "message", "type", "param"}
    assert error.code == error.body["code"]
    assert error.type == error.body["type"]
    assert error.body["message"] in error.message


@pytest.mark.parametrize("status", sorted(CLASSES.keys() - {429}))
def test_only_what_may_pass_is_tried_again(api, grid, status):
    error = failing(api, api.client(max_retries=1), extra_headers={"Prefer": f"code={status}"})
    assert type(error) is CLASSES[status]
    assert grid.statuses == [status] * (2 if status in RETRIED else 1)


def test_it_is_tried_again_twice_unless_told_otherwise(api, grid):
    failing(api, api.client(), extra_headers={"Prefer": "code=500"})
    assert grid.statuses == [500, 500, 500]
    retries = [answer.request.headers["x-stainless-retry-count"] for answer in grid.answers]
    assert retries == ["0", "1", "2"]
    assert len({answer.headers["x-request-id"] for answer in grid.answers}) == 3


def test_it_waits_as_long_as_it_is_told(api, grid):
    began = time.monotonic()
    error = failing(api, api.client(max_retries=1), extra_headers={"Prefer": "code=429"})
    assert time.monotonic() - began >= float(error.response.headers["retry-after"])
    assert grid.statuses == [429, 429]


def test_a_stream_that_fails_at_once_is_an_error_and_no_stream(api, grid):
    client = api.client(max_retries=0)
    error = failing(api, client, stream=True, extra_headers={"Prefer": "code=429"})
    assert type(error) is openai.RateLimitError
    assert grid.statuses == [429]
