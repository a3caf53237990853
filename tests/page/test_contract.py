"""The contract panel: what was exercised and what never, and what leads to the exchanges that did."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from mockgrid import MockGrid
from mockgrid.session.session import session_name

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


def test_a_session_of_no_test_is_known_by_its_key_masked(tab, ask):
    for _ in range(2):
        ask("mg-of-no-test-abcd", temperature=9)
    page = tab.go("#/contract")
    name = f"mg-…abcd {session_name('mg-of-no-test-abcd')[2:8]}"
    for of_what in ("Violations", "Verdicts"):
        rows(page, of_what).get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        page.go_back()
    told = httpx.get(f"{tab.origin}/__mockgrid__/report").json()
    assert [place["label"] for place in told["violations"][0]["places"]] == [name] * 2


SHOP = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /orders:
    post:
      operationId: order
      requestBody:
        content:
          application/json:
            schema: {properties: {tea: {enum: [black, green]}, sum: {type: integer, maximum: 9}}}
      responses:
        "200":
          content:
            application/json: {schema: {properties: {state: {enum: [paid, due]}}}}
            text/event-stream: {}
        4XX: {content: {application/json: {}}}
  /orders/all:
    post:
      operationId: orderAll
      responses: {"200": {content: {application/json: {schema: {properties: {state: {enum: [paid]}}}}}}}
"""
ORDERS = [
    ("/orders", {"tea": "black"}, "application/json"),
    ("/orders", {"tea": "green"}, "text/event-stream"),
    ("/orders", {"sum": 10}, "*/*"),
    ("/orders/all", None, "*/*"),
    ("/orders", {"tea": "green", "sum": 1}, "application/json"),
]
# What is clicked in the panel, by its words, and the numbers of the exchanges that did it, the newest first.
LED_TO = [
    ("Rows of order", "200 application/json", [5, 1]),
    ("Rows of order", "200 text/event-stream", [2]),
    ("Rows of order", "422 application/problem+json", [3]),
    ("Rows of orderAll", "200", [4]),
    ("order Sent", "tea=green", [5, 2]),
    ("order Sent", "sum", [5]),
    ("Violations", "MG113", [3]),
]


def test_each_row_leads_to_the_exchanges_that_did_and_no_others(open_tab, tmp_path, client):
    document = tmp_path / "shop.yaml"
    document.write_text(SHOP, "utf-8")
    with MockGrid(document=document) as grid:
        for path, body, media in ORDERS:
            sent = {} if body is None else {"json": body}
            client.post(f"{grid.base_url}{path}", headers={"accept": media}, **sent)
        tab = open_tab(origin=re.match(r"https?://[^/]+", grid.base_url)[0])
        lines = tab.page.locator(".lines a")
        for place, words, numbers in LED_TO:
            page = tab.go("#/contract")
            if place.startswith("Rows") or place == "Violations":
                link = rows(page, place).get_by_role("link", name=f"exchanges with {words}")
            else:
                fold = page.locator(f"details[data-key='{place}']")
                fold.locator("summary").click()
                link = fold.get_by_role("link", name=words, exact=True)
            link.click()
            expect(page.get_by_text(f"{len(numbers)} of 5 exchanges.")).to_be_visible()
            expect(lines).to_have_count(len(numbers))  # lines are drawn in the next frame
            shown = [link.get_attribute("href").rpartition("/")[2] for link in lines.all()]
            assert shown == list(map(str, numbers)), (place, words)
        client.post(f"{grid.base_url}/orders", json={"sum": 11})
        expect(page.get_by_text("2 of 6 exchanges.")).to_be_visible()
        tab.check()
        page.reload()
        expect(page.get_by_text("2 of 6 exchanges.")).to_be_visible()
        page.get_by_role("button", name="show all").click()
        expect(page.get_by_text("6 of 6 exchanges.")).to_be_visible()
        assert page.url.endswith("#/journal")
        page.goto("about:blank")


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
