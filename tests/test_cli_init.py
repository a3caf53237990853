import os
import subprocess
import sys
from pathlib import Path

import pytest

from mockgrid import cli

ROOT = Path(__file__).parents[1]
FILES = ("scenarios/first.yaml", "tests/test_first.py")


@pytest.fixture
def run(tmp_path):
    """Runs Python in a directory of its own: exit code, stdout, stderr."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MOCKGRID_")}
    variables["PYTHONPATH"] = str(ROOT)

    def python(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return python


def passes(run, folder):
    report = ("--mockgrid-report", "report.md")
    code, out, err = run("-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *report)
    assert code == 0, out + err
    assert ": 0 violations, 0 warnings, 0 verdicts, 0 steps" in (folder / "report.md").read_text("utf-8")
    assert "passed" in out
    assert run("-m", "mockgrid", "check", "--strict") == (0, "1 scenario: nothing found.\n", "")


def test_what_init_writes_passes(run, tmp_path):
    code, out, err = run("-m", "mockgrid", "init")
    assert (code, err) == (0, "")
    for name in FILES:
        assert f"wrote {Path(name)}" in out
    assert out.endswith(f"{Path(FILES[1])}\nNow run `pytest` and `mockgrid check`.\n")
    passes(run, tmp_path)


def test_what_init_writes_without_openai_passes(run, tmp_path, monkeypatch):
    monkeypatch.setattr("mockgrid.cli.init.find_spec", lambda _: None)
    assert cli.main(["init", str(tmp_path)]) == 0
    assert "openai" not in (tmp_path / FILES[1]).read_text("utf-8")
    passes(run, tmp_path)


def test_init_says_what_the_test_needs_where_pytest_is_not_installed(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("mockgrid.cli.init.find_spec", lambda name: None if name == "pytest" else name)
    assert cli.main(["init", str(tmp_path)]) == 0
    assert capfd.readouterr().out.splitlines()[2:] == [
        "The test needs pytest, which is not installed beside MockGrid: run `pip install pytest` first.",
        f"Now run `pytest` and `mockgrid check` in {tmp_path}.",
    ]


def test_the_first_test_fails_without_the_scenario(run, tmp_path):
    assert cli.main(["init", str(tmp_path)]) == 0
    (tmp_path / FILES[0]).write_text("scenario: first\n", "utf-8")
    assert run("-m", "pytest", "-q")[0] == 1


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten_and_nothing_half_written(tmp_path, capfd, name):
    present = tmp_path / name
    present.parent.mkdir()
    present.write_text("mine")
    assert cli.main(["init", str(tmp_path)]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"mockgrid: {present} already exists; nothing was written. Use --force to overwrite it.\n"
    assert present.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [present]
    assert cli.main(["init", str(tmp_path), "--force"]) == 0
    assert present.read_text("utf-8") != "mine"


def test_both_files_are_named(tmp_path, capfd):
    cli.main(["init", str(tmp_path)])
    capfd.readouterr()
    assert cli.main(["init", str(tmp_path)]) == 1
    first, second = (tmp_path / name for name in FILES)
    assert f"{first} and {second} already exist; nothing was written." in capfd.readouterr().err


def test_directory_that_cannot_be_written_is_one_line(tmp_path, capfd):
    (tmp_path / "scenarios").write_text("a file")
    assert cli.main(["init", str(tmp_path)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "The file cannot be written" in err
    assert err.count("\n") == 1
