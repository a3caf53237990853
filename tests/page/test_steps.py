"""In an exchange's view: why each step did or did not answer it, and the step that would answer it again."""

import httpx
import pytest
from playwright.sync_api import expect

from mockgrid.session.session import session_name

HOSTILE = "<img src=x onerror=alert(1)> javascript:alert(1) \u202egnp.exe " + "x" * 2**16
SCENARIO = {
    "steps": [
        {
            "name": HOSTILE[:60],
            "when": {"last_user": {"contains": HOSTILE}, "turn": 1},
            "reply": {"say": "a"},
        },
        {"name": "once", "when": {"turn": 1}, "reply": {"say": "b"}, "times": 1},
        {"name": "the answer", "when": {"not": {"stream": True}}, "replies": [{"say": "c"}, {"say": "d"}]},
        {"name": "behind", "reply": {"say": "e"}},
    ]
}


@pytest.fixture
def session(grid):
    session = grid.session("tests/test_agent.py::test_it")
    session.play(SCENARIO)
    return session


def ask(session, text="Hi", **sent):
    body = {"messages": [{"role": "user", "content": text}], **sent}
    headers = {"authorization": f"Bearer {session.api_key}"}
    return httpx.post(f"{session.base_url}/chat/completions", json=body, headers=headers).json()


def go(tab, session, number):
    page = tab.go(f"#/exchange/{session_name(session.api_key)}/{number}")
    expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    return page


def test_every_step_says_why_it_did_or_did_not(looked_at, session):
    for text in ("Hi", "Hello", HOSTILE.replace("gnp", "png")):
        ask(session, text)
    page = go(looked_at, session, 2)
    expect(page.get_by_text("the answer answered with its reply 1 of 2.")).to_be_visible()
    items = page.locator(".steps > li")
    verdicts = [
        "does not match",
        "had given all its replies",
        "answered, reply 1",
        "after the one that decided",
    ]
    expect(items).to_contain_text(verdicts)
    expect(items.nth(0)).to_contain_text("last_user is Hello, wanted")
    items.nth(1).locator("summary").click()
    predicates = page.get_by_role("region", name="once").get_by_role("row")
    expect(predicates.nth(2)).to_contain_text("1 given")
    assert looked_at.cut_off(".table") == 0
    looked_at.check()
    page = go(looked_at, session, 3)
    expect(page.locator(".steps > li").nth(0)).to_contain_text("<img src=x onerror=alert(1)>")
    looked_at.check()


def test_a_request_that_met_no_step_says_why(tab, session):
    ask(session, temperature=9)
    page = go(tab, session, 1)
    expect(page.get_by_text("No step was asked: the request broke the contract (MG113).")).to_be_visible()


def test_a_step_that_would_answer_so_again_is_copied(tab, session, tmp_path):
    said = [ask(session) for _ in range(2)]
    page = go(tab, session, 2)
    page.get_by_role("button", name="Copy as step").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    step = page.evaluate("navigator.clipboard.readText()")
    file = tmp_path / "again.yaml"
    file.write_text(f"steps:\n{step}", "utf-8")
    session.play(file)
    again = ask(session)
    assert again["choices"] == said[1]["choices"]
    assert session.last.step == "step 1"
    ask(session, temperature=9)
    page = go(tab, session, 4)
    tab.expected.append("status of 409")
    page.get_by_role("button", name="Copy as step").click()
    expect(page.get_by_text("The contract refuses this request before any step is asked.")).to_be_visible()
