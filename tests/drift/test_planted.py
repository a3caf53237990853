from __future__ import annotations

from pathlib import Path

import pytest
from drift.asked import contract, drifts, questions
from drift.provider import PLANTED, with_body

import mockgrid
from mockgrid.document.yaml import load
from mockgrid.drift.fake import Fake
from mockgrid.reply.request import Request
from mockgrid.scenario.loading import build
from mockgrid.strategies.wild import WILD

pytestmark = pytest.mark.once

WILD_FILE = Path(mockgrid.__file__).with_name("strategies") / "wild.yaml"


@pytest.mark.parametrize("name", PLANTED)
def test_each_change_of_a_provider_is_found_with_its_code_and_its_party(name):
    planted = PLANTED[name]
    question = questions()[planted.title]
    changed = planted.change(question.expected)
    assert (changed.status, changed.headers, changed.body) != (
        question.expected.status,
        question.expected.headers,
        question.expected.body,
    )
    found = drifts(question, changed)
    assert (planted.code, planted.party) in {(drift.code, drift.party) for drift in found}, found
    if planted.pointer:
        assert planted.pointer in {drift.pointer for drift in found}


def test_what_the_fake_itself_answers_has_not_drifted():
    assert [drift for question in questions().values() for drift in drifts(question, question.expected)] == []
    assert len(questions()) == 18


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"{" + b",".join(b'"a%d":1' % number for number in range(10_000)) + b"}",
        b'{"choices": [' + b",".join([b"{}"] * 20_000) + b"]}",
        b"data: {}\n\n" * 10_000,
        b"".join(b"event: a%d\ndata: {}\n\n" % number for number in range(10_000)),
        b"\n" * 100_000,
        b"\xff\x00\x1b[31m",
        b"",
    ],
    ids=["deep", "nested", "fields", "items", "events", "names", "blank", "binary", "empty"],
)
def test_whatever_comes_is_told_in_a_few_sentences(body):
    for title in ("createChatCompletion, whole", "createChatCompletion, streamed"):
        question = questions()[title]
        told = drifts(question, with_body(question.expected, body))
        assert 0 < len(told) < 40
        assert all(str(each).isprintable() for each in told)


@pytest.mark.parametrize("name", sorted(WILD.keys() - {"calls-but-stop"}))
def test_what_servers_send_though_no_contract_allows_it_is_found(name):
    scenario = build([{"reply": load(WILD_FILE.read_bytes(), name="wild.yaml").data[name]["reply"]}])
    codes = set()
    for title in ("whole", "streamed"):
        question = questions()[f"createChatCompletion, {title}"]
        request = Request(question.operation, question.request.path, b"", {}, {}, question.body, b"")
        reply = Fake(contract()).scripted(scenario.steps[0].replies[0], request)
        codes |= {(drift.code, drift.party) for drift in drifts(question, reply)}
    assert codes
    assert {party for _, party in codes} == {"provider"}
