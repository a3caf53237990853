"""Documents with a value of the wrong kind somewhere: a finding or a server, and never a traceback."""

import contextlib
import copy
import io
from pathlib import Path

import pytest
from asgi import Caller
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockgrid.app.build import build_app
from mockgrid.cli.checking import check_files
from mockgrid.contract.bundle import bundle
from mockgrid.contract.contract import Contract
from mockgrid.document import yaml
from mockgrid.document.document import Document, read_document
from mockgrid.document.mistakes import Mistakes
from mockgrid.errors import DocumentError
from mockgrid.settings import Settings

DOCUMENTS = Path(__file__).parent.parent / "documents"
EVERYTHING = [read_document(DOCUMENTS / f"everything-{version}.yaml") for version in ("3.0", "3.1")]
HUGE = 10**400

NOTHING_LEFT = ("so there is nothing to serve.", "the field paths is missing.", "a mapping was expected.")

leaves = st.sampled_from(
    [
        *(None, True, False, 3, -1.5, HUGE, "", "x", "#/a\0b", "x\0.yaml", "http://[", [], {}, [None], [[]]),
        *([3], [{}], ["x", "x"], {"": None}, {"x": 3}, {"x": [None]}, {"type": "nothing"}, {"enum": []}),
        *({"$ref": "#"}, {"$ref": 3}, {"$ref": "#/a\0b"}, {"$ref": "x\0.yaml"}, {"$ref": "http://["}),
        *({"$id": "http://["}, {"$schema": 3}, {"additionalProperties": {"$ref": "#"}}, {"$ref": "#/%zz"}),
    ]
)
values = st.recursive(
    leaves,
    lambda inside: (
        st.lists(inside, max_size=2) | st.dictionaries(st.text("ax$-", max_size=3), inside, max_size=2)
    ),
    max_leaves=3,
)


def paths(value, at=()):
    """Yield the way to each value inside another."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from paths(item, (*at, key))


PLACES = [(document, path) for document in EVERYTHING for path in paths(document.data)]


def spoilt(document, path, value):
    data = copy.deepcopy(document.data)
    holder = data
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = copy.deepcopy(value)
    return Document(data, document.name)


JSON = "application/json"
BODIES = [
    (JSON, b'{"name":"a","n":1,"pair":["a",1],"pet":{"kind":"cat"},"x-a":"1","child":{"name":"b"},"zz":1}'),
    (JSON, b'{"n":"no","kind":3,"pet":{"kind":3},"tags":[1,1],"big":%b}' % (b"9" * 40)),
    (JSON, b"3"),
    ("application/x-www-form-urlencoded", b"name=a&tags=1&n=2&child={}"),
    (
        "multipart/form-data; boundary=b",
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nabc\r\n--b--\r\n',
    ),
]


def answers(contract, caller):
    """Call every operation in several ways, then the report and the document itself."""
    for operation in contract.operations:
        path = f"{contract.base_path}{operation.path.replace('{id}', '3')}?f[a]=1&q=1|2"
        headers = {"x-key": "k-a", "h": "[1]", "cookie": "c=1"}
        if operation.method == "POST":
            for media, body in BODIES:
                yield caller.call("POST", path, body, {**headers, "content-type": media})
        else:
            for media in ("*/*", "application/xml"):
                yield caller.call(operation.method, path, None, {**headers, "accept": media})
    yield caller.call("GET", "/__mockgrid__/report")
    yield caller.call("GET", "/openapi.json")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), values)
@example((EVERYTHING[1], ("components", "securitySchemes", "key")), [])
@example(
    (EVERYTHING[1], ("components", "schemas", "Item", "properties", "secret", "writeOnly")),
    {"additionalProperties": {"$ref": "#"}},
)
@example((EVERYTHING[0], ("components", "schemas", "Item", "properties", "n", "maximum")), HUGE)
@example((EVERYTHING[0], ("components", "schemas", "Item", "dependentSchemas")), "x")
@example((EVERYTHING[1], ("info", "version")), HUGE)
@example((EVERYTHING[1], ("paths", "/s", "get")), {"$ref": "x\0.yaml"})
def test_a_document_with_a_wrong_value_is_served_as_far_as_it_goes(place, value):
    document = spoilt(*place, value)
    with contextlib.suppress(DocumentError):
        Contract(bundle(document))
    document.mistakes = Mistakes(strict=False)
    contract, reason = None, ""
    try:
        contract = Contract(bundle(document))
    except DocumentError as error:
        reason = error.message
    if contract is None:
        assert reason.endswith(NOTHING_LEFT)
        return
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        assert len(contract.sha256) == 64
        assert isinstance(contract.warnings, tuple)
        caller = Caller.serving(contract, key="k-test")
        assert all(200 <= answer.status < 600 for answer in answers(contract, caller))
    assert "Traceback" not in told.getvalue()


@st.composite
def mutated(draw):
    """Draw a document in which values are left out, exchanged, given twice or under another key."""
    document = draw(st.sampled_from(EVERYTHING))
    data = copy.deepcopy(document.data)
    for _ in range(draw(st.integers(1, 4))):
        places = list(paths(data))
        *around, last = draw(st.sampled_from(places))
        holder = at(data, around)
        match draw(st.sampled_from(["leave out", "exchange", "replace", "repeat"])):
            case "leave out":
                del holder[last]
            case "exchange":
                holder[last] = copy.deepcopy(at(data, draw(st.sampled_from(places))))
            case "replace":
                holder[last] = copy.deepcopy(draw(values))
            case "repeat" if isinstance(holder, dict):
                holder[f"{last}x"] = holder[last]
            case "repeat":
                holder.append(holder[last])
    return data


def at(data, place):
    for part in place:
        data = data[part]
    return data


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_what_can_still_be_answered_is_answered(data):
    if not isinstance(data.get("paths"), dict):
        data["paths"] = {}
    data["paths"]["/whole"] = {"get": {"security": [], "responses": {"204": {"description": "whole"}}}}
    contract = Contract(bundle(Document(data, "a.yaml", mistakes=Mistakes(strict=False))))
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        assert all(len(warning) == 2 for warning in contract.warnings)
        caller = Caller.serving(contract, key="k-test")
        assert caller.call("GET", f"{contract.base_path}/whole").status == 204
        assert all(200 <= answer.status < 600 for answer in answers(contract, caller))
    assert "Traceback" not in told.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("bearer: {type: http, scheme: bearer}", "bearer: [a]", 'a mapping was expected, got ["a"].'),
        ("name: X-Key", "name: [X-Key]", 'a text was expected, got ["X-Key"].'),
        ("name: X-Key", "name: Schlüssel", 'the name of a header was expected, got "Schlüssel".'),
        ("security: [{key: []}, {}]", "security: [key]", 'a mapping was expected, got "key".'),
        ('"#/components/examples/E"', r'"#/a\0b"', r"the reference '#/a\x00b' leads to nothing."),
        (
            '"#/components/examples/E"',
            r'"a\0b.yaml#/E"',
            r"'a\x00b.yaml' cannot be read: it holds a NUL character.",
        ),
        (
            "$defs: {L: {type: string}}",
            "$defs: {L: {$id: 'http://['}}",
            "'http://[' is not a URI: Invalid IPv6 URL.",
        ),
        (
            "dependentRequired: {n: [name]}",
            "dependentRequired: {n: name}",
            'dependentRequired is {"n":"name"}; lists of texts by name was expected.',
        ),
        (
            "known: {a: {context: 10",
            "known: {a: {context: ten",
            'a number of tokens was expected, got "ten".',
        ),
        ("style: deepObject", "style: [deepObject]", 'a text was expected, got ["deepObject"].'),
        ("{prefix: x}", "{}", "a text was expected, got null."),
        ("failure: unknown_model", "failure: [unknown_model]", "the status 402 stands for ['unknown_model']"),
        ("type: object\n      title", "type: []\n      title", "type is [], which is not a type."),
    ],
)
def test_what_would_stop_the_server_is_told_beforehand(tmp_path, old, new, finding):
    text = (DOCUMENTS / "everything-3.1.yaml").read_text()
    assert old in text
    path = tmp_path / "a.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(DocumentError) as refused:
        build_app(Settings(document=path, log="off", strict_document=True))
    assert refused.value.message.startswith(finding)
    assert refused.value.where.startswith(f"{path}:")
    ((where, sentence),) = build_app(Settings(document=path, log="off")).contract.warnings
    assert sentence.startswith(finding)
    assert where == refused.value.where
    findings = check_files([path], lambda: None, chosen=True).findings
    (error,) = [finding for finding in findings if finding.severity == "error"]
    assert (error.message, error.where) == (refused.value.message, refused.value.where)


def combined(levels, combine):
    def at(level):
        return {"$ref": f"#/components/schemas/L{level}"}

    schemas = {f"L{level}": combine(at(level + 1)) for level in range(levels)}
    media = {"content": {"application/json": {"schema": at(0)}}}
    operation = {"requestBody": media, "responses": {"200": media}}
    return {
        "openapi": "3.1.0",
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": {**schemas, f"L{levels}": {"type": "object"}}},
    }


@pytest.mark.parametrize(
    "combine",
    [
        lambda part: {"allOf": [part, dict(part)]},
        lambda part: {"anyOf": [part, dict(part)]},
        lambda part: {"oneOf": [part, dict(part)], "required": ["a"]},
        lambda part: {"not": part, "if": dict(part)},
        lambda part: {"allOf": [part], "dependentSchemas": {"a": dict(part)}},
    ],
)
def test_schemas_that_double_at_each_level_are_refused(combine):
    Contract(Document(combined(8, combine), "a.yaml"))
    with pytest.raises(DocumentError, match="holds each value to more than 10,000 schemas"):
        Contract(Document(combined(30, combine), "a.yaml"))


@pytest.mark.parametrize(
    "combine",
    [
        lambda part: {"allOf": [{"properties": {"a": part}}, {"properties": {"a": dict(part)}}]},
        lambda part: {"properties": {"a": part}, "patternProperties": {"^a": dict(part)}},
        lambda part: {"allOf": [{"items": part}, {"items": dict(part)}]},
        lambda part: {"additionalProperties": part, "allOf": [{"additionalProperties": dict(part)}]},
    ],
)
def test_schemas_that_double_at_each_level_of_a_value_are_refused(combine):
    Contract(Document(combined(8, combine), "a.yaml"))
    with pytest.raises(DocumentError, match="holds each value to more than 10,000 schemas"):
        Contract(Document(combined(30, combine), "a.yaml"))


def test_a_schema_may_come_back_inside_itself_more_than_once():
    data = combined(0, dict)
    again = {"properties": {"parent": {"$ref": "#/components/schemas/L0"}}}
    data["components"]["schemas"]["L0"] = {"allOf": [again, dict(again)]}
    Contract(Document(data, "a.yaml"))


@pytest.mark.parametrize("keyword", ["not", "if", "else"])
def test_a_schema_is_not_its_own_condition(keyword):
    data = combined(0, dict)
    data["components"]["schemas"]["L0"] = {keyword: {"$ref": "#/components/schemas/L0"}}
    with pytest.raises(DocumentError, match="refers to itself with nothing between"):
        Contract(Document(data, "a.yaml"))


def test_a_list_without_values_admits_none():
    parameter = "{name: q, in: query, schema: {enum: []}}"
    text = f"{{openapi: 3.1.0, paths: {{/a: {{get: {{parameters: [{parameter}], responses: {{}}}}}}}}}}"
    contract = Contract(yaml.load(text, name="a.yaml"))
    answer = Caller.serving(contract).call("GET", "/a?q=1")
    assert "q is not allowed here" in answer.json()["detail"]


SMALL = """openapi: 3.0.3
info:
  title: A
  version: "1"
servers:
  - url: /v1
paths:
  /a:
    get:
      responses: {"200": {description: d}}
  /b:
    parameters:
      - {name: q, in: query}
    get:
      responses: {"200": {description: d}}
components:
  schemas:
    A: {type: string}
"""
LINES = SMALL.splitlines()


@pytest.mark.once
@pytest.mark.parametrize(
    "line", [number for number, line in enumerate(LINES) if line.endswith(":") or not number]
)
def test_a_line_above_others_that_is_lost_or_not_well_written_costs_what_it_says(line):
    """Of what stands in the other paths, nothing."""
    written, name = LINES[line].split(":")[0], LINES[line].strip().split(":")[0]
    of_paths = {"  /a:": ("GET /a",), "  /b:": ("GET /b",)}
    own = next((of_paths[above] for above in LINES[line:6:-1] if above in of_paths and line < 15), ())
    others = {"GET /a", "GET /b"}.difference(own)
    for spoilt in (
        "",
        *(" " * further + LINES[line] for further in (1, 2, 3, 4)),
        *(LINES[line].replace(":", mark, 1) for mark in ("", "=", ";", " :")),
        *(LINES[line].replace(name, other, 1) for other in (name[1:], name + name[-1], f'"{name}', "zzz")),
        "\t" + LINES[line],
        written,
    ):
        text = "\n".join([*LINES[:line], spoilt, *LINES[line + 1 :]])
        mistakes = Mistakes(strict=False)
        contract = Contract(yaml.load(text, name="a.yaml", mistakes=mistakes))
        assert others <= {f"{each.method} {each.path}" for each in contract.operations}, spoilt
        assert LINES[line] != "paths:" or spoilt == "paths :" or [*mistakes], spoilt


def test_paths_that_stand_elsewhere_are_found_and_told_once():
    for name, holder, at in (
        ("zzz", None, "/zzz"),
        ("paths", "info", "/info/paths"),
        (None, "info", "/info/~1a"),
        (None, None, "/~1a"),
    ):
        listed = {f"/{path}": {"get": {"responses": {"200": {"description": "d"}}}} for path in "ab"}
        data = {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "webhooks": {"/w": listed["/a"]}}
        (data if holder is None else data[holder]).update(listed if name is None else {name: listed})
        document = Document(data, "a.json", mistakes=Mistakes(strict=False))
        contract = Contract(document)
        assert [each.path for each in contract.operations] == ["/a", "/b"]
        assert [document.pointer_of(error) for error in document.mistakes.told] == [(at, True)]
