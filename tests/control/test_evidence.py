"""Which exchanges an entry of the contract report counts: as many as it says, and those that did it."""

import asyncio
import json
from contextlib import suppress

import httpx
import pytest

import mockgrid
from mockgrid.app.build import build_app
from mockgrid.http.asgi import CutError
from mockgrid.report.tally import KEYS
from mockgrid.settings import Settings

HI = {"messages": [{"role": "user", "content": "Hi"}]}
STEPS = {
    "steps": [
        {"when": {"stream": True}, "reply": {"say": "x", "stream": {"fault": "no_done"}}},
        {"when": {"path": "/v1/models"}, "reply": {"fault": "reset"}},
        {"when": {"last_user": "Hi"}, "replies": [{"error": 503}, {"error": 503}], "then": "pass"},
    ]
}
DONE = {"branches": "sent", "replies": "shown"}
SHOP = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": {
            "post": {
                "operationId": "order",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"properties": {"tea": {"enum": ["black", "green"]}}}},
                        "application/x-www-form-urlencoded": {
                            "schema": {"properties": {"tea": {"type": "string"}}}
                        },
                    }
                },
                "responses": {"200": {"content": {"application/json": {}, "text/plain": {}}}, "4XX": {}},
            },
            "get": {"operationId": "orders", "responses": {"2XX": {}, "405": {}}},
        },
        "/orders/{id}": {"get": {"operationId": "orders1", "responses": {"default": {}}}},
    },
}
CHAT = "/v1/chat/completions"
OF_CHAT = [
    ("POST", CHAT, {"json": HI}),
    ("POST", CHAT, {"json": HI}),
    ("POST", CHAT, {"json": HI}),
    ("POST", CHAT, {"json": {**HI, "stream": True}}),
    ("POST", CHAT, {"json": {**HI, "temperature": 1, "odd": 1}}),
    ("POST", CHAT, {"json": {**HI, "temperature": 9}}),
    ("POST", CHAT, {"json": {"messages": [{"role": "x"}, {"role": "y"}]}}),
    ("POST", CHAT, {"json": {**HI, "model": "none", "seed": 1}}),
    ("POST", CHAT, {"json": {**HI, "user": "x"}, "headers": {"authorization": "Bearer x"}}),
    ("POST", CHAT, {"content": b"{"}),
    ("POST", CHAT, {"content": b"x", "headers": {"content-type": "text/css; x=y"}}),
    ("PUT", CHAT, {"json": HI}),
    ("GET", "/v1/models", {}),
    ("GET", "/v1/nothing", {}),
    ("POST", "/v1/nothing", {"json": HI}),
]
OF_SHOP = [
    ("POST", "/orders", {"json": {"tea": "green"}}),
    ("POST", "/orders", {"json": {"tea": "green"}, "headers": {"accept": "text/plain"}}),
    ("POST", "/orders", {"data": {"tea": "green"}}),
    ("POST", "/orders", {"json": {"tea": "red"}}),
    ("POST", "/orders", {}),
    ("PATCH", "/orders", {}),
    ("GET", "/orders", {}),
    ("GET", "/orders/1", {}),
]


async def entries_of(app, requests):
    """The report's entries with their counts, as a page shows them, and the exchanges that each leads to."""
    asgi = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=asgi, base_url="http://localhost") as client:
        if requests is OF_CHAT:
            await client.put("/__mockgrid__/sessions/mg-a/steps", json=STEPS)
        for method, path, sent in requests:
            headers = {"authorization": "Bearer mg-a", **sent.get("headers", {})}
            with suppress(CutError):  # a fault
                await client.request(method, path, **{**sent, "headers": headers})
        report = (await client.get("/__mockgrid__/report")).json()
        lists = {kind: report[kind] for kind in KEYS}
        lists["replies"] = [
            {**reply, **branch} for reply in report["replies"] for branch in reply["branches"]
        ]
        found = []
        for kind, entries in lists.items():
            for entry in entries:
                query = {name: entry[name] for name in KEYS[kind] if entry[name] is not None}
                answer = await client.get("/__mockgrid__/report/exchanges", params={"kind": kind, **query})
                found.append((kind, entry, answer.json()["exchanges"]))
        return found


@pytest.fixture(scope="module")
def of_chat():
    return asyncio.run(entries_of(mockgrid.create_app(), OF_CHAT))


@pytest.fixture(scope="module")
def of_shop(tmp_path_factory):
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(SHOP), "utf-8")
    return asyncio.run(entries_of(mockgrid.create_app(document=file), OF_SHOP))


@pytest.mark.parametrize("found", ["of_chat", "of_shop"])
def test_an_entry_leads_to_as_many_exchanges_as_it_counts(found, request):
    for kind, entry, exchanges in request.getfixturevalue(found):
        if kind == "violations":  # one may break the contract twice
            assert 0 < len(exchanges) <= entry["count"]
            assert {place["exchange"] for place in entry["places"]} == {each["number"] for each in exchanges}
        elif kind in DONE:
            assert bool(exchanges) is entry[DONE[kind]], (kind, entry)
        else:
            assert len(exchanges) == entry["count"], (kind, entry)


def test_an_entry_leads_to_those_that_did_it_alone(of_chat):
    def numbers(kind, **wanted):
        return [
            [each["number"] for each in exchanges]
            for of, entry, exchanges in of_chat
            if of == kind and wanted.items() <= entry.items()
        ]

    chat, media = "createChatCompletion", "application/json"
    assert numbers("rows", operation=chat, status="200", response="text/event-stream") == [[4]]
    assert numbers("rows", operation=chat, status="200", response=media) == [[3, 5]]
    assert numbers("rows", operation=chat, status="503") == [[1, 2]]
    assert numbers("rows", operation=None, status="404") == [[13, 14]]
    assert numbers("branches", label="temperature") == [[5]]
    assert numbers("branches", label="seed") == [[8]]
    assert numbers("violations", code="MG113") == [[6]]
    assert numbers("rows", operation="listModels", status="200") == [[]]  # its head has not left
    assert numbers("steps", step="step 3") == [[1, 2]]
    assert numbers("steps", step="step 1") == numbers("faults", fault="stream.fault=no_done") == [[4]]
    assert numbers("faults", fault="fault=reset") == numbers("steps", step="step 2") == [[12]]


def test_no_more_is_remembered_of_media_types_than_exchanges_are_kept():
    app = build_app(Settings())

    async def look():
        asgi = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=asgi, base_url="http://localhost") as client:
            for number in range(3):
                made_up = {"authorization": "Bearer mg-a", "content-type": f"text/x{number}"}
                await client.post(CHAT, content=b"x", headers=made_up)
                await client.get("/__mockgrid__/report/exchanges", params={"kind": "rows"})
                await client.delete("/__mockgrid__/sessions/mg-a")

    asyncio.run(look())
    assert len(app.recorder._evidence._by_key) == 1
