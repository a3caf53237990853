"""From a path to its operation, and to its parameters as they were sent."""

from __future__ import annotations

import time

import pytest

from mockgrid.contract.contract import Contract
from mockgrid.contract.document import Document
from mockgrid.contract.parameters import read_parameters


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


def test_the_path_with_fewest_parameters_is_taken():
    found = contract("/{a}/{b}", "/x/{b}", "/x/y")
    for path, template in (("/x/y", "/x/y"), ("/x/z", "/x/{b}"), ("/w/z", "/{a}/{b}")):
        assert found.router.find(path, path)[0].template == template


def test_several_parameters_in_one_segment():
    assert values(contract("/{name}.{ext}"), "/a.tar.gz") == {"name": "a.tar", "ext": "gz"}


@pytest.mark.parametrize("template", ["/{a}-{b}-{c}-{d}.json", "/{a}{b}{c}x"])
def test_no_path_takes_long_to_tell(template):
    found = contract(template)
    path = "/" + "-" * 60_000
    started = time.perf_counter()
    assert found.router.find(path, path) is None
    assert time.perf_counter() - started < 0.5
