"""Operations of any document: recorded, written, and served again."""

import json
from pathlib import Path

import orjson
import pytest
from asgi import Caller
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from recording.again import ask, essence, findings, player, replayed

from mockgrid.app.build import load_contract
from mockgrid.recording.scribe import Scribe
from mockgrid.settings import Settings
from mockgrid.strategies import replies, scenario_text

pytestmark = pytest.mark.once
DOCUMENTS = Path(__file__).parents[1] / "documents"
ALL = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
PETSTORE = load_contract(Settings(document=str(DOCUMENTS / "petstore.yaml")))
EVENTS = load_contract(Settings(document=str(DOCUMENTS / "events.yaml")))
OPERATIONS = [
    (
        contract,
        name,
        operation.id,
        operation.method,
        contract.base_path + operation.path.replace("{petId}", "7"),
    )
    for name, contract in (("petstore.yaml", PETSTORE), ("events.yaml", EVENTS))
    for operation in contract.operations
]


@seed(2)
@settings(max_examples=60, **ALL)
@given(st.data())
def test_what_any_operation_replied_comes_again(data):
    contract, name, operation, method, path = data.draw(st.sampled_from(OPERATIONS))
    reply = data.draw(replies(operation, str(DOCUMENTS / name)))
    body = data.draw(st.sampled_from([{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bo", "tag": "x"}]))
    caller = player(scenario_text([reply], operation=operation), contract)
    caller.key = None
    first = ask(caller, orjson.dumps(body) if method == "POST" else None, method=method, path=path)
    if first.reply.status >= 400:  # the document wanted more of the request
        return
    written = Scribe(contract).scenario([first])
    assert (written.steps, written.left_out) == (1, ()), written
    assert f"operation: {operation}" in written.text
    assert findings(written.text, contract) == [], written.text
    (again,) = replayed([first], written.text, contract)
    assert essence(again) == essence(first), written.text


def test_requests_are_told_apart_by_path_query_and_body():
    caller = Caller(document=str(DOCUMENTS / "petstore.yaml"))
    sent = [
        ("GET", "/pets/1", None),
        ("GET", "/pets/2", None),
        ("GET", "/pets?limit=1", None),
        ("GET", "/pets?limit=2", None),
        ("POST", "/pets", b'{"id": 1, "name": "Ada"}'),
        ("POST", "/pets", b'{"id": 1, "name": "Ada", "tag": "x"}'),
    ]
    first = [ask(caller, body, method=method, path=PETSTORE.base_path + path) for method, path, body in sent]
    assert {exchange.reply.status for exchange in first} <= {200, 201}, first
    text = Scribe(PETSTORE).scenario(first).text
    assert findings(text, PETSTORE) == [], text
    again = replayed(first, text, PETSTORE)
    assert [essence(exchange) for exchange in again] == [essence(exchange) for exchange in first], text
    whens = [line.partition("when: ")[2] for line in text.splitlines() if "when: " in line]
    assert len(whens) == len(sent)
    assert json.dumps(whens).count("limit") == 2
