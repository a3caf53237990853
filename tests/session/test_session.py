"""Sessions, bounded in number and in what they remember."""

from __future__ import annotations

from time import monotonic

import pytest

from mockgrid.session.session import Sessions, session_name


def test_a_session_is_opened_once():
    sessions = Sessions()
    assert sessions.get("a") is sessions.get("a")
    assert sessions.get("a") is not sessions.get("b")


@pytest.mark.parametrize(
    "look",
    [
        lambda sessions: sessions.get("a"),
        lambda sessions: sessions.find("a"),
        lambda sessions: next(iter(sessions)),
        lambda sessions: len(sessions) and sessions.find("a"),
    ],
)
def test_what_was_announced_is_open_for_whoever_looks(look):
    sessions = Sessions(start=lambda name, _: name)
    sessions.announce("a", "quota", "tests/test_it.py")
    assert sessions.count("a") is None  # nobody has looked
    begun = monotonic()
    session = look(sessions)
    assert (session.name, session.play, session.label) == ("a", "quota", "tests/test_it.py")
    assert session.opened <= begun
    assert sessions.count("a") == 0
    sessions.announce("a", "", "another")
    assert look(sessions) is session
    assert (session.play, session.label) == ("quota", "another")


def test_the_one_idle_longest_goes_first_and_it_is_said():
    closed = []
    sessions = Sessions(most=3, closed=lambda session: closed.append(session.name))
    first = sessions.get("a")
    for name in ("b", "c", "a", "d", "e"):
        sessions.get(name)
    assert closed == ["b", "c"]
    assert sessions.get("a") is first
    assert len(sessions) == 3


def test_attempts_are_counted_for_each_request():
    session = Sessions().get("a")
    assert [session.attempt(request) for request in ("x", "y", "x", "x")] == [1, 1, 2, 3]


def test_what_all_remember_together_is_bounded(monkeypatch):
    monkeypatch.setattr("mockgrid.session.session._REMEMBERED_BY_ALL", 100)
    closed = []
    sessions = Sessions(closed=lambda session: closed.append(session.name))
    for name in range(10):
        session = sessions.get(str(name))
        for request in range(30):
            assert session.attempt(str(request)) == 1
    assert closed == [str(name) for name in range(7)]
    assert sum(session.remembered for session in sessions._open.values()) <= 100


def test_one_session_remembers_so_much(monkeypatch):
    monkeypatch.setattr("mockgrid.session.session._REMEMBERED", 3)
    session = Sessions().get("a")
    for request in ("1", "2", "3", "4"):
        session.attempt(request)
    assert session.remembered == 3
    assert session.attempt("4") == 2
    assert session.attempt("1") == 1


@pytest.mark.parametrize("key", ["mg-test", "x" * 100_000, "\ud800"])
def test_a_name_tells_nothing_of_its_key(key):
    assert session_name(key) == session_name(key)
    assert key not in session_name(key)
    assert len(session_name(key)) == 14
