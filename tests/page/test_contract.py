"""The contract panel: what was exercised and what never, and what leads to the exchanges that did."""

import httpx
import pytest
from playwright.sync_api import expect

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def used(grid):
    """A server whose client has met a failure, and broken the contract."""
    session = grid.session("tests/test_agent.py::test_it")
    session.play([{"error": 503, "retry_after": "60s"}, {"say": "x"}])
    with httpx.Client(headers={"authorization": f"Bearer {session.api_key}"}) as client:
        for sent in ({}, {}, {"temperature": 3}, {"stop": HOSTILE, HOSTILE: 1}):
            body = {"messages": [{"role": "user", "content": "Hi"}], **sent}
            client.post(f"{session.base_url}/chat/completions", json=body)
    return session


def rows(page, table):
    return page.get_by_role("region", name=table, exact=True).get_by_role("row")


@pytest.mark.usefixtures("used")
def test_what_was_exercised_leads_to_the_exchanges_that_did(looked_at):
    page = looked_at.go("#/contract")
    chat = rows(page, "Rows of createChatCompletion")
    expect(chat.filter(has_text="503").filter(has_text="exercised").first).to_be_visible()
    expect(chat.filter(has_text="402").first).to_contain_text("never")
    wrong = rows(page, "Violations").filter(has_text="MG113")
    assert wrong.get_by_role("link").last.get_attribute("href").endswith("/3")
    proof = rows(page, "Verdicts").filter(has_text="retry_after_ignored")
    assert proof.get_by_role("link").last.get_attribute("href").endswith("/2")
    expect(page.locator(".figures")).to_contain_text("violations")
    assert looked_at.cut_off(".table") == 0
    looked_at.check()
    chat.filter(has_text="422").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    assert page.url.endswith("#/journal?status=422&text=createChatCompletion")


def test_it_goes_on_while_it_is_looked_at(tab, used):
    page = tab.go("#/contract")
    operation = page.locator("details[data-key=listModels] > summary")
    operation.click()
    expect(rows(page, "Rows of listModels").first).to_be_hidden()
    operation.click()
    page.locator("details[data-key=createChatCompletion] > summary").click()
    operation.focus()
    httpx.get(f"{used.base_url}/models", headers={"authorization": f"Bearer {used.api_key}"})
    expect(rows(page, "Rows of listModels").filter(has_text="200").first).to_contain_text("exercised")
    expect(operation).to_be_focused()
    expect(rows(page, "Rows of createChatCompletion").first).to_be_hidden()


def test_an_unused_server_has_nothing_against_its_clients(looked_at):
    page = looked_at.go("#/contract")
    expect(page.get_by_text("No client has broken the contract")).to_be_visible()
    looked_at.check()
