"""Plain text: one answer, several, cut short, streamed."""

import math

import openai
import pytest
from openai.types.chat import ChatCompletion

MODEL = "text-prime"
GREETING = "Good morning, Oslo."


def user(text):
    return [{"role": "user", "content": text}]


def test_a_question_is_answered_with_its_own_words(api, chat):
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING))
    assert isinstance(completion, ChatCompletion)
    assert completion.id.startswith("chatcmpl-")
    assert completion.object == "chat.completion"
    assert completion.model == MODEL
    assert len(completion.choices) == 1
    choice = completion.choices[0]
    assert choice.index == 0
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert GREETING in choice.message.content
    assert choice.message.refusal is None
    assert choice.message.tool_calls is None
    assert choice.logprobs is None
    usage = completion.usage
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_ids_differ_between_answers_and_texts_do_not(api, chat, grid):
    one = api.call(chat.create, model=MODEL, messages=user(GREETING))
    other = api.call(chat.create, model=MODEL, messages=user(GREETING))
    assert one.id != other.id
    assert one.created == other.created
    assert GREETING in one.choices[0].message.content
    assert GREETING in other.choices[0].message.content
    assert grid.statuses == [200, 200]


def test_every_answer_names_its_request(api, chat):
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING))
    raw = api.call(chat.with_raw_response.create, model=MODEL, messages=user(GREETING))
    assert completion._request_id
    assert raw.headers["x-request-id"]
    assert raw.headers["x-request-id"] != completion._request_id
    assert raw.headers["content-type"].startswith("application/json")
    assert GREETING in raw.parse().choices[0].message.content


def test_text_in_every_script_comes_back_whole(api, chat):
    text = "Grüße aus Tromsø 🚀, 日本語, עברית, e\u0301, 👩‍👩‍👧"
    completion = api.call(chat.create, model=MODEL, messages=user(text))
    chunks = api.items(chat.create, model=MODEL, messages=user(text), stream=True)
    assert text in completion.choices[0].message.content
    assert text in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_content_in_parts_is_read_like_plain_content(api, chat):
    parts = [{"type": "text", "text": "Good morning, "}, {"type": "text", "text": "Bergen."}]
    messages = [
        {"role": "developer", "content": "Be brief."},
        *user("Hello."),
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": parts},
    ]
    content = api.call(chat.create, model=MODEL, messages=messages).choices[0].message.content
    assert "Bergen." in content
    assert "Hello." not in content


def test_a_stream_says_what_the_plain_answer_says(api, chat):
    plain = api.call(chat.create, model=MODEL, messages=user(GREETING))
    arguments = {"model": MODEL, "messages": user(GREETING), "stream": True}
    chunks = api.items(chat.create, **arguments, stream_options={"include_usage": True})
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {MODEL}
    *said, last = chunks
    assert last.choices == []
    assert last.usage == plain.usage
    assert all(chunk.usage is None for chunk in said)
    assert all(len(chunk.choices) == 1 for chunk in said)
    deltas = [chunk.choices[0].delta for chunk in said]
    assert [delta.role for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
    assert len([delta for delta in deltas if delta.content]) > 1
    assert "".join(delta.content or "" for delta in deltas) == plain.choices[0].message.content
    reasons = [chunk.choices[0].finish_reason for chunk in said]
    assert reasons == [None] * (len(said) - 1) + ["stop"]


def test_a_stream_carries_usage_only_when_asked(api, chat):
    chunks = api.items(chat.create, model=MODEL, messages=user(GREETING), stream=True)
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_the_stream_helper_adds_up_to_the_plain_answer(api, chat):
    plain = api.call(chat.create, model=MODEL, messages=user(GREETING))
    arguments = {"model": MODEL, "messages": user(GREETING), "stream_options": {"include_usage": True}}
    events, final = api.follow(chat.stream, **arguments)
    kinds = [event.type for event in events]
    assert set(kinds) == {"chunk", "content.delta", "content.done"}
    done = next(event for event in events if event.type == "content.done")
    assert done.content == plain.choices[0].message.content
    assert final.choices[0].message.content == plain.choices[0].message.content
    assert final.choices[0].message.role == "assistant"
    assert final.choices[0].finish_reason == "stop"
    assert final.usage == plain.usage


def test_several_answers_to_one_question_differ(api, chat):
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING), n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert {choice.finish_reason for choice in completion.choices} == {"stop"}
    assert len({choice.message.content for choice in completion.choices}) == 3


def test_several_answers_stream_as_they_are_said(api, chat):
    plain = api.call(chat.create, model=MODEL, messages=user(GREETING), n=3)
    arguments = {
        "model": MODEL,
        "messages": user(GREETING),
        "n": 3,
        "stream_options": {"include_usage": True},
    }
    _, final = api.follow(chat.stream, **arguments)
    contents = [choice.message.content for choice in plain.choices]
    assert [choice.message.content for choice in final.choices] == contents
    assert [choice.finish_reason for choice in final.choices] == ["stop"] * 3
    assert final.usage == plain.usage


def test_a_stop_sequence_ends_the_answer_before_it(api, chat):
    text = "alpha beta gamma"
    completion = api.call(chat.create, model=MODEL, messages=user(text), stop=["beta"])
    content = completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert "alpha" in content
    assert "beta" not in content
    assert "gamma" not in content


@pytest.mark.parametrize("limit", ["max_completion_tokens", "max_tokens"])
def test_a_token_limit_cuts_the_answer(api, chat, limit):
    whole = api.call(chat.create, model=MODEL, messages=user(GREETING))
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING), **{limit: 3})
    content = completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3
    assert content
    assert len(content) < len(whole.choices[0].message.content)


def test_a_token_limit_cuts_a_stream_alike(api, chat):
    arguments = {"model": MODEL, "messages": user(GREETING), "max_completion_tokens": 3}
    plain = api.call(chat.create, **arguments)
    chunks = api.items(chat.create, **arguments, stream=True, stream_options={"include_usage": True})
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert choices[-1].finish_reason == "length"
    assert "".join(choice.delta.content or "" for choice in choices) == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage


def test_the_stream_helper_takes_a_cut_answer_for_an_error(api, chat):
    with pytest.raises(openai.LengthFinishReasonError):
        api.follow(chat.stream, model=MODEL, messages=user(GREETING), max_completion_tokens=3)


def test_logprobs_spell_the_answer(api, chat):
    arguments = {"model": MODEL, "messages": user("Blåbær 🫐"), "logprobs": True, "top_logprobs": 3}
    completion = api.call(chat.create, **arguments)
    choice = completion.choices[0]
    tokens = choice.logprobs.content
    assert b"".join(bytes(token.bytes) for token in tokens).decode() == choice.message.content
    assert len(tokens) == completion.usage.completion_tokens
    assert choice.logprobs.refusal is None
    for token in tokens:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 3
        assert len({top.token for top in token.top_logprobs}) == 3
        ranked = [top.logprob for top in token.top_logprobs]
        assert ranked == sorted(ranked, reverse=True)
        assert token.token in {top.token for top in token.top_logprobs}
        assert sum(math.exp(top.logprob) for top in token.top_logprobs) <= 1.0001


def test_logprobs_stream_as_they_are_said(api, chat):
    arguments = {"model": MODEL, "messages": user("Blåbær 🫐"), "logprobs": True, "top_logprobs": 2}
    plain = api.call(chat.create, **arguments)
    _, final = api.follow(chat.stream, **arguments)
    assert final.choices[0].logprobs.content == plain.choices[0].logprobs.content


def test_logprobs_without_alternatives(api, chat):
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING), logprobs=True)
    assert all(token.top_logprobs == [] for token in completion.choices[0].logprobs.content)


def test_every_ordinary_option_is_accepted(api, chat):
    completion = api.call(
        chat.create,
        model=MODEL,
        messages=user(GREETING),
        frequency_penalty=0.5,
        logit_bias={"50256": -100},
        metadata={"purpose": "check"},
        presence_penalty=-0.5,
        reasoning_effort="low",
        seed=7,
        service_tier="auto",
        store=False,
        temperature=0.2,
        top_p=0.9,
        user="someone",
        verbosity="low",
    )
    assert GREETING in completion.choices[0].message.content


def test_null_stands_for_an_option_left_out(api, chat):
    options = ["audio", "max_completion_tokens", "n", "response_format", "seed", "service_tier", "stop"]
    nothing = dict.fromkeys([*options, "temperature", "tool_choice", "tools", "verbosity"])
    completion = api.call(chat.create, model=MODEL, messages=user(GREETING), **nothing)
    assert completion.choices[0].finish_reason == "stop"
    assert GREETING in completion.choices[0].message.content


def test_the_models_are_listed(api):
    models = api.items(api.client().models.list)
    assert {"text-standard", "text-prime", "code-prime", "agent-max"} <= {model.id for model in models}
    assert {model.object for model in models} == {"model"}


def test_the_guide(documented):
    assert "Hello?" in documented("openai-python")
