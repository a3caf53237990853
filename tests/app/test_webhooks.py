"""Webhooks, which are served when that is asked for."""

from __future__ import annotations

import json

import pytest
from asgi import Caller

from mockgrid.errors import DocumentError

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
HOOKS = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "webhooks": {
        "order.paid": {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA}}},
                "responses": {"204": {"description": "noted"}},
            }
        }
    },
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "hooks.json"
    path.write_text(json.dumps(HOOKS))
    return path


def test_webhooks_are_served_by_their_names(document):
    caller = Caller(document=document, webhooks=True)
    assert caller.call("POST", "/order.paid", b'{"id": 1}', JSON).status == 204
    refused = caller.call("POST", "/order.paid", b'{"id": "x"}', JSON)
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, "/id")
    contract = "/webhooks/order.paid/post/requestBody/content/application~1json/schema/properties/id/type"
    assert refused.json()["errors"][0]["contract"] == contract


def test_a_document_of_webhooks_alone_says_how_to_serve_them(document):
    with pytest.raises(DocumentError, match="no paths") as refused:
        Caller(document=document)
    assert "--webhooks" in refused.value.hint


def test_a_webhook_has_the_methods_that_a_path_of_its_name_has_not(tmp_path):
    path = tmp_path / "hooks.json"
    answer = {"responses": {"200": {"description": "ok", "content": {"text/plain": {"example": "a path"}}}}}
    hook = {"get": {"responses": {"204": {"description": "a webhook"}}}, **HOOKS["webhooks"]["order.paid"]}
    document = {**HOOKS, "paths": {"/order.paid": {"get": answer}}, "webhooks": {"order.paid": hook}}
    path.write_text(json.dumps(document))
    caller = Caller(document=path, webhooks=True)
    assert caller.call("GET", "/order.paid").body == b"a path"
    assert caller.call("POST", "/order.paid", b"{}", JSON).status == 422
    assert caller.call("POST", "/order.paid", b'{"id": 1}', JSON).status == 204
