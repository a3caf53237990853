"""Where a request belongs, held against what the application does with it."""

import asyncio
import json
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.server.app import App
from mockgrid.server.build import load_contract, load_scenarios
from mockgrid.server.settings import Settings
from mockgrid.server.workers.place import Places, owner
from mockgrid.session.sessions import named_session, session_name

WORKERS = 3
CHAT = "/v1/chat/completions"
API_KEY_DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Keys", "version": "1"},
    "paths": {
        f"/{kind}": {
            "get": {
                "operationId": kind,
                "security": [{kind: []}] if kind != "none" else [],
                "responses": {"200": {"description": "Well"}},
            }
        }
        for kind in ("header", "query", "cookie", "basic", "none")
    },
    "components": {
        "securitySchemes": {
            "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "query": {"type": "apiKey", "in": "query", "name": "key"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "key"},
            "basic": {"type": "http", "scheme": "basic"},
        }
    },
}


@dataclass
class Asked:
    """A request without a body."""

    method: str
    path: str
    query: bytes
    headers: list

    def scope(self):
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": self.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
            "scheme": "http",
        }


class Several:
    """The applications of all workers, without the processes."""

    def __init__(self, contract, library, chosen, workers):
        self.apps = [App(contract, chosen, lambda: library) for _ in range(workers)]
        self.places = [Places(app, index, workers) for index, app in enumerate(self.apps)]

    def call(self, asked, accepted):
        """Let a request go from worker to worker until it has arrived, and be answered there."""
        at, absent = accepted, ()
        for _ in range(2 * len(self.apps) + 2):
            to = self.places[at].of(asked.scope(), absent)
            if to == at:
                break
            at, absent = to, self.places[at].absent
        else:
            pytest.fail("it never arrives")
        asyncio.run(self.apps[at](asked.scope(), no_body, ignore))

    def close(self, name):
        for app in self.apps:
            session = app.sessions.find(name)
            if session is not None:
                app.sessions.close(session)

    def journals(self):
        """Exchanges by session, and by worker."""
        return {
            (session.name, index): [(one.method, one.path, one.status) for one in session.journal]
            for index, app in enumerate(self.apps)
            for session in app.sessions
        }


async def no_body():
    return {"type": "http.request", "body": b"", "more_body": False}


async def ignore(_message):
    pass


@cache
def bundled():
    chosen = Settings(log="off", api_keys=("own-key",))
    contract = load_contract(chosen)
    return contract, load_scenarios(chosen, contract), chosen


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    path = tmp_path_factory.mktemp("keyed") / "keyed.json"
    path.write_text(json.dumps(API_KEY_DOCUMENT))
    chosen = Settings(log="off", document=str(path))
    contract = load_contract(chosen)
    return contract, load_scenarios(chosen, contract), chosen


words = st.sampled_from(
    ["mg-a", "mg-a", "mg-a", "mg-b", "mg-b", "mg.overloaded.x", "mg.nothing.x", "mg-", "own-key", "sk-no", ""]
)
bearer = words.map(lambda word: (b"authorization", b"Bearer " + word.encode()))
misplaced = st.tuples(
    st.sampled_from([b"x-api-key", b"api-key", b"authorization", b"x-odd"]), words.map(str.encode)
)
session_header = st.sampled_from([b"suite", b"other", b""]).map(lambda name: (b"x-mockgrid-session", name))
scenario_header = st.sampled_from([b"overloaded", b"routed", b"nothing"]).map(
    lambda name: (b"x-mockgrid-scenario", name)
)
targets = st.sampled_from(
    [
        ("POST", CHAT),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/text-prime"),
        ("GET", CHAT),
        ("POST", "/nowhere"),
    ]
)
headers = st.lists(st.one_of(bearer, bearer, misplaced, session_header, scenario_header), max_size=3)
requests = st.builds(lambda target, sent: Asked(*target, b"", sent), targets, headers)
# Those that are sure to open a session, and those that are sure to be journaled where one is open.
openings = bearer.map(lambda sent: Asked("POST", CHAT, b"", [sent]))
astray = bearer.map(lambda sent: Asked("POST", "/nowhere", b"", [(b"x-api-key", sent[1])]))
keyed_requests = st.builds(
    Asked,
    method=st.just("GET"),
    path=st.sampled_from(["/header", "/query", "/cookie", "/basic", "/none", "/nowhere"]),
    query=st.sampled_from([b"", b"key=one", b"key=two", b"key="]),
    headers=st.lists(
        st.sampled_from(
            [
                (b"x-key", b"one"),
                (b"x-key", b"two"),
                (b"cookie", b"key=one"),
                (b"cookie", b"a=b; key=two"),
                (b"authorization", b"Basic b25l"),
                (b"authorization", b"Basic !"),
                (b"x-mockgrid-session", b"suite"),
            ]
        ),
        max_size=3,
    ),
)
closings = st.sampled_from(["mg-a", "mg-b", "mg-c", "own-key"]).map(session_name)
workers = st.integers(0, WORKERS - 1)


def hold(steps, contract, library, chosen):
    """Each session is with its owner alone, and all is as it is with one worker."""
    several, one = Several(contract, library, chosen, WORKERS), Several(contract, library, chosen, 1)
    for step, accepted in steps:
        if isinstance(step, str):
            several.close(step)
            one.close(step)
        else:
            several.call(step, accepted)
            one.call(step, 0)
    found = several.journals()
    assert all(index == owner(name, WORKERS) for name, index in found)
    assert {name: told for (name, _), told in found.items()} == {
        name: told for (name, _), told in one.journals().items()
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.one_of(requests, requests, openings, astray, closings), workers), max_size=16))
def test_requests_arrive_where_the_application_finds_their_session(steps):
    hold(steps, *bundled())


def test_other_credentials_are_found_too(keyed):
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.lists(st.tuples(keyed_requests, workers), max_size=10))
    def check(steps):
        hold(steps, *keyed)

    check()


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=20), st.integers(1, 64))
def test_owner_is_one_of_the_workers_and_always_the_same(name, count):
    assert owner(name, count) in range(count)
    assert owner(name, count) == owner(name, count)
    assert owner(name, 1) == 0


def test_owner_does_not_depend_on_the_process():
    assert [owner(f"s-{number:012x}", 4) for number in range(8)] == [0, 0, 3, 2, 0, 0, 3, 1]


def test_sessions_spread_evenly():
    counts = [0] * 4
    for number in range(4_000):
        counts[owner(session_name(f"mg-{number}"), 4)] += 1
    assert all(900 < count < 1_100 for count in counts)


def test_operators_are_led_to_every_session_that_a_word_may_mean():
    contract, library, chosen = bundled()
    places = Several(contract, library, chosen, 64).places[0]
    assert places.candidates("mg-a") == [owner(session_name("mg-a"), 64)]
    expected = [owner(session_name("suite"), 64), owner(named_session("suite"), 64)]
    assert places.candidates("suite") == expected
