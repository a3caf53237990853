"""The contract report as one file, in a browser."""

import httpx
import pytest
from playwright.sync_api import expect

from mockgrid.cli import main

HOSTILE = "<img src=x onerror=alert(1)>\u202e" + "x" * 200


@pytest.fixture
def report(grid, tmp_path):
    """The address of a report's file, of a server that has seen what is wrong."""
    session = grid.session("tests/test_agent.py::test_it")
    session.play([{"error": 503, "retry_after": "60s"}])
    with httpx.Client(headers={"authorization": f"Bearer {session.api_key}"}) as client:
        for sent in ({}, {}, {}, {"temperature": 3, HOSTILE: 1}, {"stop": HOSTILE, "n": "x"}):
            body = {"messages": [{"role": "user", "content": "Hi"}], **sent}
            client.post(f"{session.base_url}/chat/completions", json=body)
    file = tmp_path / "report.html"
    assert main(["report", "--url", grid.base_url, "--output", str(file)]) == 0
    return file.as_uri()


def test_what_is_wrong_comes_first_and_leads_to_its_exchanges(open_tab, look, grid, report):
    tab = open_tab(*look, origin="file://")
    page = tab.page
    page.goto(report)
    heading = page.locator("h1")
    line = heading.evaluate("node => parseFloat(getComputedStyle(node).lineHeight)")
    assert heading.bounding_box()["height"] < 1.5 * line
    assert heading.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    assert page.locator("h2").all_inner_texts()[:2] == ["Violations", "Verdicts"]
    assert tab.cut_off(".table") == 0
    tab.check()
    page.get_by_label("Filter").fill("MG113")
    assert page.locator("tbody tr:visible").count() == 1
    link = page.locator("tbody .seen a:visible")
    expect(link).to_have_text("tests/test_agent.py::test_it, exchange 4")
    link.click()
    row = page.locator("tr:target")
    expect(row).to_contain_text("POST /v1/chat/completions")
    expect(row).to_be_in_viewport()
    origin = grid.base_url.removesuffix("/v1")
    tab.expected.append(f"request: {origin}/")
    row.get_by_role("link", name="4").click()
    expect(page.get_by_role("heading", name="Exchange")).to_be_visible()
    expect(page.get_by_role("button", name="temperature")).to_be_visible()
    page.goto(report)
    rows = page.get_by_role("region", name="Rows", exact=True).get_by_role("row")
    rows.filter(has_text="503").get_by_role("link", name="3", exact=True).click()
    expect(page.get_by_text("3 of 5 exchanges.")).to_be_visible()
    expect(page.locator(".lines .status")).to_have_text(["503", "503", "503"])
