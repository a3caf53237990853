import datetime as dt
import gc
import textwrap
import tracemalloc
from time import process_time

import pytest
from chat_view import chat_view

from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import build, check_file, load, load_text
from mockgrid.scenario.scenario import Cursors
from mockgrid.scenario.selection import select

EXAMPLE = """\
# yaml-language-server: $schema=https://example.org/scenario.schema.json
scenario: weather-agent            # default: the file's stem
description: A tool call, after two failures.
strict: true                       # no step matches: 424 with the near miss, instead of the default reply
seed: 7
models: [text-prime, "agent-*"]    # others get the contract's 404
pace: {first_token: 300ms, per_token: 25ms, jitter: 20%}
limits: [{requests: 60, per: 1m, scope: key}, {tokens: 10000, per: 1m, scope: model}]
balance: {tokens: 500, top_up: {tokens: 500, after: 2s}}
steps:
  - name: two failures, then the tool call
    when: {operation: createChatCompletion, last_user: {contains: weather}, turn: 1}
    replies:
      - {error: 503, retry_after: 1s}
      - {error: {status: 429, detail: Slow down}, retry_after: 20ms}
      - {call: {get_weather: {city: Oslo}}}
    then: repeat              # repeat the last (default) | cycle | pass on to later steps | fail with 424
  - when: {tool_result: get_weather}
    reply:
      say: It is 3 °C in Oslo.
      stream: {pace: {per_token: 5ms}, fault: {kind: stall, after: 4, for: 2s}}
"""


def test_the_example_loads_and_plays(tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    scenario = load(file, operations=["createChatCompletion"])
    assert (scenario.name, scenario.warnings) == ("weather-agent", ())
    assert scenario.where == f"{file}:2:1"
    assert scenario.steps[1].where == f"{file}:18:5"
    assert scenario.steps[0].replies[1].where == f"{file}:15:9"
    assert scenario.steps[0].replies[1].place("error", "detail") == f"{file}:15:39"
    cursors = Cursors(scenario)
    messages = [{"role": "user", "content": "What is the weather?"}]
    request = chat_view(operation="createChatCompletion", body={"messages": messages})
    forms = [type(select(scenario, cursors, request).reply.form).__name__ for _ in range(4)]
    assert forms == ["Error", "Error", "Call", "Call"]
    call = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "3"},
    ]
    request = chat_view(operation="createChatCompletion", body={"messages": messages})
    assert select(scenario, cursors, request).reply.form.text.source == "It is 3 °C in Oslo."


def test_json_is_read_as_well(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"steps": [{"reply": {"sya": 1}}]}')
    scenario, (finding,) = check_file(file)
    assert scenario is None
    assert finding.where == f"{file}:1:23"


def test_a_file_that_is_not_there_is_a_finding(tmp_path):
    (tmp_path / "a.yaml").write_text("{}")
    scenario, (finding,) = check_file(tmp_path / "a.yml")
    assert scenario is None
    assert (finding.code, finding.hint) == ("MG210", f"Did you mean {tmp_path / 'a.yaml'}?")


def test_data_may_be_replies_or_steps_or_all():
    replies = build([{"error": 503}, {"say": "x"}])
    assert [len(step.replies) for step in replies.steps] == [2]
    steps = build([{"reply": {"say": "x"}, "times": 1}, {"when": {"turn": 2}, "replies": [{"say": "y"}]}])
    assert [len(step.replies) for step in steps.steps] == [1, 1]
    assert build({"scenario": "a", "steps": []}).name == "a"
    assert build([{"say": "x"}], name="test").name == "test"
    assert build(({"say": "x"},)).name == "scenario"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ([{"error": 503}, {"say": 5}], "t.py:3#/1/say"),
        ([{"reply": {"say": 5}}], "t.py:3#/0/reply/say"),
        ({"steps": [{"reply": {"say": 5}}]}, "t.py:3#/steps/0/reply/say"),
        ([{"say": "x", "when": {}}], "t.py:3#/0/say"),
        ([], "t.py:3#"),
        ("x", "t.py:3"),
        (None, "t.py:3"),
        ([{"say": b"x"}], "t.py:3#/0/say"),
        ([{"delay": dt.timedelta(seconds=1)}], "t.py:3#/0/delay"),
        ([{"json": float("nan")}], "t.py:3#/0/json"),
        ([{"json": {5: "x"}}], "t.py:3#/0/json"),
    ],
)
def test_data_is_checked_like_a_file(data, where):
    with pytest.raises(ScenarioError) as caught:
        build(data, where="t.py:3")
    assert where in [finding.where for finding in caught.value.findings]


def test_data_that_holds_itself_is_refused():
    data = []
    data.append({"json": data})
    with pytest.raises(ScenarioError, match="nesting is deeper"):
        build(data)


def test_steps_written_into_tests_say_where_they_are():
    scenario = build([{"say": "x"}], where="t.py:3")
    assert scenario.steps[0].replies[0].where == "t.py:3#/0"


def test_numbers_may_be_written_with_a_point():
    text = "steps: [{when: {turn: 1.0}, reply: {error: 503.0}, times: 2.0}]"
    step = load_text(text, name="a").steps[0]
    assert (step.replies[0].form.status, step.times) == (503, 2)
    assert step.matches(chat_view(), "start")


def test_windows_files_are_read():
    text = "\ufeff" + textwrap.dedent("""
        steps:
          - reply: {say: Hi}
    """).replace("\n", "\r\n")
    assert load_text(text.encode(), name="a.yaml").steps


def processor_time(work):
    """Return how long work takes, in the time that Python takes to add a million numbers beside it.

    That is a thirtieth of a second, or more where the processor is shared: by both alike.
    """

    def taken(work):
        begin = process_time()
        work()
        return process_time() - begin

    def million():
        return sum(number * number for number in range(1_000_000))

    gc.collect()  # what other tests left is not its own
    before, of_work, after = taken(million), taken(work), taken(million)
    return of_work / (before + after) * 2


@pytest.mark.once
def test_twenty_thousand_steps_load_in_three_seconds_and_a_hundred_and_twenty_megabytes(tmp_path):
    def written(count):
        steps = (
            f"  - name: step {number}\n    when: {{last_user: {{contains: 'question {number}.'}}, turn: 1}}\n"
            f"    reply: {{say: 'Answer {number} to ${{last_user}}'}}\n"
            for number in range(count)
        )
        path = tmp_path / f"{count}.yaml"
        path.write_text("steps:\n" + "".join(steps))
        return path

    whole, part = written(20_000), written(2_000)
    assert processor_time(lambda: load(whole)) < 100
    tracemalloc.start()
    try:
        scenario = load(part)
        assert len(scenario.steps) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("reply", ["{say: '${last}'}", "{sya: Hello}", "{say: 1, dealy: 3}"])
@pytest.mark.once
def test_twenty_thousand_mistakes_are_told_as_fast(tmp_path, reply):
    path = tmp_path / "a.yaml"
    path.write_text("steps:\n" + f"  - {{when: {{turn: 1}}, reply: {reply}}}\n" * 20_000)
    assert processor_time(lambda: check_file(path)) < 200
    assert len(check_file(path)[1]) == 101
