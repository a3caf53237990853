"""What real clients make of each fault: what they read before it, and which exception they raise."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import openai
import pytest

from mockgrid.scenario.delivery import Comments, ErrorEvent, Fault, StreamFault, Wire

CUT, LATE = openai.APIConnectionError, openai.APITimeoutError
# Seconds that clients wait for the next byte, and those of a reply that lets none wait for so long.
PATIENCE, LASTING = 1.0, 1.5
UNFINISHED = httpx.RemoteProtocolError
KEPT_ALIVE = Wire(comments=Comments(every=0, idle=0.1))
TEXT = "It is 3 °C in Oslo."
# What is asked; from openai-python the text, the exception and its cause; from httpx the exception.
CLIENTS = [
    ({"fault": StreamFault(kind="disconnect", after=1)}, "It is", CUT, "RemoteProtocolError", UNFINISHED),
    ({"fault": StreamFault(kind="reset", after=1)}, "It is", CUT, "ReadError", httpx.ReadError),
    ({"fault": StreamFault(kind="stall", after=1)}, "It is", LATE, "ReadTimeout", httpx.ReadTimeout),
    ({"fault": StreamFault(kind="stall", after=1, duration=0.1)}, TEXT, None, "", None),
    ({"fault": StreamFault("stall", after=1, duration=LASTING), "wire": KEPT_ALIVE}, TEXT, None, "", None),
    ({"fault": StreamFault(kind="error_event", after=1)}, "It is", openai.APIError, "", None),
    ({"fault": StreamFault(kind="malformed_json", after=1)}, "It is", json.JSONDecodeError, "", None),
    ({"fault": StreamFault(kind="cut_utf8", after=1)}, "It is", UnicodeDecodeError, "", None),
    ({"fault": StreamFault(kind="garbage", after=1)}, "It is", UnicodeDecodeError, "", None),
    ({"fault": StreamFault(kind="duplicate_chunk", after=1)}, "It is" + TEXT, None, "", None),
    ({"fault": StreamFault(kind="no_finish")}, TEXT, None, "", None),
    ({"fault": StreamFault(kind="no_done")}, TEXT, None, "", None),
    ({"early_fault": Fault(kind="reset")}, "", CUT, "ReadError", httpx.ReadError),
    ({"early_fault": Fault(kind="empty")}, "", CUT, "RemoteProtocolError", UNFINISHED),
    ({"early_fault": Fault(kind="hang")}, "", LATE, "ReadTimeout", httpx.ReadTimeout),
    ({"early_fault": Fault(kind="garbage")}, "", CUT, "RemoteProtocolError", UNFINISHED),
    ({"early_fault": Fault(kind="slow_headers", duration=LASTING)}, TEXT, None, "", None),
    ({"early_fault": Fault(kind="cut_body")}, "It is", CUT, "RemoteProtocolError", UNFINISHED),
    ({"early_fault": Fault(kind="wrong_length")}, "It is", None, "", None),
    ({"early_fault": Fault(kind="wrong_length", length=9999)}, TEXT, None, "", UNFINISHED),
    ({"wire": Wire(newline="\r\n", comments=Comments(), split=1)}, TEXT, None, "", None),
    ({"wire": Wire(newline="\r", split=3)}, TEXT, None, "", None),
    ({"wire": Wire(coalesce=3)}, TEXT, None, "", None),
    ({"wire": Wire(bom=True)}, TEXT, None, "", None),
]  # fmt: skip


@pytest.mark.parametrize("case", CLIENTS, ids=lambda case: str(case[0]))
def test_streams(port, player, case):
    asked, text, error, cause, plain = case
    player.play(**asked)
    with ThreadPoolExecutor(2) as clients:  # both at once, for some wait
        outcomes = [clients.submit(ask, port) for ask in (outcome_of_openai, outcome_of_httpx)]
    assert outcomes[0].result() == (text, error, cause)
    assert outcomes[1].result() is plain


SHAPES = [
    ("openai", openai.APIError, "Overloaded"),
    ("named", openai.APIError, "Overloaded"),
    ("text", openai.APIError, "An error occurred during streaming"),
    ("beside_choices", openai.APIError, "Overloaded"),
    ("vendor", TypeError, "not subscriptable"),
    ("bare", TypeError, "not subscriptable"),
]


@pytest.mark.parametrize(("shape", "error", "message"), SHAPES)
def test_shapes_of_an_error(port, player, shape, error, message):
    player.play(
        fault=StreamFault(kind="error_event", after=1, error=ErrorEvent(message="Overloaded", shape=shape))
    )
    with pytest.raises(error, match=message) as raised, asking(port, stream=True) as parts:
        assert [part.choices[0].index for part in parts]
    assert type(raised.value) is error


PLAIN = [
    ("reset", CUT), ("empty", CUT), ("hang", LATE), ("garbage", CUT), ("slow_headers", None),
    ("cut_body", CUT), ("wrong_length", json.JSONDecodeError),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "error"), PLAIN)
def test_plain_bodies(port, player, kind, error):
    player.play(early_fault=Fault(kind=kind, duration=LASTING if kind == "slow_headers" else None))
    try:
        with asking(port, stream=False) as reply:
            found = reply.choices[0].message.content
    except Exception as raised:  # noqa: BLE001 - whichever it is
        found = type(raised)
    assert found is error if error else found == "Hi"


@contextlib.contextmanager
def asking(port, *, stream):
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="mg-test", max_retries=0, timeout=PATIENCE
    ) as client:
        yield client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream=stream
        )


def outcome_of_openai(port):
    text = ""
    try:
        with asking(port, stream=True) as parts:
            for part in parts:
                text += part.choices[0].delta.content or ""
    except Exception as raised:  # noqa: BLE001 - whichever it is
        return text, type(raised), type(raised.__cause__).__name__ if raised.__cause__ else ""
    return text, None, ""


def outcome_of_httpx(port):
    try:
        httpx.get(f"http://127.0.0.1:{port}/stream", timeout=PATIENCE)
    except httpx.HTTPError as raised:
        return type(raised)
    return None
