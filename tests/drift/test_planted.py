from __future__ import annotations

import pytest
from drift.asked import drifts, questions
from drift.provider import PLANTED


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
