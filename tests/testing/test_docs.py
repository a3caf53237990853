"""The page for users: its code runs, and what it names is there."""

import re
from pathlib import Path
from textwrap import indent

import httpx
import pytest

from mockgrid import MockGrid
from mockgrid.testing.hooks import _OPTIONS
from mockgrid.testing.session import GridSession
from mockgrid.testing.tolerances import Tolerances

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def block(word):
    (found,) = [text for text in BLOCKS if word in text]
    return found


@pytest.fixture
def run(pytester):
    def run(text, **expected):
        pytester.makepyfile(test_it=text)
        pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:xdist").assert_outcomes(**expected)

    return run


def test_it_is_installed_as_the_readme_says():
    (install,) = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)
    start = re.search(
        r"^```sh\n(.*?)\n```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert install == f"{start[1].split(' && ')[1]} pytest openai"


KEYS = """
import httpx
import pytest


def ask(mockgrid, **headers):
    httpx.post(f"{mockgrid.base_url}/chat/completions", json={}, headers=headers)


@pytest.mark.parametrize("key", [None, "sk-made-up", "mg-valid"])
def test_that_passes(mockgrid, key):
    ask(mockgrid, **{"authorization": f"Bearer {key}"} if key else {})


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_that_fails(mockgrid, header):
    ask(mockgrid, **{header: mockgrid.api_key})


@pytest.mark.mockgrid([{"say": "Hello"}], strict=True)
def test_that_leaves_steps_unused(mockgrid):
    ask(mockgrid)


def test_that_waits(mockgrid):
    ask(mockgrid)
    mockgrid.wait_for(1, timeout=0.1)


def test_that_says_what_it_expects(mockgrid):
    ask(mockgrid)
    assert [exchange.status for exchange in mockgrid.exchanges] == [200]
"""


def test_requests_with_another_key_are_not_the_sessions(run, capsys):
    run(KEYS, passed=3, failed=5)
    assert capsys.readouterr().out.count("No request has arrived in this session.") == 3


def test_a_session_of_a_header_is_read_over_the_control_interface():
    with MockGrid() as grid, httpx.Client() as client:
        client.get(f"{grid.base_url}/models", headers={"X-MockGrid-Session": "NAME"})
        told = client.get(grid.base_url.replace("/v1", "/__mockgrid__/sessions/NAME/exchanges")).json()
        assert [exchange["status"] for exchange in told["exchanges"]] == [200]
        assert grid.session("NAME").exchanges == []


def test_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#:]+)", PAGE)
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


SERVICE = """
from openai import OpenAI

client = OpenAI()


def answer(question):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="text-prime", messages=messages).choices[0].message.content
"""


@pytest.mark.parametrize(("retries", "outcome"), [("", "passed"), ("max_retries=0", "failed")])
def test_an_application_keeps_its_key(pytester, retries, outcome):
    service = SERVICE.replace("OpenAI()", f"OpenAI({retries})")
    pytester.makepyfile(service=service, test_it=block("mockgrid_run"))
    # In a process of its own: the client of the service is never closed.
    pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist").assert_outcomes(**{outcome: 1})


def test_the_first_test_passes(run):
    run(block("waits_for_the_balance"), passed=1)


def test_all_that_play_takes_plays(run, pytester):
    pytester.mkdir("scenarios").joinpath("first.yaml").write_text("steps: [{reply: {say: Hello}}]")
    head = "import pytest\n@pytest.mark.mockgrid(allow_unused=True)\ndef test_it(mockgrid):\n"
    run(head + indent(block('mockgrid.play("tool-loop")'), "    "), passed=1)


def test_the_markers_are_known(run):
    # The agent of the first is yet to be written: it leaves all steps unused.
    run(block("def test_agent"), failed=1, passed=1)


def test_the_server_may_be_overridden(run):
    run(
        block("def mockgrid_server") + "\ndef test_it(mockgrid):\n    assert mockgrid.clock.virtual\n",
        passed=1,
    )


def test_any_reply_finds_what_the_page_shows(run, capsys):
    quick = """
from hypothesis import Phase, settings

settings.register_profile("page", database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
settings.load_profile("page")
"""
    run(block("test_the_summary_survives") + quick, failed=1)
    told = capsys.readouterr().out
    shown = re.search(r"^```text\n(E  .*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[1]
    for line in shown.replace("test_summary.py", "test_it.py").splitlines():
        assert line in told, line


def test_the_strategies_are_for_tests_of_your_own(run):
    run(block("def test_my_own"), passed=1)


def test_unittest_classes_have_their_sessions(run):
    body = "\n    def test_it(self):\n        assert self.grid.exchanges == []\n"
    run(block("enterContext") + body, passed=1)
    run(block("session_of_the_test") + body, passed=1)


def test_every_name_of_the_table_is_there():
    table = PAGE.partition("## The session")[2].partition("`play` takes")[0]
    named = {
        name
        for cell in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)", cell)
    }
    public = {name for name in vars(GridSession) if not name.startswith("_")}
    beyond = {"where", "count", "summary", "check", "close", "play_as", "wait_for_async"}
    assert named == public - beyond | {"base_url", "api_key"}


def test_every_option_and_keyword_is_told():
    for name in (*(option[0] for option in _OPTIONS), "scenarios"):
        assert f"`--mockgrid-{name}" in PAGE
    for name in Tolerances.__slots__:
        assert f"`{name}=" in PAGE or f"where `{name}=" in PAGE
