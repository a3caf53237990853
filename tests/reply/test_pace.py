import os
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.delivery.delivery import draw, paced, schedule
from mockgrid.reply.script import Wait, Write
from mockgrid.scenario.delivery import Fixed, LogNormal, Normal, Pace, Uniform

seconds = st.floats(0, 10)
delays = st.one_of(
    st.builds(Fixed, seconds),
    st.builds(lambda low, more: Uniform(low, low + more), seconds, seconds),
    st.builds(Normal, seconds, seconds),
    st.builds(LogNormal, seconds, st.floats(0, 2)),
)
paces = st.builds(Pace, first_token=delays, per_token=delays, jitter=st.floats(0, 1))


@given(paces, st.integers(0, 50), st.text(max_size=8))
def test_offsets_ascend_from_zero_and_repeat(pace, count, seed):
    offsets = schedule(pace, count, seed)
    assert len(offsets) == count
    assert offsets == sorted(offsets)
    assert all(offset >= 0 for offset in offsets)
    assert schedule(pace, count, seed) == offsets


@given(paces, st.integers(0, 20), st.integers(0, 20))
def test_a_longer_stream_begins_like_a_shorter_one(pace, short, more):
    assert schedule(pace, short + more, "s")[:short] == schedule(pace, short, "s")


def test_offsets_are_absolute():
    pace = Pace(first_token=Fixed(0.5), tokens_per_second=20)
    assert schedule(pace, 1001, "s")[-1] == pytest.approx(50.5)


def test_jitter_stays_within_its_part_of_a_step():
    offsets = schedule(Pace(first_token=Fixed(1), per_token=Fixed(1), jitter=0.2), 500, "s")
    steps = [later - earlier for earlier, later in zip([0, *offsets], offsets, strict=False)]
    assert 0.8 <= min(steps) < 0.85
    assert 1.15 < max(steps) <= 1.2


@pytest.mark.parametrize(
    ("delay", "low", "middle", "high"),
    [
        (Uniform(1, 3), 1, 2, 3),
        (Normal(2, 0.25), 1, 2, 3),
        (Normal(0, 1), 0, 0, 4),
        (LogNormal(2, 0.25), 2 / 2.72, 2, 2 * 2.72),
    ],
)
def test_distributions(delay, low, middle, high):
    random = Random("a seed")
    drawn = sorted(draw(delay, random) for _ in range(4001))
    assert drawn[0] >= low
    assert drawn[-1] <= high
    assert drawn[2000] == pytest.approx(middle, abs=0.06)
    assert len(set(drawn)) > 1000


def test_different_seeds_differ():
    pace = Pace(per_token=Uniform(0, 1))
    assert schedule(pace, 3, "one") != schedule(pace, 3, "two")


def test_the_same_in_every_process():
    # Written out: another version of Python or another PYTHONHASHSEED must not change it.
    told = "[0.328213, 0.39696, 0.45497]"
    code = (
        "from mockgrid.reply.delivery.delivery import schedule; from mockgrid.scenario.delivery import Pace;"
        "from mockgrid.scenario.delivery import Normal, LogNormal;"
        "p = Pace(first_token=Normal(.3, .05), per_token=LogNormal(.08, .3));"
        "print([round(x, 6) for x in schedule(p, 3, 'seed')])"
    )
    for hash_seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        found = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == told


EVENTS = [b"role", b"one", b"two", b"three", b"finish", b"usage", b"done"]


def due(steps):
    now, found = 0.0, {}
    for step in steps:
        if type(step) is Wait:
            now += step.seconds
        else:
            found[step.data] = round(now, 6)
    return found


def test_the_role_leaves_with_the_first_token_and_the_end_with_the_finish():
    pace = Pace(first_token=Fixed(0.3), per_token=Fixed(0.1))
    assert due(paced(EVENTS, pace, "s", opening=1, closing=2)) == {
        b"role": 0.3, b"one": 0.3, b"two": 0.4, b"three": 0.5, b"finish": 0.6, b"usage": 0.6, b"done": 0.6,
    }  # fmt: skip


@given(st.integers(0, 6), st.integers(0, 9), st.integers(0, 9))
def test_any_stream_keeps_all_its_events(count, opening, closing):
    steps = list(paced(EVENTS[:count], Pace(per_token=Fixed(1)), "s", opening=opening, closing=closing))
    assert [step.data for step in steps if type(step) is Write] == EVENTS[:count]


def test_no_pace_no_waits():
    assert list(paced(EVENTS, None, "s")) == [Write(event, 1) for event in EVENTS]


def test_no_delay_is_no_time():
    assert draw(None, Random("a seed")) == 0
    assert schedule(Pace(), 3, "s") == [0, 0, 0]
