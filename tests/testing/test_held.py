"""What a test is held to: every session that it opens, and the run's where it uses that."""

import pytest
from testing.suites import suite

RUN = """
    import unittest
    @pytest.fixture(scope="session")
    def application(mockgrid_run):
        assert ask(mockgrid_run, temperature=9).status_code == 422  # before any test: nobody's failure
        print("key", mockgrid_run.env()["OPENAI_API_KEY"])
        return lambda **body: ask(mockgrid_run, **body).status_code
"""
WRONG = "MG113 temperature: must be at most 2, got 3"


def failed(result):
    """Return the reason of each test that failed, by its name."""
    lines = (line.partition(" - ") for line in result.outlines if line.startswith("FAILED"))
    return {head.rpartition("::")[2]: reason.removeprefix("Failed: ") for head, _, reason in lines}


def test_every_session_that_a_test_opens_is_held_to_the_rules_of_its_marker(runs):
    text = """
    @pytest.fixture
    def second(mockgrid):
        return mockgrid.session("second")
    def test_another(mockgrid):
        ask(mockgrid)
        other = mockgrid.session("backup")
        ask(other, temperature=3)
        other.close()
    def test_by_a_fixture(second):
        ask(second, temperature=3)
    @pytest.fixture
    def third(mockgrid_server):
        session = mockgrid_server.session("third")
        yield session
        session.close()
    def test_by_a_fixture_of_the_server(third):
        ask(third, temperature=3)
    def test_by_both(third, mockgrid):
        ask(third, temperature=3)
    def test_of_the_server(mockgrid_server):
        ask(mockgrid_server.session("backup"), temperature=3)
    def test_two(mockgrid, mockgrid_server):
        ask(mockgrid, temperature=3)
        ask(mockgrid_server.session(), n="two")
    def test_good(mockgrid, mockgrid_server):
        others = [mockgrid.session(), mockgrid.session(), mockgrid_server.session()]
        assert [ask(other).status_code for other in others] == [200] * 3
        assert len({mockgrid.api_key, *(other.api_key for other in others)}) == 4
    @pytest.mark.mockgrid(allow_violations=["MG113"])
    def test_allowed(mockgrid, mockgrid_server):
        ask(mockgrid.session("backup"), temperature=3)
        ask(mockgrid_server.session("third"), temperature=3)
    @pytest.mark.mockgrid(allow_violations=["MG113"])
    def test_marked_server(mockgrid_server):
        ask(mockgrid_server.session(), temperature=3)
    @pytest.mark.mockgrid(resilient=True)
    def test_resilient(mockgrid):
        other = mockgrid.session("backup")
        other.play("overloaded")
        ask(other)
    """
    result = runs(text)
    assert {name: reason[:5] for name, reason in failed(result).items()} == {
        **dict.fromkeys(("test_another", "test_by_a_fixture", "test_of_the_server", "test_two"), "MG113"),
        **dict.fromkeys(("test_by_a_fixture_of_the_server", "test_by_both"), "MG113"),
        "test_resilient": "MG314",
    }
    result.assert_outcomes(passed=3, failed=7)
    shown = "\n".join(result.outlines)
    assert shown.count("This was in the session 'backup' of the test.") == 3
    assert "No request has arrived" not in shown
    assert "\nMG110 n: must be" in shown


def test_what_is_done_late_in_another_session_is_an_error_of_the_teardown(runs):
    text = """
    @pytest.fixture
    def late(mockgrid):
        other = mockgrid.session("backup")
        yield
        ask(other, temperature=3)
    @pytest.fixture
    def later(mockgrid_server):
        other = mockgrid_server.session("backup")
        yield
        ask(other, temperature=3)
    def test_it(late, mockgrid_server):
        mockgrid_server.session()
    def test_other(later):
        pass
    """
    runs(text).assert_outcomes(passed=2, errors=2)


def test_a_test_that_failed_by_itself_is_told_of_each_session_that_was_used(runs):
    text = """
    def test_it(mockgrid):
        ask(mockgrid.session("backup"))
        mockgrid.session("unused")
        assert 1 == 2
    """
    result = runs(text)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- MockGrid -*", "*- MockGrid, session backup -*", "The exchanges:"])
    assert "session unused" not in "\n".join(result.outlines)


def test_sessions_of_the_server_are_its_users_own_once_the_test_is_over(runs):
    text = """
    @pytest.fixture(scope="module")
    def shared(mockgrid_server):
        session = mockgrid_server.session("shared")
        yield session
        assert session.count == 1
        session.close()
    def test_a(shared):
        ask(shared, temperature=3)
    @pytest.fixture
    def late(request):
        return request.getfixturevalue("other")
    @pytest.fixture(scope="module")
    def other(mockgrid_server):
        return mockgrid_server.session("other")
    def test_b(late):
        ask(late, temperature=3)
    def test_c(mockgrid_server):
        assert mockgrid_server.opener is not None
    """
    runs(text).assert_outcomes(passed=3)


@pytest.mark.parametrize("marker", ["strict=True", "strict=False", ""])
def test_the_marker_says_how_strict_what_the_test_plays_is(runs, marker):
    text = f"""
    pytestmark = pytest.mark.mockgrid({marker})
    def test_nothing(mockgrid):
        ask(mockgrid)
    def test_another_operation(mockgrid):
        headers = {{"authorization": "Bearer " + mockgrid.api_key}}
        httpx.get(mockgrid.base_url + "/models", headers=headers, trust_env=False)
    def test_another_session(mockgrid):
        ask(mockgrid.session())
    def test_left(mockgrid):
        mockgrid.play([{{"say": "a"}}, {{"say": "b"}}])
        ask(mockgrid)
    def test_too_many(mockgrid):
        mockgrid.play({{"say": "a"}})
        ask(mockgrid), ask(mockgrid)
    @pytest.mark.mockgrid("overloaded")
    def test_named(mockgrid):
        ask(mockgrid), ask(mockgrid)
    """
    quiet = """
    def test_no_request(mockgrid):
        pass
    def test_to_the_end(mockgrid):
        mockgrid.play([{"say": "a"}, {"say": "b"}])
        ask(mockgrid), ask(mockgrid)
    def test_relaxed(mockgrid):
        mockgrid.play({"say": "a"}, strict=False)
        ask(mockgrid), ask(mockgrid)
    """
    result = runs(text + quiet)
    begins = {name: reason[:17] for name, reason in failed(result).items()}
    if marker != "strict=True":
        assert begins == {}
        result.assert_outcomes(passed=9)
        return
    assert begins == {
        "test_nothing": "No request was ex",
        "test_another_operation": "No request was ex",
        "test_another_session": "No request was ex",
        "test_left": "unused reply: ste",
        "test_too_many": "The step matches ",
        "test_named": "The step matches ",
    }


def test_an_application_may_keep_one_key_for_the_whole_run(runs):
    text = """
    def test_good(application, mockgrid):
        assert mockgrid.exchanges == []
        assert application() == 200
        assert len(mockgrid.exchanges) == 1
    def test_wrong(application):
        assert application(temperature=3) == 422
    def test_computed(application, mockgrid):
        mockgrid.play(lambda request: {"say": 1 / 0})
        application()
    def test_not_the_one_before(application):
        assert application() == 200
    @pytest.mark.mockgrid([{"say": "a"}, {"say": "b"}], strict=True)
    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_script(application, times):
        for _ in range(times):
            application()
    @pytest.fixture
    def scripted(mockgrid):
        mockgrid.play({"say": "mine"})
    def test_a_fixture_may_play(application, scripted, mockgrid):
        application()
        assert mockgrid.last.text == "mine"
    @pytest.fixture(scope="class")
    def started(application):
        assert application(temperature=9) == 422
        return application
    class TestMany:
        def test_first(self, started, mockgrid):
            assert mockgrid.exchanges == []
        @pytest.mark.mockgrid("no-such-scenario")
        def test_marked_wrongly(self, started):
            pass
        def test_last(self, started, mockgrid):
            assert started() == 200
            assert [each.number for each in mockgrid.exchanges] == [1]
            ask(mockgrid.session("mine"))
    class TestUnit(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def application_of_the_test(self, application):
            self.application = application
        def test_wrong_unit(self):
            self.application(temperature=3)
        def test_good_unit(self):
            self.application()
    def test_of_its_own(mockgrid, mockgrid_server):
        assert mockgrid.exchanges == []
    """
    result = runs(RUN + text)
    result.assert_outcomes(passed=8, failed=5, errors=1)
    reasons = failed(result)
    assert reasons.pop("test_computed") == "ZeroDivisionError: division by zero"
    assert reasons.keys() == {"test_wrong", "test_script[1]", "test_script[3]", "test_wrong_unit"}
    assert all(reasons[name].startswith(WRONG[:20]) for name in ("test_wrong", "test_wrong_unit"))
    assert "There is no scenario 'no-such-scenario'" in "\n".join(result.outlines)


def test_coroutines_may_share_the_key_of_the_run(runs):
    text = """
    @pytest.fixture(scope="module")
    def anyio_backend():
        return "asyncio"
    @pytest.fixture(scope="module")
    async def client(mockgrid_run, anyio_backend):
        headers = {"authorization": "Bearer " + mockgrid_run.api_key}
        url = mockgrid_run.base_url
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as opened:
            yield opened
    @pytest.mark.anyio
    @pytest.mark.parametrize("temperature", [1, 3])
    async def test_it(client, mockgrid, temperature):
        json = {"messages": [{"role": "user", "content": "Hi"}], "temperature": temperature}
        await client.post("/chat/completions", json=json)
        assert len(await mockgrid.wait_for_async(1)) == 1
    """
    result = runs(text)
    result.assert_outcomes(passed=1, failed=1)
    assert failed(result)["test_it[3]"].startswith(WRONG[:20])


@pytest.mark.once
def test_each_worker_of_a_run_has_a_key_of_its_own(pytester, served):
    text = """
    @pytest.mark.parametrize("number", range(6))
    def test_it(application, mockgrid, number):
        assert application() == 200
        assert len(mockgrid.exchanges) == 1
    """
    pytester.makepyfile(test_it=suite(RUN + text))
    for options in ([], ["--mockgrid-url", served]):
        pytester.runpytest_subprocess("-n", "2", *options).assert_outcomes(passed=6)


ASKS_FIRST = """
import pytest

@pytest.fixture(scope="session")
def other():
    return 1

@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup(fixturedef, request):
    if fixturedef.argname == "mockgrid":
        request.getfixturevalue("other")
    return (yield)
"""


def test_a_test_is_held_to_its_session_whatever_a_plugin_asks_for_meanwhile(runs):
    text = """
    def test_first(mockgrid):
        mockgrid.play([{"say": "Hello"}], strict=True)
    def test_second(mockgrid):
        mockgrid.play([{"say": "Hello"}], strict=True)
    """
    runs(text, conftest__py=ASKS_FIRST).assert_outcomes(failed=2)
