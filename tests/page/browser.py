"""The live page as somebody sees it: in Debian's Chromium, with what may never happen there."""

from __future__ import annotations

import re
import shutil
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

LOOKS = [(1300, "light"), (1300, "dark"), (400, "light"), (400, "dark")]
"""Widths and colour schemes in which every panel is looked at."""

# All that axe-core knows, but what it calls experimental: WCAG 2.2 to level AAA, which asks of texts for 7:1.
_LEVELS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": _LEVELS}}
_HEIGHT = 900


class Tab:
    """A tab of the browser, with a page of playwright's as ``page``.

    Whatever the console calls an error, whatever the page's policy forbids, and each request to anywhere but
    the server is a problem; ``leave`` fails on those that do not match one of ``expected``, patterns.
    """

    def __init__(self, browser, origin, width, scheme):
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        self.context.on("request", self._asked)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda failure: self.problems.append(f"thrown: {failure.error}"))
        self.page = self._new_page()
        self.enter(origin, width, scheme)

    def _new_page(self):
        page = self.context.new_page()
        page.set_default_timeout(30_000)
        return page

    def enter(self, origin, width, scheme):
        """Begin, or begin again: opening a tab takes longer than most tests."""
        self.origin = origin
        self.expected = []
        self.problems = []
        self.page.set_viewport_size({"width": width, "height": _HEIGHT})
        self.page.emulate_media(color_scheme=scheme)

    def _asked(self, request):
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob") and f"{where.scheme}://{where.netloc}" != self.origin:
            self.problems.append(f"request: {request.url}")

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def go(self, fragment="", path="/__mockgrid__/"):
        """Open a panel, such as ``#/journal``."""
        self.page.goto(f"{self.origin}{path}{fragment}")
        self.page.wait_for_selector("h2")
        return self.page

    def wide(self):
        """How many pixels stand out to the right of the window: those nobody sees without scrolling."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def cut_off(self, selector):
        """How many elements hold more than they show without scrolling to the right."""
        wide = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth).length"
        return self.page.locator(selector).evaluate_all(wide)

    def check(self):
        """Fail on what axe-core finds, however small, and on a page that is wider than its window."""
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.evaluate(_axe())
        found = self.page.evaluate("rules => axe.run(document, rules)", _RULES)
        wrong = [
            f"{violation['id']}: {violation['help']}: {node['html']}\n{node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not wrong, "\n".join(wrong)
        assert self.wide() <= 0

    def leave(self):
        """Forget what the tab was for; fail where something went wrong in it."""
        if self.page.is_closed():
            self.page = self._new_page()
        if self.page.url.startswith("http"):
            self.page.evaluate("sessionStorage.clear()")
        self.page.goto("about:blank")
        self.context.unroute_all()
        unexpected = [
            problem
            for problem in self.problems
            if not any(re.search(pattern, problem) for pattern in self.expected)
        ]
        assert unexpected == []


@cache
def _axe():
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def chromium(playwright, *further):
    """Start the browser; it is Debian's, for nothing is downloaded."""
    path = shutil.which("chromium")
    assert path, "The page is tested in Chromium: apt-get install chromium"
    # Root, who runs pipelines, gets no sandbox; containers have little shared memory.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", *further]
    return playwright.chromium.launch(executable_path=path, args=arguments)
