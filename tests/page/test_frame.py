"""The page's frame: it looks right, keeps to its origin, and asks for the token where one is needed."""

import re
import socket
from urllib.parse import quote, urlsplit

import httpx
import pytest
from page.browser import LOOKS
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.routing import Mount

import mockgrid
from mockgrid import MockGrid

KEY = {"authorization": "Bearer mg-a"}
TOKEN = "a s3crét"


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_panels_are_reached_and_look_right(looked_at):
    page = looked_at.go()
    panels = page.locator("#panels a").all()
    assert panels
    for panel in reversed(panels):
        panel.click()
        expect(panel).to_have_attribute("aria-current", "page")
        assert page.locator("main h2").inner_text() == panel.inner_text()
        looked_at.check()


def test_a_browser_is_led_there_from_the_root(tab, grid):
    page = tab.go(path="/")
    assert page.url.startswith(f"{tab.origin}/__mockgrid__/#/")
    assert "s-anonymous" not in str(httpx.get(f"{tab.origin}/__mockgrid__/sessions").json())
    assert tab.go(path="/__mockgrid__").url.startswith(f"{tab.origin}/__mockgrid__/#/")
    assert not grid.report()["violations"]


def test_keys_alone_will_do(tab):
    page = tab.go()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url.endswith("#/journal")


def test_the_theme_is_the_tabs(tab):
    page = tab.go()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.get_by_label("Theme").select_option("Dark")
    assert page.evaluate(ground) != "rgb(255, 255, 255)"
    page.reload()
    expect(page.get_by_label("Theme")).to_have_value("dark")
    tab.check()


def test_the_policy_lets_no_text_become_markup_and_nobody_else_be_called(tab):
    page = tab.go()
    tab.expected.append("Trusted|Content Security Policy|Fetch API cannot load|request: http://127.0.0.1:1/")
    for forbidden in ("document.body.innerHTML = '<p>x</p>'", "await fetch('http://127.0.0.1:1/')"):
        assert page.evaluate(f"(async () => {{ {forbidden}; }})().catch(() => 'refused')") == "refused"
    assert len(tab.problems) > 1  # the fixture would have failed


@pytest.fixture(scope="module")
def remote():
    """An address of this machine's that is none of the loopback, so that its callers need the token."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect(("192.0.2.1", 9))  # sends nothing
        return route.getsockname()[0]


def test_elsewhere_the_token_is_asked_for_and_kept_for_the_tab(open_tab, remote):
    with MockGrid(host="0.0.0.0", control_token=TOKEN) as grid:
        origin = f"http://{remote}:{urlsplit(grid.base_url).port}"
        tab = open_tab(origin=origin)
        tab.expected.append("status of 403")
        page = tab.go()
        field = page.get_by_label("Control token")
        expect(field).to_be_focused()
        expect(page.get_by_role("alert")).to_contain_text("Authorization: Bearer")
        tab.check()
        for wrong in ("wrong", "a s3cre\u0301t"):
            page.get_by_role("alert").evaluate("alert => { alert.textContent = ''; }")
            field.fill(wrong)
            field.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("This is not the control token")
        field.fill(TOKEN)
        field.press("Enter")
        expect(page.get_by_role("heading", name="Journal")).to_be_focused()
        page.reload()
        expect(page.get_by_role("heading", name="Journal")).to_be_visible()
        assert TOKEN not in page.url
        assert page.evaluate("localStorage.length + document.cookie.length") == 0
        page.get_by_role("button", name="Sign out").click()
        expect(field).to_be_visible()
        other = open_tab(origin=origin)
        other.expected.append("status of 403")
        expect(other.go().get_by_label("Control token")).to_be_visible()


@pytest.mark.parametrize("prefix", ["/fake", "/deep/er"])
def test_it_works_below_a_prefix(open_tab, served, prefix):
    tab = open_tab(origin=served(Starlette(routes=[Mount(prefix, mockgrid.create_app())])))
    page = tab.go(path=f"{prefix}/")
    assert page.url == f"{tab.origin}{prefix}/__mockgrid__/#/journal"
    expect(page.locator("main h2")).to_have_text("Journal")
    asked = httpx.post(f"{tab.origin}{prefix}/v1/chat/completions", json={}, headers=KEY)
    assert asked.status_code == 422
    expect(page.get_by_text("422")).to_be_visible()


TURNS = "<b>x</b>\u202egnp.exe\u2066\u200b"
ITEMS = f"""\
openapi: 3.1.0
info: {{title: "{TURNS}", version: "{TURNS}"}}
paths:
  /items/{{id}}:
    get:
      operationId: "get{TURNS}"
      summary: "{TURNS}"
      parameters:
        - {{name: id, in: path, required: true, description: "{TURNS}", schema: {{type: string}}}}
        - {{name: "a{TURNS}", in: query, schema: {{enum: ["{TURNS}"], maxLength: 1}}}}
      responses: {{'200': {{description: It, content: {{text/plain: {{schema: {{const: "{TURNS}"}}}}}}}}}}
"""
SCENARIO = f"""\
# {TURNS}
steps: [{{name: "{TURNS}", when: {{path: {{glob: "*{TURNS}*"}}}}, reply: {{body: "{TURNS}"}}}}]
"""
# What is shown, or read out, and would turn what stands beside it, or be there unseen.
SHOWN = """() => {
    const odd = /[\\p{Bidi_Control}\\u200b]/u;
    const all = [...document.querySelectorAll("body *")];
    const texts = all.filter((node) => node.tagName !== "TEXTAREA").flatMap((node) => [
        ...[...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data),
        ...["title", "label", "aria-label", "placeholder"].map((name) => node.getAttribute(name) ?? "")]);
    return [document.title, ...texts].filter((text) => odd.test(text));
}"""


def test_no_text_turns_what_stands_beside_it_wherever_it_comes_from(open_tab, tmp_path):
    (tmp_path / "items.yaml").write_text(ITEMS, "utf-8")
    (tmp_path / "played.yaml").write_text(SCENARIO, "utf-8")
    with MockGrid(document=str(tmp_path / "items.yaml"), scenarios=str(tmp_path / "played.yaml")) as grid:
        session = grid.session(TURNS)
        session.play(tmp_path / "played.yaml")
        with httpx.Client(base_url=grid.base_url, headers={"x-mockgrid-session": session.api_key}) as client:
            for path in (f"items/{TURNS}", f"items/x?a{TURNS}={TURNS}", f"items/y?{TURNS}=1", f"no/{TURNS}"):
                client.get(path, headers={"x-odd": TURNS.encode()})
        tab = open_tab(origin=grid.base_url.rstrip("/"))
        tab.expected.append("status of 4")
        name = quote(session.api_key, safe="")
        panels = ("journal", "sessions", "scenarios", "contract", f"sessions/{name}", "playground")
        for panel in (*panels, *(f"exchange/{name}/{number}" for number in (1, 2, 3))):
            page = tab.go(f"#/{panel}")
            expect(page.locator("main")).to_contain_text("\\u202e")
            assert page.evaluate(SHOWN) == [], panel
            assert page.locator("main b", has_text=re.compile("^x$")).count() == 0
