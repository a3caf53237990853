"""The journal: bounded, honest about what it dropped, and keeping violations longest."""

from types import SimpleNamespace

import pytest

from mockgrid.schema.violation import Violation
from mockgrid.session.exchange import MOST_KEPT, KeptExchange
from mockgrid.session.journal import Journal, JournalBudget
from mockgrid.session.session import Session

BROKEN = (
    Violation(
        code="MG113",
        pointer="/temperature",
        path="temperature",
        message="must be at most 2, got 3",
        expected="at most 2",
        got="3",
    ),
)


def answer(violations=(), body=b"{}"):
    return SimpleNamespace(
        status=200,
        headers=[],
        body=body,
        failure="",
        step="",
        violations=violations,
        attempt=1,
        no_step=None,
    )


def note(journal, *, violations=(), body=b"", reply=b"{}"):
    head = SimpleNamespace(method="POST", path="/v1", query=b"", headers={}, size=0)
    exchange = KeptExchange(journal.count + 1, 0.0, head, body, None, answer(violations, reply))
    journal.add(exchange)
    return exchange


def test_exchanges_are_kept_in_order():
    journal = Journal("s-a", JournalBudget())
    noted = [note(journal) for _ in range(5)]
    assert list(journal) == noted
    assert [exchange.number for exchange in journal] == [1, 2, 3, 4, 5]
    assert journal.get(3) is noted[2]
    assert journal.get(9) is None


def test_the_oldest_goes_and_is_counted():
    budget = JournalBudget(most=3)
    one, other = Journal("s-a", budget), Journal("s-b", budget)
    for journal in (one, other, one, other, one):
        note(journal)
    assert [exchange.number for exchange in one] == [2, 3]
    assert [exchange.number for exchange in other] == [2]
    assert (one.dropped, other.dropped, budget.dropped) == (1, 1, 2)
    assert one.count == 3


def test_violations_stay_longest_and_are_never_dropped_silently():
    budget = JournalBudget(most=3)
    journal = Journal("s-a", budget)
    for number in range(1, 11):
        note(journal, violations=BROKEN if number in (1, 2, 3, 4) else ())
    assert [exchange.number for exchange in journal] == [3, 4, 10]
    assert journal.dropped == 7
    assert journal.dropped_violations == budget.dropped_violations == 2


def test_bytes_are_bounded_whatever_they_hold():
    budget = JournalBudget(most_bytes=100_000)
    journal = Journal("s-a", budget)
    for size in (10, 50_000, 99_000, 1, 500_000, 3):
        note(journal, body=b"x" * size)
        assert budget.size <= 100_000 or len(budget) == 1
    assert journal.get(6) is not None


def test_pieces_of_a_stream_count_when_it_has_ended():
    budget = JournalBudget(most_bytes=100_000)
    journal = Journal("s-a", budget)
    first, streaming = note(journal), note(journal)
    for _ in range(100):
        streaming.sent(1.0, b"x" * 1000)
    journal.settle(streaming)
    assert journal.get(1) is None
    assert journal.get(2) is streaming
    assert journal.dropped == 1
    assert first.size < budget.size


def test_of_a_huge_body_and_an_endless_stream_the_beginning_is_kept():
    journal = Journal("s-a", JournalBudget())
    exchange = note(journal, body=b"x" * (MOST_KEPT + 5), reply=b"y" * (MOST_KEPT + 5))
    exchange.ended = 1.0
    assert (len(exchange.body), exchange.body_size) == (MOST_KEPT, MOST_KEPT + 5)
    assert len(exchange.reply_body) == MOST_KEPT
    for _ in range(3000):
        exchange.sent(0.0, b"x" * 1024)
    assert exchange.chunks_size == 3000 * 1024
    assert sum(len(piece) for _, piece in exchange.chunks) == MOST_KEPT


def test_a_cleared_journal_gives_its_room_back():
    budget = JournalBudget()
    journal = Journal("s-a", budget)
    for number in range(10):
        note(journal, violations=BROKEN if number % 2 else ())
    journal.clear()
    assert (budget.size, len(budget), len(journal), journal.count) == (0, 0, 0, 0)
    late = note(journal)
    journal.clear()
    late.sent(0.0, b"x" * 1000)
    journal.settle(late)  # a reply that ends after its session was begun anew
    assert budget.size == 0


def test_watchers_are_told_when_an_exchange_comes_and_when_it_ends():
    budget = JournalBudget()
    journal = Journal("s-a", budget)
    told = []
    stop = budget.watch(lambda _, exchange: told.append((exchange.number, exchange.under_way)))
    exchange = note(journal)
    exchange.ended = 2.0
    journal.settle(exchange)
    stop()
    note(journal)
    assert told == [(1, True), (1, False)]


@pytest.mark.parametrize("count", [1, 50])
def test_a_session_that_forgets_has_nothing_left(count):
    session = Session("s-a")
    for number in range(count):
        session.attempt(str(number))
        note(session.journal)
    assert session.forget() == count
    assert session.remembered == len(session.journal) == 0


def test_violations_leave_room_for_others():
    budget = JournalBudget(most_bytes=100_000)
    journal = Journal("s-a", budget)
    for _ in range(200):
        note(journal, violations=BROKEN)
    for _ in range(10):
        note(journal)
    kept = list(journal)[-10:]
    assert [exchange.number for exchange in kept] == list(range(201, 211))
    assert budget.size <= 100_000
    assert budget.plain_size == sum(exchange.size for exchange in kept)
    assert journal.dropped_violations == journal.dropped
    journal.clear()
    assert (budget.size, budget.plain_size) == (0, 0)
