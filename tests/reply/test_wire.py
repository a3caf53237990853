import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.delivery.wire import BOM, framed_comment, shaped
from mockgrid.reply.script import Begin, Close, Hang, Wait, Write
from mockgrid.scenario.delivery import Comments, Wire

EVENTS = [
    b'data: {"content":"3 \xc2\xb0C"}\n\n',
    'data: {"content":"👋 €"}\n\n'.encode(),
    b"data: [DONE]\n\n",
]
steps = st.lists(
    st.one_of(
        st.sampled_from(EVENTS).map(lambda event: Write(event, 1)),
        st.builds(Wait, st.floats(0, 5), st.booleans()),
    ),
    max_size=20,
)


def writes(shaped_steps):
    return [step.data for step in shaped_steps if type(step) is Write]


@given(steps, st.integers(0, 9), st.integers(1, 5), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_the_bytes_are_the_same_however_they_are_written(given_steps, split, coalesce, newline, bom):
    wire = Wire(split=split or None, coalesce=coalesce, newline=newline, bom=bom)
    found = list(shaped([Begin(), *given_steps], wire))
    told = b"".join(writes(given_steps))
    told = told.replace(b"\n", newline.encode())
    assert b"".join(writes(found)).removeprefix(BOM) == told
    assert sum(s.events for s in found if type(s) is Write) == len(writes(given_steps))
    assert all(len(data) <= split for data in writes(found)) or not split
    assert all(writes(found))
    waited = sum(s.seconds for s in found if type(s) is Wait)
    assert waited == pytest.approx(sum(s.seconds for s in given_steps if type(s) is Wait))


@given(steps, st.floats(0.01, 1), st.integers(0, 3))
def test_comments_are_all_that_is_added(given_steps, keep_alive, every):
    wire = Wire(comments=Comments("still here", every, keep_alive))
    found = b"".join(writes(shaped([Begin(), *given_steps], wire)))
    assert found.replace(b": still here\n\n", b"") == b"".join(writes(given_steps))


def test_a_byte_order_mark_comes_before_all_else():
    steps = shaped([Write(b"1", 1), Write(b"2", 1)], Wire(bom=True, comments=Comments()))
    assert writes(steps) == [BOM + b": keep-alive\n\n1", b": keep-alive\n\n2"]


def test_plain_changes_nothing():
    given_steps = [Begin(), Write(EVENTS[0], 1), Wait(1), Close()]
    assert list(shaped(given_steps, Wire())) == given_steps


def test_split_cuts_through_characters():
    cut = writes(shaped([Begin(), Write("€€".encode(), 1)], Wire(split=2)))
    assert cut == [b"\xe2\x82", b"\xac\xe2", b"\x82\xac"]


def test_an_event_counts_when_its_last_byte_is_written():
    found = list(shaped([Write(b"12345", 1)], Wire(split=2)))
    assert [step.events for step in found] == [0, 0, 1]


def test_coalesced_events_leave_with_the_last_of_them():
    given_steps = [Write(b"1", 1), Wait(1), Write(b"2", 1), Wait(2), Write(b"3", 1)]
    assert list(shaped(given_steps, Wire(coalesce=2))) == [Wait(1), Write(b"12", 2), Wait(2), Write(b"3", 1)]


@pytest.mark.parametrize("end", [Wait(9, stall=True), Close(), Hang()])
def test_a_fault_holds_nothing_back(end):
    given_steps = [Write(b"1", 1), end]
    assert list(shaped(given_steps, Wire(coalesce=5))) == given_steps


def test_comments_come_first_and_every_so_many_events():
    given_steps = [Write(b"%d\n\n" % n, 1) for n in range(5)]
    wire = Wire(comments=Comments("OPENROUTER PROCESSING", 2))
    assert b"".join(writes(shaped(given_steps, wire))).replace(b": OPENROUTER PROCESSING\n\n", b"#") == (
        b"#0\n\n1\n\n#2\n\n3\n\n#4\n\n"
    )


@pytest.mark.parametrize(
    ("text", "framed"),
    [
        ("ping", b": ping\n\n"),
        ("", b": \n\n"),
        ("two\nlines", b": two\n: lines\n\n"),
        ("é", b": \xc3\xa9\n\n"),
    ],
)
def test_a_comment_never_says_more_than_a_comment(text, framed):
    assert framed_comment(Comments(text), Wire()) == framed
    assert framed_comment(Comments(text), Wire(newline="\r\n")) == framed.replace(b"\n", b"\r\n")


def test_keep_alive_fills_silence_and_only_silence():
    given_steps = [Wait(3), Begin(), Wait(2.5), Write(b"1", 1), Wait(0.6), Wait(0.6), Write(b"2", 1), Hang()]
    comment = b": keep-alive\n\n"
    found = list(shaped(given_steps, Wire(comments=Comments(every=0, idle=1))))
    assert found[:8] == [
        Wait(3),
        Begin(),
        Wait(1),
        Write(comment),
        Wait(1),
        Write(comment),
        Wait(0.5),
        Write(b"1", 1),
    ]
    assert [type(step) for step in found[8:]] == [Wait, Wait, Write, Wait, Write, Hang]
    assert found[-1] == Hang(1, comment)
