"""Which schemas contain themselves without end, and what it costs to find out."""

from __future__ import annotations

import time

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.document.mistakes import Mistakes
from mockgrid.schema.endless import endless_schemas

LENGTH = 3000
AT = "/components/schemas/"


def requiring(name):
    return {"type": "object", "required": ["n"], "properties": {"n": {"$ref": f"#{AT}{name}"}}}


def endless(schemas):
    """Return the places of the schemas that are told of, and the seconds that it took."""
    content = {"application/json": {"schema": {"anyOf": [{"$ref": f"#{AT}{name}"} for name in schemas]}}}
    paths = {"/a": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    data = {"openapi": "3.1.0", "info": {}, "paths": paths, "components": {"schemas": schemas}}
    document = Document(data, "made")
    document.mistakes = Mistakes(strict=False)  # nothing is compiled before a request comes
    shared = Contract(document)._responses.shared
    started = time.thread_time()
    return [node.at for node in endless_schemas(shared)], time.thread_time() - started


@pytest.mark.parametrize(("last", "count"), [({"type": "string"}, 0), (requiring("S0"), 1)])
def test_a_long_chain_costs_little(last, count):
    schemas = {f"S{number}": requiring(f"S{number + 1}") for number in range(LENGTH)}
    places, seconds = endless({**schemas, f"S{LENGTH}": last})
    assert len(places) == count
    assert seconds < 1


def test_a_wide_schema_costs_little():
    names = [f"S{number}" for number in range(1, LENGTH)]
    parts = {name: {"$ref": f"#{AT}{name}"} for name in names}
    wide = {"type": "object", "required": names, "properties": parts}
    places, seconds = endless({"S0": wide, **{name: {"type": "string"} for name in names}})
    assert places == []
    assert seconds < 1


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("branches", [("S3", "S1"), ("S1", "S3")])
def test_one_branch_that_ends_is_an_end_and_of_parts_all_have_to(branches, turned):
    def places(schema):
        schemas = {"S0": {"type": "string"}, "S1": requiring("S0"), "S2": schema, "S3": requiring("S2")}
        return endless(dict(reversed(schemas.items())) if turned else schemas)[0]

    parts = [requiring(name) for name in branches]
    assert places({"anyOf": parts}) == []
    assert len(places({"allOf": parts})) == 1
