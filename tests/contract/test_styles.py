"""Whatever value a schema takes, in whatever style it is written, is accepted and read back equal.

The encoder is that of the specification: RFC 6570 as OpenAPI's table of styles has it, and nothing of ours.
"""

from __future__ import annotations

import json
import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.contract.bodies import read_body
from mockgrid.contract.contract import Contract
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.document import Document

pytestmark = pytest.mark.once

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
PLAIN = {*string.ascii_letters, *string.digits, *"-_~!*' "}
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False).filter(lambda n: n % 1 != 0)
SCALARS = {
    "integer": st.integers(),
    "number": NUMBERS,
    "boolean": st.booleans(),
    "string": WORDS,
}
STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
JOINTS = {"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "|"}


def plain(value):
    """A scalar as a text."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def encoded(value):
    return quote(plain(value), safe="~")


def flat(value):
    """The names and values of an object, in turn."""
    return [part for pair in value.items() for part in pair]


def in_path(name, value, style, explode, text):
    sign, equals = {"simple": ("", False), "label": (".", False), "matrix": (";", True)}[style]
    joint = (sign or ",") if explode else ","
    if isinstance(value, dict):
        pairs = [f"{text(key)}={text(item)}" for key, item in value.items()]
        if style == "matrix" and explode:
            pairs = [pair.removesuffix("=") for pair in pairs]
        body = joint.join(pairs) if explode else joint.join(map(text, flat(value)))
        return sign + (f"{name}={body}" if equals and not explode else body)
    items = list(map(text, value)) if isinstance(value, list) else [text(value)]
    if equals and explode:
        return "".join(f";{name}={item}".removesuffix("=") for item in items)
    return sign + (f"{name}=" if equals else "") + joint.join(items)


def in_query(name, value, style, explode):
    if isinstance(value, dict):
        if style == "deepObject":
            return "&".join(f"{name}[{encoded(key)}]={encoded(item)}" for key, item in value.items())
        if explode:
            return "&".join(f"{encoded(key)}={encoded(item)}" for key, item in value.items())
        return f"{name}={JOINTS[style].join(map(encoded, flat(value)))}"
    if isinstance(value, list):
        if explode:
            return "&".join(f"{name}={encoded(item)}" for item in value)
        return f"{name}={JOINTS[style].join(map(encoded, value))}"
    return f"{name}={encoded(value)}"


@st.composite
def cases(draw, location):
    """Return a style, whether it explodes, a schema, and a value that it takes."""
    style = draw(st.sampled_from(STYLES[location]))
    explode = draw(st.booleans())
    kinds = ["scalar", "array", "object"]
    if style == "deepObject":
        kinds, explode = ["object"], True
    elif style in ("spaceDelimited", "pipeDelimited"):
        kinds, explode = ["array", "object"], False
    elif location == "cookie":
        # A cookie holds one text, so that neither lists nor objects can be told from others when exploded.
        explode = False
    kind = draw(st.sampled_from(kinds))
    named = draw(st.sampled_from(sorted(SCALARS)))
    scalar = SCALARS[named].filter(lambda value: writable(value, location, style, explode, kind))
    schema = {"type": named}
    if kind == "array":
        # An empty text is an empty list where items are joined.
        items = st.lists(scalar, min_size=1, max_size=4).filter(lambda items: explode or items != [""])
        return style, explode, {"type": "array", "items": schema}, draw(items)
    if kind == "object":
        known = ["a", "c-1", *(["b/b", "dé"] if location != "header" else [])]
        names = draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
        properties = dict.fromkeys(known, schema)
        return style, explode, {"type": "object", "properties": properties}, {n: draw(scalar) for n in names}
    value = draw(scalar)
    return style, explode, schema, value


def writable(value, location, style, explode, kind):
    """Whether a scalar can be written at all: what no style encodes cannot hold what separates."""
    text = plain(value)
    if location in ("header", "cookie"):
        return bool(text) and set(text) <= PLAIN and text == text.strip()
    if location == "path" and style != "matrix" and not text:
        return False  # a path has no empty segments
    if style == "label" and kind != "scalar":
        return "." not in text or (kind == "array" and not explode and not isinstance(value, str))
    if style == "spaceDelimited":
        return " " not in text
    return style != "pipeDelimited" or "|" not in text


def contract_of(location, style, explode, schema):
    parameter = {
        "name": "p",
        "in": location,
        "required": True,
        "style": style,
        "explode": explode,
        "schema": schema,
    }
    path = "/a/{p}/b" if location == "path" else "/a"
    operation = {"operationId": "get", "parameters": [parameter], "responses": {"200": {"description": "ok"}}}
    data = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {path: {"get": operation}}}
    return Contract(Document(data, "a.yaml"))


def read_back(location, style, explode, schema, value):
    contract = contract_of(location, style, explode, schema)
    operation = contract.operation("get")
    path, query, headers = {}, "", {}
    if location == "path":
        sent = f"/a/{in_path('p', value, style, explode, encoded)}/b"
        _, path = contract.router.find("", sent)
    elif location == "query":
        query = in_query("p", value, style, explode)
    elif location == "header":
        headers = {b"p": in_path("p", value, style, explode, plain).encode()}
    else:
        headers = {b"cookie": in_query("p", value, style, explode).encode()}
    values, violations = read_parameters(operation, path, query.encode(), headers)
    assert violations == [], (path, query, headers)
    return values[location, "p"]


@pytest.mark.parametrize("location", sorted(STYLES))
def test_a_valid_value_is_read_back_equal(location):
    @settings(max_examples=60, deadline=None, database=None)
    @given(cases(location))
    def check(case):
        style, explode, schema, value = case
        assert read_back(location, style, explode, schema, value) == value

    check()


@st.composite
def forms(draw):
    """Return a schema, encodings by property, and a value."""
    properties, encodings, value = {}, {}, {}
    for name in draw(st.lists(st.sampled_from(["n", "m", "o p", "q"]), min_size=1, unique=True)):
        style, explode, schema, item = draw(cases("query"))
        if schema["type"] == "object" and style == "form" and explode:
            continue  # its properties would be those of another
        properties[name], value[name] = schema, item
        encodings[name] = {"style": style, "explode": explode}
    return properties, encodings, value


def read_form(media_type, content_type, properties, encodings, body):
    content = {media_type: {"schema": {"type": "object", "properties": properties}, "encoding": encodings}}
    operation = {
        "operationId": "post",
        "requestBody": {"content": content},
        "responses": {"200": {"description": "ok"}},
    }
    data = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": operation}}}
    media = Contract(Document(data, "a.yaml")).operation("post").body[media_type]
    read = read_body(media, content_type, body, 64)
    assert media.schema.accepts(read), (body, read)
    return read


@settings(max_examples=60, deadline=None, database=None)
@given(forms())
def test_a_form_is_read_back_equal(form):
    properties, encodings, value = form
    pairs = (
        in_query(encoded(name), item, encodings[name]["style"], encodings[name]["explode"])
        for name, item in value.items()
    )
    media_type = "application/x-www-form-urlencoded"
    assert read_form(media_type, media_type, properties, encodings, "&".join(pairs).encode()) == value


@settings(max_examples=60, deadline=None, database=None)
@given(forms(), st.booleans())
def test_parts_are_read_back_equal(form, said):
    properties, _, value = form
    body = b""
    for name, item in value.items():
        for text in item if isinstance(item, list) else [item]:
            is_json = isinstance(text, dict)
            kind = "\r\nContent-Type: application/json" if is_json and said else ""
            content = json.dumps(text) if is_json else plain(text)
            head = f'--B\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'
            body += f"{head}{content}\r\n".encode()
    boundary = "multipart/form-data; boundary=B"
    assert read_form("multipart/form-data", boundary, properties, {}, body + b"--B--\r\n") == value
