"""The settings of the run's own server: options of pytest, and of its configuration file."""

import re

import pytest
from testing.suites import suite

from mockgrid.settings import SETTINGS, WORDS, Settings

SHOW = """
def test_it(mockgrid, mockgrid_server):
    its = mockgrid_server.settings
    print("seed", its.seed, its.error_shape, its.models, its.strict, its.session_idle)
    print("paths", its.scenarios, its.overlays)
"""
OPTIONS = ["--mockgrid-seed=7", "--mockgrid-error-shape=both", "--mockgrid-models=a,b", "--mockgrid-models=c"]
OPTIONS += ["--mockgrid-strict", "--mockgrid-session-idle=2m"]
INI = """[pytest]
mockgrid_seed = 7
mockgrid_error_shape = both
mockgrid_models = a, b
    c
mockgrid_strict = yes
mockgrid_session_idle = 2m
"""
TOML = """[pytest]
mockgrid_seed = 7
mockgrid_error_shape = "both"
mockgrid_models = ["a,b", "c"]
mockgrid_strict = true
mockgrid_session_idle = "2m"
"""
OVERLAY = """
overlay: 1.0.0
info: {title: Mine, version: "1"}
actions: [{target: $.info, update: {title: Mine}}]
"""
READ = "seed 7 both ('a', 'b', 'c') True 120.0"


def text_of(result):
    return "\n".join([*result.outlines, *result.errlines])


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (OPTIONS, {}),
        ([], {"pytest__ini": INI}),
        ([], {"pytest__toml": TOML}),
        ([], {"pyproject__toml": TOML.replace("[pytest]", "[tool.pytest]")}),
        (
            OPTIONS,
            {"pytest__ini": "[pytest]\nmockgrid_seed = 8\nmockgrid_models = d\nmockgrid_strict = no\n"},
        ),
    ],
)
def test_settings_are_options(runs, options, files):
    result = runs(SHOW, "-s", *options, **files)
    result.assert_outcomes(passed=1)
    assert READ in text_of(result)


def test_every_setting_of_the_command_is_an_option_and_says_the_same(pytester):
    lines = "\n".join(pytester.runpytest_inprocess("--help").outlines)
    shown = " ".join(re.sub(r"-\n\s+", "-", lines).split())  # lines break behind hyphens, too
    assert set(WORDS.values()) == {field for field in Settings.__slots__ if field != "shutdown_timeout"}
    for word, name in WORDS.items():
        text = re.sub(r"\s+", " ", SETTINGS[name].description)
        assert re.search(rf"--mockgrid-{word.replace('_', '-')}(=\w+)? {re.escape(text)}", shown), word
        assert f" mockgrid_{word} (" in shown


def test_paths_begin_where_they_are_written(runs, pytester):
    inner = pytester.mkdir("inner")
    for folder in ("mine", "other"):
        pytester.mkdir(folder)
    overlay = (
        "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.info, update: {title: Mine}}]\n"
    )
    pytester.path.joinpath("mine.yaml").write_text(overlay)
    files = {"pytest__ini": "[pytest]\nmockgrid_scenarios = mine\nmockgrid_overlay = mine.yaml\n"}
    pytester.makepyfile(test_it=suite(SHOW))
    pytester.path.joinpath("pytest.ini").write_text(files["pytest__ini"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(inner)
        result = pytester.runpytest_inprocess("-q", "-s", "..", "--rootdir", "..", "-c", "../pytest.ini")
    assert f"paths ('{pytester.path}/mine',) ('{pytester.path}/mine.yaml',)" in text_of(result)
    result = runs(SHOW, "-s", "--mockgrid-scenarios", "other")
    assert f"paths ('{pytester.path}/other',)" in text_of(result)


@pytest.mark.parametrize(
    ("options", "files", "message"),
    [
        (["--mockgrid-seed=x"], {}, "--mockgrid-seed: 'x' is not a whole number from 0 up."),
        (
            ["--mockgrid-error-shape=bth"],
            {},
            "--mockgrid-error-shape: 'bth' is not vendor, both or",
        ),
        (
            [],
            {"pytest__ini": "[pytest]\nmockgrid_max_body = big"},
            "mockgrid_max_body: 'big' is not a size",
        ),
        ([], {"pytest__ini": "[pytest]\nmockgrid_seed = x"}, "mockgrid_seed: a number is expected ("),
        ([], {"pytest__toml": "[pytest]\nmockgrid_models = 'x'"}, "mockgrid_models: a list is expected ("),
        ([], {"pytest__toml": "[pytest]\nmockgrid_strict = 'x'"}, "mockgrid_strict: a switch is expected ("),
        (
            ["--mockgrid-seed=1", "--mockgrid-url=8080"],
            {},
            "--mockgrid-seed is a setting of a server of the run's own, and --mockgrid-url names another;",
        ),
    ],
)
def test_what_no_server_can_have_stops_the_run(runs, options, files, message):
    result = runs(SHOW, "-s", *options, **files)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in text_of(result)


OVERRIDDEN = f"""
from mockgrid import MockGrid
@pytest.fixture(scope="session")
def mockgrid_server():
    with MockGrid(seed=9) as grid:
        yield grid
{SHOW}
"""


def test_a_fixture_of_ones_own_has_its_own_settings(runs):
    result = runs(OVERRIDDEN, "-s", pytest__ini=INI)
    result.assert_outcomes(passed=1, warnings=0)
    assert "seed 9 vendor () False" in text_of(result)
    result = runs(OVERRIDDEN, "-s", "--mockgrid-seed=7", "-W", "always")
    result.assert_outcomes(passed=1, warnings=1)
    assert "--mockgrid-seed has no effect, since the fixture mockgrid_server is overridden." in text_of(
        result
    )


MANY = "\n@pytest.mark.parametrize('number', range(5))\ndef test_it(mockgrid, number): pass\n"
NOBODY = "There is no answer from http://127.0.0.1:9: "


@pytest.mark.once
@pytest.mark.parametrize("options", [["--mockgrid-url=9"], ["-o", "mockgrid_url=9"]])
@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_a_server_that_is_not_there_stops_the_run_once(pytester, options, workers):
    pytester.makepyfile(test_it=suite(MANY))
    result = pytester.runpytest_subprocess("-q", *options, *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text_of(result).count(NOBODY) == 1
    assert not re.search(r"\d (failed|error|passed)", text_of(result))


def test_a_run_that_does_not_use_the_server_does_without_it(runs):
    result = runs("def test_it(): pass", "-o", "mockgrid_url=9")
    result.assert_outcomes(passed=1)


def test_a_document_that_is_not_there_stops_the_run_once(runs):
    result = runs(MANY, "--mockgrid-document=missing.yaml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text_of(result).count("missing.yaml: There is no such file.") == 1
