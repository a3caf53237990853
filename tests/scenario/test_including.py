"""What a scenario takes from other files: steps, replies by name, and where mistakes in them are told."""

import pytest

from mockgrid import MockGrid
from mockgrid.app.build import load_contract
from mockgrid.errors import MockgridWarning
from mockgrid.reply.checking import Checking
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import build, check_file, load, load_text
from mockgrid.settings import Settings
from mockgrid.testing.error import PlayError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Writes files, and loads the first."""
    monkeypatch.chdir(tmp_path)

    def written(**texts):
        for name, text in texts.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".yaml").write_text(text)
        return load(next(iter(texts)) + ".yaml")

    return written


def test_steps_and_replies_stand_where_they_are_included(files):
    scenario = files(
        main="""
x-replies: {hello: {say: Hello}}
steps:
  - {name: first, when: {turn: 1}, reply: {include: "#/x-replies/hello", delay: 1s}}
  - include: lib/steps.yaml
  - include: lib/whole.yaml
  - replies: [{include: lib/replies.yaml#down}, {say: up}]
""",
        lib__steps='[{when: {turn: 2}, reply: {include: "replies.yaml#down", retry_after: 2s}}]',
        lib__whole="scenario: other\nsteps: [{when: {turn: 3}, reply: {say: x}}, {include: steps.yaml}]",
        lib__replies="down: {error: 503, retry_after: 1s}",
    )
    assert [step.where for step in scenario.steps] == [
        "main.yaml:4:5",
        "lib/steps.yaml:1:2",
        "lib/whole.yaml:2:9",
        "lib/steps.yaml:1:2",
        "main.yaml:7:5",
    ]
    assert [
        reply.retry_after and reply.retry_after.seconds for step in scenario.steps for reply in step.replies
    ] == [
        None,
        2,
        None,
        2,
        1,
        None,
    ]
    assert scenario.steps[0].replies[0].delivery.delay.seconds == 1
    assert scenario.files == ("main.yaml", "lib/steps.yaml", "lib/replies.yaml", "lib/whole.yaml")


def told(files, main, **texts):
    with pytest.raises(ScenarioError) as caught:
        files(main=f"steps:\n- {main}\n", **texts)
    return [
        f"{finding.where} {finding.code} {finding.message} {finding.hint}"
        for finding in caught.value.findings
    ]


@pytest.mark.parametrize(
    ("main", "other", "finding"),
    [
        ("include: none.yaml", "", "main.yaml:2:12 MG228 none.yaml cannot be included: there is no"),
        ("include: a.yml", "[]", "main.yaml:2:12 MG228 a.yml cannot be included: there is no"),
        ("include: a.yaml", "[", "a.yaml:1:1 MG210 The '[' that opens here is not closed."),
        ("include: a.yaml", "{a: {say: x}}", "main.yaml:2:12 MG228 What is included here is no list"),
        ("include: a.yaml#nil", "x: []", "main.yaml:2:12 MG228 a.yaml has nothing under 'nil'. It has x."),
        ("include: [a]", "", "main.yaml:2:12 MG228 `include` names a file"),
        ("include: ''", "", "main.yaml:2:12 MG228 `include` names a file"),
        ("include: main.yaml", "", "main.yaml:2:12 MG228 main.yaml includes itself."),
        ("{include: a.yaml, times: 2}", "[]", "main.yaml:2:13 MG228 `include` stands alone"),
        ("include: a.yaml", "[{reply: {sya: x}}]", "a.yaml:1:11 MG211 `sya` is not a key"),
        ("include: a.yaml", "- include: a.yaml", "a.yaml:1:12 MG228 a.yaml includes itself."),
        ("reply: {include: a.yaml#dwon}", "down: {}", "main.yaml:2:20 MG228 a.yaml has nothing under 'dwon'"),
        ("reply: {include: a.yaml#x}", "x: [1]", "main.yaml:2:20 MG228 What is included here is no reply."),
        ("reply: {include: a.yaml#x}", "x: {say: 3}", "a.yaml:1:10 MG212 `say` must be text, got 3."),
        ("reply: {include: a.yaml#x, say: y}", "x: {error: 503}", "main.yaml:2:30 MG220 `say` cannot stand"),
        ("replies: [{include: a.yaml#x}]", "x: {include: '#x'}", "a.yaml:1:14 MG228 #x includes itself."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_and_where_it_was_made(files, main, other, finding):
    (line,) = told(files, main, **({"a": other} if other else {}))
    assert line.startswith(finding)


def test_files_that_include_one_another_by_many_ways_end(files):
    texts = {
        f"f{number}": f"[{{include: f{number + 1}.yaml}}, {{include: f{number + 1}.yaml}}]"
        for number in range(20)
    }
    lines = told(files, "include: f0.yaml", **texts, f20="[{when: {turn: 1}, reply: {say: x}}]")
    assert sum("there are more than 100,000 steps" in line for line in lines) == 1


def test_a_reply_that_breaks_the_contract_is_told_where_it_was_written(files):
    scenario = files(main="steps: [{reply: {include: a.yaml#x}}]", a="\n\nx: {body: 3}")
    (finding,) = Checking(load_contract(Settings())).findings(scenario)
    assert finding.where == "a.yaml:3:4"


def test_warnings_come_in_the_order_of_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "z.yaml").write_text(
        "[{when: {turn: 1}, reply: {say: x}}, {when: {turn: 1}, reply: {say: x}}]"
    )
    (tmp_path / "a.yaml").write_text("\n\n\nsteps: [{include: z.yaml}, {reply: {say: y}}, {reply: {say: y}}]")
    findings = check_file("a.yaml")[1]
    assert [finding.where for finding in findings] == ["a.yaml:4:47", "z.yaml:1:38"]


@pytest.mark.parametrize("play", [build, lambda data: load_text(str(data), name="a.yaml")])
def test_what_is_no_file_includes_nothing(play):
    for steps in ([{"include": "a.yaml"}], [{"reply": {"include": "a.yaml#x"}}]):
        with pytest.raises(ScenarioError, match="MG228: Only a file that is read from disk includes others"):
            play({"steps": steps})


def test_a_play_tells_of_the_files_and_lines_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.yaml").write_text("steps:\n- reply: {include: a.yaml#x}\n- {reply: {say: never}}\n")
    with MockGrid() as grid:
        (tmp_path / "a.yaml").write_text("\n\nx: {body: 3}\n")
        with pytest.raises(PlayError, match=r"\na\.yaml:3:4: error MG201: The body breaks the contract"):
            grid.play("main.yaml")
        (tmp_path / "a.yaml").write_text("\n\nx: {say: fine}\n")
        with pytest.warns(MockgridWarning, match=r"^main\.yaml:3:3: warning MG230"):
            grid.play("main.yaml")
