"""What clients were shown of the replies that a contract declares."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.contract import reply_coverage
from mockgrid.contract.contract import Contract
from mockgrid.contract.reply_coverage import ReplyCoverage, merge
from mockgrid.document.document import Document
from mockgrid.schema import inventory

JSON, STREAM = "application/json", "text/event-stream"
KEY = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["new", "used", "lost"]},
        "owner": {"type": ["string", "null"]},
        "since": {"type": "integer", "readOnly": True},
        "secret": {"type": "string", "writeOnly": True},
    },
}
EVENT = {"type": "object", "required": ["data"], "properties": {"id": {"type": "string"}, "data": KEY}}
CONTRACT = Contract(
    Document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Keys", "version": "1"},
            "paths": {
                "/keys": {
                    "get": {
                        "operationId": "keys",
                        "responses": {
                            "200": {
                                "content": {
                                    JSON: {"schema": KEY},
                                    STREAM: {"itemSchema": EVENT},
                                    "text/plain": {"schema": {"enum": ["a", "b"]}},
                                }
                            },
                            "4XX": {"content": {"application/problem+json": {"schema": KEY}}},
                            "500": {"content": {JSON: {"schema": True}}},
                        },
                    }
                }
            },
        },
        "keys.json",
    )
)
KEYS = CONTRACT.operation("keys")
LEAST = {"id": "x", "state": "new"}
ALL = {"state=new", "state=used", "state=lost", "owner", "since"}


def learned(*replies):
    """What was shown by replies, each a status, a content type and what it may be read as."""
    found, counts = ReplyCoverage(CONTRACT), {}
    for status, media, *readings in replies:
        learn = found.lesson(KEYS, status, media, counts)
        if learn is not None:
            learn(readings)
    return list(found.entries())


def labels(entry, *, shown=True):
    return {branch["label"] for branch in entry["branches"] if branch["shown"] is shown}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (LEAST, {"state=new"}),
        ({**LEAST, "state": "lost", "owner": "me", "since": 3}, {"state=lost", "owner", "since"}),
        ({**LEAST, "owner": None}, {"state=new"}),
        ({**LEAST, "state": "sold", "owner": "me"}, set()),
        ("cut", set()),
    ],
)
def test_a_valid_body_shows_its_branches(body, shown):
    (entry,) = learned((200, f"{JSON}; charset=utf-8", body))
    assert (entry["operation"], entry["status"], entry["response"]) == ("keys", "200", JSON)
    assert labels(entry) == shown
    assert labels(entry, shown=False) == ALL - shown


def test_events_show_those_of_their_schema():
    (entry,) = learned((200, STREAM, LEAST, "text", {"data": LEAST, "id": "7"}))
    assert (entry["response"], labels(entry)) == (STREAM, {"id", "data.state=new"})


def test_replies_without_branches_are_none():
    assert learned((500, JSON, {}), (200, "text/plain", "a"), (302, JSON, LEAST), (200, "", LEAST)) == []
    (entry,) = learned((418, "application/problem+json", LEAST))
    assert (entry["status"], entry["response"]) == ("4XX", "application/problem+json")


@pytest.mark.parametrize("media", ["application/*", "*/*"])
def test_json_that_a_range_covers_teaches_whatever_else_came_first(media):
    data = {"openapi": "3.1.0", "info": {"title": "Keys", "version": "1"}, "components": {}}
    content = {media: {"schema": {"properties": {"state": {"enum": ["new", "used"]}}}}}
    data["paths"] = {"/keys": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    contract = Contract(Document(data, "keys.json"))
    found, counts = ReplyCoverage(contract), {}
    (operation,) = contract.operations
    assert found.lesson(operation, 200, "application/pdf", counts) is None
    found.lesson(operation, 200, "application/json; charset=utf-8", counts)([{"state": "used"}])
    (entry,) = found.entries()
    assert labels(entry) == {"state", "state=used"}
    assert labels(entry, shown=False) == {"state=new"}


def test_after_many_of_a_kind_one_in_some_is_looked_at(monkeypatch):
    monkeypatch.setattr(reply_coverage, "_LOOKED_AT", 4)
    monkeypatch.setattr(reply_coverage, "_ONE_IN", 4)
    found, counts = ReplyCoverage(CONTRACT), {}
    looked_at = [number for number in range(1, 17) if found.lesson(KEYS, 200, JSON, counts) is not None]
    assert looked_at == [1, 2, 3, 4, 8, 12, 16]


def test_of_a_large_schema_what_is_nearest_to_its_root_is_told(monkeypatch):
    monkeypatch.setattr(inventory, "_MOST", 1)
    (entry,) = learned((200, STREAM, {"data": LEAST}))
    assert labels(entry) | labels(entry, shown=False) == {"id"}


REPLIES = st.tuples(
    st.sampled_from([200, 400, 404]),
    st.sampled_from([JSON, "application/problem+json", STREAM]),
    st.fixed_dictionaries(
        {"id": st.just("x"), "state": st.sampled_from(["new", "used", "lost"])},
        optional={"owner": st.sampled_from([None, "me"]), "since": st.just(1)},
    ),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(REPLIES, max_size=5), st.lists(REPLIES, max_size=5))
def test_two_runs_add_up_to_one_that_saw_both(first, second):
    assert merge(learned(*first), learned(*second)) == learned(*second, *first)


@pytest.mark.parametrize(
    "nothing", [{"type": "null"}, {"const": None}, {"type": ["string", "null"], "enum": [None]}]
)
def test_what_can_be_nothing_but_null_cannot_be_shown(nothing):
    schema = {"type": "object", "properties": {"error": nothing, "name": {"type": ["string", "null"]}}}
    operation = {"operationId": "get", "responses": {"200": {"content": {JSON: {"schema": schema}}}}}
    head = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}}
    contract = Contract(Document({**head, "paths": {"/": {"get": operation}}}, "made"))
    found = ReplyCoverage(contract)
    found.lesson(contract.operation("get"), 200, JSON, {})([{"error": None, "name": None}])
    (entry,) = found.entries()
    assert labels(entry, shown=False) == {"name"}
