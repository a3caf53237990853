import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.chat.chunks import FORM
from mockgrid.reply.delivery.delivery import script_of_body, script_of_stream
from mockgrid.reply.delivery.faults import faulty, garbage
from mockgrid.reply.script import Begin, Close, Hang, Raw, Reset, Wait, Write
from mockgrid.scenario.delivery import (
    Delivery,
    ErrorEvent,
    Fault,
    Fixed,
    Pace,
    StreamFault,
)
from mockgrid.scenario.reading.structure import schema

KINDS = {name: node["enum"] for name, node in schema()["definitions"].items() if "x-options" in node}


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    value = {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


ROLE, ONE, TWO = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "It is"}),
    chunk({"content": " 3 °C"}),
)
FINISH, DONE = chunk({}, "stop"), b"data: [DONE]\n\n"
EVENTS = [ROLE, ONE, TWO, FINISH, DONE]


def play(**fault):
    return list(faulty((Write(event, 1) for event in EVENTS), StreamFault(**fault), "seed", FORM))


def kinds(steps):
    """The instructions with their kinds: two without fields are equal as tuples."""
    return [(type(step), step) for step in steps]


def data(steps):
    return [step.data for step in steps if type(step) is Write]


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize(("kind", "end"), [("disconnect", Close()), ("reset", Reset()), ("stall", Hang())])
def test_ends(kind, end, after):
    assert kinds(play(kind=kind, after=after)) == kinds([*(Write(event, 1) for event in EVENTS[:after]), end])


def test_a_stall_with_a_time_goes_on():
    whole = [Write(event, 1) for event in EVENTS]
    assert play(kind="stall", after=2, duration=3) == [*whole[:2], Wait(3, stall=True), *whole[2:]]


def test_error_event():
    found = data(play(kind="error_event", after=2))
    assert found[:2] == EVENTS[:2]
    assert len(found) == 3
    assert found[2] == (
        b'data: {"error":{"message":"The server had an error while processing your request.",'
        b'"type":"server_error","param":null,"code":"server_error"}}\n\n'
    )


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        ("openai", b'data: {"error":{"message":"m","type":"t","param":null,"code":null}}\n\n'),
        ("named", b'event: error\ndata: {"error":{"message":"m","type":"t","param":null,"code":null}}\n\n'),
        ("text", b'data: {"error":"m"}\n\n'),
        ("vendor", b'data: {"errors":{"detail":"m"}}\n\n'),
        ("bare", b'event: error\ndata: {"message":"m","type":"t","param":null,"code":null}\n\n'),
    ],
)
def test_error_shapes(shape, sent):
    assert FORM.error_event(ErrorEvent("m", "t", code=None, shape=shape), ONE) == sent


def test_an_error_of_any_other_shape():
    assert FORM.error_event(ErrorEvent(data=({"oops": True},)), ONE) == b'data: {"oops":true}\n\n'
    assert FORM.error_event(ErrorEvent(data=(None,)), ONE) == b"data: null\n\n"
    named = ErrorEvent(data=({"oops": True},), event="oops")
    assert FORM.error_event(named, ONE) == b'event: oops\ndata: {"oops":true}\n\n'


@pytest.mark.parametrize("shape", ["openai", "named", "text", "vendor", "bare", "beside_choices"])
def test_an_event_may_have_any_name(shape):
    assert FORM.error_event(ErrorEvent(shape=shape, event="failure"), ONE).startswith(
        b"event: failure\ndata: {"
    )


def test_an_error_beside_choices_is_a_chunk():
    found = json.loads(FORM.error_event(ErrorEvent("m", code=502, shape="beside_choices"), ONE)[6:])
    assert found["id"] == "c"
    assert found["error"]["code"] == 502
    assert found["choices"][0]["finish_reason"] == "error"


def test_malformed_json():
    found = data(play(kind="malformed_json", after=2))
    assert [found[0], found[1], *found[3:]] == [ROLE, ONE, FINISH, DONE]
    assert TWO.startswith(found[2][:-2])
    assert found[2].endswith(b"\n\n")
    found[2].decode()
    with pytest.raises(json.JSONDecodeError):
        json.loads(found[2][6:])


@pytest.mark.parametrize("after", [1, 2])
def test_cut_utf8(after):
    found = data(play(kind="cut_utf8", after=after))
    with pytest.raises(UnicodeDecodeError):
        found[after].decode()
    assert found[:after] + found[after + 1 :] == EVENTS[:after] + EVENTS[after + 1 :]
    json.loads(found[after][6:].decode("utf-8", "replace"))
    assert abs(len(found[after]) - len(EVENTS[after])) <= 2


def test_garbage():
    found = data(play(kind="garbage", after=1))
    assert found == [ROLE, garbage("seed") + b"\n\n", *EVENTS[1:]]
    with pytest.raises(UnicodeDecodeError):
        found[1].decode()
    assert b"\n" not in garbage("seed")
    assert len(garbage("seed")) == 64
    assert garbage("seed") != garbage("other")


@pytest.mark.parametrize(("after", "twice"), [(0, ROLE), (1, ROLE), (3, TWO), (99, FINISH)])
def test_duplicate_chunk(after, twice):
    found = data(play(kind="duplicate_chunk", after=after))
    place = EVENTS.index(twice)
    assert found == [*EVENTS[:place], twice, *EVENTS[place:]]


def test_no_finish_and_no_done():
    assert data(play(kind="no_finish")) == [ROLE, ONE, TWO, DONE]
    assert data(play(kind="no_done")) == [ROLE, ONE, TWO, FINISH]


@given(st.sampled_from(KINDS["streamFaultKind"]), st.integers(0, 9), st.integers(0, 5))
def test_no_fault_is_ever_lost(kind, after, events):
    steps = [Write(event, 1) for event in EVENTS[:events]]
    strokes = []
    found = list(faulty(steps, StreamFault(kind, after), "seed", FORM, struck=strokes.append))
    for stroke in strokes:  # what left before it is as it was, and what comes then is not
        assert found[:stroke] == steps[:stroke]
        assert found[stroke : stroke + 1] != steps[stroke : stroke + 1] or kind == "duplicate_chunk"
    assert len(strokes) == (kind not in {"no_finish", "no_done"} or found != steps)
    if kind == "no_finish":
        assert FINISH not in data(found)
    elif kind == "no_done":
        assert DONE not in data(found)
    elif kind == "duplicate_chunk" and EVENTS[:events] in ([], [DONE]):
        assert found == steps
    else:
        assert found != steps
    if after >= 4:
        assert data(found)[: min(events, 3)] == EVENTS[: min(events, 3)]
    assert found == list(faulty(steps, StreamFault(kind, after), "seed", FORM))


@pytest.mark.parametrize("kind", ["disconnect", "reset", "error_event", "stall"])
def test_a_fault_after_too_many_chunks_comes_before_done(kind):
    found = data(play(kind=kind, after=99))
    assert found[:4] == EVENTS[:4]
    assert DONE not in found


def test_a_fault_leaves_the_pace_alone():
    pace = Pace(first_token=Fixed(1), per_token=Fixed(1))
    script = script_of_stream(
        Delivery(pace=pace, fault=StreamFault("disconnect", after=2)), EVENTS, "s", FORM
    )
    whole = list(script_of_stream(Delivery(pace=pace), EVENTS, "s", FORM).instructions)
    found = list(script.instructions)
    assert found == [*whole[: len(found) - 1], Close()]


BODY = b'{"id": "c"}'


def early(**fault):
    return list(script_of_body(Delivery(early_fault=Fault(**fault)), BODY, "seed").instructions)


@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        ({"kind": "reset"}, [Reset()]),
        ({"kind": "empty"}, [Close()]),
        ({"kind": "hang"}, [Hang()]),
        ({"kind": "hang", "duration": 2}, [Wait(2, stall=True), Close()]),
        ({"kind": "garbage"}, [Raw(garbage("seed") + b"\r\n\r\n"), Close()]),
        ({"kind": "slow_headers", "duration": 3}, [Begin(11, 3), Write(BODY)]),
        ({"kind": "slow_headers"}, [Begin(11, 5), Write(BODY)]),
        ({"kind": "cut_body"}, [Begin(11), Write(BODY[:5]), Close()]),
        ({"kind": "cut_body", "after": 0}, [Begin(11), Close()]),
        ({"kind": "cut_body", "after": 9}, [Begin(11), Write(BODY[:9]), Close()]),
        ({"kind": "cut_body", "after": 99}, [Begin(11), Write(BODY), Close()]),
        ({"kind": "wrong_length"}, [Begin(5), Write(BODY)]),
        ({"kind": "wrong_length", "length": 89}, [Begin(100), Write(BODY)]),
        ({"kind": "wrong_length", "length": -3}, [Begin(8), Write(BODY)]),
        ({"kind": "wrong_length", "length": -99}, [Begin(0), Write(BODY)]),
    ],
)
def test_before_the_first_byte(fault, steps):
    assert kinds(early(**fault)) == kinds(steps)


def test_a_stream_is_cut_half_way():
    script = script_of_stream(Delivery(early_fault=Fault(kind="cut_body")), EVENTS, "seed", FORM)
    steps = list(script.instructions)
    assert steps[0] == Begin()
    assert steps[-1] == Close()
    whole = b"".join(EVENTS)
    assert b"".join(data(steps)) == whole[: len(whole) // 2]


def test_a_stream_with_a_length():
    steps = list(
        script_of_stream(Delivery(early_fault=Fault(kind="wrong_length")), EVENTS, "seed", FORM).instructions
    )
    assert steps[0].length == len(b"".join(EVENTS)) // 2
    assert data(steps) == EVENTS


@pytest.mark.parametrize("kind", KINDS["faultKind"])
def test_the_delay_comes_first(kind):
    script = script_of_body(Delivery(delay=Fixed(0.5), early_fault=Fault(kind=kind)), BODY, "seed")
    assert next(iter(script.instructions)) == Wait(0.5)
    assert script.bare == (kind in {"garbage", "slow_headers", "wrong_length"})


@pytest.mark.parametrize("length", [None, -5])
def test_an_empty_body_has_a_wrong_length_too(length):
    steps = script_of_body(
        Delivery(early_fault=Fault("wrong_length", length=length)), b"", "seed"
    ).instructions
    assert list(steps) == [Begin(1)]


@pytest.mark.parametrize("opening", [1, 3])
def test_chunks_are_counted_after_those_that_name_the_roles(opening):
    script = script_of_stream(
        Delivery(fault=StreamFault("disconnect", after=1)), EVENTS, "seed", FORM, opening=opening
    )
    assert data(script.instructions) == EVENTS[: opening + 1]
