"""The plugin, in runs of pytest of their own."""

import re
import sys

import pytest
from testing.suites import ALONE, HEAD

# The first line of a suite's own text.
FIRST = len(HEAD.strip().splitlines()) + 2

ASK_WRONGLY = "ask(mockgrid, temperature=3)"


def text_of(result):
    return "\n".join(result.outlines)


def test_a_test_has_a_session_of_its_own_and_a_key_that_is_the_same_each_time(runs):
    text = """
    @pytest.mark.parametrize("number", [1, 2])
    def test_it(mockgrid, number):
        assert mockgrid.exchanges == []
        assert ask(mockgrid).status_code == 200
        print("key", mockgrid.api_key, mockgrid.base_url.partition(":")[0])
    """
    keys = [re.findall(r"key (mg-[0-9a-f]{12}-1) http", text_of(runs(text, "-s"))) for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


SWALLOWED = """try:
        ask(mockgrid, n="two").raise_for_status()
    except Exception:
        pass"""
NO_STEP = """mockgrid.play([{"when": {"turn": 7}, "reply": {"say": ""}}], strict=True)
    ask(mockgrid)"""
UNUSED = """mockgrid.play([{"name": "mine", "reply": {"say": ""}}], strict=True)"""


def marked(marker, body):
    """Return a test with a marker; without one, a bare test."""
    line = f"@pytest.mark.mockgrid({marker})\n" if marker else ""
    return f"{line}def test_it(mockgrid):\n    {body}"


@pytest.mark.parametrize(
    ("marker", "body", "line"),
    [
        ("", ASK_WRONGLY, "MG113 temperature: must be at most 2, got 3"),
        ("", SWALLOWED, "MG110 n: must be"),
        ("", NO_STEP, "No step matches. Nearest: step 1"),
        ("", UNUSED, "unused step: mine (test_it.py:"),
        ("'tool-loop'", "pass", "unused step: two calls at once"),
        ("allow_warnings=False", "ask(mockgrid, temprature=1)", "MG140 temprature: is not known"),
        ("'overloaded', resilient=True", "ask(mockgrid)", "MG314 gave_up: Gave up after 1 attempt"),
    ],
)
def test_the_test_itself_fails_and_not_its_teardown(runs, marker, body, line):
    result = runs(marked(marker, body))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*FAILED test_it.py::test_it - Failed: {line[:30]}*"])
    assert line in text_of(result)


@pytest.mark.parametrize(
    ("marker", "body"),
    [
        ("allow_violations=True", ASK_WRONGLY),
        ("allow_violations=['MG112', 'MG113']", ASK_WRONGLY),
        ("allow_violations='MG113'", ASK_WRONGLY),
        ("'tool-loop', allow_unused=True", "pass"),
        ("'tool-loop', strict=False", "ask(mockgrid)"),
        ("'tool-loop', allow_unused=True, allow_unmatched=True", "ask(mockgrid)"),
        ("", "ask(mockgrid, temprature=1)"),
        ("'overloaded'", "ask(mockgrid)"),
    ],
)
def test_the_marker_allows(runs, marker, body):
    runs(marked(marker, body)).assert_outcomes(passed=1)


def test_the_nearest_marker_has_the_last_word(runs):
    text = """
    pytestmark = pytest.mark.mockgrid("overloaded", allow_violations=True)
    class TestIt:
        pytestmark = pytest.mark.mockgrid(allow_violations=False)
        def test_a(self, mockgrid):
            assert ask(mockgrid).status_code == 503
        @pytest.mark.mockgrid("unauthorized")
        def test_b(self, mockgrid):
            assert ask(mockgrid).status_code == 401
        def test_c(self, mockgrid):
            ask(mockgrid, temperature=3)
    """
    runs(text).assert_outcomes(passed=2, failed=1)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("'tool-lop'", f"test_it.py:{FIRST + 1}: There is no scenario 'tool-lop'. Did you mean tool-loop?"),
        (
            "allow_violation=True",
            "'allow_violation' is nothing that a test can allow. Did you mean allow_violations?",
        ),
        (
            "allow_violations='temperature'",
            "allow_violations has 'temperature', which is no code such as MG113.",
        ),
        ("allow_unused=['MG113']", "allow_unused is True or False, not ['MG113']."),
        ("strct=True", "'strct' is nothing that a test can allow. Did you mean strict?"),
        ("scenario='tool-loop'", "The scenario is the first argument, without a name. Write mockgrid("),
        ("'a', 'b'", "The marker mockgrid has 2 arguments without a name; one is expected."),
        ("strict='yes'", "strict is True or False, not 'yes'."),
        ("strict=1", "strict is True or False, not 1."),
        ("strict=[]", "strict is True or False, not []."),
        (
            "[{'sayy': 'Hello'}]",
            f"test_it.py:{FIRST + 1}#/0/sayy: error MG211: `sayy` is not a key that is known here.",
        ),
    ],
)
def test_a_marker_that_cannot_be_meant_is_told(runs, marker, message):
    result = runs(f"\n@pytest.mark.mockgrid({marker})\ndef test_it(mockgrid):\n    pass")
    result.assert_outcomes(errors=1)
    assert message in text_of(result)
    assert "During handling" not in text_of(result)


def test_what_cannot_be_played_ends_at_the_line_that_asked(runs):
    result = runs("def test_it(mockgrid):\n    mockgrid.play([{'sayy': 'Hello'}])")
    line = FIRST + 1
    result.stdout.fnmatch_lines(
        [
            ">*mockgrid.play(*",
            f"E *test_it.py:{line}#/0/sayy: error MG211: *",
            "",
            f"test_it.py:{line}: PlayError",
        ]
    )
    assert "mockgrid/testing" not in text_of(result)


ODD = "[{'error': {'status': 400, 'code': 'too_long'}}]"


@pytest.mark.parametrize(
    "text",
    [
        f"def test_it(mockgrid):\n    mockgrid.play({ODD})",
        f"\n@pytest.mark.mockgrid({ODD})\ndef test_it(mockgrid):\n    pass",
    ],
)
def test_what_is_odd_in_what_plays_is_a_warning_of_pytest(runs, text):
    result = runs(text, "-W", "always")
    result.assert_outcomes(passed=1, warnings=1)
    place = f"test_it.py:{FIRST + 1}"
    result.stdout.fnmatch_lines([f"*{place}: MockgridWarning: {place}#/0/error/code: warning MG221: `code`*"])
    result = runs(text, "-W", "error::mockgrid.MockgridWarning")
    assert f"{place}#/0/error/code: warning MG221" in text_of(result)
    assert "mockgrid/testing" not in text_of(result)


def test_a_test_that_fails_by_itself_keeps_its_error_and_gets_a_section(runs):
    text = """
    def test_it(mockgrid):
        ask(mockgrid, temperature=3)
        assert 1 == 2
    """
    result = runs(text)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *assert 1 == 2",
            "*- MockGrid -*",
            "MG113 temperature: must be at most 2, got 3",
            "The exchanges:",
        ]
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [("mockgrid.play([{'sayy': 'Hello'}])", 0), ("mockgrid.clock.advance('2s')", 0), ("assert False", 1)],
)
def test_what_a_test_asked_of_mockgrid_is_not_held_against_its_client(runs, line, told):
    result = runs(f"def test_it(mockgrid):\n    {line}")
    result.assert_outcomes(failed=1)
    assert text_of(result).count("No request has arrived") == told


IDLE = "The marker mockgrid of test_it.py::test_without does nothing, since the test does not use the fixture"


def test_a_marker_that_does_nothing_is_told(runs):
    text = """
import unittest
import pytest

@pytest.fixture
def client(mockgrid):
    return mockgrid

@pytest.mark.mockgrid(allow_violations=True)
@pytest.mark.parametrize("n", [1, 2])
def test_without(n): pass

@pytest.mark.mockgrid(allow_violations=True)
def test_with(mockgrid): pass

@pytest.mark.mockgrid(allow_violations=True)
def test_indirectly(client): pass

@pytest.mark.mockgrid(allow_violations=True)
@pytest.mark.usefixtures("mockgrid")
def test_by_a_marker(): pass

@pytest.mark.mockgrid(allow_violations=True)
def test_by_name(request): request.getfixturevalue("mockgrid")

@pytest.mark.mockgrid(allow_violations=True)
class TestSome:
    def test_with(self, mockgrid): pass
    def test_without(self): pass

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def session_of_the_test(self, mockgrid): pass

    @pytest.mark.mockgrid(allow_violations=True)
    def test_it(self): pass

class TestNew:
    @pytest.fixture(autouse=True)
    def session_of_the_test(self, mockgrid): pass

    @pytest.mark.mockgrid(allow_violations=True)
    def test_it(self): pass
"""
    result = runs(text, "-W", "always::pytest.PytestWarning")
    result.assert_outcomes(passed=10, warnings=1)
    assert text_of(result).count(IDLE) == 1
    result = runs(text, "-W", "error::pytest.PytestWarning")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {IDLE}" in "\n".join(result.errlines)


def test_what_a_fixture_of_the_test_did_is_told_where_it_fails(runs):
    text = """
    @pytest.fixture
    def client(mockgrid):
        ask(mockgrid, temperature=3).raise_for_status()
    def test_it(client):
        pass
    """
    result = runs(text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *422*", "*- MockGrid -*", "MG113 temperature: must be at most 2, got 3"])


def test_what_comes_after_the_test_is_an_error_of_its_teardown(runs):
    text = """
    @pytest.fixture
    def late(mockgrid):
        yield
        ask(mockgrid, temperature=3)
    def test_it(late):
        pass
    """
    result = runs(text)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown*", "MG113 temperature: *"])


def test_skipped_and_expected_failures_stay_what_they_are(runs):
    text = """
    def test_a(mockgrid):
        ask(mockgrid, temperature=3)
        pytest.skip("for now")
    @pytest.mark.xfail
    def test_b(mockgrid):
        ask(mockgrid, temperature=3)
    """
    runs(text).assert_outcomes(skipped=1, xfailed=1)


def test_replies_under_way_are_waited_for(runs):
    text = """
    import threading
    def test_it(mockgrid):
        mockgrid.play({"say": "Hello", "delay": "200ms"})
        thread = threading.Thread(target=ask, args=(mockgrid,))
        thread.start()
        while not mockgrid.exchanges:
            pass
        summary = mockgrid.summary
        assert mockgrid.last.seconds is not None
        thread.join()
    """
    runs(text).assert_outcomes(passed=1)


def test_unittest_classes_have_it(runs):
    text = """
    import unittest
    from mockgrid import MockGrid

    class TestFixture(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def grid_of_the_test(self, mockgrid):
            self.grid = mockgrid
        def test_good(self):
            ask(self.grid)
        def test_wrong(self):
            ask(self.grid, temperature=3)
        def test_fails(self):
            ask(self.grid, temperature=3)
            self.fail("mine")

    class TestAlone(unittest.TestCase):
        def setUp(self):
            self.grid = self.enterContext(MockGrid())
            self.addCleanup(self.grid.check)
        def test_good(self):
            ask(self.grid)
        def test_wrong(self):
            ask(self.grid, temperature=3)
    """
    result = runs(text)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*FAILED*TestFixture::test_fails - AssertionError: mine",
            "*FAILED*TestFixture::test_wrong - Failed: MG113*",
            "*FAILED*TestAlone::test_wrong - AssertionError: MG113*",
        ],
    )
    assert text_of(result).count("\nMG113 temperature: must be") == 2


def test_coroutines_have_it(runs):
    text = """
    import asyncio
    @pytest.fixture
    def anyio_backend():
        return "asyncio"
    async def chat(mockgrid, **body):
        async with httpx.AsyncClient(base_url=mockgrid.base_url, trust_env=False) as client:
            headers = {"authorization": "Bearer " + mockgrid.api_key}
            json = {"messages": [{"role": "user", "content": "Hi"}], **body}
            await client.post("/chat/completions", headers=headers, json=json)
    @pytest.mark.anyio
    async def test_good(mockgrid):
        task = asyncio.create_task(chat(mockgrid))
        assert (await mockgrid.wait_for_async(1))[0].status == 200
        await task
    @pytest.mark.anyio
    async def test_wrong(mockgrid):
        await chat(mockgrid, temperature=3)
    """
    result = runs(text)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*FAILED*::test_wrong - Failed: MG113 *"])


def test_the_fixture_may_be_asked_for_by_name(runs):
    text = """
    @pytest.mark.mockgrid("overloaded")
    def test_it(request):
        ask(request.getfixturevalue("mockgrid"), temperature=3)
    """
    runs(text).assert_outcomes(failed=1)


@pytest.mark.parametrize(
    "line",
    [
        'mockgrid.play("missing.yaml")',
        "mockgrid.play([{'sya': 'Hi'}])",
        'mockgrid.clock.advance("2 sec")',
        'mockgrid.clock.advance("2s")',
        "mockgrid.check(allow_violation=True)",
        "mockgrid.wait_for(1, timeout=0)",
        'MockGrid(clock="virtul")',
        "MockGrid().base_url",
        'RemoteGrid("http://127.0.0.1:9").start()',
    ],
)
def test_what_is_wrong_is_shown_at_the_line_of_the_test_alone(runs, line):
    text = f"""
    from mockgrid import MockGrid, RemoteGrid
    def test_it(mockgrid):
        {line}
    """
    result = runs(text, "--tb=short")
    result.assert_outcomes(failed=1)
    assert re.findall(r"^(\S+):\d+: in ", text_of(result), re.MULTILINE) == ["test_it.py"]


def test_the_server_may_have_other_settings(runs):
    text = """
    from mockgrid import MockGrid
    @pytest.fixture(scope="session")
    def mockgrid_server():
        with MockGrid(clock="virtual", seed=7) as grid:
            yield grid
    def test_it(mockgrid):
        mockgrid.play({"say": "Hello", "delay": "30s"})
        ask(mockgrid)
        assert mockgrid.clock.spared == 30
        assert mockgrid.clock.advance("2s") == 2
    """
    runs(text).assert_outcomes(passed=1)


SCENARIO = "steps: [{reply: {say: It is mine.}}]"


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--mockgrid-scenarios", "mine"], {}),
        (["--mockgrid-scenarios", "mine/own.yaml"], {}),
        (["--mockgrid-scenarios=mine"], {"pytest__ini": "[pytest]\nmockgrid_scenarios = other\n"}),
        ([], {"pytest__ini": "[pytest]\nmockgrid_scenarios = mine\n"}),
        ([], {"pyproject__toml": "[tool.pytest]\nmockgrid_scenarios = ['mine']\n"}),
    ],
)
def test_scenarios_of_a_folder_may_be_named(runs, pytester, options, files):
    pytester.mkdir("mine").joinpath("own.yaml").write_text(SCENARIO)
    text = """
    def test_it(mockgrid):
        mockgrid.play("own")
        ask(mockgrid)
        assert mockgrid.last.text == "It is mine."
    """
    runs(text, *options, **files).assert_outcomes(passed=1)


def test_warnings_fail_where_the_configuration_says_so(runs):
    text = """
    def test_a(mockgrid):
        ask(mockgrid, temprature=1)
    @pytest.mark.mockgrid(allow_warnings=["MG140"])
    def test_b(mockgrid):
        ask(mockgrid, temprature=1)
    """
    runs(text, "-o", "mockgrid_warnings=error").assert_outcomes(passed=1, failed=1)


def test_a_server_elsewhere_has_the_same_fixture_and_scenarios(runs, pytester, served):
    pytester.mkdir("mine").joinpath("own.yaml").write_text(SCENARIO)
    text = """
    @pytest.mark.mockgrid("own")
    def test_good(mockgrid):
        ask(mockgrid)
        assert mockgrid.last.text == 'It is mine.'
        print("key", mockgrid.api_key)
    def test_wrong(mockgrid):
        ask(mockgrid, temperature=3)
    """
    options = ["--mockgrid-url", served, "--mockgrid-scenarios", "mine", "-s"]
    results = [runs(text, *options) for _ in range(2)]
    for result in results:
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["*FAILED*::test_wrong - Failed: MG113 *"])
    keys = [re.findall(r"key (mg-\S+)", text_of(result)) for result in results]
    assert keys[0] != keys[1], "two runs that share a server must not meet"


OVERRIDDEN = """
import pytest
from mockgrid import MockGrid, RemoteGrid
@pytest.fixture(scope="session")
def mockgrid_server():
    with {} as grid:
        yield grid
"""


def test_a_server_elsewhere_and_one_of_ones_own_cannot_both_be(runs, served):
    url = served.removesuffix("/v1")
    two = "def test_it(mockgrid):\n    assert mockgrid.base_url\ndef test_other(mockgrid):\n    pass"
    result = runs(two, "--mockgrid-url", url, conftest__py=OVERRIDDEN.format("MockGrid()"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text_of(result).count(f"names {url}, but the fixture mockgrid_server is overridden") == 1
    result = runs(two, "--mockgrid-url", url, conftest__py=OVERRIDDEN.format(f"RemoteGrid({url!r})"))
    result.assert_outcomes(passed=2)


PERCENT = "a number from 0 to 100 is expected. It is a percentage: 80 for 80 %."


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mockgrid-fail-under=5x"], f"--mockgrid-fail-under is '5x'; {PERCENT}"),
        (["--mockgrid-fail-under=101"], f"--mockgrid-fail-under is '101'; {PERCENT}"),
        (["--mockgrid-fail-under=0.8"], f"--mockgrid-fail-under is '0.8'; {PERCENT}"),
        (["-o", "mockgrid_fail_under=nan"], f"--mockgrid-fail-under is 'nan'; {PERCENT}"),
        (["-o", "mockgrid_warnings=errors"], "mockgrid_warnings is 'errors'; it is allow or error."),
        (["--mockgrid-scenarios=none"], "--mockgrid-scenarios: the folder */none does not exist."),
        (["-o", "mockgrid_scenarios=none"], "--mockgrid-scenarios: the folder */none does not exist."),
        (
            ["--mockgrid-scenarios=test_it.py"],
            "--mockgrid-scenarios: the folder */test_it.py is not a directory.",
        ),
        (["--mockgrid-url=http://127.0.0.1:9", "--mockgrid-scenarios=none"], "*/none does not exist."),
    ],
)
def test_an_option_that_cannot_be_used_stops_the_run_before_the_first_test(
    pytester, options, message, workers
):
    if workers:
        pytest.importorskip("xdist")
    pytester.makepyfile(test_it="def test_it(mockgrid): pass\ndef test_other(): pass")
    result = pytester.runpytest_inprocess(*ALONE, "-p", "no:cacheprovider", *workers, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{message}"])
    assert "test_it.py" not in text_of(result)


def test_help_is_given_whatever_the_options_say(runs):
    assert runs("", "--help", "--mockgrid-fail-under=5x").ret == pytest.ExitCode.OK


def test_it_can_be_left_out(runs):
    result = runs("def test_it(mockgrid):\n    pass", "-p", "no:mockgrid")
    result.assert_outcomes(errors=1)
    assert "fixture 'mockgrid' not found" in text_of(result)


def test_what_a_run_imports_late_stays_the_same_for_the_tests_that_follow(runs):
    assert "poplib" not in sys.modules
    runs("import poplib, mine\ndef test_it(): assert mine and poplib", mine__py="").assert_outcomes(passed=1)
    assert "poplib" in sys.modules
    assert "mine" not in sys.modules
