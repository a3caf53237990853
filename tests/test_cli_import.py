"""``mockgrid import``."""

import json
from pathlib import Path

import pytest

from mockgrid.cli import main

pytestmark = pytest.mark.once
FILES = Path(__file__).parent / "recording" / "files"


def run(capsys, *arguments):
    code = main(["import", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_cassette_becomes_a_scenario_that_is_sound(tmp_path, capsys):
    target = tmp_path / "weather.yaml"
    code, out, err = run(capsys, FILES / "vcrpy" / "tool-loop.yaml", "--output", target)
    assert (code, out, err) == (0, "", f"mockgrid: 2 exchanges: 2 steps in {target}\n")
    assert main(["check", str(target)]) == 0
    assert "when: {last_user: What is the weather in Oslo?, turn: 1}" in target.read_text("utf-8")


def test_it_is_printed_where_no_file_is_named(capsys):
    code, out, err = run(capsys, FILES / "har" / "models-and-files.har")
    assert code == 0
    assert out.startswith("description: Recorded in models-and-files.har.\n")
    assert err.splitlines() == [
        "mockgrid: 2 exchanges: 2 steps",
        "mockgrid: left out 1 of GET /v1/files, which the contract does not have",
    ]


def test_a_folder_gives_a_scenario_for_each_file(tmp_path, capsys):
    folder = tmp_path / "cassettes" / "test_agent"
    folder.mkdir(parents=True)
    for name in ("test_hello[gpt-4o].yaml", "test_hello.yaml"):
        (folder / name).write_bytes((FILES / "vcrpy" / "plain.yaml").read_bytes())
    code, _, err = run(capsys, tmp_path / "cassettes", "--output", tmp_path / "scenarios")
    assert code == 0, err
    written = sorted(path.name for path in (tmp_path / "scenarios").iterdir())
    assert written == ["test_agent-test_hello-gpt-4o.yaml", "test_agent-test_hello.yaml"]
    assert main(["check", str(tmp_path / "scenarios")]) == 0


@pytest.mark.parametrize("output", [(), ("--output", "scenarios"), ("--output", "all.yaml")])
def test_what_is_no_recording_in_a_folder_is_left_out(tmp_path, monkeypatch, capsys, output):
    monkeypatch.chdir(tmp_path)
    others = {"a.json": b'{"name": "x"}', "b.har": b"\xff\x00", "c.yaml": b"a: [", "d.json": b""}
    for name, data in {**others, "m.yaml": (FILES / "vcrpy" / "plain.yaml").read_bytes()}.items():
        (tmp_path / name).write_bytes(data)
    code, _, err = run(capsys, ".", *output)
    assert code == 0, err
    for name in others:
        assert f"mockgrid: left out: {name}:" in err
        assert run(capsys, name)[0] == 2


def test_the_same_files_give_the_same_bytes(capsys):
    files = sorted((FILES / "jsonl").iterdir())
    texts = {run(capsys, *files)[1] for _ in range(2)}
    assert len(texts) == 1


def test_a_file_that_is_there_is_kept(tmp_path, capsys):
    target = tmp_path / "mine.yaml"
    target.write_text("steps: []\n", "utf-8")
    code, _, err = run(capsys, FILES / "vcrpy" / "plain.yaml", "--output", target)
    assert (code, err) == (1, f"mockgrid: {target} already exists; use --force to overwrite it.\n")
    assert target.read_text("utf-8") == "steps: []\n"
    assert run(capsys, FILES / "vcrpy" / "plain.yaml", "--output", target, "--force")[0] == 0


@pytest.mark.parametrize("kind", ["flag", "file"])
def test_what_is_to_be_scrubbed_is(kind, tmp_path, capsys):
    text = "Ada Byron (ada@example.org), case 4711-B: Ada is fine"
    body = {"messages": [{"role": "user", "content": text}]}
    line = {"request": body, "response": {"body": {"answer": text}, "status": 500}}
    (tmp_path / "log.jsonl").write_text(json.dumps(line), "utf-8")
    words = ["Ada", "mails", "/case ([0-9]+-[A-Z])/"]
    told = [f"{word}: {count} taken out" for word, count in zip(words, (6, 2, 2), strict=True)]
    if kind == "file":
        lines = ("# mine", *words, "Nowhere", "mails", "/[/]never/")
        (tmp_path / "private.txt").write_text("\n".join(lines) + "\n", "utf-8")
        words = [f"@{tmp_path / 'private.txt'}"]
        told = [f"{words[0]}: 10 taken out; nothing by line 5, 7"]
    words.append("Nobody")
    code, out, err = run(capsys, tmp_path / "log.jsonl", *(f"--scrub={word}" for word in words))
    assert code == 0
    assert not [word for word in ("Ada", "ada@", "4711") if word in out]
    assert "[name-1] Byron (mail-1@example.com), case [scrubbed-1]: [name-1] is fine" in out
    assert err.splitlines()[1:] == [f"mockgrid: --scrub {words}" for words in (*told, "Nobody: 0 taken out")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scrub=/(/", "x"], "/(/ is not a regular expression: "),
        (
            [r"--scrub=/\bCUST-\d+", "x"],
            r"--scrub: /\bCUST-\d+ is no /pattern/, which ends with a slash, too.",
        ),
        (
            ["--scrub=/srv/ada", "x"],
            "--scrub: /srv/ada is no /pattern/, which ends with a slash, too. Did you mean /srv/ada/?",
        ),
        (["--scrub=/x/i", "x"], "--scrub: /x/i is no /pattern/"),
        (["--scrub=//", "x"], "--scrub: // is no /pattern/"),
        (
            ["--scrub=", "x"],
            "--scrub: The text is empty; a name, `mails`, a /pattern/ or @FILE was expected.",
        ),
        (["--scrub= ", "x"], "--scrub: The text is empty"),
        *(
            ([f"--scrub={word}", "x"], f"--scrub: Did you mean mails? There is {word}. Write ")
            for word in ("mail", "Mails", "email", "E-Mails", "mals", "mailss")
        ),
        (["--scrub=@words.txt", "x"], "--scrub: @words.txt:3: Did you mean mails? There is mail. Write "),
        (["--scrub=Miles", "--scrub=Emil", "--scrub=https://ada.example/", "x"], "x: There is no such file"),
        (["--scrub=@nowhere", "x"], "--scrub @nowhere: The file cannot be read: No such file or directory."),
        (["nowhere.yaml"], "nowhere.yaml: There is no such file or folder."),
    ],
)
def test_mistakes_are_a_sentence(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_text("# mine\nAda\nmail\n", "utf-8")
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err.startswith(f"mockgrid: {message}")
    assert err.count("\n") == 1


def test_nothing_to_write_is_an_exit_code(tmp_path, capsys):
    (tmp_path / "other.jsonl").write_text(
        '{"request": {"method": "GET", "url": "https://x.org/v9/y"}}', "utf-8"
    )
    code, _, err = run(capsys, tmp_path / "other.jsonl", "--output", tmp_path / "none.yaml")
    assert code == 1
    assert "left out 1 of GET /v9/y, which the contract does not have" in err
    assert not (tmp_path / "none.yaml").exists()


@pytest.mark.parametrize("text", ["interactions: []\nversion: 1\n", "interactions:\n", '{"fixtures": []}'])
def test_files_without_exchanges_give_no_scenario_but_a_reason(text, tmp_path, capsys):
    (tmp_path / "none.yaml").write_text(text, "utf-8")
    code, out, err = run(capsys, tmp_path / "none.yaml")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "mockgrid: 0 exchanges: 0 steps",
        "mockgrid: nothing to write: no exchange was recorded there",
    ]


@pytest.mark.parametrize("value", ["5", "{a: 1}", "a text"])
def test_interactions_that_are_no_list_are_told(value, tmp_path, capsys):
    path = tmp_path / "odd.yaml"
    path.write_text(f"interactions: {value}\n", "utf-8")
    code, out, err = run(capsys, path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"mockgrid: {path}: `interactions` must be a list of interactions, not of type ")
