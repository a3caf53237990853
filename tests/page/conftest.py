import threading

import httpx
import pytest
import uvicorn
from page.browser import LOOKS, Tab, chromium
from playwright.sync_api import expect, sync_playwright

from mockgrid import MockGrid

# What is waited for comes soon, but for a machine that has other things to do.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser():
    """One for all tests; each tab is a context of its own."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def client():
    """Sends requests; making one takes longer than what it sends."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def ask(client, grid):
    """Asks for a chat completion by a key, of the test's server or another."""
    own = grid

    def ask(key="mg-a", grid=own, **body):
        body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hello"}], **body}
        headers = {"authorization": f"Bearer {key}"}
        return client.post(f"{grid.base_url}/chat/completions", json=body, headers=headers)

    return ask


@pytest.fixture
def grid():
    """A server of the test's own."""
    with MockGrid() as grid:
        yield grid


@pytest.fixture
def served(free_port):
    """Has plain uvicorn serve an application; gives its origin."""
    begun = []

    def served(app):
        config = uvicorn.Config(
            app, port=free_port, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        begun.append((server, thread))
        origin = f"http://127.0.0.1:{free_port}"
        with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=20)) as client:
            client.get(origin)
        return origin

    yield served
    for server, thread in begun:
        server.should_exit = True
        thread.join()


@pytest.fixture(params=LOOKS[::3], ids=lambda look: f"{look[0]}-{look[1]}")
def look(request):
    """A width and a colour scheme; a test that takes it runs in each width, and in each scheme."""
    return request.param


@pytest.fixture(scope="session")
def tabs():
    """Those that no test has at the moment."""
    return []


@pytest.fixture
def open_tab(browser, tabs, grid, served):  # noqa: ARG001 - whatever serves a tab outlives it
    """Opens tabs, on the test's server or another, and fails where something went wrong in one."""
    opened = []

    def open_tab(width=1300, scheme="light", origin=""):
        look = (origin or grid.base_url.removesuffix("/v1"), width, scheme)
        if tabs:
            opened.append(tabs.pop())
            opened[-1].enter(*look)
        else:
            opened.append(Tab(browser, *look))
        return opened[-1]

    yield open_tab
    for tab in opened:
        tab.leave()
        tabs.append(tab)


@pytest.fixture
def tab(open_tab):
    """A tab at 1,300 pixels, light, on the test's server."""
    return open_tab()


@pytest.fixture
def looked_at(open_tab, look):
    """A tab in each look, on the test's server."""
    return open_tab(*look)
