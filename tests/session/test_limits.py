"""Rate limits, on a clock that the tests move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.scenario.scenario import Limit
from mockgrid.session.limits import Admission, Limits


def wait_of(limits, now, model="m"):
    """Return the seconds to wait; 0 for a request that is admitted."""
    admitted = limits.admit(model, now)
    return 0 if isinstance(admitted, Admission) else admitted


def test_so_many_may_come_at_once_and_then_one_for_each_share_of_the_time():
    limits = Limits([Limit("requests", 3, 60)])
    assert [wait_of(limits, 0) for _ in range(4)] == [0, 0, 0, 20]
    assert wait_of(limits, 19.9) == pytest.approx(0.1)
    assert wait_of(limits, 20) == 0
    assert wait_of(limits, 20) == pytest.approx(20)


def test_a_full_bucket_does_not_overflow():
    limits = Limits([Limit("requests", 2, 10)])
    assert wait_of(limits, 0) == 0
    assert [wait_of(limits, 1000) for _ in range(3)] == [0, 0, 5]


def test_a_refused_request_counts_nothing():
    limits = Limits([Limit("requests", 1, 10), Limit("requests", 5, 10)])
    assert wait_of(limits, 0) == 0
    for _ in range(100):
        assert wait_of(limits, 0) == 10
    assert wait_of(limits, 10) == 0


def test_the_longest_wait_is_told():
    limits = Limits([Limit("requests", 1, 10), Limit("requests", 1, 30)])
    wait_of(limits, 0)
    assert wait_of(limits, 0) == 30


def test_tokens_are_paid_afterwards():
    limits = Limits([Limit("tokens", 100, 10)])
    limits.admit("m", 0).spend(150)
    assert wait_of(limits, 0) == pytest.approx(5.1)
    assert wait_of(limits, 5.1) == 0


def test_models_have_buckets_of_their_own():
    limits = Limits([Limit("requests", 1, 10, "model"), Limit("tokens", 10, 10, "model")])
    assert wait_of(limits, 0, "a") == 0
    second = limits.admit("b", 0)
    assert wait_of(limits, 0, "a") == 10
    second.spend(1000)
    assert wait_of(limits, 10, "a") == 0
    assert wait_of(limits, 10, "b") > 0


def test_names_that_are_made_up_do_not_grow_it():
    limits = Limits([Limit("requests", 1, 10, "model")])
    for number in range(5000):
        limits.admit(f"model-{number}", 0)
    assert len(limits._buckets) == 1000


def test_without_limits_all_is_admitted():
    assert wait_of(Limits([]), 0) == 0


@given(
    amount=st.integers(1, 20),
    seconds=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=60),
)
def test_what_it_promises_it_keeps(amount, seconds, gaps):
    """After the wait that it told, and not before, a request is admitted; the rate is never exceeded."""
    limits, now, times = Limits([Limit("requests", amount, seconds)]), 0.0, []
    for gap in gaps:
        now += gap
        wait = wait_of(limits, now)
        if wait:
            assert wait_of(limits, now + wait * 0.5) > 0
            now += wait
            assert wait_of(limits, now) == 0
        times.append(now)
    for index, start in enumerate(times):
        for count, end in enumerate(times[index:], 1):
            assert count <= amount + (end - start) * amount / seconds + 1e-6


@given(most=st.integers(1, 5), moves=st.lists(st.tuples(st.booleans(), st.sampled_from("ab")), max_size=60))
@pytest.mark.parametrize("scope", ["key", "model"])
def test_never_more_at_once_and_none_is_lost(scope, most, moves):
    """Whatever comes and ends in whatever order, one is refused just when as many are under way."""
    limits, under_way = Limits([Limit("concurrent", most, scope=scope)]), {"a": [], "b": []}
    for comes, model in moves:
        if not comes and under_way[model]:
            under_way[model].pop().leave()
            continue
        beside = under_way[model] if scope == "model" else [*under_way["a"], *under_way["b"]]
        admitted = limits.admit(model, 0)
        assert isinstance(admitted, Admission) == (len(beside) < most)
        if isinstance(admitted, Admission):
            under_way[model].append(admitted)
        else:
            assert admitted == float("inf")
    (standing,) = limits.standing("a", 0)
    count = len(under_way["a"]) + (len(under_way["b"]) if scope == "key" else 0)
    assert (standing.left, standing.reset) == (most - count, 0)


def test_a_wait_that_is_known_goes_before_one_that_is_not():
    limits = Limits([Limit("concurrent", 1), Limit("requests", 1, 10)])
    first = limits.admit("m", 0)
    assert limits.admit("m", 0) == 10
    assert limits.admit("m", 10) == float("inf")
    first.leave()
    assert isinstance(limits.admit("m", 10), Admission)


def test_the_limit_of_a_session_is_not_renewed_by_names_that_are_made_up():
    limits = Limits([Limit("requests", 1, 1e6), Limit("tokens", 1e9, 10, "model")])
    limits.admit("m", 0)
    for number in range(3000):
        assert limits.admit(f"model-{number}", 0) == 1e6
