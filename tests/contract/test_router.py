"""From a path to its operation, and to its parameters as they were sent."""

from __future__ import annotations

import time

import pytest
from asgi import Caller

from mockgrid.contract.contract import Contract
from mockgrid.contract.parameters import read_parameters
from mockgrid.document import yaml
from mockgrid.document.document import Document
from mockgrid.document.mistakes import Mistakes
from mockgrid.session.session import session_name


def contract(*paths, **schema):
    items = {}
    for path in paths:
        names = [piece.partition("}")[0] for piece in path.split("{")[1:]]
        parameters = [{"name": name, "in": "path", "schema": schema or {"type": "string"}} for name in names]
        items[path] = {"get": {"operationId": path, "parameters": parameters}}
    return Contract(Document({"openapi": "3.1.0", "paths": items}, "api.json"))


def values(found, raw_path, path=None):
    route, parameters = found.router.find(path or raw_path, raw_path)
    read, violations = read_parameters(route.operations["GET"], parameters, b"", {})
    assert violations == []
    return {name: value for (_, name), value in read.items()}


@pytest.mark.parametrize(
    ("raw_path", "value"),
    [
        ("/a/b%2Fc", "b/c"),
        ("/a/caf%C3%A9", "café"),
        ("/a/a+b", "a+b"),
        ("/a/%7Eme", "~me"),
        ("/a/1%2C2", "1,2"),
    ],
)
def test_a_parameter_is_decoded_once(raw_path, value):
    assert values(contract("/a/{x}"), raw_path) == {"x": value}


def test_what_is_encoded_separates_nothing():
    found = contract("/a/{x}", type="array", items={"type": "string"})
    assert values(found, "/a/1%2C2,3") == {"x": ["1,2", "3"]}


def test_wrong_encoding_is_a_violation():
    found = contract("/a/{x}")
    route, parameters = found.router.find("/a/%zz", "/a/%zz")
    _, (violation,) = read_parameters(route.operations["GET"], parameters, b"", {})
    assert (violation.code, violation.path) == ("MG122", "path.x")


def test_an_encoded_slash_is_no_separator():
    found = contract("/a/b", "/{x}")
    assert found.router.find("/a/b", "/a/b")[0].template == "/a/b"
    assert values(found, "/a%2Fb", "/a/b") == {"x": "a/b"}


def test_literal_parts_may_be_encoded_or_not():
    found = contract("/caf\u00e9/~{x}:go")
    for raw_path in ("/caf%C3%A9/~1:go", "/caf%c3%a9/%7E1:go"):
        assert values(found, raw_path) == {"x": "1"}


def test_what_is_encoded_without_need_is_plain_where_nothing_else_is_meant():
    assert values(contract("/a/{x}:stop"), "/a/b%3astop") == {"x": "b"}
    assert values(contract("/a/{x}:stop", "/a/{x}"), "/a/b%3Astop") == {"x": "b:stop"}
    assert contract("/a/{x}:stop").router.find("/a/b/stop", "/a/b%2Fstop") is None


def test_the_path_with_fewest_parameters_is_taken():
    found = contract("/{a}/{b}", "/x/{b}", "/x/y")
    for path, template in (("/x/y", "/x/y"), ("/x/z", "/x/{b}"), ("/w/z", "/{a}/{b}")):
        assert found.router.find(path, path)[0].template == template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/a/b/7", "/a/b/{n}"),
        ("/a/b/c", "/a/{x}/c"),
        ("/a/7/c", "/a/{x}/c"),
        ("/a/b/x", "/a/b/{n}"),  # what no template fits is of the one that goes before
        ("/5/b", "/{n}/b"),
        ("/a/b", "/a/b"),
    ],
)
def test_of_two_templates_the_one_is_taken_that_the_path_obeys(path, template):
    paths = {}
    for known in ("/a/b/{n}", "/a/{x}/c", "/{n}/b", "/a/b"):
        name = known[known.find("{") + 1 : known.find("}")] if "{" in known else ""
        schema = {"type": "integer"} if name == "n" else {"type": "string"}
        parameters = [{"name": name, "in": "path", "schema": schema}] if name else []
        paths[known] = {"get": {"operationId": known, "parameters": parameters}}
    router = Contract(Document({"openapi": "3.1.0", "paths": paths}, "api.json")).router
    for _ in range(2):
        assert router.find(path, path, "GET")[0].template == template


def test_several_parameters_in_one_segment():
    assert values(contract("/{name}.{ext}"), "/a.tar.gz") == {"name": "a.tar", "ext": "gz"}


@pytest.mark.parametrize("template", ["/{a}-{b}-{c}-{d}.json", "/{a}{b}{c}x"])
def test_no_path_takes_long_to_tell(template):
    found = contract(template)
    path = "/" + "-" * 60_000
    started = time.thread_time()
    assert found.router.find(path, path) is None
    assert time.thread_time() - started < 0.5


def based(base_path, *paths):
    items = {}
    for path in paths:
        names = [piece.partition("}")[0] for piece in path.split("{")[1:]]
        items[path] = {"get": {"parameters": [{"name": name, "in": "path"} for name in names]}}
    return Contract(Document({"openapi": "3.1.0", "paths": items}, "api.json"), base_path=base_path).router


CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", CHAT),
        ("/v1/v1/chat/completions", CHAT),
        ("/v1/chat/completion", CHAT),
        ("/v1/chat/completions/", CHAT),
        ("/v1//chat/completions", CHAT),
        ("/V1/Chat/completions", CHAT),
        ("/v1/chatcompletions", CHAT),
        ("/v2/chat/completions", CHAT),
        ("/openai/v1/chat/completions", CHAT),
        ("/v1/model", "/v1/models"),
        ("/v1/model/llama", "/v1/models/{model}"),
        ("/models/llama/", "/v1/models/{model}"),
        ("/nope", None),
        ("/v1/nope", None),
        ("/v1/responses", None),
        ("/v1/embeddings", None),
        ("/v1/chat", None),
        ("/v1", None),
        ("/", None),
        ("", None),
    ],
)
def test_the_path_that_was_probably_meant(path, meant):
    assert based("/v1", "/chat/completions", "/models", "/models/{model}").nearest(path) == meant


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v2/pet/5", "/api/v2/pets/{petId}"),
        ("/api/v2/pets/5/", "/api/v2/pets/{petId}"),
        ("/api/v2//pets/5", "/api/v2/pets/{petId}"),
        ("/v2/pets/5", "/api/v2/pets/{petId}"),
        ("/pets/5", "/api/v2/pets/{petId}"),
        ("/api/v2/pets/5/photos", "/api/v2/pets/{petId}/photo"),
        ("/api/v2/Pet/5/photo", "/api/v2/pets/{petId}/photo"),
        ("/api/v2/stores/5", None),
        ("/api/v2/pets/5/name", None),
    ],
)
def test_of_a_path_with_parameters_the_template_is_named(path, meant):
    assert based("/api/v2", "/pets", "/pets/{petId}", "/pets/{petId}/photo").nearest(path) == meant


def test_a_path_of_parameters_only_is_like_nothing():
    assert based("/v1", "/{a}/{b}").nearest("/v1/x") is None


@pytest.mark.parametrize("path", ["/" + "x" * 60_000, "/v1" * 20_000, "/x" * 30_000])
def test_telling_what_was_meant_takes_no_time(path):
    router = based("/v1", *(f"/{'y' * 80}{n}/z" for n in range(2_000)))
    started = time.thread_time()
    router.nearest(path)
    assert time.thread_time() - started < 0.5


KEYS = """\
openapi: 3.1.0
servers: [{url: /v1}]
paths:
  /m: {post: {operationId: plain, responses: {"200": {}}}}
  /m?beta=true: {post: {operationId: beta, responses: {"201": {}}}}
  /m?beta=true&x: {post: {operationId: both, responses: {"202": {}}}}
  /tag?Op=Tag: {post: {operationId: tag, responses: {"200": {}}}}
  /tag?Op=Untag: {post: {operationId: untag, responses: {"201": {}}}}
  /m/{id}?dry=1&q={q}:
    get:
      parameters: [{name: id, in: path, required: true}, {name: q, in: query}]
      responses: {"200": {}}
  /c:
    post:
      operationId: whole
      requestBody:
        content: {application/json: {schema: &asked {type: object, properties: {n: {type: integer}}}}}
      responses: {"200": {content: {application/json: {example: 1}}}}
  /c#stream:
    post:
      operationId: stream
      requestBody: {content: {application/json: {schema: *asked}}}
      responses: {"200": {content: {text/event-stream: {example: 2}}}}
  /c#named:
    post:
      operationId: named
      requestBody:
        content:
          application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}
      responses: {"201": {content: {application/json: {example: 3}}}}
  /jobs/{id}: {get: &job {parameters: [{name: id, in: path, required: true}], responses: {"200": {}}}}
  /jobs/{id}:cancel: {post: *job}
  /users/me: {get: {responses: {"201": {}}}}
  /users/{id}: {get: *job, put: *job}
"""


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/v1/m", {}, {}, 200),
        ("POST", "/v1/m?beta=true", {}, {}, 201),
        ("POST", "/v1/m?y=1&beta=true", {}, {}, 201),
        ("POST", "/v1/m?beta=false", {}, {}, 200),
        ("POST", "/v1/m?x=&beta=true", {}, {}, 202),
        ("POST", "/v1/tag?Op=Tag", {}, {}, 200),
        ("POST", "/v1/tag?Op=Untag", {}, {}, 201),
        ("POST", "/v1/tag", {}, {}, 404),
        ("GET", "/v1/tag", None, {}, 405),
        ("GET", "/v1/m/5?q=2&dry=1", None, {}, 200),
        ("GET", "/v1/m/5", None, {}, 404),
        ("POST", "/v1/c", {"n": 1}, {}, 200),
        ("POST", "/v1/c", {"name": "a"}, {}, 201),
        ("POST", "/v1/c", {"name": 5}, {}, 200),
        ("POST", "/v1/c", {"n": "no"}, {}, 422),
        ("GET", "/v1/jobs/5:cancel", None, {}, 200),
        ("POST", "/v1/jobs/5:cancel", None, {}, 200),
        ("GET", "/v1/users/me", None, {}, 201),
        ("PUT", "/v1/users/me", None, {}, 200),
        ("DELETE", "/v1/users/me", None, {}, 405),
    ],
)
def test_a_key_may_name_a_query_or_a_fragment(method, path, body, headers, status):
    caller = Caller.serving(Contract(yaml.load(KEYS, name="api.yaml")))
    assert caller.call(method, path, body, headers).status == status


def test_a_fragment_is_told_by_what_the_client_takes():
    caller = Caller.serving(Contract(yaml.load(KEYS, name="api.yaml")))
    streamed = [{"body": {"stream": True}}, {"body": {}, "headers": {"accept": "text/event-stream"}}]
    for sent in streamed:
        answer = caller.call("POST", "/v1/c", **sent)
        assert answer.header("content-type").startswith("text/event-stream")
    answer = caller.call("POST", "/v1/c", {}, {"accept": "application/json"})
    assert answer.header("content-type") == "application/json"
    journal = caller.app.sessions.find(session_name("mg-test")).journal
    assert [exchange.operation.id for exchange in journal] == ["stream", "stream", "whole"]


def test_two_templates_of_one_shape_are_one_path():
    text = """\
openapi: 3.0.3
paths:
  /f/{fileId}:
    post: {parameters: [{name: fileId, in: path, schema: {type: integer}}], responses: {"200": {}}}
  /f/{id}: {get: {parameters: [{name: id, in: path, schema: {type: string}}], responses: {"200": {}}}}
"""
    document = yaml.load(text, name="a.yaml", mistakes=Mistakes(strict=False))
    contract = Contract(document)
    caller = Caller.serving(contract)
    assert [caller.call(method, "/f/a").status for method in ("GET", "POST", "PUT")] == [200, 422, 405]
    ((where, sentence),) = contract.warnings
    assert where == "a.yaml:5:3"
    assert sentence.startswith('the path "/f/{id}" differs from "/f/{fileId}" in the names of its parameters')
