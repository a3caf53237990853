"""Tests that are run with one reply after the other."""

import ast
import inspect
import json
import re

import httpx
import pytest
from testing.suites import suite

import mockgrid
from mockgrid import MockGrid
from mockgrid.errors import MockgridError
from mockgrid.testing.any_reply import any_reply
from mockgrid.testing.time_limit import LateReturnError

pytestmark = pytest.mark.once
RUN = ("-p", "no:randomly", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-p", "no:xdist")
CLIENT = """
import mockgrid
from hypothesis import Phase, example, settings

settings.register_profile("quick", max_examples=40, database=None, derandomize=True,
                          phases=[Phase.explicit, Phase.generate, Phase.shrink])
settings.load_profile("quick")

class AppError(Exception):
    pass

def answer(mockgrid, **body):
    reply = ask(mockgrid, **body)
    if reply.status_code != 200:
        raise AppError(reply.status_code)
    return reply.json()["choices"][0]["message"]
"""


SEEDED = """
from hypothesis import seed

SEEN = []

@seed(7)
@settings(max_examples=15, derandomize=False)
@mockgrid.any_reply(allowed=AppError)
def test_seeded(mockgrid):
    SEEN.append(ask(mockgrid).status_code)

def test_shown():
    import pathlib
    pathlib.Path("seen.txt").write_text(str(SEEN))
"""

PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "/api"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "responses": {
                    "200": {
                        "description": "All.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}
PETS_CLIENT = """
import mockgrid
from hypothesis import settings

@settings(database=None, derandomize=True)
@mockgrid.any_reply()
def test_pets(mockgrid):
    key = {"authorization": "Bearer " + mockgrid.api_key}
    for pet in httpx.get(mockgrid.base_url + "/pets", headers=key).json():
        pet["name"]
"""


@pytest.fixture(scope="module")
def outcome(pytester_of_module):
    return pytester_of_module(
        CLIENT
        + SEEDED
        + """
@mockgrid.any_reply(allowed=AppError)
def test_careful(mockgrid):
    message = answer(mockgrid)
    assert isinstance(message.get("content"), (str, type(None)))

@mockgrid.any_reply(allowed=(AppError, KeyError), max_examples=300)
def test_content_is_taken_for_text(mockgrid):
    answer(mockgrid)["content"].strip()

@settings(phases=[Phase.generate])
@mockgrid.any_reply()
def test_what_is_not_allowed(mockgrid):
    answer(mockgrid)

@mockgrid.any_reply(allowed=AppError, max_examples=3)
def test_violations_count(mockgrid):
    answer(mockgrid, temperature=7)

@pytest.mark.mockgrid(allow_violations=True)
@mockgrid.any_reply(allowed=AppError, max_examples=3)
def test_that_are_allowed(mockgrid):
    answer(mockgrid, temperature=7)

@pytest.mark.mockgrid(resilient=True)
@settings(phases=[Phase.generate])
@mockgrid.any_reply(max_examples=60)
def test_verdicts_count(mockgrid):
    for _ in range(9):
        if ask(mockgrid).status_code == 200:
            break

@settings(phases=[Phase.generate])
@mockgrid.any_reply(deadline="100ms", max_examples=1)
def test_a_hang_ends(mockgrid):
    import time
    while True:
        try:
            time.sleep(60)
        except:
            pass

@settings(phases=[Phase.generate])
@mockgrid.any_reply(allowed=AppError, deadline="100ms", max_examples=1)
def test_a_hang_that_becomes_an_error_of_the_client(mockgrid):
    import time
    try:
        time.sleep(60)
    except BaseException:
        raise AppError

@mockgrid.any_reply(max_examples=60)
def test_an_exit(mockgrid):
    if ask(mockgrid).status_code == 200:
        raise SystemExit("no more")

@mockgrid.any_reply(allowed=SystemExit, max_examples=5)
def test_an_exit_that_is_allowed(mockgrid):
    raise SystemExit(3)

@settings(max_examples=5)
@example({"say": "an example"})
@mockgrid.any_reply(allowed=AppError)
def test_settings_and_examples(mockgrid):
    RUNS.append(answer(mockgrid).get("content"))

@settings(phases=[Phase.explicit])
@example({"fault": "cut_body"})
@mockgrid.any_reply(faults=True)
def test_a_cut_reply(mockgrid):
    ask(mockgrid)

RUNS = []

def test_they_were_applied():
    assert len(RUNS) <= 6 and RUNS[0] == "an example"

@pytest.fixture
def client(mockgrid):
    return lambda **body: answer(mockgrid, **body)

class TestInAClass:
    @pytest.mark.parametrize("n", [1, 2])
    @mockgrid.any_reply(allowed=AppError, max_examples=5)
    def test_with_a_client_of_a_fixture(self, mockgrid, client, n):
        client(n=n)
        mockgrid.session("another")

class TestWithTheSameTests(TestInAClass):
    pass

@pytest.mark.anyio
@mockgrid.any_reply(allowed=AppError, max_examples=5)
async def test_async(mockgrid, anyio_backend):
    answer(mockgrid)

@pytest.mark.anyio
@settings(phases=[Phase.generate])
@mockgrid.any_reply(deadline=0.1, max_examples=1)
async def test_async_hang(mockgrid, anyio_backend):
    import asyncio
    await asyncio.sleep(60)

@pytest.mark.anyio
@settings(phases=[Phase.generate])
@mockgrid.any_reply(deadline=0.1, max_examples=1)
async def test_the_loop_hangs(mockgrid, anyio_backend):
    import time
    time.sleep(60)

@pytest.mark.anyio
@settings(phases=[Phase.generate])
@mockgrid.any_reply(max_examples=1)
async def test_async_exit(mockgrid, anyio_backend):
    raise SystemExit(4)

@pytest.fixture
def anyio_backend():
    return "asyncio"

@mockgrid.any_reply(allowed=AppError, operations=["listModels", "createChatCompletion"], max_examples=30)
def test_other_operations(mockgrid):
    listed = httpx.get(mockgrid.base_url + "/models", headers={"authorization": "Bearer " + mockgrid.api_key})
    if listed.status_code != 200:
        raise AppError
    listed.json()["data"][0]

@mockgrid.any_reply()
def test_without_the_fixture():
    pass
""",
    )


@pytest.fixture(scope="module")
def pytester_of_module(tmp_path_factory):
    import subprocess  # noqa: PLC0415 - for this run alone
    import sys  # noqa: PLC0415

    def run(text, *options):
        folder = tmp_path_factory.mktemp("any_reply")
        (folder / "test_suite.py").write_text(suite(text), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", *RUN, *options, "test_suite.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return folder, done.stdout + done.stderr

    return run


def test_what_passes_and_what_fails(outcome):
    _, text = outcome
    failed = set(re.findall(r"^FAILED \S*?::(\w+)", text, re.MULTILINE))
    assert failed == {
        "test_content_is_taken_for_text",
        "test_what_is_not_allowed",
        "test_violations_count",
        "test_verdicts_count",
        "test_a_cut_reply",
        "test_a_hang_ends",
        "test_a_hang_that_becomes_an_error_of_the_client",
        "test_an_exit",
        "test_async_exit",
        "test_async_hang",
        "test_the_loop_hangs",
        "test_other_operations",
        "test_without_the_fixture",
    }, text


def section(text, test):
    return re.search(rf"_ {test} _.*?(?=\n_{{5,}} \w|\n=====)", text, re.DOTALL)[0]


def test_a_failure_tells_the_smallest_reply_and_how_to_replay_it(outcome, server):
    folder, text = outcome
    told = section(text, "test_content_is_taken_for_text")
    assert "AttributeError: 'NoneType' object has no attribute 'strip'" in told
    assert "steps:\n- reply:\n    refuse: ''\n" in told
    assert "Sent:\n200\ncontent-type: application/json\n" in told
    file = re.search(r'Replay it: mockgrid.play\("([^"]+)"\)', told)[1]
    session = server.session("replay")
    session.play(folder / file)
    headers = {"authorization": f"Bearer {session.api_key}"}
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
    reply = httpx.post(f"{session.base_url}/chat/completions", json=body, headers=headers)
    assert reply.json()["choices"][0]["message"]["content"] is None
    head = (folder / file).read_text("utf-8").splitlines()[:2]
    assert head == [
        "# test_suite.py::test_content_is_taken_for_text",
        "# AttributeError: 'NoneType' object has no attribute 'strip'",
    ]


def test_what_the_client_did_wrong_is_told_as_ever(outcome):
    _, text = outcome
    assert "MG113 temperature: must be at most 2, got 7" in section(text, "test_violations_count")
    assert "deadline of 0.1 s" in section(text, "test_a_hang_ends")
    assert "time.sleep(60)" in section(text, "test_a_hang_ends")
    assert "time_limit.py" not in section(text, "test_a_hang_ends"), "lines of ours"
    for test in ("test_async_hang", "test_the_loop_hangs", "test_a_hang_that_becomes_an_error_of_the_client"):
        assert "deadline of 0.1 s" in section(text, test)
    assert "ended the program: sys.exit('no more')" in section(text, "test_an_exit")
    assert "steps:\n- reply:\n    say: ''\n" in section(text, "test_an_exit")
    assert "ended the program: sys.exit(4)" in section(text, "test_async_exit")
    assert "operation: listModels" in section(text, "test_other_operations")
    assert "(The connection ended here, before the reply did.)" in section(text, "test_a_cut_reply")
    assert "(The connection ended here" not in section(text, "test_an_exit")
    assert "use the fixture mockgrid" in section(text, "test_without_the_fixture")


def test_a_server_elsewhere_and_a_seed(outcome, pytester_of_module, served):
    options = ("-s", "--hypothesis-seed=7", "--mockgrid-url", served)
    seen = pytester_of_module(CLIENT + SEEDED.replace("@seed(7)", ""), *options)[0] / "seen.txt"
    assert seen.read_text("utf-8") == (outcome[0] / "seen.txt").read_text("utf-8")
    assert len(seen.read_text("utf-8")) > 30


def test_replies_are_those_that_a_server_elsewhere_serves(pytester_of_module, tmp_path):
    (tmp_path / "pets.json").write_text(json.dumps(PETS), "utf-8")
    with MockGrid(document=tmp_path / "pets.json") as pets:
        _, text = pytester_of_module(PETS_CLIENT, "--mockgrid-url", pets.base_url)
    assert "KeyError: 'name'" in text
    assert "steps:\n- reply:\n    body:\n    - {}\n" in text


def test_no_line_of_a_library_is_told_as_the_explanation(pytester_of_module):
    _, text = pytester_of_module(
        """
import mockgrid
from hypothesis import settings

@settings(database=None, derandomize=True)
@mockgrid.any_reply()
def test_content(mockgrid):
    ask(mockgrid).json()["choices"][0]["message"]["content"].strip()
"""
    )
    assert "refuse: ''" in text
    assert "always and only run" not in text


def test_many_are_drawn_in_rounds_that_are_as_one(pytester_of_module):
    folder, text = pytester_of_module(
        CLIENT
        + """
import importlib, pathlib
importlib.import_module("mockgrid.testing.any_reply")._AT_A_TIME = 15
PLAYED, FIRST = [], set()

@settings(max_examples=50)
@example({"say": "The first"})
@mockgrid.any_reply(allowed=AppError)
def test_many(mockgrid):
    PLAYED.append(ask(mockgrid).text)

@settings(max_examples=50)
@mockgrid.any_reply()
def test_late(mockgrid):
    text = ask(mockgrid).text
    if len(FIRST) < 25:
        FIRST.add(text)
    assert text in FIRST

def test_seen():
    pathlib.Path("seen.txt").write_text(repr(PLAYED))
"""
    )
    played = (folder / "seen.txt").read_text("utf-8")
    assert played.count("The first") == 1
    assert len(ast.literal_eval(played)) == 51
    assert "Replay it: mockgrid.play" in section(text, "test_late")
    assert re.findall(r"^FAILED \S*?::(\w+)", text, re.MULTILINE) == ["test_late"]


def test_what_cannot_be_meant_is_told_at_once():
    with pytest.raises(MockgridError, match=r"has the deadline '2 parsecs', which is no duration\. Write"):
        any_reply(deadline="2 parsecs")
    with pytest.raises(MockgridError, match=r"has the deadline 0, which is no duration\. Write"):
        any_reply(deadline=0)
    with pytest.raises(MockgridError, match=r"allows 'AppError', which is no class of errors\. Name what"):
        any_reply(allowed=("AppError",))
    with pytest.raises(MockgridError, match="not for a class"):
        any_reply()(type("TestThis", (), {}))
    with pytest.raises(MockgridError, match="has an argument 'replies', which any_reply gives"):
        any_reply()(lambda mockgrid, replies: None)  # noqa: ARG005 - as a test would
    assert inspect.signature(any_reply()(lambda mockgrid: None)).parameters.keys() == {"mockgrid"}  # noqa: ARG005
    assert issubclass(LateReturnError, AssertionError)
    assert mockgrid.any_reply is any_reply
    assert MockGrid().contract is None
