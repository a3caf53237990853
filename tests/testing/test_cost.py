"""What the plugin and its sessions cost. The limits are far above what was measured, for busy machines."""

import subprocess
import sys
from time import perf_counter, process_time

import pytest
from testing.suites import ALONE

from mockgrid import HeldSession, MockGrid
from mockgrid.testing.error import CallError
from mockgrid.testing.expectation import TestExpectation as Expectation
from mockgrid.testing.mock_grid import LocalControls
from mockgrid.testing.tolerances import Tolerances

MILLISECOND = 0.001

SHOW_MODULES = """
import sys
def pytest_unconfigure(config):
    print("loaded:", *sorted(sys.modules))
"""


def loaded(pytester, *options):
    result = pytester.runpytest_subprocess("--collect-only", *ALONE, *options)
    line = next(line for line in result.outlines if line.startswith("loaded:"))
    return set(line.split()[1:])


def test_a_run_that_does_not_use_it_loads_few_small_modules(pytester):
    pytester.makeconftest(SHOW_MODULES)
    pytester.makepyfile("def test_it(): pass")
    # Other plugins load much; with one of them less, they may load it elsewhere, but load it.
    assert loaded(pytester) - loaded(pytester, "-p", "no:mockgrid") == {
        "mockgrid",
        "mockgrid.document",
        "mockgrid.document.nearest",
        "mockgrid.errors",
        "mockgrid.fixed",
        "mockgrid.settings",
        "mockgrid.testing",
        "mockgrid.testing.hooks",
        "mockgrid.testing.plugin",
        "mockgrid.values",
    }


def test_pytest_compiles_none_of_its_modules_but_the_smallest(pytester):
    pytester.makeconftest("""
import sys
def pytest_unconfigure(config):
    ours = [module for name, module in sorted(sys.modules.items()) if name.partition(".")[0] == "mockgrid"]
    rewritten = [module.__name__ for module in ours if "rewrite" in type(module.__loader__).__module__]
    print("rewritten:", *rewritten, "of", len(ours))
""")
    pytester.makepyfile("def test_it(mockgrid): pass")
    result = pytester.runpytest_subprocess(*ALONE)
    result.assert_outcomes(passed=1)
    line = next(line for line in result.outlines if line.startswith("rewritten:"))
    names, _, count = line.removeprefix("rewritten: ").partition(" of ")
    assert names.split() == ["mockgrid", "mockgrid.testing", "mockgrid.testing.plugin"]
    assert int(count) > 100


def test_a_session_in_the_process_loads_nothing_that_only_few_tests_need(tmp_path):
    code = f"""
import sys, time
from mockgrid import MockGrid
from mockgrid.http.server import SETTLED
with MockGrid(cache_dir={str(tmp_path)!r}) as grid:
    grid.check()
    time.sleep(2 * SETTLED)
    needless = {{"yaml", "jsonpath", "starlette", "anyio", "http.client", "stringprep"}}
    needless |= {{"mockgrid.schema.generate"}}
    print(*sorted(needless & set(sys.modules)), "end")
"""
    with MockGrid(cache_dir=tmp_path):
        pass  # compiles the contract
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["end"]


def test_loading_it_takes_less_than_ten_milliseconds():
    code = """
import pytest, time
began = time.thread_time()
import mockgrid.testing.hooks, mockgrid.testing.plugin
print(time.thread_time() - began)
"""
    command = [sys.executable, "-c", code]
    times = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3)
    ]
    assert min(times) < 10 * MILLISECOND


def test_a_session_takes_less_than_a_millisecond_to_open(server):
    rounds = []
    for _ in range(5):
        began = process_time()  # of the server's thread too
        sessions = [server.session("cost") for _ in range(20)]
        rounds.append((process_time() - began) / len(sessions))
        for session in sessions:
            session.close()
    assert min(rounds) < 1 * MILLISECOND


def test_a_test_waits_for_its_server_once_to_play_once_to_be_judged_and_not_to_leave(server, monkeypatch):
    waits = []
    on_loop = LocalControls._on_loop
    monkeypatch.setattr(
        LocalControls, "_on_loop", lambda *args, **words: waits.append(args[1]) or on_loop(*args, **words)
    )
    session = HeldSession(server, "trips")
    expectation = Expectation(session, Tolerances())
    session.begin(server.session, strict=None)
    assert waits == []
    session.play([{"say": "Hello"}])
    assert len(waits) == 1
    assert expectation.judge() == ""
    assert len(waits) == 2
    assert expectation.judge_rest() == ""
    session.end()
    assert len(waits) == 2
    with pytest.raises(CallError, match="no such session"):
        assert session.count


def test_a_session_opens_without_a_word_to_its_server(server, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(server._controls, "_server", None)
        session = server.session("quiet")
    assert session.count == 0
    assert session.summary.label == "quiet"


def test_a_server_starts_and_stops_quickly():
    times = []
    for _ in range(5):
        began = perf_counter()
        with MockGrid():
            times.append(perf_counter() - began)
    assert min(times) < 500 * MILLISECOND
