"""Verdicts, from exchanges written by hand: no test here depends on a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts.by_hand import (
    BARE,
    LOCATION,
    PATH,
    RETRY,
    TOOK,
    after,
    count,
    exchange,
    failing,
    hop,
    names,
    numbered,
    sent_on,
)

from mockgrid.reply.behaviours import transcript_of
from mockgrid.session.exchange import KeptExchange
from mockgrid.session.verdicts import verdicts

LATE = format_datetime(datetime.fromtimestamp(1_700_000_010, UTC), usegmt=True).encode()
SHORTLY = [(b"retry-after-ms", b"20")]

RETRIES = [
    # A wish, and what was waited.
    ("too early", failing(0.02, status=429, reply=after(b"2")), ["retry_after_ignored"]),
    ("a backoff of its own", failing(0.4, status=429, reply=after(b"2")), ["retry_after_ignored"]),
    ("as long", failing(2, status=429, reply=after(b"2")), []),
    ("within what clocks differ", failing(1.9, status=429, reply=after(b"2")), []),
    ("a fraction", failing(0.4, status=503, reply=after(b"0.5")), ["retry_after_ignored"]),
    ("milliseconds", failing(0.2, status=503, reply=[*after(b"1"), (b"retry-after-ms", b"200")]), []),
    ("seconds, where both are told", failing(1, reply=[*after(b"1"), (b"retry-after-ms", b"200")]), []),
    ("less than milliseconds", failing(0.1, reply=[(b"retry-after-ms", b"200")]), ["retry_after_ignored"]),
    ("a date", failing(3, status=429, reply=after(LATE)), ["retry_after_ignored"]),
    ("the date", failing(9.2, status=429, reply=after(LATE)), []),
    ("zero is at once", failing(0, reply=after(b"0")), []),
    ("not obliged to", failing(0.4, status=500, reply=after(b"2")), []),
    ("nonsense asks for nothing", failing(0.4, reply=after(b"soon")), []),
    ("negative asks for nothing", failing(0.4, reply=after(b"-5")), []),
    # What is not to be retried.
    *((str(final), failing(1, status=final), ["retried_non_retryable"]) for final in (400, 401, 404, 422)),
    *((str(status), failing(1, status=status), []) for status in (402, 408, 429, 500, 503, 418)),
    ("by HTTP", failing(1, status=403), ["retried_non_retryable"]),
    ("told to", failing(1, status=400, reply=[(b"x-should-retry", b"true")]), []),
    ("told not to", failing(1, status=503, reply=[(b"x-should-retry", b"false")]), ["retried_non_retryable"]),
    ("with another key", [exchange(0, 401), exchange(1, sent={b"authorization": b"Bearer mg-y"})], []),
    ("as another type", [exchange(0, 415), exchange(1, sent={b"content-type": b"application/json"})], []),
    ("another preference", [exchange(0, 400), exchange(1, sent={b"prefer": b"code=200"})], []),
    ("corrected", [exchange(0, 422), exchange(1, body=b"{}")], []),
    ("much later", failing(100, status=422), []),
    # Delays.
    ("at once", failing(0.002), ["no_backoff"]),
    ("at once after 402", failing(0.002, status=402), ["no_backoff"]),
    ("the official backoff", failing(0.375, 0.75, 1.5, 3), []),
    ("its shortest growth", failing(0.5, 0.75, 2, 3), []),
    ("at its limit", failing(6.1, 6.2, 6.3), []),
    ("always the same", failing(1, 1.004), ["no_backoff"]),
    ("the same once only", failing(1), []),
    ("drawn at random", failing(0.9, 0.5), []),
    ("obeying is a backoff", failing(1, 1, status=500, reply=after(b"1")), []),
    ("at once in spite of a wish", failing(0.01, status=500, reply=after(b"1")), ["no_backoff"]),
    ("after a lost connection", failing(0.001, 0.001, status=200, whole=False), []),
    # Storms.
    ("six", failing(0.5, 1, 2, 4, 8), ["retry_storm"]),
    ("five", failing(0.5, 1, 2, 4), []),
    ("four at once", failing(0.01, 0.01, 0.01), ["retry_storm", "no_backoff"]),
    ("four at once, as asked", failing(*[0.02] * 3, reply=SHORTLY), []),
    (
        "four at once, twice as asked",
        [*failing(0.02, 0.02, then=503, reply=SHORTLY), exchange(0.09)],
        ["retry_storm", "no_backoff"],
    ),
    ("four at once, for zero", failing(0.01, 0.01, 0.01, reply=after(b"0")), []),
    ("three at once", failing(0.01, 0.01), ["no_backoff"]),
    ("four connections", failing(0.01, 0.01, 0.01, whole=False), ["retry_storm"]),
    ("what was obeyed", failing(*[1] * 11, reply=after(b"1")), ["retry_storm"]),
    # New calls.
    ("after a success", [exchange(0.002 * place) for place in range(9)], []),
]  # fmt: skip


@pytest.mark.parametrize(("made", "found"), [case[1:] for case in RETRIES], ids=[case[0] for case in RETRIES])
def test_retries(made, found):
    assert [name for name, _ in names(*made, epoch=1_700_000_000.0 - TOOK)] == found


ENDS = [
    ("after one", [exchange(0, 503)], ["gave_up"]),
    ("after two", [exchange(0, 503), exchange(1, 429)], ["gave_up"]),
    ("after three", [exchange(0, 503), exchange(1, 503), exchange(3, 503)], []),
    ("with success", [exchange(0, 503), exchange(1)], []),
    ("at what is final", [exchange(0, 404)], []),
    ("at what was said to be final", [exchange(0, 503, reply=[(b"x-should-retry", b"false")])], []),
    ("at what was said to pass", [exchange(0, 400, reply=[(b"x-should-retry", b"true")])], ["gave_up"]),
    ("at a lost connection", [exchange(0, whole=False)], ["gave_up"]),
    ("at one that it closed", [exchange(0, whole=False, ended_by="client")], []),
    ("at a cut body", [exchange(0, whole=False, pieces=[b"{"])], []),
    ("at the server's end", [exchange(0, 503, whole=False, ended_by="shutdown")], []),
    ("while waiting", [exchange(0, 503, ended=False)], []),
    ("too long a wait", [exchange(0, 429, reply=after(b"3600"))], []),
    ("a wait", [exchange(0, 429, reply=after(b"60"))], ["gave_up"]),
    ("unknown", [exchange(0, 418)], []),
]


@pytest.mark.parametrize(("made", "found"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS])
def test_ends(made, found):
    assert [name for name, _ in names(*made, final=True)] == found
    assert names(*made) == []


def test_the_policy_is_the_contracts():
    made = failing(1, status=500)
    assert names(*made, retry={"500": {"may_retry": False}}) == [("retried_non_retryable", (1, 2))]
    assert names(exchange(0, 402), retry={"402": {"may_retry": True, "passes": False}}, final=True) == []
    assert names(*failing(0, status=418), retry={"418": {"may_retry": True}}) == [("no_backoff", (1, 2))]
    assert names(*failing(0, status=418), retry={"418": "nonsense", "4XX": {}}) == []
    assert names(*failing(1, status=422), retry={}) == [("retried_non_retryable", (1, 2))]
    # A client may poll for what is not there yet, unless the contract says otherwise.
    assert names(*failing(1, status=404), retry={}) == []


def test_a_date_needs_a_clock():
    made = failing(3, status=429, reply=after(LATE))
    assert names(*made) == []
    dated = format_datetime(datetime.fromtimestamp(1_700_000_000, UTC), usegmt=True).encode()
    made = failing(3, status=429, reply=[*after(LATE), (b"date", dated)])
    assert names(*made) == [("retry_after_ignored", (1, 2))]


def test_equal_calls_that_overlap_are_no_retries():
    assert names(exchange(0, 503, took=1), exchange(0.1, 503, took=1), exchange(0.2, took=1)) == []
    assert names(exchange(0, 422, took=1), exchange(0.5, 422, took=1)) == []


@pytest.mark.parametrize("jitter", [0, 0.09])
def test_calls_side_by_side_each_have_their_own_retries(jitter):
    """Without a mark, and so quickly answered that they do not overlap."""
    first = [exchange(0.002 * place, 429, reply=after(b"1")) for place in range(3)]
    again = [exchange(1.01 + (0.002 + jitter) * place) for place in range(3)]
    assert names(*first, *again) == []
    assert names(exchange(0, 503), exchange(0.002), exchange(0.004), exchange(0.5)) == []


def test_what_is_under_way_is_left_alone():
    assert names(exchange(0, 503), exchange(1, ended=False), final=True) == []
    assert names(exchange(0, 503), exchange(1, 503, ended=False), exchange(1.001)) == []
    assert names(exchange(0, 503), exchange(1, 400, ended_by="shutdown"), exchange(2), final=True) == []


def test_a_loop_without_end_is_no_crowd():
    made = [exchange(0.002 * place, 503) for place in range(100)]
    assert [name for name, _ in names(*made, final=True)] == ["retry_storm", "no_backoff"]


def test_too_few_retries_show_that_nothing_was_side_by_side():
    made = [exchange(0, 429, reply=after(b"1")), exchange(0.002, 429, reply=after(b"1")), exchange(1.1)]
    assert names(*made) == [("retry_after_ignored", (1, 2))]


def test_the_official_clients_count_tells_attempts_apart():
    """Two calls whose retries cross: by time alone the second would have come too early."""
    made = [
        exchange(0.0, 429, sent=count(0), reply=after(b"1")),
        exchange(0.8, 503, sent=count(0)),
        exchange(1.05, sent=count(1)),
        exchange(1.3, sent=count(1)),
    ]
    assert names(*made) == []
    rapid = [exchange(0.002 * place, 503, sent=count(0)) for place in range(5)]
    again = [exchange(0.5 + 0.002 * place, sent=count(1)) for place in range(5)]
    assert names(*rapid, *again, final=True) == []


def test_a_counted_retry_at_once_is_one():
    made = [exchange(0, 503, sent=count(0)), exchange(0.002, sent=count(1)), exchange(1, sent=count(0))]
    assert names(*made) == [("no_backoff", (1, 2))]


def counted(*tries):
    """Attempts of one call by their counts: so many tries, each of so many attempts."""
    made, at = [], 0.0
    for attempts in tries:
        for number in range(attempts):
            made.append(exchange(at, 503, sent=count(number)))
            at += 0.5 * 2**number
    return made


@pytest.mark.parametrize(
    ("tries", "found"),
    [
        ((4, 4, 4), ["nested_retry"]),  # as llama-index does
        ((3, 3, 3), ["nested_retry"]),
        ((3, 3), ["nested_retry"]),
        ((2, 2, 2), ["nested_retry"]),
        ((3, 3, 1), ["nested_retry"]),
        ((2, 2), []),
        ((3, 2), []),
        ((6,), ["retry_storm"]),
        ((1, 1, 1, 1, 1, 1), ["retry_storm"]),  # the client never tried again by itself
    ],
)
def test_an_outer_loop_begins_to_count_anew(tries, found):
    made = counted(*tries)
    total = tuple(range(1, sum(tries) + 1))
    conduct = [each for each in names(*made, final=True) if each[0] != "no_backoff"]
    assert conduct == [(name, total) for name in found]


def test_after_a_success_the_count_may_begin_anew():
    made = [
        *counted(3),
        exchange(3.6, sent=count(3)),
        exchange(4.0, 503, sent=count(0)),
        exchange(5, sent=count(1)),
    ]
    assert names(*made, final=True) == []


def test_a_retry_after_a_timeout_may_come_before_its_end_is_seen():
    """The server learns half a second late that a client has left."""
    made = [exchange(0, took=2.5, whole=False, ended_by="client"), exchange(2.1)]
    assert names(*made, final=True) == []
    made = [exchange(0, took=2.5, whole=False, ended_by="client"), exchange(2.1, 503)]
    assert names(*made, final=True) == [("gave_up", (1, 2))]


def test_credentials_lost_on_the_way():
    lost = [("redirect_dropped_credentials", (1, 2))]
    assert names(sent_on(0, LOCATION), hop(0.1, 401, sent=BARE), final=True) == lost
    assert names(sent_on(0, LOCATION), hop(0.1, 401, sent={b"authorization": b"Bearer x"})) == lost
    assert (
        names(sent_on(0, b"/r/v1/chat%2Fcompletions"), hop(0.1, 401, sent=BARE, query=b"", body=b"")) == lost
    )
    assert names(sent_on(0, LOCATION), hop(0.1, 401), final=True) == []
    assert names(sent_on(0, LOCATION), hop(0.1), final=True) == []
    assert names(hop(0.1, 401, sent=BARE), final=True) == []


@pytest.mark.parametrize(("gave", "found"), [(b"", ["no_backoff"]), (b"{}", [])])
def test_a_reply_is_known_of_when_it_leaves_in_one_piece_and_else_at_its_end(gave, found):
    first = exchange(0, 503, took=1, gave=gave)
    first.replied = 0.001  # before a wait that its scenario has, or before the server noted that it had left
    assert [name for name, _ in names(first, exchange(1.001))] == found


def test_a_redirect_that_nobody_follows():
    assert names(sent_on(0, LOCATION), final=True) == [("gave_up", (1,))]
    assert names(sent_on(0, LOCATION)) == []
    assert names(sent_on(0, b"http://[broken"), final=True) == [("gave_up", (1,))]
    assert names(exchange(0, 307), final=True) == []
    assert names(sent_on(0, LOCATION), hop(100), final=True) == [("gave_up", (1,))]


def test_a_retry_takes_the_whole_way_again():
    made = [sent_on(0, LOCATION), hop(0.1, 503), sent_on(0.5, LOCATION), hop(0.6)]
    assert names(*made, final=True) == []
    made = [sent_on(0, LOCATION), hop(0.1, 422), sent_on(0.5, LOCATION), hop(0.6)]
    assert names(*made, final=True) == [("retried_non_retryable", (1, 2, 3, 4))]
    made = [sent_on(0, LOCATION), hop(0.1, 503), sent_on(0.102, LOCATION), hop(0.11)]
    assert names(*made) == [("no_backoff", (1, 2, 3, 4))]


def test_redirects_side_by_side_are_each_followed():
    other = b'{"messages":[]}'
    made = [
        sent_on(0, LOCATION),
        sent_on(0.001, LOCATION, body=other),
        hop(0.1, body=other),
        hop(0.11, 401, sent=BARE),
    ]
    assert names(*made, final=True) == [("redirect_dropped_credentials", (1, 4))]


def test_a_redirect_to_itself_ends():
    made = [sent_on(0.01 * number, PATH.encode()) for number in range(60)]
    assert {name for name, _ in names(*made, final=True)} == {"gave_up"}


CALLS = [case[1] for case in (*RETRIES, *ENDS)]


@settings(max_examples=200)
@given(data=st.data())
def test_calls_that_have_nothing_to_do_with_each_other_change_nothing(data):
    """However their exchanges lie between each other, and in whatever order they are given."""
    picked = data.draw(st.lists(st.sampled_from(range(len(CALLS))), min_size=1, max_size=5))
    apart, together = [], []
    for call, number in enumerate(picked):
        shift = data.draw(st.floats(0, 20))
        made = [moved(one, shift, call) for one in CALLS[number]]
        apart += [
            describe(verdict, made) for verdict in verdicts(numbered(*made), RETRY, transcript_of, final=True)
        ]
        together += made
    together = numbered(*data.draw(st.permutations(together)))
    found = [describe(verdict, together) for verdict in verdicts(together, RETRY, transcript_of, final=True)]
    assert sorted(found) == sorted(apart)


def moved(one, shift, call):
    body = one.body + b" " * call
    status = SimpleNamespace(
        status=one.answer.status,
        headers=one.answer.headers,
        body=b"",
        failure="",
        step="",
        violations=(),
        attempt=1,
        no_step=None,
    )
    made = KeptExchange(0, one.arrived + shift, one.head, body, None, status)
    made.replied, made.whole, made.ended_by = one.replied + shift, one.whole, one.ended_by
    made.ended = one.ended + shift if one.ended else 0.0
    for at, data in one.chunks:
        made.sent(at + shift, data)
    return made


def describe(verdict, made):
    by_number = {one.number: one for one in made}
    return verdict.name, [(by_number[number].arrived, by_number[number].body) for number in verdict.exchanges]
