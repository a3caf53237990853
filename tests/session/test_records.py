"""What the control interface tells is defined once: what is written, read, and described is the same."""

import json
from dataclasses import fields

import pytest
from asgi import Caller
from jsonschema import Draft4Validator

from mockgrid.control.document import control_document
from mockgrid.session import explanation, records
from mockgrid.session.records import ExchangePage, ExchangeRecord, JsonForm, Summary
from mockgrid.testing.exchange import Exchange

STEPS = [{"when": {"turn": 1}, "reply": {"say": "Hi"}}, {"when": {"turn": 9}, "reply": {"say": "Bye"}}]
HELLO = {"messages": [{"role": "user", "content": "Hello"}], "temprature": 1}


@pytest.fixture(scope="module")
def caller():
    """One whose session has a bit of everything."""
    caller = Caller()
    script = {"steps": STEPS, "strict": True}
    sent = {"content-type": "application/json"}
    assert caller.call("PUT", "/__mockgrid__/sessions/mg-test", script, sent).status == 200
    caller.call(body=HELLO)
    caller.call(body={**HELLO, "stream": True})
    caller.call(body={**HELLO, "temperature": 3})
    caller.call(body={"messages": [*HELLO["messages"], {"role": "assistant", "content": "Hi"}] * 2})
    caller.call(body=b"\xff\xfe")
    return caller


def told(caller, path):
    return caller.call("GET", f"/__mockgrid__/sessions/mg-test{path}").json()


def nullable(node):
    """OpenAPI's null as JSON Schema has it."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@pytest.mark.parametrize(
    ("path", "name"), [("", "Session"), ("/exchanges", "Exchanges"), ("/exchanges/1", "Exchange")]
)
def test_what_is_told_is_as_described(caller, path, name):
    document = nullable(control_document())
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    data = told(caller, path)
    assert [error.message for error in Draft4Validator(schema).iter_errors(data)] == []


@pytest.mark.parametrize(
    ("path", "form"), [("", Summary), ("/exchanges", ExchangePage), ("/exchanges/1", ExchangeRecord)]
)
def test_what_is_read_is_what_was_told(caller, path, form):
    data = told(caller, path)
    again = form.from_json(data).as_json()
    for exchange in again["exchanges"] if path == "/exchanges" else [again]:
        for item in (*exchange["violations"], *exchange["warnings"]) if path else ():
            assert item.pop("exchange") > 0  # that a test's classes have, and the list does not repeat
        if path and exchange["no_step"] is not None:
            exchange["no_step"].pop("exchange")
    assert json.dumps(again) == json.dumps(data)


def test_nothing_is_told_that_is_not_described(caller):
    def described(form, data):
        schema = form.schema({})
        assert list(data) == [key for key in schema["properties"] if key in data]

    described(Summary, told(caller, ""))
    for exchange in told(caller, "/exchanges")["exchanges"]:
        described(ExchangeRecord, exchange)


def test_a_near_miss_is_told_as_in_the_reply(caller):
    missed = [
        exchange["no_step"] for exchange in told(caller, "/exchanges")["exchanges"] if exchange["no_step"]
    ]
    assert missed
    for near in missed[0]["near_misses"]:
        assert list(near) == ["step", "index", "where", "held", "of", "failed", "others"]
        assert list(near["failed"]) == ["predicate", "expected", "got", "held"]
        assert near["failed"]["held"] is False


def test_every_field_says_what_it_holds():
    known = [*vars(records).values(), *vars(explanation).values()]
    forms = {form for form in known if isinstance(form, type) and issubclass(form, JsonForm)}
    assert forms >= {Summary, explanation.Explanation}
    for form in forms:
        assert [field.name for field in fields(form) if "place" not in field.metadata] == []


def test_a_tests_exchange_has_its_reply_whole(caller):
    first, streamed, *_ = [Exchange.from_json(data) for data in told(caller, "/exchanges")["exchanges"]]
    assert (first.text, str(first)) == ("Hi", "POST /v1/chat/completions → 200")
    assert streamed.status == 424 or streamed.text
