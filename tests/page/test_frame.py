"""The page's frame: it looks right, keeps to its origin, and asks for the token where one is needed."""

import socket
from urllib.parse import urlsplit

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
