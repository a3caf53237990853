"""``[tool.mockgrid]`` of a project's ``pyproject.toml``: what no flag and no variable says."""

import json
import os
import subprocess
import sys

import pytest

from mockgrid import cli

TABLE = """
[project]
name = "mine"

[tool.mockgrid]
port = 0
error-shape = "openai"
scenarios = ["mine"]
models = ["a,b", "c"]
log = "off"
ready = "json"
strict = true
"""
IDLE = "steps: [{reply: {error: {status: 400, code: too_long}}}]\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in os.environ:
        if name.startswith("MOCKGRID_"):
            monkeypatch.delenv(name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "idle.yaml").write_text(IDLE)
    (tmp_path / "inner").mkdir()
    (tmp_path / "pyproject.toml").write_text(TABLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capfd):
    def run(*arguments):
        return (cli.main(list(arguments)), *capfd.readouterr())

    return run


@pytest.mark.parametrize("folder", [".", "inner"])
def test_check_takes_what_serve_would(project, run, monkeypatch, folder):
    monkeypatch.chdir(project / folder)
    # In OpenAI's shape, the code has a place.
    assert run("check") == (0, "1 scenario: nothing found.\n", "")
    code, out, _ = run("check", "--error-shape", "vendor")
    assert (code, "MG221" in out) == (1, True)
    monkeypatch.setenv("MOCKGRID_ERROR_SHAPE", "vendor")
    assert run("check")[0] == 1
    assert run("check", "--no-strict")[0] == 0


def test_explain_finds_the_projects_scenarios(project, run):
    (project / "request.json").write_text('{"messages": [{"role": "user", "content": "Hi"}]}')
    code, out, _ = run("explain", "idle", "request.json")
    assert (code, "(mine/idle.yaml)" in out) == (0, True)


def test_serve_takes_its_settings_and_flags_win(project):
    command = [sys.executable, "-m", "mockgrid", "serve", "--models", "d"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project / "inner") as process:
        ready = json.loads(process.stdout.readline())
        process.terminate()
    assert ready["port"] not in {0, 8080}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[tool.mockgrid]\nerror_shpe = 'both'", "[tool.mockgrid] has no setting 'error_shpe'. Did you mean"),
        ("[tool.mockgrid]\nseed = true", "[tool.mockgrid] seed: True is not a whole number from 0 up."),
        ("[tool.mockgrid]\nmodels = 5", "[tool.mockgrid] models: 5 is not text."),
        ("[tool.mockgrid]\nstrict = 'yes'", "[tool.mockgrid] strict: 'yes' is not true or false."),
        ("[tool.mockgrid]\nx = 1", "[tool.mockgrid] has no setting 'x'. Known: document, host, "),
        ("tool.mockgrid = 5", "`tool.mockgrid` is a table of settings."),
        ("[tool.mockgrid]\nseed = ", "This is not TOML, or `tool` is no table."),
    ],
)
@pytest.mark.parametrize("command", ["serve", "check", "explain"])
def test_a_table_that_cannot_be_meant_is_told(project, run, command, table, message):
    (project / "pyproject.toml").write_text(table)
    code, out, err = run(command)
    assert (code, out) == (2, "")
    assert err.startswith(f"mockgrid: {project}/pyproject.toml:")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "text", ["[tool.other]\nmockgrid = 1\n", "[project]\ndependencies = ['mockgrid']\n", ""]
)
def test_other_projects_have_none(project, run, text):
    (project / "inner" / "pyproject.toml").write_text(text)
    (project / "pyproject.toml").write_text(text)
    assert run("check", "mine", "--no-strict")[0] == 0
    assert run("schema")[0] == 0


def test_a_setting_that_cannot_be_meant_is_told_with_its_line(project, run):
    table = "# settings\n[tool.mockgrid]\nseed = 7\n  'cors' = \"yes\"\n"
    (project / "pyproject.toml").write_text(table)
    code, _, err = run("serve")
    assert (code, err) == (
        2,
        f"mockgrid: {project}/pyproject.toml:4:4: [tool.mockgrid] cors: 'yes' is not true or false.\n",
    )


@pytest.mark.parametrize("command", [("serve",), ("check",)])
def test_a_folder_that_is_not_there_is_told_of_the_file_that_names_it(project, run, command):
    (project / "pyproject.toml").write_text("[tool.mockgrid]\nscenarios = ['nope']\n")
    code, _, err = run(*command)
    assert code == 2
    assert f"{project}/pyproject.toml:2:1: [tool.mockgrid] scenarios: there is no file or directory" in err
    assert run("check", "mine", "--no-strict")[0] == 0  # where that is named instead, nothing is missing
