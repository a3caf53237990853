"""What is said of a mistake names the word of the place where it was made, and each mistake is told once."""

import pytest

from mockgrid.app.build import load_contract
from mockgrid.reply.checking import Checking, unsatisfiable_steps
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.library import load_library
from mockgrid.scenario.loading import load_text
from mockgrid.settings import Settings


def said(steps, name="a.yaml"):
    """Return the one finding of a file, as `mockgrid check` tells it."""
    contract = load_contract(Settings())
    try:
        scenario = load_text(f"steps: {steps}", name=name)
    except ScenarioError as error:
        findings = error.findings
    else:
        findings = [
            *scenario.warnings,
            *Checking(contract).findings(scenario),
            *unsatisfiable_steps(scenario, contract, contract.policy.models),
        ]
    (finding,) = findings
    return f"{finding.message} {finding.hint}"


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        ("content: Hello", "Did you mean say?"),
        ("message: Hello", "Did you mean say?"),
        ("tool_calls: [{f: {}}]", "Did you mean call?"),
        ("say: x, reasoning_content: y", "Did you mean think?"),
        ("say: x, finishReason: stop", "Did you mean finish?"),
        ("say: x, latency: 1s", "Did you mean delay?"),
        ("error: 503, message: x", "It belongs inside `error`, as `detail`."),
        ("error: {status: 503, message: x}", "Did you mean detail?"),
        ("status: 503", "Write `error: 503`."),
        ("say: Down, status: 503", "Write `error: 503`."),
        ("fault: timeout", "Did you mean hang?"),
        ("fault: {kind: close}", "Did you mean empty?"),
        ("say: x, stream: {fault: cut}", "Did you mean disconnect?"),
        ("say: x, stream: {fault: {kind: timeout}}", "Did you mean stall?"),
        ("call: {f: {}}, stream: {chunks: ['{', ']']}", "chunks: {chars: 5}"),
        ("say: x, sya: y", "Did you mean say?"),
        ("say: x, model: y", "Did you mean served?"),
        ("say: x, finish: max_tokens", "Did you mean length?"),
    ],
)
def test_a_reply_is_told_in_its_own_words(reply, hint):
    assert hint in said(f"[{{reply: {{{reply}}}}}]")


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        ("user: Hi", "Did you mean last_user?"),
        ("messages: Hi", "Did you mean any_message?"),
        ("url: /v1/models", "Did you mean path?"),
        ("temperature: 1", "A field of the body stands inside `body`"),
        ("last_user: {regex: a}", "Did you mean matches?"),
        ("last_user: {startsWith: a}", "Write `matches: ^…`"),
        ("headers: {a: {in: [x]}}", "Did you mean one_of?"),
        ("turn: {gt: 1}", "Did you mean above?"),
        ("turn: {lte: 1}", "Write `not: {above: …}`"),
        ("body: {temperature: {gt: 1}}", "Did you mean above?"),
        ("body: {temperature: {gte: 1}}", "Write `not: {below: …}`"),
        ("body: {user: {regex: a}}", "Did you mean matches?"),
        ("any_message: {content: {$regex: a}}", "Did you mean matches?"),
        ("any_message: {role: usr}", 'did you mean "user"?'),
        ("any: [{any_message: {role: usr}}]", 'did you mean "user"?'),
        ("model: 'code-*'", 'Write {glob: "code-*"}.'),
        ("path: '/v1/modls/*'", 'Write {glob: "/v1/modls/*"}.'),
    ],
)
def test_a_predicate_is_told_in_its_own_words(when, hint):
    assert hint in said(f"[{{when: {{{when}}}, reply: {{say: x}}}}]")


@pytest.mark.parametrize(
    "when",
    [
        "any_message: {role: tool, tool_call_id: x}",
        "any_message: {role: {one_of: [usr, user]}}",
        "any_message: {tool_calls: [{function: {name: x}}]}",
        "body: {metadata: {in: x}}",
    ],
)
def test_what_a_request_can_have_is_not_spoken_of(when):
    with pytest.raises(ValueError, match="not enough values"):
        said(f"[{{when: {{{when}}}, reply: {{say: x}}}}]")


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ("respond: {say: x}", "Did you mean reply?"),
        ("responses: [{say: x}]", "Did you mean replies?"),
        ("request: {turn: 1}, reply: {say: x}", "Did you mean when?"),
        ("reply: {say: x}, count: 2", "Did you mean times?"),
        ("reply: {error: {stats: 500}}", "Did you mean status?"),
    ],
)
def test_a_step_is_told_in_its_own_words(step, hint):
    assert hint in said(f"[{{{step}}}]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[{'reply': 1}]", "a text stands in single quotes"),
        ('[{"reply": {say: 1}}]', "a key without quotes stands here"),
        ('[{"reply": {"say": "x"},}]', "the comma before this bracket is one too many"),
        ('[{"reply": {"auto": True}}]', "a word of Python stands here"),
        ('[{"reply": {"say": "x"} "a": 1}]', "a comma or a closing bracket is missing before this"),
        ('[{"reply": {"say": "x"}}', "the text ends before all of it is closed"),
        ("[ // steps\n]", "a comment stands here"),
        ('[{"times" 3}]', "the ':' after the key is missing"),
        ('[{"times": 03}]', "a number begins with 0"),
        ('[{"reply": {"say": "a\nb"}}]', "a text holds a control character"),
        ('[{"reply": {"say": "\\d"}}]', "this backslash starts no escape that JSON knows"),
        ('[{"reply": {"say": "x}}]', "the quotes that open here are never closed"),
        ("[1] 2", "something follows the end of the value"),
    ],
)
def test_mistakes_in_json_are_told_in_plain_words(text, words):
    with pytest.raises(ScenarioError, match="This is not JSON: ") as caught:
        load_text(text, name="a.json")
    assert words in caught.value.message


@pytest.mark.parametrize("text", ["{}", "scenario: x", "steps: []", "description: x\nsteps: []"])
def test_a_scenario_that_does_nothing_is_told_of(text):
    (finding,) = load_text(text, name="a.yaml").warnings
    assert (finding.code, finding.where) == ("MG214", "a.yaml:1:1")
    assert "has no steps" in finding.message


@pytest.mark.parametrize("text", ["models: [x]", "limits: [{requests: 1, per: 1s}]\nsteps: []", "seed: 1"])
def test_settings_without_steps_do_something(text):
    assert load_text(text, name="a.yaml").warnings == ()


def test_a_file_can_stand_where_directories_are_named(tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text("scenario: mine\nsteps: [{reply: {say: x}}]")
    library = load_library([path])
    assert (list(library.scenarios), library.findings, library.files) == (["mine"], (), (path,))
    assert library.hint(str(path)) == f"Name its file, too: --scenarios {path} --scenario mine."
