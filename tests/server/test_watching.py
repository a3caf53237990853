"""Scenario files that change while the server runs."""

from __future__ import annotations

import gc
import os
import threading
import time

import httpx
import pytest
from waiting import within

from mockgrid.server.build import build_app
from mockgrid.server.run import start_in_thread
from mockgrid.server.settings import Settings


@pytest.fixture
def watched(tmp_path):
    """A server that watches a folder, and how to change its file and to ask it."""
    file = tmp_path / "mine.yaml"
    file.write_text("steps: [{reply: {say: one}}]", "utf-8")
    settings = Settings(port=0, log="off", scenarios=(str(tmp_path),), watch=True)
    with (
        start_in_thread(build_app(settings), settings) as server,
        httpx.Client(trust_env=False, timeout=60) as client,
    ):

        def ask(key):
            body = {"messages": [{"role": "user", "content": "Hi"}]}
            headers = {"authorization": f"Bearer mg.mine.{key}"}
            answer = client.post(f"{server.url}/chat/completions", json=body, headers=headers)
            return answer.json()["choices"][0]["message"]["content"] if answer.status_code == 200 else None

        def control(method, path):
            return client.request(method, f"{server.control}/sessions/{path}").status_code

        ask.control = control
        yield file, ask


@pytest.fixture
def anew(watched):
    return watched[1].control


def eventually(said, ask):
    """Ask with fresh keys until the answer is there."""
    until = time.monotonic() + 60
    number = 0
    while time.monotonic() < until:
        number += 1
        if ask(f"{said}{number}") == said:
            return
        time.sleep(0.05)
    raise AssertionError(f"never said {said}")


def test_new_sessions_play_the_new_version_and_old_ones_the_old(watched):
    file, ask = watched
    assert ask("old") == "one"
    file.write_text("steps: [{reply: {say: three}}]", "utf-8")
    eventually("three", ask)
    assert ask("old") == "one"


def test_a_session_that_is_begun_anew_plays_the_new_version(watched, anew):
    file, ask = watched
    for key in ("reset", "opened"):
        assert ask(key) == "one"
    file.write_text("steps: [{reply: {say: two}}]", "utf-8")
    eventually("two", ask)
    assert anew("POST", "mg.mine.reset/reset") == 200
    assert anew("PUT", "mg.mine.opened") == 200
    assert [ask(key) for key in ("reset", "opened")] == ["two", "two"]


def test_a_scenario_that_is_gone_cannot_be_asked_for(watched):
    file, ask = watched
    assert ask("known") == "one"
    file.unlink()
    assert within(60, lambda: ask("known") is None)


def test_a_file_that_breaks_keeps_its_last_good_version_and_the_log_says_so(watched, capfd):
    file, ask = watched
    file.write_text("steps: [{reply: {sya: broken}}]", "utf-8")
    until = time.monotonic() + 60
    told = ""
    while "last good version" not in told and time.monotonic() < until:
        time.sleep(0.05)
        told += capfd.readouterr().err
    assert "mine.yaml:1:" in told
    assert "MG2" in told
    assert "the scenario mine keeps its last good version" in told
    assert ask("after") == "one"
    file.write_text("steps: [{reply: {say: mended}}]", "utf-8")
    os.utime(file)
    eventually("mended", ask)


def test_warnings_about_a_file_are_told_when_it_is_read_again(watched, capfd):
    file, ask = watched
    file.write_text("steps: [{when: {turn: 0}, reply: {say: never}}, {reply: {say: two}}]", "utf-8")
    eventually("two", ask)
    told = capfd.readouterr().err

    def said():
        nonlocal told
        told += capfd.readouterr().err
        return "scenarios were read again" in told

    assert within(60, said)
    assert "mine.yaml:1:23: warning MG235: No request meets this: `turn` counts from 1." in told


def test_watching_nothing_is_told(capfd):
    build_app(Settings(watch=True))
    told = capfd.readouterr().err
    assert (
        told == "mockgrid: --watch has nothing to watch; name the folder of your scenarios with --scenarios\n"
    )


def test_watching_ends_with_the_application(tmp_path):
    def watching():
        return [thread for thread in threading.enumerate() if thread.name == "mockgrid-watch"]

    gc.collect()
    assert within(60, lambda: not watching())
    app = build_app(Settings(watch=True, scenarios=(str(tmp_path),)))
    assert len(watching()) == 1
    del app
    gc.collect()
    assert within(60, lambda: not watching())
