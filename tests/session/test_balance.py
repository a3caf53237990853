"""A balance, on a clock that the tests move."""

from __future__ import annotations

import pytest

from mockgrid.scenario.scenario import TopUp
from mockgrid.session.clock import Clock
from mockgrid.session.play import Refusal, TokenBalance

EXHAUSTED = Refusal("insufficient_balance", "The balance does not cover this request.")


def replenishing(seconds):
    message = "The balance is being replenished. Retry the request after a short delay."
    return Refusal("balance_replenishing", message, seconds)


def test_without_a_top_up_it_ends():
    balance = TokenBalance(100)
    assert balance.admit(0) is None
    balance.spend(99, 0)
    assert balance.admit(0) is None
    balance.spend(50, 0)
    assert balance.admit(0) == EXHAUSTED
    assert balance.admit(1e9) == EXHAUSTED


def test_a_top_up_comes_after_its_time():
    balance = TokenBalance(10, TopUp(20, 2))
    balance.spend(10, 5)
    assert balance.admit(5) == replenishing(2)
    assert balance.admit(6.5) == replenishing(0.5)
    assert balance.admit(7) is None
    assert balance.left == 20


def test_a_debt_takes_several_top_ups():
    balance = TokenBalance(10, TopUp(20, 2))
    balance.spend(55, 0)
    assert balance.admit(2) == replenishing(2)
    assert balance.admit(4) == replenishing(2)
    assert balance.admit(6) is None
    assert balance.left == 15


def test_a_great_debt_is_topped_up_as_quickly_as_a_small_one():
    balance = TokenBalance(1, TopUp(1, 0.25))
    balance.spend(10**12 + 1, 0)
    assert balance.admit(1000) == replenishing(0.25)
    assert balance.left == 4000 - 10**12
    assert balance.admit(0.25 * 10**12) == replenishing(0.25)
    assert balance.admit(0.25 * (10**12 + 1)) is None
    assert balance.left == 1


def test_what_is_due_by_now_has_come_where_a_quotient_is_rounded_down():
    balance = TokenBalance(1, TopUp(10, 1))
    balance.spend(386, 47.26)
    # 38.0 seconds behind the first top-up, as floats are subtracted; divided, a whole one is lost.
    assert balance.admit(86.25999999999999) is None
    assert balance.left == 5


def test_each_exhaustion_orders_anew():
    balance = TokenBalance(1, TopUp(1, 3))
    for start in (0, 10, 20):
        balance.spend(1, start)
        assert balance.admit(start) == replenishing(3)
        assert balance.admit(start + 3) is None


def test_an_empty_balance_is_ordered_by_the_first_request():
    assert TokenBalance(0, TopUp(5, 1)).admit(7) == replenishing(1)
    assert TokenBalance(0).admit(7) == EXHAUSTED


def test_a_virtual_clock_moves_by_hand_only():
    clock = Clock(virtual=True)
    assert clock.virtual
    clock.waited(3)
    assert (clock.now(), clock.spared) == (0, 3)
    assert clock.move(1.5) == clock.now() == 1.5
    for bad in (-1, float("nan")):
        with pytest.raises(ValueError, match="forward only"):
            clock.move(bad)


def test_a_real_clock_runs_by_itself():
    clock = Clock()
    first = clock.now()
    clock.waited(5)
    assert not clock.virtual
    assert 0 <= clock.now() - first < 60


def test_looking_at_it_orders_nothing_and_sees_what_is_due():
    balance = TokenBalance(0, TopUp(20, 2))
    assert (balance.state(5).left, balance.state(5).due) == (0, None)
    assert balance.admit(6) == replenishing(2)
    assert (balance.state(7).left, balance.state(7).due) == (0, 1)
    assert (balance.state(8).left, balance.state(8).due, balance.left) == (20, None, 0)
    assert balance.admit(8) is None
