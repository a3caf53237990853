from __future__ import annotations

import pytest
from drift.asked import drifts, questions
from drift.provider import PLANTED, with_body


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
