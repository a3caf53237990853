"""The search itself, at clients that are functions of what they are answered."""

import json

import pytest
from hypothesis import strategies as st

from mockgrid.app.build import load_contract
from mockgrid.errors import StartError
from mockgrid.fuzz import search as searching
from mockgrid.fuzz.example import DrawnExample
from mockgrid.fuzz.examples import examples
from mockgrid.fuzz.failure import ClientFailure
from mockgrid.fuzz.search import Search
from mockgrid.scenario.loading import build
from mockgrid.settings import Settings

pytestmark = pytest.mark.once
REPLIES = st.fixed_dictionaries(
    {"say": st.text(max_size=8)},
    optional={"think": st.text(max_size=4), "finish": st.sampled_from(["stop", "length"])},
)
EXAMPLES = st.lists(REPLIES, min_size=1, max_size=3).map(DrawnExample)


def careless(example):
    """Fails in two ways, at replies of which both hold at a time, too."""
    if any(reply.get("finish") == "length" for reply in example.replies):
        return ClientFailure("exit code 1", "KeyError at client.py:3")
    if any("think" in reply and len(reply.get("say", "")) > 3 for reply in example.replies):
        return ClientFailure("exit code 1", "TypeError at client.py:9")
    return None


def searched(client, runs=300, seed=0):
    tried = []
    search = Search(EXAMPLES, client, lambda search: tried.append(search.tried))
    search.run(runs, seed)
    assert tried == list(range(1, search.tried + 1))
    return search


def test_each_mistake_is_met_and_made_small():
    discoveries = searched(careless).discoveries.values()
    assert {discovery.failure.mistake: str(discovery.example) for discovery in discoveries} == {
        "KeyError at client.py:3": '{"finish": "length"}',
        "TypeError at client.py:9": '{"say": "0000", "think": ""}',
    }
    assert all(0 < discovery.first <= 300 for discovery in discoveries)


def test_the_same_seed_gives_the_same_examples_and_another_others():
    def run(seed):
        seen = []

        def client(example):
            seen.append(str(example))
            return careless(example)

        searched(client, 100, seed)
        return seen

    first = run(7)
    assert first == run(7) != run(8)
    assert len(set(first)) == len(first), "an example is tried once"


def test_all_examples_are_tried_though_the_first_fails():
    search = searched(lambda _: ClientFailure("exit code 1"), 60)
    (discovery,) = search.discoveries.values()
    assert (discovery.first, str(discovery.example)) == (1, "{}")
    assert search.tried >= 60


def test_as_many_examples_are_tried_as_were_asked_for():
    contract = load_contract(Settings())
    tried = []
    search = Search(examples(contract, ["createChatCompletion"], faults=True), tried.append)
    search.run(400, 0)
    assert search.tried == len(set(map(str, tried))) == 400, "what comes again does not count"
    few = Search(st.sampled_from("ab").map(lambda text: DrawnExample([{"say": text}])), lambda _: None)
    few.run(10_000, 0)
    assert few.tried == 2


def test_nothing_grows_with_the_examples(monkeypatch):
    monkeypatch.setattr(searching, "_AT_A_TIME", 50)
    monkeypatch.setattr(searching, "_REMEMBERED", 100)
    kept = set()

    def client(example):
        kept.add(len(search._known))
        return careless(example) if len(kept) == 101 else None

    search = Search(EXAMPLES, client)
    search.run(600, 0)
    assert (max(kept), search.tried >= 600) == (100, True)
    assert len(search.discoveries) == 2, "met when the first were forgotten"


def test_what_is_found_is_made_small_before_others_are_looked_for():
    """Who waits for a slow client has something to mend by then."""
    small = []

    def look(search):
        small.extend(search.tried for found in search.discoveries.values() if found.example.size[0] == 1)

    search = Search(EXAMPLES, careless, look)
    search.run(2_000, 0)
    assert small[0] < search.tried / 10


def test_a_mistake_that_shows_only_now_and_then_is_told_as_it_was_seen():
    times = iter(range(10_000))
    search = searched(lambda _: ClientFailure("exit code 1") if next(times) % 7 == 3 else None, 50)
    (discovery,) = search.discoveries.values()
    assert discovery.failure.what == "exit code 1"


def test_what_is_found_until_the_end_of_patience_is_kept():
    def client(example):
        if times and times.pop():
            raise KeyboardInterrupt
        return careless(example)

    times = [True, *[False] * 150]
    search = Search(EXAMPLES, client)
    with pytest.raises(KeyboardInterrupt):
        search.run(500, 0)
    assert search.tried == 150
    assert search.discoveries


def test_slow_clients_end_it_when_time_is_over(monkeypatch):
    monkeypatch.setattr(searching, "SHRINKING", 0.0)
    search = searched(careless, 100)
    assert search.tried <= 100
    assert {discovery.failure.mistake for discovery in search.discoveries.values()} >= {
        "KeyError at client.py:3"
    }


def test_what_cannot_be_played_is_no_failure_of_the_client():
    def client(example):
        if len(example.replies) > 1:
            raise StartError("The scenario cannot be played.")

    with pytest.raises(StartError, match="cannot be played"):
        Search(EXAMPLES, client).run(100, 0)


def test_an_example_is_a_scenario_and_a_file():
    example = DrawnExample([{"error": 503}, {"say": "¶"}], "listModels")
    scenario = {"steps": [{"when": {"operation": "listModels"}, "replies": [{"error": 503}, {"say": "¶"}]}]}
    assert example.scenario == scenario
    assert build(scenario, where="here").steps
    assert example.file("Why.").startswith("# Why.\nsteps:\n- when:\n    operation: listModels\n")
    assert json.loads(str(example)) == [{"error": 503}, {"say": "¶"}]
    assert example.size[0] == 2


def test_what_an_example_is_less_one_of_its_parts():
    example = DrawnExample([{"error": 503}, {"stream": {"split": 1}, "call": [{"a": {}}]}])
    assert [str(part) for part in example.parts_left_out()] == [
        '{"stream": {"split": 1}, "call": [{"a": {}}]}',
        '{"error": 503}',
        '[{}, {"stream": {"split": 1}, "call": [{"a": {}}]}]',
        '[{"error": 503}, {"call": [{"a": {}}]}]',
        '[{"error": 503}, {"stream": {"split": 1}}]',
        '[{"error": 503}, {"call": [{"a": {}}], "stream": {}}]',
        '[{"error": 503}, {"stream": {"split": 1}, "call": {"a": {}}}]',
        '[{"error": 503}, {"stream": {"split": 1}, "call": []}]',
        '[{"error": 503}, {"stream": {"split": 1}, "call": [{}]}]',
    ]
    text = DrawnExample([{"refuse": "\n"}])
    assert [str(part) for part in text.parts_left_out()] == ["{}", '{"refuse": ""}']


def test_what_is_drawn_with_each_reply_is_left_out_where_it_says_nothing():
    def client(example):
        if set(example.replies[0]) == {"finish"}:
            raise StartError("No such reply.")
        return ClientFailure("exit code 1") if "finish" in example.replies[0] else None

    drawn = st.fixed_dictionaries({"say": st.just("Hi"), "think": st.just(""), "finish": st.just("length")})
    search = Search(drawn.map(lambda reply: DrawnExample([reply])), client)
    search.run(10, 0)
    (discovery,) = search.discoveries.values()
    assert discovery.example.size[0] == 2
