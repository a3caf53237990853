"""What scenarios say, as the client understands it."""

import asyncio
import json
import time

import openai
import pytest

ASK = {"model": "agent-prime", "messages": [{"role": "user", "content": "Hello?"}]}
LIMITED = {"status": 429, "detail": "Slow down."}


def ask(api, *, max_retries=0, **options):
    return api.call(api.client(max_retries=max_retries).chat.completions.create, **ASK | options)


def chunks(api, **options):
    return api.items(api.client().chat.completions.create, **ASK | options, stream=True)


@pytest.mark.parametrize(
    ("form", "least"),
    [
        ({"seconds": "1s"}, 1),
        ({"ms": "700ms"}, 0.7),
        # A date has no fractions: it is up to a second more.
        ({"date": "2s"}, 1),
    ],
)
def test_it_waits_for_as_long_as_each_form_says(api, grid, form, least):
    grid.play({"error": LIMITED, "retry_after": form}, {"say": "Hello."})
    began = time.monotonic()
    assert ask(api, max_retries=1).choices[0].message.content == "Hello."
    # Told nothing, it waits for half a second at most.
    assert least <= time.monotonic() - began < 10
    assert grid.statuses == [429, 200]


@pytest.mark.parametrize(("status", "word", "attempts"), [(422, "true", 2), (503, "false", 1)])
def test_it_does_as_x_should_retry_says(api, grid, status, word, attempts):
    reply = {"error": status, "headers": {"x-should-retry": word}}
    grid.play(*[reply] * attempts)
    with pytest.raises(openai.APIStatusError):
        ask(api, max_retries=1)
    assert grid.statuses == [status] * attempts


def test_a_conversation_that_is_too_long_has_its_code(api, grid):
    grid.play(grid.TOO_LONG)
    with pytest.raises(openai.BadRequestError) as caught:
        ask(api)
    assert caught.value.code == "context_length_exceeded"
    assert "maximum context length" in str(caught.value)
    assert grid.statuses == [400]


@pytest.mark.parametrize("stream", [False, True])
def test_two_turns_are_served_by_two_models(api, grid, stream):
    served = ["openai/gpt-oss-120b", "qwen/qwen3-235b"]
    grid.play(*({"say": "Hello.", "served": model} for model in served))
    for model in served:
        told = chunks(api) if stream else [ask(api)]
        assert {answer.model for answer in told} == {model}


@pytest.mark.parametrize("stream", [False, True])
def test_each_choice_says_its_own(api, grid, stream):
    grid.play({"choices": [{"say": "Oslo"}, {"say": "Ber", "finish": "length"}, {"call": {"f": {"x": 1}}}]})
    if stream:
        with pytest.raises(openai.LengthFinishReasonError) as caught:
            api.follow(api.client().chat.completions.stream, **ASK, n=3)
        choices = caught.value.completion.choices
    else:
        choices = ask(api, n=3).choices
    assert [choice.finish_reason for choice in choices] == ["stop", "length", "tool_calls"]
    assert [choice.message.content for choice in choices] == ["Oslo", "Ber", None]
    assert choices[2].message.tool_calls[0].function.arguments == '{"x":1}'


def test_what_is_left_of_a_limit_counts_down(api, grid):
    always = {"reply": {"say": "Hello."}, "then": "repeat"}
    grid.play(limits=[{"requests": 2, "per": "1h"}], limit_headers="openai", steps=[always])
    ask(api)
    ask(api)
    with pytest.raises(openai.RateLimitError):
        ask(api)
    left = [answer.headers["x-ratelimit-remaining-requests"] for answer in grid.answers]
    assert left == ["1", "0", "0"]


def test_one_request_too_many_at_once_is_told_and_tried_again(grid, runner):
    slowly = {"reply": {"say": "Hello.", "delay": "400ms"}, "then": "repeat"}
    grid.play(limits=[{"concurrent": 2}], steps=[slowly])
    client = openai.AsyncOpenAI(base_url=grid.url, api_key=grid.key, max_retries=5)

    async def run():
        return await asyncio.gather(*(client.chat.completions.create(**ASK) for _ in range(3)))

    assert [answer.choices[0].message.content for answer in runner.run(run())] == ["Hello."] * 3
    assert grid.statuses[0] == 429
    assert grid.statuses.count(200) == 3


def test_reasoning_is_sent_back_without_a_word(api, grid):
    grid.play({"think": "North.", "call": {"weather": {"city": "Oslo"}}}, {"say": "Cold."})
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    message = ask(api, tools=[weather]).choices[0].message
    assert message.reasoning_content == "North."
    told = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "3 °C"}
    messages = [*ASK["messages"], message.model_dump(exclude_none=True), told]
    assert ask(api, messages=messages, tools=[weather]).choices[0].message.content == "Cold."
    assert [exchange["warnings"] for exchange in grid.exchanges] == [[], []]


def test_a_stream_brings_reasoning_before_a_call(api, grid):
    grid.play({"think": "North.", "call": {"weather": {"city": "Oslo"}}})
    order = []
    for chunk in chunks(api):
        for delta in (choice.delta for choice in chunk.choices):
            order += ["reasoning"] if getattr(delta, "reasoning_content", None) else []
            order += ["call"] if delta.tool_calls else []
    assert order
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize("status", [502, 503, 504, 520, 529])
def test_a_gateway_that_fails_once_is_tried_again(api, grid, status):
    grid.play({"error": {"status": status, "by": "gateway"}, "retry_after": {"ms": "1ms"}}, {"say": "Hello."})
    assert ask(api, max_retries=1).choices[0].message.content == "Hello."
    assert grid.statuses == [status, 200]
    assert grid.answers[0].headers["content-type"].startswith("text/html")


def test_a_stream_as_another_provider_sends_it(api, grid):
    events = [
        {"comment": "OPENROUTER PROCESSING"},
        {"delta": {"role": "assistant", "content": ""}, "chunk": {"provider": "Supplier 7"}},
        {"delta": {"content": "It is "}},
        {"comment": "OPENROUTER PROCESSING"},
        {"delta": {"content": "cold."}, "finish": "stop"},
        {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}},
    ]
    grid.play({"say": "It is cold.", "events": events, "stream": {"split": 7}})
    told = chunks(api)
    assert "".join(choice.delta.content or "" for chunk in told for choice in chunk.choices) == "It is cold."
    assert told[0].provider == "Supplier 7"
    assert told[-1].usage.total_tokens == 15


def test_two_calls_under_one_index_run_into_each_other(api, grid):
    def call(name):
        function = {"name": name, "arguments": "{}"}
        return {"tool_calls": [{"index": 0, "id": name, "type": "function", "function": function}]}

    grid.play(
        {"say": "Hello.", "events": [{"delta": call("f")}, {"delta": call("g"), "finish": "tool_calls"}]}
    )
    _, completion = api.follow(api.client().chat.completions.stream, **ASK)
    (met,) = completion.choices[0].message.tool_calls
    assert (met.id, met.function.name, met.function.arguments) == ("fg", "fg", "{}{}")


def test_a_stream_that_is_left_is_told_as_what_came(grid):
    say = "one two three four five six seven eight"
    grid.play({"say": say, "stream": {"chunks": "word", "pace": {"per_token": "100ms"}}})
    stream = openai.OpenAI(base_url=grid.url, api_key=grid.key).chat.completions.create(**ASK, stream=True)
    came = [next(stream).choices[0].delta.content for _ in range(3)]
    stream.close()
    deadline = time.monotonic() + 10
    while (told := grid.exchanges[0])["ended_by"] is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (told["ended_by"], told["whole"]) == ("client", False)
    sent = "".join(chunk["data"] for chunk in told["reply"]["chunks"])
    assert all(json.dumps(piece) in sent for piece in came)
    assert "eight" not in sent


def test_silence_after_the_end_keeps_nobody_waiting(api, grid):
    grid.play({"say": "Hello.", "stream": {"linger": "20s"}})
    began = time.monotonic()
    assert chunks(api)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("path", "setting"), [("responses", "chat"), ("embeddings", "embeddings")])
def test_what_is_not_served_says_what_to_do(api, grid, path, setting):
    create = getattr(api.client(), path).create
    with pytest.raises(openai.NotFoundError) as caught:
        api.call(create, model="text-prime", input="Hello?")
    assert setting in caught.value.body["errors"]["detail"]
    assert "/v1/chat/completions" in caught.value.body["errors"]["detail"]
    assert grid.statuses == [404]
