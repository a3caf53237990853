from __future__ import annotations

import pytest
from drift.asked import drifts, questions, scripted
from drift.rerecorded import other_reply
from hypothesis import given, settings
from hypothesis import strategies as st

SCENARIO = """
steps:
  - when: {last_user: {contains: weather}, tools: get_weather}
    reply: {call: {get_weather: {city: Oslo, days: 3}}, usage: {prompt_tokens: 9}}
  - when: {last_user: {matches: "^Hi"}, stream: true}
    reply: {say: Hello there, think: A greeting.}
  - when: {last_user: {glob: "*two*"}, turn: 3}
    reply: {choices: [{say: One}, {say: Two}]}
  - when: {system: {contains: shout}}
    reply: {say: HELLO, stream: {pace: {tokens_per_second: 5}}, fields: {/system_fingerprint: fp_1}}
"""
RECORDED = [*questions().values(), *scripted(SCENARIO)]


@pytest.mark.once
@settings(max_examples=1000)
@given(st.sampled_from(RECORDED), st.integers(0, 2**32))
def test_what_differs_only_in_texts_ids_counts_and_times_has_not_drifted(question, seed):
    reply = other_reply(question, seed)
    assert drifts(question, reply) == [], reply.body


def test_all_steps_of_the_scenario_are_among_them():
    assert [question.title for question in RECORDED if question.scripted] == [
        f"s, step {number}" for number in (1, 2, 3, 4)
    ]
