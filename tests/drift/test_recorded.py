"""Recorded scenarios: what the provider has changed since is found, and what it says otherwise is not."""

from __future__ import annotations

import pytest
from drift.asked import drifts
from drift.recordings import SINCE, Retelling, recordings
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.once


def test_what_was_recorded_has_not_drifted():
    assert len(recordings()) == 16
    for question, reply in recordings().values():
        assert {drift.severity for drift in drifts(question, reply)} <= {"note"}


@pytest.mark.parametrize("name", SINCE)
def test_each_change_since_a_recording_is_found_with_its_code_its_party_and_its_place(name):
    planted = SINCE[name]
    question, reply = recordings()[planted.title]
    changed = planted.change(reply)
    assert (changed.headers, changed.body) != (reply.headers, reply.body)
    found = drifts(question, changed)
    assert (planted.code, planted.party, planted.pointer) in {
        (drift.code, drift.party, drift.pointer) for drift in found
    }, found
    assert {drift.code for drift in found if drift.severity != "note"} == {planted.code}


@settings(max_examples=1000)
@given(st.sampled_from(sorted(recordings())), st.integers(0, 2**32))
def test_the_same_another_time_in_other_words_has_not_drifted(title, seed):
    question, reply = recordings()[title]
    again = Retelling(seed).of(reply)
    assert [drift for drift in drifts(question, again) if drift.severity != "note"] == [], again.body
