"""The contract report of runs of pytest, in one process and in several."""

import json
from textwrap import dedent

import pytest
from testing.suites import ALONE, suite

from mockgrid import MockGrid

TEXT = """
@pytest.mark.parametrize("number", range(4))
def test_it(mockgrid, number):
    ask(mockgrid, temperature=number / 2)
def test_unauthorized(mockgrid):
    mockgrid.play("unauthorized")
    ask(mockgrid)
"""


@pytest.fixture(autouse=True)
def _with_workers(request):
    if "options" in request.fixturenames:
        pytest.importorskip("xdist")


@pytest.fixture
def run(pytester):
    pytester.makepyfile(test_it=suite(TEXT))
    return lambda *options: pytester.runpytest_inprocess(*ALONE, *options)


def counts(path):
    rows = json.loads(path.read_text("utf-8"))["rows"]
    return {(row["operation"], row["status"]): row["count"] for row in rows if row["count"]}


SEEN = {("createChatCompletion", "200"): 4, ("createChatCompletion", "401"): 1}


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n", "2"]])
def test_the_report_adds_up_what_all_workers_have_seen(run, pytester, options):
    result = run(*options, "--mockgrid-report=out/report.json")
    result.assert_outcomes(passed=5)
    result.stdout.re_match_lines(
        [r"mockgrid: [\d.]+ % of the contract's \d+ rows are covered; report: .*report\.json"]
    )
    assert counts(pytester.path / "out/report.json") == SEEN


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_the_report_of_a_server_elsewhere_is_asked_for_once(run, pytester, served, options):
    before = run("-p", "no:xdist", "--mockgrid-url", served, "--mockgrid-report=before.json")
    before.assert_outcomes(passed=5)
    run(*options, "--mockgrid-url", served, "--mockgrid-report=after.json").assert_outcomes(passed=5)
    first, second = counts(pytester.path / "before.json"), counts(pytester.path / "after.json")
    assert {
        row: second[row] - first.get(row, 0) for row in second if second[row] != first.get(row, 0)
    } == SEEN


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("report.md", "**"), ("report.html", "<!doctype html>"), ("report.xml", "<?xml"), ("report.txt", "")],
)
def test_the_ending_says_how_it_is_written(run, pytester, name, beginning):
    run("-p", "no:xdist", f"--mockgrid-report={name}")
    assert pytester.path.joinpath(name).read_text("utf-8").startswith(beginning)


def test_an_ending_that_is_none_stops_the_run(run, pytester):
    result = run("-p", "no:xdist", "--mockgrid-report=r.xyz")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    endings = ".json, .md, .html, .xml, .txt, .log"
    result.stderr.fnmatch_lines([f"*r.xyz: No report is written as .xyz; the endings are {endings}."])
    assert not pytester.path.joinpath("r.xyz").exists()


def test_a_run_that_exercises_too_little_fails(run):
    result = run("-p", "no:xdist", "--mockgrid-fail-under=99")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines([r"mockgrid: [\d.]+ % of .* rows are covered, less than 99 %"])
    assert run("-p", "no:xdist", "--mockgrid-fail-under=1").ret == pytest.ExitCode.OK


def test_a_report_that_cannot_be_written_is_told(run, pytester):
    pytester.path.joinpath("file").write_text("")
    result = run("-p", "no:xdist", "--mockgrid-report=file/report.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["mockgrid: *file/report.json: The report cannot be written: *"])


def test_a_run_without_the_fixture_has_no_report(pytester):
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess("-p", "no:xdist", "--mockgrid-report=report.json")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["mockgrid: no test used the fixture, so there is no contract report"])


def test_the_report_of_a_proxy_is_that_of_the_servers_behind_it(run, pytester, served):
    with MockGrid() as other:
        urls = [served, other.base_url]
        run("-p", "no:xdist", "--mockgrid-url", served, "--mockgrid-report=before.json")
        options = ["-p", "no:xdist", "--mockgrid-url", urls[0], "--mockgrid-report=after.json"]
        run(*options, "--mockgrid-replicas", ", ".join(urls)).assert_outcomes(passed=5)
        pytester.makeini(f"[pytest]\nmockgrid_replicas = {urls[1]} {urls[1]}\n")
        run(*options[:-1], "--mockgrid-report=twice.json").assert_outcomes(passed=5)
    first, second = counts(pytester.path / "before.json"), counts(pytester.path / "after.json")
    assert {row: second[row] - first[row] for row in SEEN} == SEEN
    assert counts(pytester.path / "twice.json") == {}


def test_what_is_wrong_is_told_with_the_test_that_did_it(pytester):
    text = """
    @pytest.mark.mockgrid(allow_violations=True)
    def test_hot(mockgrid):
        ask(mockgrid)
        with pytest.raises(Exception):
            ask(mockgrid, temperature=9)
    """
    pytester.makepyfile(test_it=suite(dedent(text)))
    pytester.runpytest_inprocess(*ALONE, "-p", "no:xdist", "--mockgrid-report=report.json")
    (violation,) = json.loads(pytester.path.joinpath("report.json").read_text("utf-8"))["violations"]
    (place,) = violation["places"]
    assert (place["label"], place["exchange"]) == ("test_it.py::test_hot", 2)
