"""What the official client makes of what is scripted."""

from contextlib import contextmanager
from time import monotonic

import openai
import pytest
from scenarios.grid import Grid

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

HELLO = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def grid(tmp_path):
    """Plays a scenario over HTTP; what it gives is the client's completions."""

    @contextmanager
    def play(text, **asked):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        settings = Settings(port=0, log="off", shutdown_timeout=0.2, scenarios=(str(tmp_path),), **asked)
        app = build_app(settings)
        with start_in_thread(app, settings) as server, Grid(server.url, app).openai("mine") as client:
            yield client

    return play


def test_reasoning_comes_before_the_call(grid):
    with grid("steps: [{reply: {think: I need it, call: {get_weather: {city: Oslo}}}}]") as client:
        seen = []
        with client.stream(model="text-prime", messages=HELLO) as stream:
            for event in stream:
                if event.type == "chunk":
                    delta = event.chunk.choices[0].delta
                    seen += ["think"] * bool(getattr(delta, "reasoning_content", None))
                    seen += ["call"] * bool(delta.tool_calls)
            message = stream.get_final_completion().choices[0].message
    assert seen == sorted(seen, reverse=True)
    assert {"think", "call"} == set(seen)
    assert message.tool_calls[0].function.arguments == '{"city":"Oslo"}'


def test_two_turns_are_served_by_two_models(grid):
    text = "steps: [{replies: [{say: a, served: openai/gpt-oss-120b}, {say: b, served: qwen/qwen3}]}]"
    with grid(text) as client:
        first = client.create(model="text-prime", messages=HELLO)
        with client.stream(model="text-prime", messages=HELLO) as stream:
            second = stream.get_final_completion()
    assert (first.model, second.model) == ("openai/gpt-oss-120b", "qwen/qwen3")


CHOICES = """
steps:
  - reply:
      choices:
        - {say: Oslo, think: Hm}
        - {say: Ber, finish: length}
        - {call: {get_weather: {city: "${last_user}"}}, say: Let me see}
        - {json: {city: Oslo}}
        - {refuse: No.}
"""


def parts(message):
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return message.content, message.refusal, calls


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_each_of_several_choices_says_its_own(grid, count):
    asked = {"model": "text-prime", "messages": HELLO, "n": count}
    with grid(CHOICES) as client:
        whole = client.create(**asked).choices
        with client.stream(**asked) as stream:
            for _ in stream:
                streamed = stream.current_completion_snapshot.choices
    assert [choice.finish_reason for choice in whole] == (
        ["stop", "length", "tool_calls", "stop", "stop", "stop", "stop"][:count]
    )
    assert [choice.index for choice in streamed] == list(range(count))
    for one, other in zip(whole, streamed, strict=True):
        assert one.finish_reason == other.finish_reason
        assert parts(one.message)[:2] == parts(other.message)[:2]
        assert [call[1:] for call in parts(one.message)[2]] == [call[1:] for call in parts(other.message)[2]]
    said = [choice.message.content for choice in whole]
    assert said == ["Oslo", "Ber", "Let me see", '{"city":"Oslo"}', None, None, None][:count]
    assert [choice.message.refusal for choice in whole][4:] == ["No."] * max(count - 4, 0)
    if count > 2:
        assert parts(whole[2].message)[2][0][1:] == ("get_weather", '{"city":"Hello there"}')


def test_done_comes_at_once_where_the_body_stays_open(grid):
    with grid("steps: [{reply: {say: a b, stream: {linger: 1s}}}]") as client:

        def waited():
            asked = {"model": "text-prime", "messages": HELLO, "stream": True}
            with client.with_streaming_response.create(**asked) as answer:
                times = [monotonic() for line in answer.iter_lines() if line == "data: [DONE]"]
            (done,) = times
            return monotonic() - done

        assert any(waited() > 0.5 for _ in range(3))
        with client.stream(model="text-prime", messages=HELLO) as stream:
            assert stream.get_final_completion().choices[0].message.content == "a b"


def test_a_gateways_page_is_an_error_that_is_retried(grid):
    page = "{error: {status: 502, by: gateway}}"
    with grid(f"steps: [{{replies: [{page}, {{error: 529}}, {{say: Hello}}]}}]") as client:
        assert client.create(model="text-prime", messages=HELLO).choices[0].message.content == "Hello"
    with grid(f"steps: [{{reply: {page}}}]") as client, pytest.raises(openai.InternalServerError) as raised:
        client.create(model="text-prime", messages=HELLO)
    assert "502 Bad Gateway" in raised.value.response.text


EVENTS = """
steps:
  - reply:
      events:
        - delta:
            role: assistant
            tool_calls: [{index: 0, id: a, type: function, function: {name: f, arguments: "{}"}}]
        - {comment: PROCESSING}
        - delta: {tool_calls: [{index: 0, id: b, type: function, function: {name: g, arguments: "{}"}}]}
          finish: tool_calls
          chunk: {id: chatcmpl-mine, provider: Supplier 7}
        - usage: {prompt_tokens: 1, completion_tokens: 2, total_tokens: 3}
      stream: {pace: {per_token: 20ms}, split: 5, fault: {kind: stall, after: 1, for: 100ms}}
"""


def test_events_come_as_they_are_scripted(grid):
    with grid(EVENTS) as client:
        chunks = list(client.create(model="text-prime", messages=HELLO, stream=True))
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls]
    assert [(call.index, call.id, call.function.name) for call in calls] == [(0, "a", "f"), (0, "b", "g")]
    assert (chunks[1].id, chunks[1].provider) == ("chatcmpl-mine", "Supplier 7")
    assert chunks[1].choices[0].finish_reason == "tool_calls"
    assert (chunks[2].choices, chunks[2].usage.total_tokens) == ([], 3)
