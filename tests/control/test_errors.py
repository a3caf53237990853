"""Whatever a call holds, its answer is JSON."""

import json

import pytest
from asgi import Caller

MANY = {"steps": [{"sya": "Hello"} for _ in range(150)]}


@pytest.mark.parametrize("path", ["/sessions/mg-a", "/sessions/mg-a/steps"])
@pytest.mark.parametrize("body", [MANY, {"source": json.dumps(MANY)}])
def test_a_script_with_a_hundred_mistakes_and_more_is_answered_in_json(path, body):
    answer = Caller().call("PUT", f"/__mockgrid__{path}", body, {"content-type": "application/json"})
    assert answer.header("content-type") == "application/json"
    assert answer.status == 409
    assert answer.json()["errors"]["detail"]


def test_a_defect_is_answered_in_json_and_logged_with_its_place(monkeypatch, capfd):
    def broken(*_):
        raise RuntimeError("a defect")

    caller = Caller()
    monkeypatch.setattr(caller.app.sessions, "find", broken)
    answer = caller.call("GET", "/__mockgrid__/sessions/mg-a")
    assert (answer.status, answer.header("content-type")) == (500, "application/json")
    request_id = answer.header("x-request-id")
    assert answer.json()["errors"]["detail"].endswith(f"its log has the reason under {request_id}.")
    log = capfd.readouterr().err
    assert request_id in log
    assert log.endswith("RuntimeError: a defect\n")
