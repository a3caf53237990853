"""Which response answers a request, and which media type of it: by document, Prefer, Accept and body."""

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.reply.negotiation import is_contrary, media_of, response_of
from mockgrid.reply.preferences import PreferError
from mockgrid.reply.request import RefusedError

JSON, SSE, LINES, XML = "application/json", "text/event-stream", "application/x-ndjson", "application/xml"


def operation(*statuses, media=(), **examples):
    """One with these responses; those under ``examples`` are named by the example that they have."""
    responses = {status: {"description": "x"} for status in statuses}
    for response in responses.values():
        response["content"] = {name: {} for name in media}
    for name, status in examples.items():
        responses.setdefault(status, {"description": "x"})["content"] = {
            JSON: {"examples": {name: {"value": 1}}}
        }
    paths = {"/x": {"get": {"operationId": "x", "responses": responses}}}
    return Contract(Document({"openapi": "3.1.0", "paths": paths}, "api.json")).operation("x")


def chosen(found, code=None, example=None):
    status, response = response_of(found, code, example)
    return status, None if response is None else response.status


@pytest.mark.parametrize(
    ("statuses", "status", "declared"),
    [
        (["404", "201", "200"], 200, "200"),
        (["2XX", "202"], 202, "202"),
        (["2XX", "301"], 200, "2XX"),
        (["default", "204"], 204, "204"),
        (["429", "302", "301"], 301, "301"),
        (["3XX", "404"], 302, "3XX"),
        (["404", "default"], 200, "default"),
        (["429", "default"], 200, "default"),
        (["500", "404"], 404, "404"),
        (["429", "500"], 500, "500"),
        (["429", "5XX"], 500, "5XX"),
        (["4XX", "500"], 400, "4XX"),
        (["429"], 429, "429"),
        (["101"], 200, None),
    ],
)
def test_without_a_preference_the_best_is_answered(statuses, status, declared):
    assert chosen(operation(*statuses)) == (status, declared)
    assert chosen(operation(*reversed(statuses))) == (status, declared)


@pytest.mark.parametrize(
    ("statuses", "code", "status", "declared"),
    [
        (["200", "404"], 404, 404, "404"),
        (["200", "4XX"], 418, 418, "4XX"),
        (["200", "default"], 503, 503, "default"),
        (["200", "422", "404"], "4XX", 404, "404"),
        (["200", "429"], "4XX", 429, "429"),
        (["200", "429", "4XX"], "4XX", 400, "4XX"),
        (["200", "default"], "5XX", 500, "default"),
        (["200", "default"], "default", 500, "default"),
        (["default"], "default", 200, "default"),
        (["404", "default"], "default", 200, "default"),
        (["201", "404"], "2XX", 201, "201"),
    ],
)
def test_a_preferred_code_is_answered(statuses, code, status, declared):
    assert chosen(operation(*statuses), code) == (status, declared)


@pytest.mark.parametrize("code", [404, "4XX", "default"])
def test_a_code_that_is_not_declared_is_told(code):
    with pytest.raises(PreferError, match=rf"the status {code}, which x does not declare \(200, 302\)"):
        response_of(operation("200", "302"), code)


def test_an_example_is_found_under_any_status():
    found = operation("200", "500", missing="404", limited="429", other="4XX", good="201")
    for name, status in {"missing": 404, "limited": 429, "other": 400, "good": 201, "none": 200}.items():
        assert chosen(found, None, name)[0] == status
    # What stands under default beside a success is an error.
    assert chosen(operation("200", broken="default"), None, "broken") == (500, "default")
    assert chosen(operation(fine="default"), None, "fine") == (200, "default")


def media(accept, streams, *offered, status=200):
    found = operation("200", media=offered).responses["200"]
    return media_of(found, status, accept, example=None, streams=streams).name


@pytest.mark.parametrize("stream", [SSE, LINES])
def test_the_body_decides_between_streams_and_others(stream):
    for accept in (None, "*/*", JSON, stream, "text/plain"):
        for offered in ((JSON, stream), (stream, JSON)):
            assert media(accept, True, *offered) == stream
            assert media(accept, False, *offered) == JSON
    # Where it says nothing, Accept does.
    assert media(f"{stream}, */*;q=0.1", None, JSON, stream) == stream
    assert media(None, None, JSON, stream) == JSON
    # Among several of a kind, Accept has the last word.
    assert media(XML, False, JSON, stream, XML) == XML
    # A body decides nothing where there is nothing to decide.
    assert media(None, True, JSON, XML) == JSON
    assert media(None, False, stream) == stream


@pytest.mark.parametrize(
    ("accept", "of_silence", "of_a_stream"),
    [
        ("*/*", False, False),
        (JSON, False, True),
        (SSE, True, False),
        (f"{LINES}, {JSON};q=0.5", True, False),
        (f"{JSON}, {SSE}", False, True),
        ("text/csv", False, False),
    ],
)
def test_a_default_gives_way_to_what_the_client_asks_for(accept, of_silence, of_a_stream):
    assert is_contrary(accept, streams=False) is of_silence
    assert is_contrary(accept, streams=True) is of_a_stream


def test_what_accept_does_not_admit_is_refused_but_for_errors():
    with pytest.raises(RefusedError) as raised:
        media("text/csv, application/json;q=0", None, JSON, XML)
    assert raised.value.failure == "not_acceptable"
    assert raised.value.message.endswith("which admits none of application/json, application/xml.")
    assert media("text/csv", None, JSON, status=404) == JSON
