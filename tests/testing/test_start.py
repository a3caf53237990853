"""The server's start in the background, in runs of pytest of their own."""

import sys
import threading
import warnings

import pytest

from mockgrid.app import compose
from mockgrid.reply import tokens
from mockgrid.testing import start

USES = "def test_it(mockgrid): assert ask(mockgrid).status_code == 200"
OVERRIDES = f"""
from mockgrid import MockGrid

@pytest.fixture(scope="session")
def mockgrid_server():
    with MockGrid(clock="virtual") as grid:
        yield grid

{USES}
"""
BESIDE = f"{USES}\ndef test_that(): pass"
BY_NAME = "def test_it(request): assert ask(request.getfixturevalue('mockgrid'))"
MAKES_THE_FOLDER = """
from pathlib import Path
Path("scenarios").mkdir()
Path("scenarios/mine.yaml").write_text("steps: [{reply: {say: Written first}}]")
"""
AT_ONCE, IN_THE_END = ["pytest_itemcollected"], ["pytest_collection_finish"]


@pytest.fixture
def begun(monkeypatch):
    """The hooks of the plugin that have begun a start."""
    hooks = []

    class Noted(start.EarlyStart):
        def __init__(self, config):
            hooks.append(sys._getframe(2).f_code.co_name)
            super().__init__(config)

    monkeypatch.setattr(start, "EarlyStart", Noted)
    return hooks


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (USES, (), AT_ONCE),
        (BESIDE, ("-k", "test_it"), IN_THE_END),
        (BESIDE, ("-k", "test_that"), []),
        (USES, ("--collect-only",), []),
        (USES, ("--setup-plan",), []),
        (USES, ("--fixtures",), []),
        (USES, ("--fixtures-per-test",), []),
        (OVERRIDES, (), []),
        (BY_NAME, (), []),
    ],
)
def test_it_begins_as_soon_as_a_test_is_known_that_will_want_it(runs, begun, text, options, expected):
    assert runs(text, *options).ret == 0
    assert begun == expected


def test_a_run_elsewhere_begins_none(runs, begun, served):
    assert runs(USES, "--mockgrid-url", served).ret == 0
    assert begun == []


def test_files_that_a_fixture_writes_before_the_first_test_are_those_that_are_read(runs, begun):
    text = """
    from pathlib import Path

    @pytest.fixture(scope="session", autouse=True)
    def written():
        Path("scenarios/mine.yaml").write_text("steps: [{reply: {say: Written later}}]")

    def test_it(written, mockgrid):
        mockgrid.play("mine")
        assert ask(mockgrid).json()["choices"][0]["message"]["content"] == "Written later"
    """
    result = runs(text, "--mockgrid-scenarios", "scenarios", conftest__py=MAKES_THE_FOLDER)
    result.assert_outcomes(passed=1)
    assert begun == AT_ONCE


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (f"{USES}\n@pytest.fixture(autouse=True)\ndef before(): pytest.skip()", {"skipped": 1}),
        ("@pytest.mark.skip\n" + USES, {"skipped": 1}),
        ("import threading\nAT_FIRST = threading.active_count()\n" + BESIDE, {"passed": 2}),
    ],
)
def test_it_is_stopped_whether_a_test_has_taken_it_or_not(runs, begun, text, outcomes):
    before = set(threading.enumerate())
    runs(text).assert_outcomes(**outcomes)
    assert begun == AT_ONCE
    assert set(threading.enumerate()) <= before


def test_garbage_is_collected_again_once_the_server_has_started(runs, begun):
    text = """
    import gc

    def test_it(mockgrid):
        assert gc.isenabled()
    """
    runs(text).assert_outcomes(passed=1)
    assert begun == AT_ONCE


def test_what_has_taken_it_may_use_it_after_a_run_that_ends_early(runs, begun):
    text = """
    @pytest.fixture(scope="session")
    def client(mockgrid_run):
        yield
        assert ask(mockgrid_run).status_code == 200
        print("It answers.")

    def test_it(mockgrid, client):
        pytest.exit("enough")
    """
    result = runs(text, "-s")
    assert begun == AT_ONCE
    result.stdout.fnmatch_lines(["*It answers."])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_what_filters_warnings_is_loaded_by_no_thread_beside_the_tests(runs, begun, monkeypatch):
    loaded = []

    def load():
        loaded.append(threading.current_thread())
        return tokens.ShortWords()

    monkeypatch.setattr(compose, "best_tokenizer", load)
    monkeypatch.setattr(tokens, "has_vocabulary", lambda: True)
    runs(USES).assert_outcomes(passed=1)
    assert begun == AT_ONCE
    assert loaded == [threading.main_thread()]


def test_a_tokenizer_without_a_vocabulary_filters_no_warnings(monkeypatch):
    monkeypatch.setattr(tokens, "has_vocabulary", lambda: False)
    monkeypatch.setattr(warnings, "catch_warnings", None)
    assert isinstance(tokens.best_tokenizer(), tokens.ShortWords)
