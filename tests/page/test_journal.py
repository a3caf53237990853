"""The live journal: what happens stands in it as it happens, and can be found in it."""

import asyncio
import json
import re

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

import mockgrid
from mockgrid import MockGrid

HOSTILE = "/v1/<img src=x onerror=alert(1)>/javascript:alert(1)/\u202egnp.exe"

BOTTOMS = (
    "all => all.map(one => [one.className, one.offsetTop + one.offsetHeight, one.parentNode.clientHeight])"
)


def cells(page, kind):
    return page.locator(f".lines .{kind}").all_inner_texts()


@pytest.fixture
def busy(grid, ask):
    """Three sessions: one of a test, with a step; one with a violation; one that goes well."""
    session = grid.session("tests/test_weather.py::test_it_retries")
    session.play([{"error": 503, "retry_after": "2s"}, {"say": "Hello"}])
    for key, body in (
        (session.api_key, {}),
        (session.api_key, {}),
        ("mg-b", {"temperature": 9}),
        ("mg-a", {}),
    ):
        ask(key, **body)


@pytest.mark.usefixtures("busy")
def test_what_was_and_what_happens_stands_there_newest_first(tab, ask):
    page = tab.go("#/journal")
    lines = page.locator(".lines [role=row]")
    expect(lines).to_have_count(4)
    assert cells(page, "status") == ["200", "422", "200", "503"]
    assert cells(page, "step")[:2] == ["", ""]
    assert cells(page, "session")[2] == "tests/test_weather.py::test_it_retries"
    assert cells(page, "violations") == ["", "MG113", "", ""]
    expect(page.locator(".lines .verdicts").last).to_have_text("MG310")
    ask(stream=True)
    expect(lines).to_have_count(5)
    assert cells(page, "operation")[0] == "createChatCompletion"
    assert [int(text) for text in cells(page, "attempt")] == [1, 1, 1, 2, 1]
    expect(page.get_by_text("5 of 5 exchanges.")).to_be_visible()


def test_a_reply_under_way_stands_there_until_it_ends(grid, tab, client):
    page = tab.go("#/journal")
    session = grid.session("slow")
    session.play([{"say": "One two three", "stream": {"pace": {"per_token": "1h"}}}])
    sent = {"json": {"messages": [{"role": "user", "content": "Hi"}], "stream": True}}
    sent["headers"] = {"authorization": f"Bearer {session.api_key}"}
    with client.stream("POST", f"{grid.base_url}/chat/completions", **sent) as reply:
        next(reply.iter_bytes())
        expect(page.locator(".lines .ms")).to_have_text("under way")
    expect(page.locator(".lines .ms")).to_have_text(re.compile(r"^\d+(\.\d)?, client left$"))
    assert page.locator(".lines [role=row]").count() == 1


def test_what_a_session_did_before_it_began_anew_stays_and_leads_nowhere(tab, grid, ask):
    page = tab.go("#/journal")
    lines = page.locator(".lines [role=row]")
    session = grid.session("again")
    session.play([{"error": 503, "retry_after": "2s"}, {"say": "Hello"}])
    ask(session.api_key)
    ask(session.api_key)
    expect(lines.last.locator(".verdicts")).to_have_text("MG310")
    session.reset()
    ask(session.api_key, temperature=9)
    expect(lines).to_have_count(3)
    assert cells(page, "status") == ["422", "200", "503"]
    assert cells(page, "time") == sorted(cells(page, "time"), reverse=True)
    expect(page.locator(".lines a[href]")).to_have_count(1)
    ask(session.api_key)
    expect(page.locator(".lines a[href]")).to_have_count(2)
    assert cells(page, "verdicts")[-1] == "MG310"
    tab.check()
    lines.first.locator("a").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(lines.last.locator("a")).to_be_focused()


TIMES = """async () => {
    const {Rows} = await import("/__mockgrid__/page/rows.js");
    const rows = new Rows();
    const row = (arrived, ago) => ({method: "GET", path: "/", session: "a", number: arrived, arrived, ago});
    const slept = 3_600_000;
    return [[row(1, 0), 5_040], [row(2, 0.5), 6_510], [row(3, 0), 7_000], [row(4, 0), 8_001 + slept]]
        .map(([told, now]) => rows.add(told, now).time);
}"""


def test_times_keep_their_order_however_long_a_message_took(tab):
    assert tab.go("#/journal").evaluate(TIMES) == [5_040, 6_040, 7_040, 3_608_001]


def test_a_session_without_a_name_is_known_by_its_key_masked_and_apart_from_those_alike(tab, ask):
    alike = ["mg-first-of-two-abcd", "mg-other-of-two-abcd"]
    for key in [*alike, "mg-short", alike[0]]:
        ask(key)
    page = tab.go("#/journal")
    expect(page.locator(".lines [role=row]")).to_have_count(4)
    first, short, other, again = cells(page, "session")
    assert first == again != other
    assert all(re.fullmatch(r"mg-…abcd [0-9a-f]{6}", name) for name in (first, other))
    assert re.fullmatch(r"mg-… [0-9a-f]{6}", short)
    assert not any(key in page.content() for key in (*alike, "of-two"))
    page.get_by_label("Session").fill(other)
    expect(page.locator(".lines [role=row]")).to_have_count(1)
    page.locator(".lines a").click()
    expect(page.locator(".facts")).to_contain_text(other)
    page = tab.go("#/sessions")
    expect(page.get_by_role("link", name=first)).to_be_visible()
    expect(page.get_by_role("link", name=other)).to_be_visible()


FILTERS = [
    ("Session", "test_it_retries", ["200", "503"]),
    ("Status", "4xx", ["422"]),
    ("Status", "503", ["503"]),
    ("Code", "MG113", ["422"]),
    ("Text", "STEP 1", ["200", "503"]),
    ("Text", "no such text", []),
]


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_filters(tab, kind):
    name, value, expected = kind
    page = tab.go("#/journal")
    expect(page.locator(".lines [role=row]")).to_have_count(4)
    page.get_by_label(name).fill(value)
    expect(page.locator(".lines [role=row]")).to_have_count(len(expected))
    assert cells(page, "status") == expected
    page.reload()  # the address has them
    expect(page.get_by_label(name)).to_have_value(value)
    expect(page.locator(".lines [role=row]")).to_have_count(len(expected))


def test_pause_resume_and_clear(tab, ask):
    page = tab.go("#/journal")
    lines = page.locator(".lines [role=row]")
    ask()
    expect(lines).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    for _ in range(3):
        ask()
    expect(page.get_by_role("button", name="Resume, 3 new")).to_be_visible()
    assert lines.count() == 1
    page.get_by_role("button", name="Resume").click()
    expect(lines).to_have_count(4)
    page.get_by_role("button", name="Clear this list").click()
    expect(lines).to_have_count(0)
    page.reload()
    expect(lines).to_have_count(4)


def events_of(count):
    """The feed, with so many rows of one session, and without an end."""
    row = {"session": "s-1", "ago": 0.5, "method": "GET", "path": "/v1/models", "operation": "listModels"}
    row |= {"step": None, "attempt": 1, "status": 200, "failure": None, "violations": [], "seconds": 0.001}
    row |= {"ended_by": "server", "whole": True}

    async def events():
        for first in range(1, count, 500):
            rows = [{**row, "number": first + index} for index in range(500)]
            yield f"event: rows\ndata: {json.dumps(rows)}\n\n"
            await asyncio.sleep(0.01)
        await asyncio.sleep(60)

    async def answer(_request):
        return StreamingResponse(events(), media_type="text/event-stream")

    return answer


def test_many_thousands_are_bounded_and_only_those_in_sight_are_made(open_tab, served):
    feed = Route("/__mockgrid__/events", events_of(25_000))
    tab = open_tab(origin=served(Starlette(routes=[feed, Mount("/", mockgrid.create_app())])))
    tab.expected.append("status of 404")  # nobody can say what verdicts there are
    page = tab.go("#/journal")
    status = page.locator(".count")
    expect(page.locator(".lines a").first).to_have_attribute("href", "#/exchange/s-1/25000")
    counts = re.fullmatch(
        r"\d+ of (\d+) exchanges; .* the oldest (\d+) are gone from it\.", status.inner_text()
    )
    held, gone = map(int, counts.groups())
    assert held + gone == 25_000
    assert 10_000 <= held <= 10_500
    assert page.locator(".lines [role=row]").count() < 60
    page.locator(".window").evaluate("window => window.scrollTo(0, window.scrollHeight)")
    expect(page.locator(".lines [role=row]").last).to_have_attribute("aria-rowindex", str(held + 1))
    assert page.locator(".lines [role=row]").count() < 60


def test_who_has_scrolled_keeps_what_is_in_sight(tab, ask):
    for _ in range(60):
        ask()
    page = tab.go("#/journal")
    expect(page.locator(".lines [role=row]").first).to_be_visible()
    page.locator(".window").evaluate("window => window.scrollTo(0, 600)")
    line = page.locator(".lines [role=row][aria-rowindex='31']")
    place, link = line.bounding_box()["y"], line.locator("a").get_attribute("href")
    for _ in range(5):
        ask()
    moved = page.locator(".lines [role=row][aria-rowindex='36']")
    expect(moved.locator("a")).to_have_attribute("href", link)
    assert moved.bounding_box()["y"] == place


def test_arrows_go_along_the_lines_and_who_comes_back_is_where_he_was(tab, ask):
    for _ in range(80):
        ask()
    page = tab.go("#/journal")
    links = page.locator(".lines a")
    links.first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator(".lines [aria-rowindex='3'] a")).to_be_focused()
    page.locator(".window").evaluate("window => window.scrollTo(0, 900)")
    link = page.locator(".lines [aria-rowindex='33'] a")
    place, where = link.bounding_box()["y"], link.get_attribute("href")
    link.click()
    expect(page.get_by_role("heading", name="Exchange")).to_be_visible()
    page.go_back()
    expect(page.locator(f".lines a[href='{where}']")).to_be_in_viewport()
    assert page.locator(f".lines a[href='{where}']").bounding_box()["y"] == place


def test_a_server_that_comes_again_is_followed_again(open_tab, free_port, ask):
    origin = f"http://127.0.0.1:{free_port}"
    tab = open_tab(origin=origin)
    tab.expected.append("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET")
    with MockGrid(port=free_port) as grid:
        page = tab.go("#/journal")
        ask("mg-a", grid)
        expect(page.locator(".lines [role=row]")).to_have_count(1)
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    with MockGrid(port=free_port) as grid:
        expect(page.get_by_text("The server was away until")).to_be_visible()
        expect(page.locator(".lines [role=row]")).to_have_count(0)
        ask("mg-b", grid, temperature=9)
        expect(page.locator(".lines .status")).to_have_text("422")
        page.goto("about:blank")


def test_hostile_texts_stay_texts(grid, tab, client):
    grid.session(f"<b onclick=alert(1)>{HOSTILE}")
    client.get(f"{tab.origin}{HOSTILE}", headers={"authorization": "Bearer mg-a"})
    page = tab.go("#/journal")
    expect(page.locator(".lines .operation")).to_have_text(f"GET {HOSTILE}".replace("\u202e", "\\u202e"))
    assert page.locator("main img").count() == 0


@pytest.mark.usefixtures("busy")
def test_it_looks_right_with_something_in_it(looked_at):
    page = looked_at.go("#/journal")
    expect(page.locator(".lines .verdicts").last).to_have_text("MG310")
    expect(page.locator(".lines .step").last).to_have_text("step 1")
    boxes = page.locator(".lines .line").last.locator(":scope > span:visible").evaluate_all(BOTTOMS)
    assert any(name.startswith("step") for name, *_ in boxes)
    assert all(bottom <= height for _, bottom, height in boxes)
    looked_at.check()
