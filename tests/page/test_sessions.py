"""The sessions panel: what a session has come to, and what can be done about it."""

from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from mockgrid import MockGrid

HOSTILE = "<b onclick=alert(1)>javascript:alert(1)</b>"
SCENARIO = {
    "limits": [{"requests": 3, "per": "1m"}],
    "balance": {"tokens": 1000, "top_up": {"tokens": 20, "after": "2s"}},
    "steps": [
        {"name": f"{HOSTILE}\u202e", "replies": [{"say": "a"}, {"say": "b"}], "times": 2},
        {"name": "rest", "reply": {"say": "c"}, "go_to": "paid"},
    ],
}


@pytest.fixture
def grid():
    with MockGrid(clock="virtual") as grid:
        yield grid


def ask(session, **sent):
    body = {"messages": [{"role": "user", "content": "Hi"}], **sent}
    headers = {"authorization": f"Bearer {session.api_key}"}
    return httpx.post(f"{session.base_url}/chat/completions", json=body, headers=headers)


def begun(grid):
    session = grid.session("tests/test_agent.py::test_it")
    session.play(SCENARIO)
    return session


def row(page, table, text):
    return page.get_by_role("region", name=table, exact=True).get_by_role("row").filter(has_text=text)


def test_a_session_is_found_and_told_as_it_stands(looked_at, grid):
    session = begun(grid)
    ask(session)
    ask(session, temperature=3)
    page = looked_at.go("#/sessions")
    page.get_by_label("Filter").fill("played")
    expect(row(page, "Sessions", "played")).to_contain_text("tests/test_agent.py::test_it")
    expect(row(page, "Sessions", "played")).to_contain_text("2")
    looked_at.check()
    page.get_by_label("Filter").fill("mg.no-such")
    expect(page.get_by_text("0 of 2 sessions.")).to_be_visible()
    page.get_by_label("Filter").fill(session.api_key)
    row(page, "Sessions", "played").get_by_role("link").first.click()
    expect(row(page, "Steps", HOSTILE.replace("\u202e", "\\u202e"))).to_contain_text("2 of 2")
    expect(row(page, "Limits", "requests")).to_contain_text("3 in 60 s")
    expect(row(page, "Limits", "balance")).to_contain_text("top-up of 20")
    expect(row(page, "Violations", "MG113")).to_be_visible()
    assert looked_at.cut_off(".table") == 0
    assert row(page, "Violations", "MG113").get_by_role("link").get_attribute("href").endswith("/2")
    looked_at.check()
    ask(session)
    expect(row(page, "Steps", HOSTILE.replace("\u202e", "\\u202e"))).to_contain_text("none: all are given")
    ask(session)
    expect(page.get_by_text("State paid")).to_be_visible()


def test_the_keyboard_stays_at_a_table_whose_rows_change(tab, grid):
    session = begun(grid)
    tab.go(f"#/sessions/{quote(session.api_key, safe='')}")
    steps = tab.page.get_by_role("region", name="Steps", exact=True)
    steps.focus()
    ask(session)
    expect(row(tab.page, "Steps", HOSTILE[:20])).to_contain_text("2 of 2")
    expect(steps).to_be_focused()


def test_it_is_moved_given_another_scenario_reset_and_ended(tab, grid):
    session = begun(grid)
    for _ in range(4):
        ask(session)
    page = tab.go("#/sessions")
    row(page, "Sessions", "played").get_by_role("link").first.click()
    expect(row(page, "Limits", "requests")).to_contain_text("in 60 s")
    page.get_by_label("Move its clock by").fill("soon")
    tab.expected.append("status of 422")
    page.get_by_role("button", name="Advance").click()
    expect(page.get_by_role("alert")).to_contain_text("`advance`")
    page.get_by_label("Move its clock by").fill("1m")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It stands at 60 s")).to_be_visible()
    expect(row(page, "Limits", "requests")).to_contain_text("now")
    assert session.clock.now == 60
    expect(page.get_by_label("Scenario")).to_have_value("")  # what plays has no file
    page.get_by_role("button", name="Play from now on").click()
    expect(page.get_by_role("heading", name="played")).to_be_visible()
    page.get_by_label("Scenario").select_option("tool-loop")
    page.get_by_role("button", name="Play from now on").click()
    expect(page.get_by_role("heading", name="tool-loop")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Scenario")).to_have_value("tool-loop")
    page.get_by_role("button", name="Play from now on").click()
    expect(page.get_by_text("It plays tool-loop from now on.")).to_be_visible()
    assert session.exchanges
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("It stands at 0 s")).to_be_visible()
    assert not session.exchanges
    name = page.url.rpartition("/")[2]
    page.get_by_role("button", name="End").click()
    expect(page.get_by_label("Filter")).to_be_visible()
    expect(page.locator(f"a[href='#/sessions/{name}']")).to_have_count(0)
    tab.expected.append("status of 404")
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("There is no such session")


def test_of_many_steps_those_are_there_that_gave_replies(tab, grid):
    session = grid.session("many")
    session.play([{"when": {"last_user": f"text {index}"}, "reply": {"say": "x"}} for index in range(400)])
    ask(session, messages=[{"role": "user", "content": "text 390"}])
    page = tab.go("#/sessions")
    row(page, "Sessions", "played").get_by_role("link").first.click()
    expect(page.get_by_text("300 of 400")).to_be_visible()
    assert row(page, "Steps", "of 1").count() == 300
    expect(row(page, "Steps", "step 391")).to_be_visible()
    expect(row(page, "Steps", "#/steps/391")).to_have_count(0)


def test_it_stays_where_the_keyboard_is_while_it_changes(tab, grid):
    session = begun(grid)
    ask(session, temperature=3)
    page = tab.go("#/sessions")
    link = row(page, "Sessions", "played").get_by_role("link").first
    link.focus()
    ask(session)
    expect(row(page, "Sessions", "played")).to_contain_text("2")
    expect(link).to_be_focused()


def test_a_real_clock_is_not_offered_to_be_moved(open_tab):
    with MockGrid() as grid:
        begun(grid)
        tab = open_tab(origin=grid.base_url.removesuffix("/v1"))
        page = tab.go("#/sessions")
        row(page, "Sessions", "played").get_by_role("link").first.click()
        expect(page.get_by_role("button", name="Advance")).to_be_disabled()
        expect(page.get_by_text("--clock virtual")).to_be_visible()
