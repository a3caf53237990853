"""The page under load: the tab stays small, and who does not look pays nothing."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from playwright.sync_api import expect
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
BODY = b'{"messages": [{"role": "user", "content": "Say @@@@@@@@@"}]}'
GONE = re.compile(r"the oldest (\d+) are gone from it")
# Rows, and those that the list lets go together.
MOST = 10_500
MOST_NODES = 5_000
MEGABYTES = 4


def test_a_tab_under_load_lets_go_of_what_it_does_not_show(tab, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    load, watched = map(importlib.import_module, ("load", "watched"))
    page = tab.go("#/journal")
    target = load.Target("127.0.0.1", int(tab.origin.rpartition(":")[2]), "/v1/chat/completions", BODY)
    looking = watched.Watched(tab)
    enough = Event()

    def ask():
        while not enough.is_set():
            load.paced(target, 0.5, 16, 1500)

    running = Thread(target=ask)
    running.start()
    try:
        expect(page.get_by_text(GONE)).to_be_visible(timeout=60_000)
        looking.remember()
        looking.type(2)
    finally:
        enough.set()
        running.join()
    page.get_by_label("Text").fill("nothing is called so")
    expect(page.get_by_text("0 of 10")).to_be_visible()
    page.get_by_label("Text").fill("")
    looking.remember()
    kept, gone = re.search(r"of (\d+) exchanges.*oldest (\d+)", page.get_by_text(GONE).inner_text()).groups()
    assert int(kept) <= MOST
    assert int(gone) > 0
    (early, _), (late, nodes) = looking.memories
    assert late < early + MEGABYTES
    assert nodes < MOST_NODES


def test_nothing_watches_once_the_page_is_closed(open_tab):
    settings = Settings(port=0, log="off")
    app = build_app(settings)
    with start_in_thread(app, settings) as server:
        tab = open_tab(origin=server.control.removesuffix("/__mockgrid__"))
        expect(tab.go("#/journal").get_by_text("No request has come yet")).to_be_visible()
        assert within(30, lambda: len(app.sessions.leaving) == 2 and app.sessions.budget.watchers)
        tab.page.close()
        assert within(30, lambda: len(app.sessions.leaving) == 1)
        assert not app.sessions.budget.watchers


def test_nothing_of_the_page_is_loaded_before_somebody_opens_it():
    script = """
import sys
from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings
from urllib.request import Request, urlopen
settings = Settings(port=0, log="off")
def ask(url, accept):
    return urlopen(Request(url, headers={"accept": accept, "authorization": "Bearer mg-a"})).read()
with start_in_thread(build_app(settings), settings) as server:
    ask(server.url + "/models", "*/*")
    assert not any(name.startswith("mockgrid.control.") for name in sys.modules)
    ask(server.control, "*/*")
    assert "mockgrid.control.page" not in sys.modules
    ask(server.control + "/", "text/html")
    assert "mockgrid.control.page" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
