"""What HTTP has words for, held to by the replies to any document: from its head to its last byte."""

import json

import pytest
from asgi import Caller
from raw_http import connect, read_all

from mockgrid import MockGrid
from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.settings import Settings

ERROR = {"type": "object", "required": ["code"], "properties": {"code": {"type": "integer"}}}
PET = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}


def of_json(schema, **media):
    return {"description": "x", "content": {"application/json": {"schema": schema, **media}}}


STREAMED = {"type": "object", "properties": {"stream": {"type": "boolean"}}}
BOTH = {
    "description": "x",
    "content": {"text/event-stream": {"schema": PET}, "application/json": {"schema": PET}},
}
LINES = {
    "description": "x",
    "content": {"application/x-ndjson": {"schema": PET}, "application/json": {"schema": PET}},
}
CREATED = {
    "description": "x",
    "headers": {
        "Location": {"required": True, "schema": {"type": "string", "format": "uri"}},
        "X-Count": {"required": True, "schema": {"type": "integer", "minimum": 3}},
        "X-Other": {"schema": {"type": "string"}},
    },
    "content": {"application/json": {"schema": PET}},
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Any", "version": "1"},
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}}],
                "responses": {
                    "200": of_json({"type": "array", "items": PET, "minItems": 1}),
                    "400": of_json(
                        ERROR, examples={"broken": {"value": {"code": 17}}, "other": {"value": {"code": 1}}}
                    ),
                },
            },
            "head": {"responses": {"200": of_json(PET)}},
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": PET}}},
                "responses": {
                    "201": CREATED,
                    "422": of_json(
                        ERROR,
                        examples={"wrong": {"value": {"code": "text"}}, "right": {"value": {"code": 5}}},
                    ),
                    "4XX": of_json({**ERROR, "example": {"code": 9}}),
                },
            },
        },
        "/old": {
            "get": {"deprecated": True, "responses": {"200": of_json(PET)}},
            "delete": {"deprecated": True, "responses": {"204": {"description": "gone"}}},
        },
        "/same": {
            "get": {"responses": {"304": {"description": "as it was", "content": {"application/json": {}}}}}
        },
        "/files": {"get": {"responses": {"200": {"description": "x", "content": {"application/pdf": {}}}}}},
        "/both": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": STREAMED}}},
                "responses": {"200": BOTH},
            }
        },
        "/lines": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"stream": {"type": "boolean", "default": True}},
                            }
                        }
                    }
                },
                "responses": {"200": LINES},
            }
        },
        "/events": {
            "get": {
                "responses": {
                    "200": {
                        "description": "x",
                        "content": {
                            "text/event-stream": {
                                "example": [
                                    {"event": "start", "id": 7, "retry": None, "data": {"a": 1}},
                                    {"event": None, "id": None, "data": "[DONE]"},
                                    {"event": "x", "data": "y", "other": 1},
                                ]
                            }
                        },
                    }
                }
            }
        },
        "/declared": {
            "options": {
                "responses": {
                    "204": {
                        "description": "x",
                        "headers": {
                            "Access-Control-Allow-Origin": {
                                "schema": {"type": "string"},
                                "example": "https://mine",
                            }
                        },
                    }
                }
            }
        },
    },
}


def caller_of(**settings):
    caller = Caller.serving(Contract(Document(DOCUMENT, "any.json")))
    caller.app.settings = Settings(log="off", **settings)
    return caller


@pytest.fixture(scope="module")
def caller():
    return caller_of()


def get(caller, path, method="GET", body=None, **headers):
    return caller.call(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_what_accept_does_not_admit_is_a_406_and_a_violation(caller):
    answer = get(caller, "/pets", accept="text/csv")
    assert (answer.status, answer.json()["detail"]) == (
        406,
        "Accept is 'text/csv', which admits none of application/json.",
    )
    assert json.loads(answer.header("x-mockgrid-violations"))[0]["code"] == "MG150"
    assert get(caller, "/pets", accept="text/csv, */*;q=0.1").status == 200
    assert get(caller, "/old", method="DELETE", accept="text/csv").status == 204
    assert get(caller, "/pets", prefer="code=400", accept="text/csv").json() == {"code": 17}


@pytest.mark.parametrize(
    ("prefer", "status", "body"),
    [
        ("code=400", 400, {"code": 17}),
        ("code=4XX", 400, {"code": 17}),
        ("code=4xx, example=other", 400, {"code": 1}),
        ("example=other", 400, {"code": 1}),
    ],
)
def test_codes_ranges_and_examples_are_preferred(caller, prefer, status, body):
    answer = get(caller, "/pets", prefer=prefer)
    assert (answer.status, answer.json()) == (status, body)


def test_a_preferred_seed_decides_alone(caller):
    def made(prefer, query=""):
        return get(caller, f"/pets{query}", prefer=prefer).body

    assert made("seed=1") == made("seed=1") == made("seed=1, dynamic=true", "?limit=2")
    assert len({made(f"seed={n}") for n in range(20)}) > 10
    assert made("dynamic=true") != made("dynamic=true")


@pytest.mark.parametrize(
    ("call", "body", "status", "code"),
    [
        ("GET /pets?limit=10", None, 400, 17),
        ("POST /pets", {"name": 1, "age": "x"}, 422, 5),
        ("POST /pets", b"{", 400, 9),
    ],
)
def test_a_refused_request_gets_the_documents_own_example(caller, call, body, status, code):
    method, path = call.split(" ")
    answer = get(caller, path, method=method, body=body)
    assert (answer.status, answer.json()) == (status, {"code": code})
    assert answer.header("content-type") == "application/json"
    assert json.loads(answer.header("x-mockgrid-violations"))[0]["message"]
    assert get(caller, "/pets?limit=10", prefer="example=other").json() == {"code": 1}
    assert get(caller, "/pets?limit=10&__example=nope").json() == {"code": 17}


def test_what_is_no_breach_of_the_document_keeps_its_words(caller):
    for prefer, status in (("code=418, example=x", 404), ("example=none", 404), ("code=777", 400)):
        answer = get(caller, "/pets", prefer=prefer)
        assert (answer.status, answer.json() == {"code": 17}) == (status, False)
        (violation,) = json.loads(answer.header("x-mockgrid-violations"))
        assert (violation["code"], violation["location"]) == ("MG129", "header")
    assert "No such path" in get(caller, "/nope").json()["detail"]


def test_a_deprecated_operation_says_so(caller):
    assert get(caller, "/old").header("deprecation") == "true"
    assert get(caller, "/old", method="DELETE").header("deprecation") == "true"
    assert get(caller, "/pets").header("deprecation") is None


def test_required_headers_are_sent(caller):
    answer = get(caller, "/pets", method="POST", body={"name": "Tom"})
    assert answer.status == 201
    assert "://" in answer.header("location")
    assert int(answer.header("x-count")) >= 3
    assert answer.header("x-other") is None


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    with MockGrid(document=str(path)) as grid:
        yield int(grid.base_url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("request_line", "status", "has_length"),
    [("DELETE /old", 204, False), ("GET /same", 304, False), ("HEAD /pets", 200, True)],
)
def test_some_replies_have_no_body(port, request_line, status, has_length):
    second = "GET /old HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connect(port) as connection:
        connection.sendall(f"{request_line} HTTP/1.1\r\nHost: x\r\n\r\n{second}".encode())
        head, _, following = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (b"content-length: " in head) is has_length
    assert following.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/both", {"stream": True}, "text/event-stream; charset=utf-8"),
        ("/both", {"stream": False}, "application/json"),
        ("/both", {}, "text/event-stream; charset=utf-8"),
        ("/lines", {}, "application/x-ndjson"),
        ("/lines", {"stream": False}, "application/json"),
    ],
)
def test_the_body_chooses_a_stream(caller, path, body, kind):
    answer = get(caller, path, method="POST", body=body, accept="application/json" if body else "*/*")
    assert answer.header("content-type") == kind
    text = answer.body.decode()
    values = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert all(json.loads(value)["name"] is not None for value in values)


ORIGIN = {"origin": "https://page"}


def test_pages_of_other_origins_are_served_where_that_is_wanted():
    caller = caller_of(cors=True)
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "authorization, x-a"}
    answer = get(caller, "/pets", method="OPTIONS", **ORIGIN, **asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("access-control-allow-origin") == "https://page"
    assert answer.header("access-control-allow-methods") == "GET, HEAD, POST"
    assert answer.header("access-control-allow-headers") == "authorization, x-a"
    assert answer.header("x-mockgrid-violations") is None
    answer = get(caller, "/pets", **ORIGIN)
    assert answer.header("access-control-allow-origin") == "https://page"
    assert "x-request-id" in answer.header("access-control-expose-headers")
    assert answer.header("vary") == "Origin"
    # A page has to see what is wrong, too.
    for path, method, status in (("/nope", "GET", 404), ("/pets", "PUT", 405), ("/pets?limit=x", "GET", 400)):
        answer = get(caller, path, method=method, **ORIGIN)
        assert (answer.status, answer.header("access-control-allow-origin")) == (status, "https://page")
    assert get(caller, "/nope", method="OPTIONS", **ORIGIN, **asked).status == 204
    # Whoever names no origin may know that all are served.
    answer = get(caller, "/pets", method="OPTIONS")
    assert (answer.status, answer.header("access-control-allow-origin")) == (204, "*")
    assert answer.header("access-control-allow-credentials") is None
    assert get(caller, "/pets").header("access-control-allow-origin") == "*"
    # What the document declares counts.
    answer = get(caller, "/declared", method="OPTIONS", **ORIGIN)
    assert answer.header("access-control-allow-origin") == "https://mine"


def test_without_the_flag_options_is_a_method_like_others(caller):
    answer = get(caller, "/pets", method="OPTIONS", **ORIGIN)
    assert (answer.status, answer.header("access-control-allow-origin")) == (405, None)
    answer = get(caller, "/declared", method="OPTIONS")
    assert (answer.status, answer.header("access-control-allow-origin")) == (204, "https://mine")


def test_an_example_may_describe_events(caller):
    assert get(caller, "/events").body == (
        b'event: start\nid: 7\ndata: {"a":1}\n\ndata: [DONE]\n\ndata: {"event":"x","data":"y","other":1}\n\n'
    )


def test_the_query_prefers_as_the_header_does(caller):
    assert get(caller, "/pets?__code=400&__example=other").json() == {"code": 1}
    assert get(caller, "/pets?__code=400", prefer="code=200").status == 200
    assert get(caller, "/pets?__code=abc").status == 400
