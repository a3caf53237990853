import pytest
from chat_view import chat_view

from mockgrid.scenario.delivery import (
    DIRECT,
    Comments,
    Delivery,
    ErrorEvent,
    Fault,
    Fixed,
    LogNormal,
    Normal,
    Pace,
    StreamFault,
    Uniform,
    Wire,
)
from mockgrid.scenario.loading import build, load_text
from mockgrid.scenario.reply import (
    Auto,
    Body,
    Call,
    Error,
    Example,
    Json,
    Redirect,
    Refuse,
    RetryAfter,
    Say,
)
from mockgrid.scenario.scenario import Balance, Limit, TopUp

REQUEST = chat_view(body={"model": "m", "messages": [{"role": "user", "content": "Hi"}]})


def reply(data):
    return build([data]).steps[0].replies[0]


def test_say():
    form = reply({"say": "You said ${last_user}"}).form
    assert isinstance(form, Say)
    assert form.text.render(REQUEST) == "You said Hi"


@pytest.mark.parametrize("value", [{"a": "${model}"}, ["x"], 5, None, True, "text"])
def test_json(value):
    form = reply({"json": value}).form
    assert isinstance(form, Json)
    assert form.value.render(REQUEST) == ({"a": "m"} if isinstance(value, dict) else value)


def test_calls_keep_their_order_and_may_repeat_a_tool():
    form = reply({"call": [{"f": {"q": "${last_user}"}, "g": None}, {"f": '{"q": "${model}"}'}]}).form
    assert isinstance(form, Call)
    assert [call.name for call in form.calls] == ["f", "g", "f"]
    assert form.calls[0].arguments.render(REQUEST) == {"q": "Hi"}
    assert form.calls[1].arguments.render(REQUEST) == {}
    assert form.calls[2].arguments.render_json(REQUEST) == '{"q": "m"}'
    assert form.text is None


def test_a_call_may_come_with_text():
    form = reply({"say": "One moment.", "call": {"f": {}}}).form
    assert isinstance(form, Call)
    assert form.text.source == "One moment."


def test_broken_arguments_are_sent_on_purpose_only():
    form = reply({"call": {"f": '{"q": '}, "contract": "off"}).form
    assert form.calls[0].arguments.source == '{"q": '


def test_refuse():
    form = reply({"refuse": "No."}).form
    assert isinstance(form, Refuse)
    assert form.text.source == "No."


def test_errors():
    assert reply({"error": 503}).form == Error(503)
    form = reply(
        {"error": {"status": 429, "detail": "Slow, ${model}", "code": "c", "type": "t", "param": "p"}}
    ).form
    assert (form.status, form.code, form.type, form.param) == (429, "c", "t", "p")
    assert form.detail.render(REQUEST) == "Slow, m"
    lists = reply({"error": {"status": 422, "detail": {"model": ["is ${model}"]}}}).form
    assert lists.detail.render(REQUEST) == {"model": ["is m"]}


@pytest.mark.parametrize("to", ["same", "other", "/r/v1/x?token=1", "https://supplier.example/v1"])
def test_redirects(to):
    form = reply({"redirect": to}).form
    assert isinstance(form, Redirect)
    assert (form.to.source, form.status, form.page) == (to, 307, False)
    long = reply({"redirect": {"to": to, "status": 308, "page": True}}).form
    assert (long.to.source, long.status, long.page) == (to, 308, True)


def test_example_body_and_auto():
    assert reply({"example": "not-found"}).form == Example("not-found")
    assert reply({"body": "<p>${model}</p>"}).form.content.render(REQUEST) == "<p>m</p>"
    assert reply({"body": {"a": ["${model}"]}}).form.content.render(REQUEST) == {"a": ["m"]}
    assert isinstance(reply({"body": None}).form, Body)
    assert reply({"auto": True}).form == Auto()


def test_options_alone_are_the_default_reply_with_them():
    found = reply({"delay": "1s"})
    assert (found.form, found.delivery.delay) == (Auto(), Fixed(1.0))
    assert reply({"fault": "reset"}).form == Auto()


def test_options():
    found = reply(
        {
            "say": "x",
            "think": "Hm, ${model}",
            "finish": "length",
            "status": 201,
            "retry_after": "20ms",
            "go_to": "b",
            "headers": {"X-A": "${model}", "x-b": ["1", "2"], "x-c": 3, "x-d": None},
            "usage": {
                "prompt_tokens": 1,
                "completion_tokens": 2,
                "total_tokens": 3,
                "reasoning_tokens": 4,
                "cached_tokens": 5,
            },
        }
    )
    assert found.think.render(REQUEST) == "Hm, m"
    assert (found.finish, found.status, found.go_to) == ("length", 201, "b")
    assert found.retry_after == RetryAfter(seconds=0.02, ms=0.02)
    assert {
        name: [value.render_line(REQUEST) for value in values] for name, values in found.headers.items()
    } == {
        "x-a": ["m"],
        "x-b": ["1", "2"],
        "x-c": ["3"],
        "x-d": [],
    }
    names = ("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens", "cached_tokens")
    assert found.usage == dict(zip(names, range(1, 6), strict=True))
    assert reply({"say": "x", "usage": "off"}).usage == "off"
    bare = reply({"say": "x"})
    assert (bare.think, bare.finish, bare.usage, bare.status, bare.headers) == (None, "", None, None, {})
    assert (bare.delivery, bare.retry_after, bare.go_to) == (DIRECT, None, "")


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        ("20ms", Fixed(0.02)),
        ({"fixed": "20ms"}, Fixed(0.02)),
        ({"uniform": {"from": "1s", "to": "2s"}}, Uniform(1.0, 2.0)),
        ({"normal": {"mean": "1s", "deviation": "100ms"}}, Normal(1.0, 0.1)),
        ({"lognormal": {"median": "1s", "sigma": 0.5}}, LogNormal(1.0, 0.5)),
    ],
)
def test_delays(delay, expected):
    assert reply({"say": "x", "delay": delay}).delivery.delay == expected
    assert (
        reply({"say": "x", "stream": {"pace": {"first_token": delay}}}).delivery.pace.first_token == expected
    )


@pytest.mark.parametrize(
    "kind", ["reset", "empty", "hang", "garbage", "slow_headers", "cut_body", "wrong_length"]
)
def test_faults_before_the_first_byte(kind):
    assert reply({"say": "x", "fault": kind}).delivery.early_fault == Fault(kind)
    assert reply({"say": "x", "fault": {"kind": kind}}).delivery.early_fault == Fault(kind)


def test_options_of_faults():
    assert reply({"fault": {"kind": "hang", "for": "5s"}}).delivery.early_fault == Fault("hang", duration=5.0)
    assert reply({"fault": {"kind": "slow_headers", "for": "5s"}}).delivery.early_fault == Fault(
        "slow_headers", duration=5.0
    )
    assert reply({"fault": {"kind": "cut_body", "after": 20}}).delivery.early_fault == Fault(
        "cut_body", after=20
    )
    assert reply({"fault": {"kind": "wrong_length", "length": -3}}).delivery.early_fault == Fault(
        "wrong_length", length=-3
    )


STREAM_KINDS = [
    "disconnect",
    "reset",
    "stall",
    "error_event",
    "malformed_json",
    "cut_utf8",
    "garbage",
    "duplicate_chunk",
    "no_finish",
    "no_done",
]


def stream(data, **rest):
    return reply({"say": "x", **rest, "stream": data}).delivery


@pytest.mark.parametrize("kind", STREAM_KINDS)
def test_faults_in_a_stream(kind):
    assert stream({"fault": kind}).fault == StreamFault(kind)
    assert stream({"fault": {"kind": kind}}).fault == StreamFault(kind, after=1)
    if kind not in {"no_finish", "no_done"}:
        assert stream({"fault": {"kind": kind, "after": 4}}).fault == StreamFault(kind, after=4)


def test_options_of_faults_in_a_stream():
    assert stream({"fault": {"kind": "stall", "after": 0, "for": "2s"}}).fault == StreamFault("stall", 0, 2.0)
    error = {"message": "x", "type": "t", "code": 5, "param": "p"}
    found = stream({"fault": {"kind": "error_event", "error": error, "shape": "bare", "event": "e"}}).fault
    assert found.error == ErrorEvent(**error, shape="bare", event="e")
    data = stream({"fault": {"kind": "error_event", "data": None, "event": "e"}}).fault
    assert data.error == ErrorEvent(data=(None,), event="e")
    assert stream({"fault": "error_event"}).fault.error == ErrorEvent()


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [("token", "token"), ("word", "word"), ({"chars": 5}, 5)],
)
def test_chunks(chunks, expected):
    assert stream({"chunks": chunks}).chunks == expected


def test_chunks_may_be_given_one_by_one():
    found = stream({"chunks": ["Hello ", "${model}"]}, say="Hello ${model}").chunks
    assert [piece.render(REQUEST) for piece in found] == ["Hello ", "m"]


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({"bom": True}, Wire(bom=True)),
        ({"newline": "lf"}, Wire()),
        ({"newline": "crlf"}, Wire(newline="\r\n")),
        ({"newline": "cr"}, Wire(newline="\r")),
        ({"split": 7}, Wire(split=7)),
        ({"coalesce": 3}, Wire(coalesce=3)),
        ({"comments": True}, Wire(comments=Comments())),
        ({"comments": False}, Wire()),
        ({"comments": "PING"}, Wire(comments=Comments("PING"))),
        ({"comments": {"text": "x", "every": 2, "idle": "1s"}}, Wire(comments=Comments("x", 2, 1.0))),
        ({"comments": {"every": 0, "idle": "1ms"}}, Wire(comments=Comments(every=0, idle=0.001))),
    ],
)
def test_the_shape_of_the_wire(wire, expected):
    assert stream(wire) == Delivery(wire=expected)


def test_paces():
    rate = build({"pace": {"tokens_per_second": 40}}).pace
    assert (rate, rate.step) == (Pace(tokens_per_second=40.0), Fixed(0.025))
    assert build({"pace": {"per_token": "25ms", "jitter": "20%"}}).pace == Pace(None, Fixed(0.025), 0.2)


def test_settings():
    text = """
scenario: a
description: b
strict: true
seed: 7
models: [x, "y-*"]
limits: [{requests: 60, per: 1m}, {tokens: 10, per: 1s, scope: model}]
balance: {tokens: 5, top_up: {tokens: 6, after: 2s}}
"""
    found = load_text(text, name="file.yaml")
    assert (found.name, found.description, found.strict, found.seed) == ("a", "b", True, 7)
    assert found.models == ("x", "y-*")
    assert found.limits == (Limit("requests", 60, 60.0), Limit("tokens", 10, 1.0, "model"))
    assert found.balance == Balance(5, TopUp(6, 2.0))
    assert build({"balance": {"tokens": 0}}).balance == Balance(0)
    bare = load_text("{}", name="dir/file.yaml")
    assert (bare.name, bare.strict, bare.seed, bare.models, bare.limits, bare.steps) == (
        "file",
        False,
        None,
        None,
        (),
        (),
    )
    assert bare.pace is None
    assert bare.balance is None


def test_what_may_break_the_contract_is_listed():
    found = build([{"say": "x"}, {"say": "y", "contract": "off"}])
    assert found.contract_off == ((found.steps[0], found.steps[0].replies[1]),)
    assert found.steps[0].replies[0].contract == "on"
