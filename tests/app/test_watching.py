"""Scenario files that change while the server runs."""

from __future__ import annotations

import gc
import os
import threading
import time
from itertools import count

import httpx
import pytest
from waiting import within

from mockgrid.app.build import build_app, load_contract, read_scenarios
from mockgrid.app.watch import WatchedLibrary
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

DOUBTFUL = "steps: [{when: {turn: 0}, reply: {say: never}}, {reply: {say: two}}]"


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
    numbers = count()
    assert within(60, lambda: ask(f"{said}{next(numbers)}") == said), f"never said {said}"


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
    told = []

    def holds():
        told.append(capfd.readouterr().err)
        return "last good version" in "".join(told)

    assert within(60, holds)
    told = "".join(told)
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


@pytest.fixture
def looked(tmp_path):
    """Writes files, looks at them, and returns what is said; a text of None removes the file."""
    settings = Settings(scenarios=(str(tmp_path),))
    contract = load_contract(settings)
    said = []
    library = WatchedLibrary(
        settings.scenarios,
        lambda: read_scenarios(settings, contract),
        read_scenarios(settings, contract)[0],
        lambda line: said.append(line.replace(f"{tmp_path}{os.sep}", "")),
    )

    def look(**files):
        for name, text in files.items():
            path = tmp_path / f"{name}.yaml"
            path.unlink() if text is None else path.write_text(text, "utf-8")
        said.clear()
        assert library.look()
        return said.copy()

    return look


def test_what_is_told_is_what_has_changed(looked):
    good, better = "steps: [{reply: {say: one}}]", "steps: [{reply: {say: better}}]"
    assert looked(a=good, b=good) == ["scenarios were read again: a, b"]
    assert looked(a=better) == ["scenarios were read again: a"]
    assert looked(a=f"scenario: other\n{better}") == [
        "scenarios were read again: other",
        "scenarios are gone: a",
    ]
    assert looked(b=None) == ["scenarios are gone: b"]


def test_files_that_are_included_are_watched(looked, tmp_path):
    (tmp_path / "shared").mkdir()
    shared = tmp_path / "shared" / "r.yaml"
    shared.write_text("down: {error: 503}")
    text = "steps: [{reply: {include: shared/r.yaml#down}}]"
    assert looked(a=text, b="seed: 1") == ["scenarios were read again: a, b"]
    shared.write_text("down: {error: 500, delay: 1s}")
    assert looked() == ["scenarios were read again: a"]
    shared.write_text("down: {eror: 500}")
    (mistake, kept) = looked()
    assert mistake.startswith("shared/r.yaml:1:8: error MG211: `eror` is not a key that is known here.")
    assert kept == "the scenario a keeps its last good version"
    shared.unlink()
    assert "cannot be included: there is no such file." in looked()[0]


def test_warnings_about_files_that_are_as_they_were_are_not_told_again(looked):
    warning = "a.yaml:1:23: warning MG235: No request meets this: `turn` counts from 1."
    assert [line[: len(warning)] for line in looked(a=DOUBTFUL)] == [warning, "scenarios were read again: a"]
    assert looked(b="steps: [{reply: {say: one}}]") == ["scenarios were read again: b"]
    assert [line[: len(warning)] for line in looked(a=f"{DOUBTFUL} ")] == [
        warning,
        "scenarios were read again: a",
    ]


def test_files_that_are_read_beside_a_broken_one_are_told(looked):
    looked(a="steps: [{reply: {say: one}}]")
    broken, *rest = looked(a="steps: [{reply: {sya: broken}}]", b="steps: [{reply: {say: one}}]")
    assert broken.startswith("a.yaml:1:18: error MG211: ")
    assert rest == ["the scenario a keeps its last good version", "scenarios were read again: b"]
    assert looked(b="steps: [{reply: {say: new}}]") == ["scenarios were read again: b"]
    assert looked(a="steps: [{reply: {say: mended}}]") == ["scenarios were read again: a"]


def test_a_broken_file_with_the_name_of_a_shipped_scenario_keeps_its_version_too(looked):
    looked(overloaded="steps: [{reply: {say: one}}]")
    _, *rest = looked(overloaded="steps: [{reply: {sya: broken}}]")
    assert rest == ["the scenario overloaded keeps its last good version"]
    assert looked(overloaded=None) == ["scenarios were read again: overloaded"]


def test_a_name_that_another_file_takes_is_told_where_that_file_is_as_it_was(looked):
    looked(b="{scenario: c, steps: [{reply: {say: one}}]}")
    told = looked(a="{scenario: c, steps: [{reply: {say: two!}}]}")
    assert told[0].startswith("b.yaml:1:2: error MG226: The scenario 'c' is already in ")
    assert told[1:] == ["scenarios were read again: c"]


def test_a_key_that_asks_for_what_does_not_load_is_told_so(tmp_path):
    settings = Settings(port=0, log="off", scenarios=(str(tmp_path),), watch=True)
    app = build_app(settings)
    for name, text in (("raw2", "steps: [{reply: {sya: x}}]"), ("raw3", "scenario: raw4\nsteps: 1")):
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "raw.yaml").write_text("steps: [{reply: {contract: off, json: {}}}]")
    (tmp_path / "raw5.yaml").write_text("steps: [{reply: {error: 418}}]")
    app.library.look()
    with start_in_thread(app, settings) as server, httpx.Client(trust_env=False) as client:
        for name, file in (("raw2", "raw2"), ("raw4", "raw3"), ("raw5", "raw5")):
            answer = client.get(
                f"{server.url}/models", headers={"authorization": "Bearer mg.x", "x-mockgrid-scenario": name}
            )
            said = f"{name!r}, which is not known. Its file does not load; `mockgrid check"
            assert f"{said} {tmp_path / file}.yaml` tells why." in answer.text
            played = client.put(f"{server.control}/sessions/one", json={"scenario": name})
            assert played.status_code == 404
            assert "Its file does not load" in played.text


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


def test_watching_goes_on_whatever_fails_and_says_so(tmp_path):
    said = []
    file = tmp_path / "mine.yaml"
    file.write_text("steps: [{reply: {say: one}}]", "utf-8")
    settings = Settings(scenarios=(str(tmp_path),), watch=True)
    contract = load_contract(settings)
    first, _ = read_scenarios(settings, contract)

    def load():
        if "two" in file.read_text("utf-8"):
            raise RuntimeError("a defect")
        return read_scenarios(settings, contract)

    library = WatchedLibrary([str(tmp_path)], load, first, said.append)
    file.write_text("steps: [{reply: {say: two and more}}]", "utf-8")
    library.look_anyway()
    assert said == ["scenarios could not be read again, and stay as they were (RuntimeError: a defect)"]
    assert library().find("mine") is first.find("mine")
    file.write_text("steps: [{reply: {say: three and more}}]", "utf-8")
    library.look_anyway()
    assert said[1:] == ["scenarios were read again: mine"]


def test_a_file_with_a_hundred_and_one_mistakes_is_told_and_the_next_version_is_played(watched):
    file, ask = watched
    file.write_text("steps:\n" + "- reply: {sya: x}\n" * 101, "utf-8")
    time.sleep(0.7)
    assert ask("meanwhile") == "one"
    file.write_text("steps: [{reply: {say: mended}}]", "utf-8")
    eventually("mended", ask)
