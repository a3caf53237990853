"""Takes the pictures of the live page that stand in the README and in docs/page.md, again.

    pip install --target .cache/ci/page -r tests/page/requirements.txt
    PYTHONPATH=.cache/ci/page .venv/bin/python tests/page/pictures.py

Debian's Chromium is needed. What is shown is the same each time, but for how long things took, which is
written over: a picture changes when the page does, or the machine's fonts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from mockgrid import MockGrid

TESTS = Path(__file__).parents[1]
FOLDER = TESTS.parent / "docs" / "page"
sys.path.insert(0, str(TESTS))

from page.browser import Tab, chromium  # noqa: E402 - the browser's tests are not installed

WIDTH = 1200
MOST_BYTES = 150_000
CHAT = "/chat/completions"
# So that what is painted anew looks as what was painted at once.
_EXACT = ("--disable-partial-raster", "--disable-skia-runtime-opts")
# How long something took is written over whenever it is shown, with what is the same each time.
_TIMES = r"""
const still = (root) => {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.currentNode; text; text = texts.nextNode()) {
    if (text.nodeType !== Node.TEXT_NODE || text.parentElement?.closest("textarea, code, pre")) continue;
    const alone = text.parentElement?.closest("[role=cell].ms");
    const written = text.data.replace(alone ? /^[\d.]+/ : /\b\d+(\.\d+)?(?= ms\b)/g, "12")
      .replace(/\b\d+\.\d(?= s\b)/g, "1.2").replace(/\d\d:\d\d:\d\d\.\d+/g, "12:00:00.000");
    if (written !== text.data) text.data = written;
  }
};
new MutationObserver((changes) => changes.forEach(({target}) => still(target)))
  .observe(document, {subtree: true, childList: true, characterData: true});
"""


def fill(grid: MockGrid) -> None:
    """Have clients ask, well and badly, under the names of tests."""
    control = f"{grid.base_url.removesuffix('/v1')}/__mockgrid__"
    tests = {
        "mg-retries": ("test_retries", {"source": _RETRIES, "where": "retries.yaml"}),
        "mg-tools": ("test_tools", {"scenario": "tool-loop"}),
        "mg-weather": ("test_weather", {"source": _WEATHER, "where": "weather.yaml"}),
    }
    with httpx.Client(trust_env=False) as client:
        for key, (label, script) in tests.items():
            client.put(f"{control}/sessions/{key}", params={"label": label}, json=script).raise_for_status()
        for key, body in _REQUESTS:
            headers = {"authorization": f"Bearer {key}", "user-agent": "agent/1.0"}
            client.post(f"{grid.base_url}{CHAT}", json=body, headers=headers)


def _said(text: str, **more: object) -> dict[str, object]:
    return {"model": "text-prime", "messages": [{"role": "user", "content": text}], **more}


_RETRIES = """\
steps:
  - name: overloaded twice
    replies:
      - {error: 503, retry_after: 1m}
      - {error: 503, retry_after: 1m}
      - {say: At last.}
"""
_WEATHER = """\
strict: true
steps:
  - name: asked for Oslo
    when: {last_user: {contains: Oslo}, turn: 1}
    reply: {say: It is 3 °C in Oslo.}
  - name: asked for a table
    when: {response_format: json_schema}
    reply: {json: {city: Oslo, degrees: 3}}
"""
_TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
_REQUESTS = [
    ("mg-retries", _said("Hello there")),
    ("mg-retries", _said("Hello there")),
    ("mg-retries", _said("Hello there")),
    ("mg-tools", _said("What is the weather like?", tools=[_TOOL])),
    ("mg-tools", _said("What is the weather like?", tool=[_TOOL])),
    ("mg-weather", _said("How is Oslo today?", stream=True)),
    ("mg-weather", _said("How is Rome today?", temperature=3)),
    ("mg-weather", _said("How is Rome today?")),
]
_PLAYED = """\
steps:
  - name: falls silent
    when: {stream: true, attempt: 1}
    reply:
      say: The fjord is calm, and the boats come home.
      stream:
        chunks: word
        pace: {per_token: 30ms}
        fault: {kind: stall, after: 8, for: 1m}

  - replly: {say: "The boats come home, and the fjord is calm."}
"""


def journal(tab: Tab) -> None:
    """What has happened."""
    tab.go("#/journal")
    tab.page.get_by_text("asked for Oslo").first.wait_for()
    tab.page.get_by_text("MG310").first.wait_for()


def exchange(tab: Tab) -> None:
    """A request that met no step, and why."""
    tab.go("#/exchange/mg-weather/3")
    tab.page.locator(".steps summary").first.click()
    tab.page.get_by_text("The request had").first.wait_for()
    tab.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def playground(tab: Tab) -> None:
    """A stream that falls silent, and a finding."""
    page = tab.page
    page.add_init_script(f"sessionStorage.setItem('mockgrid:playground', {json.dumps(_KEPT)})")
    tab.go("#/playground")
    page.get_by_role("checkbox", name="stream").check()
    field = page.get_by_label("Scenario, as YAML")
    field.fill(_PLAYED.replace("replly", "reply"))
    page.get_by_role("button", name="Send").click()
    page.get_by_text("silent for").wait_for()
    page.get_by_text("Pieces as they came").wait_for()
    field.fill(_PLAYED)
    page.get_by_text("Did you mean reply?").wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


_KEPT = json.dumps({"key": "mg-playground"})
PICTURES = {"journal": journal, "exchange": exchange, "playground": playground}
"""By the names of their files; each puts a tab in the state that is shown."""
HEIGHTS = {"journal": 560, "exchange": 880, "playground": 1040}


def main() -> int:
    """Take all pictures, light and dark."""
    with MockGrid() as grid, sync_playwright() as playwright:
        fill(grid)
        browser = chromium(playwright, *_EXACT)
        for name, show in PICTURES.items():
            for scheme in ("light", "dark"):
                tab = Tab(browser, grid.base_url.removesuffix("/v1"), WIDTH, scheme)
                tab.page.set_viewport_size({"width": WIDTH, "height": HEIGHTS[name]})
                tab.page.add_init_script(_TIMES)
                show(tab)
                file = FOLDER / f"{name}-{scheme}.png"
                tab.page.screenshot(path=file, animations="disabled", caret="hide")
                assert file.stat().st_size < MOST_BYTES, f"{file} is too large"
                tab.context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
