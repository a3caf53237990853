"""Small documents, each with one feature or one mistake: served, called, their replies held to by others.

Its ``x-calls`` are requests to a document, each with the status that it gets, where a violation is, and which
members the reply has and lacks, or which values they have.
One with a mistake says on its first line where that is, and how what is said of it begins.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asgi import Caller
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mockgrid.app.build import build_app
from mockgrid.cli.checking import check_files
from mockgrid.document.document import read_document
from mockgrid.document.mistakes import Mistakes
from mockgrid.errors import DocumentError
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

CORPUS = Path(__file__).parent / "corpus"
FEATURES = sorted((CORPUS / "features").glob("*.yaml"))
MISTAKES = sorted((CORPUS / "mistakes").glob("*.yaml"))


def named(path):
    return path.stem


def sent(call):
    """Return the media type and the bytes of a call's body."""
    if "form" in call:
        head = '--B\r\ncontent-disposition: form-data; name="'
        parts = "".join(f'{head}{name}"\r\n\r\n{text}\r\n' for name, text in call["form"].items())
        return "multipart/form-data; boundary=B", f"{parts}--B--\r\n".encode()
    if "text" in call:
        return call["media"], call["text"].encode()
    if "body" in call:
        return call.get("media", "application/json"), json.dumps(call["body"]).encode()
    return None, b""


def held(document, operation, answer):
    """Hold a reply to its schema in the document as it was published."""
    response = operation.response(answer.status)
    media = response.media.get(answer.header("content-type")) if response is not None else None
    if media is None or not media.is_json or "schema" not in media.source:
        return
    old = str(document["openapi"]).startswith("3.0")
    registry = Registry().with_resource("urn:document", Resource(document, DRAFT202012))
    make = OAS30Validator if old else OAS31Validator
    make({"$ref": f"urn:document#{media.at}/schema"}, registry=registry).validate(answer.json())


def call_all(path, *, judged):
    document = read_document(path, Mistakes(strict=False)).data
    caller = Caller(document=path)
    for call in document["x-calls"]:
        method, _, target = call["call"].partition(" ")
        media, body = sent(call)
        headers = {"content-type": media, **call.get("headers", {})}
        answer = caller.call(method, target, body, headers, key=None)
        assert answer.status == call["status"], (call, answer.body)
        if "at" in call:
            assert answer.json()["detail"].startswith(f"{call['at']} "), (call, answer.body)
        if "has" in call:
            members = answer.json().keys()
            assert {*call["has"]} <= members, (call, answer.body)
            assert members.isdisjoint(call.get("lacks", ())), (call, answer.body)
        for name, values in call.get("values", {}).items():
            assert answer.json()[name] in values, (call, answer.body)
        if judged and answer.status < 300 and answer.body and "x-unjudged" not in document:
            route, _ = caller.app.contract.router.find(target.partition("?")[0])
            held(document, route.operations[method], answer)


@pytest.mark.parametrize("path", FEATURES, ids=named)
def test_a_feature(path):
    build_app(Settings(document=str(path), log="off", strict_document=True))
    assert check_files([path], lambda: None, chosen=True).findings == []
    call_all(path, judged=True)


@pytest.mark.parametrize("path", FEATURES, ids=named)
def test_each_request_that_is_taken_has_a_step_that_answers_it_alike(path):
    caller = Caller(document=path)
    session = "/__mockgrid__/sessions/again"
    for call in read_document(path, Mistakes(strict=False)).data["x-calls"]:
        if call["status"] < 400 and "prefer" not in call.get("headers", {}):  # which no step is asked for
            method, _, target = call["call"].partition(" ")
            media, body = sent(call)
            headers = {"content-type": media, **call.get("headers", {}), "x-mockgrid-session": "again"}
            caller.call("DELETE", session)
            first = caller.call(method, target, body, headers, key=None)
            written = caller.call("GET", f"{session}/exchanges/1/step")
            assert written.status == 200, (call, written.body)
            source = f"strict: true\n{written.json()['source']}"
            played = caller.call("PUT", session, {"source": source}, {"content-type": "application/json"})
            assert played.json()["findings"] == [], source
            again = caller.call(method, target, body, headers, key=None)
            assert again.header("x-mockgrid-step") == "step 1", source
            assert (again.status, again.header("content-type")) == (
                first.status,
                first.header("content-type"),
            )
            is_json = "json" in str(first.header("content-type"))
            assert (again.json() == first.json()) if is_json else (again.body == first.body)


@pytest.mark.parametrize("path", MISTAKES, ids=named)
def test_a_mistake(path):
    where, _, sentence = path.read_text().partition("\n")[0].removeprefix("# ").partition(" ")
    (told,) = check_files([path], lambda: None, chosen=True).findings
    assert (told.severity, told.where) == ("error", f"{path}:{where}")
    assert told.message.startswith(sentence)
    ((at, said),) = Caller(document=path).app.contract.warnings
    assert (at, said) == (told.where, f"{told.message} {told.hint}".rstrip())
    with pytest.raises(DocumentError) as refused:
        build_app(Settings(document=str(path), log="off", strict_document=True))
    assert (refused.value.where, refused.value.message) == (told.where, told.message)
    call_all(path, judged=False)


def test_there_are_enough_of_each():
    assert len(FEATURES) >= 60
    assert len(MISTAKES) >= 30
