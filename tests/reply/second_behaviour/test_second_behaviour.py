"""Another endpoint that streams is a folder and a line: it is served, scripted, broken, paced and judged."""

import importlib.util
import json
import sys
from pathlib import Path

import httpx
import pytest
from asgi import Caller
from waiting import within

from mockgrid.app.build import build_app, load_contract
from mockgrid.document.document import Document
from mockgrid.http.server import start_in_thread
from mockgrid.reply.behaviours import BEHAVIOURS, transcript_of
from mockgrid.reply.checking import Checking
from mockgrid.reply.dry_run import dry_run, sample_request
from mockgrid.reply.tokens import ShortWords
from mockgrid.scenario.loading import build
from mockgrid.session.verdicts import verdicts
from mockgrid.settings import Settings

HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("answers", HERE / "answers.py")
answers = importlib.util.module_from_spec(_SPEC)
sys.modules["answers"] = answers
_SPEC.loader.exec_module(answers)

DOCUMENT = HERE / "openapi.yaml"
BODY = {"question": "is the sky blue?"}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The one line of ``mockgrid/reply/behaviours.py``."""
    monkeypatch.setitem(BEHAVIOURS, "answers", answers.Answers)


@pytest.fixture
def play(tmp_path):
    def write(scenario, **settings):
        (tmp_path / "mine.json").write_text(json.dumps(scenario), "utf-8")
        return Caller(document=DOCUMENT, scenarios=(str(tmp_path),), scenario="mine", **settings)

    return write


def ask(caller, **more):
    return caller.call(path="/v1/answers", body={**BODY, **more})


def frames(answer):
    return [frame for frame in answer.body.decode("utf-8", "replace").split("\n\n") if frame]


def test_it_answers_by_itself():
    caller = Caller(document=DOCUMENT)
    assert ask(caller).json() == {
        "answer": "Why is the sky blue?",
        "why": "done",
        "spent": {"asked": 4, "answered": 5},
    }
    assert frames(ask(caller, live=True))[1] == 'event: word\ndata: {"text": "Why"}'
    refused = ask(caller, model="none")
    assert (refused.status, "Model not found: none" in refused.body.decode()) == (404, True)


def test_steps_that_name_no_place_are_for_it_and_see_its_conversation(play):
    caller = play(
        {
            "steps": [
                {"when": {"turn": 2, "any_message": {"contains": "grey"}}, "reply": {"say": "Second"}},
                {"when": {"stream": True}, "reply": {"say": "Live"}},
                {"when": {"model": "big"}, "reply": {"say": "Big"}},
                {"when": {"last_user": {"contains": "sky"}}, "reply": {"say": "You asked: ${last_user}"}},
            ]
        }
    )
    assert ask(caller).json()["answer"] == "You asked: is the sky blue?"
    assert ask(caller, model="big").json()["answer"] == "Big"
    assert ask(caller, history=[{"by": "you", "text": "It is grey"}]).json()["answer"] == "Second"
    assert '"text": "Live"' in frames(ask(caller, live=True))[1]
    assert caller.call("GET", "/v1/health").status == 200


WHOLE = ["{}", '{"text": "It"}', '{"text": " is"}', '{"text": " so"}', '{"why": "done"']


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no_finish", WHOLE[:4]),
        ("no_done", WHOLE),
        ({"kind": "error_event", "after": 1, "shape": "text"}, [*WHOLE[:2], '{"error": "The server']),
        ({"kind": "duplicate_chunk", "after": 1}, [*WHOLE[:2], *WHOLE[1:]]),
        ({"kind": "malformed_json", "after": 1}, [*WHOLE[:2], '{"text"', *WHOLE[3:]]),
        ({"kind": "cut_utf8", "after": 1}, [*WHOLE[:2], '{"text": "\ufffd is"}', *WHOLE[3:]]),
    ],
    ids=str,
)
def test_every_fault_breaks_its_streams(play, fault, expected):
    caller = play({"steps": [{"reply": {"say": "It is so", "stream": {"chunks": "word", "fault": fault}}}]})
    data = [frame.partition("data: ")[2].replace('":"', '": "') for frame in frames(ask(caller, live=True))]
    assert len(data) == len(expected)
    assert all(found.startswith(start) for found, start in zip(data, expected, strict=True)), data


def test_a_whole_reply_comes_when_its_stream_would_have_ended(play):
    pace = {"first_token": "4s", "per_token": "2s"}
    caller = play({"pace": pace, "steps": [{"reply": {"say": "It is so, or so it seems"}}]}, clock="virtual")
    for live in (False, True):
        ask(caller, live=live)
    (session,) = caller.app.sessions
    tokens = len(list(ShortWords().pieces("It is so, or so it seems")))
    assert [exchange.virtual_seconds for exchange in session.journal] == [4 + 2 * (tokens - 1)] * 2


def test_limits_and_balance_count_what_it_spends(play):
    caller = play({"balance": {"tokens": 7}, "steps": [{"reply": {"say": "It is so"}}]})
    assert [ask(caller).status for _ in range(3)] == [200, 200, 402]


def test_scripts_are_held_to_its_contract_when_they_load():
    contract = load_contract(Settings(document=DOCUMENT))
    assert Checking(contract).findings(build([{"say": "fine"}])) == []
    (long,) = Checking(contract).findings(build([{"say": "x" * 101}]))
    assert "The body breaks the contract" in long.message
    (chunk,) = Checking(contract).findings(build([{"say": "fine", "finish": "length"}]))
    assert "why" in chunk.message
    (call,) = Checking(contract).findings(build([{"call": {"f": {}}}]))
    assert call.message == "createAnswer says texts and nothing else."
    health = {"steps": [{"when": {"operation": "health"}, "reply": {"say": "x"}}]}
    (other,) = Checking(contract).findings(build(health))
    assert other.message.startswith("health gives no")


def test_a_dry_run_says_which_step_it_would_meet():
    contract = load_contract(Settings(document=DOCUMENT))
    scenario = build({"steps": [{"when": {"turn": 2}, "reply": {"say": "a"}}, {"reply": {"say": "b"}}]})
    run = dry_run(scenario, sample_request(Document(BODY, "request"), contract), contract, 1)
    assert (run.outcome, run.step.step.label) == ("step", "step 2")
    refused = sample_request(Document({**BODY, "model": "none"}, "request"), contract)
    assert dry_run(scenario, refused, contract, 1).refusals == ["Model not found: none."]


def test_verdicts_know_what_its_streams_gave(tmp_path):
    fault = {"kind": "disconnect", "after": 2}
    steps = [{"replies": [{"say": "It is so", "stream": {"chunks": "word", "fault": fault}}, {"say": "Ah"}]}]
    (tmp_path / "mine.json").write_text(json.dumps({"steps": steps}), "utf-8")
    settings = Settings(
        port=0, log="off", document=DOCUMENT, scenarios=(str(tmp_path),), scenario="mine", accept_any_key=True
    )
    app = build_app(settings)
    with start_in_thread(app, settings) as server, httpx.Client(trust_env=False, timeout=60) as client:
        client.headers["authorization"] = "Bearer mg-test"
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{server.url}/answers", json={**BODY, "live": True})
        client.post(f"{server.url}/answers", json={**BODY, "history": [{"by": "you", "text": "It is"}]})
        (session,) = app.sessions
        assert within(30, lambda: not any(exchange.under_way for exchange in session.journal))
    found = verdicts(tuple(session.journal), app.contract.policy.retry, transcript_of, final=True)
    names = [(verdict.name, verdict.exchanges) for verdict in found]
    assert ("truncated_stream_accepted", (1, 2)) in names
    assert "was cut after 2 chunks" in found[-1].message
