import contextlib
import sys
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from asgi import Caller
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.bodies import (
    UNREAD,
    MalformedBodyError,
    media_type_for,
    read_body,
    unsupported_sentence,
)
from mockgrid.contract.contract import Contract
from mockgrid.document import yaml
from mockgrid.document.document import Document, read_document

DOCUMENTS = Path(__file__).parents[1] / "documents"
PETSTORE = Contract(read_document(DOCUMENTS / "petstore.yaml"))
EVENTS = Contract(read_document(DOCUMENTS / "events.yaml"))
FASTAPI = Contract(read_document(DOCUMENTS / "fastapi.json"))
FORM = "application/x-www-form-urlencoded"
MAX_DEPTH = 20


def read(operation, content_type, body, contract=PETSTORE):
    media = media_type_for(contract.operation(operation), content_type)
    return read_body(media, content_type, body, MAX_DEPTH)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", "application/json"),
        ("Application/JSON ; Charset=UTF-8", "application/json"),
        ('application/json; charset="utf-8"; profile=x', "application/json"),
        ("application/json;", "application/json"),
        ("application/json; charset=latin-1", None),
        ("application/json; charset", None),
        ("application/vnd.pets+json", None),
        ("application/xml", "application/xml"),
        ("image/png", "image/*"),
        ("IMAGE/png; q=1", "image/*"),
        ("image/*", None),
        ("audio/wav", None),
        ("json", None),
        ("", None),
        (None, None),
        ("application/json, text/plain", None),
    ],
)
def test_the_declared_type_that_a_body_falls_under(content_type, expected):
    media = media_type_for(PETSTORE.operation("addPet"), content_type)
    assert (media.name if media else None) == expected


@pytest.mark.parametrize(
    ("content_type", "beginning"),
    [
        (
            "Application/json; charset=latin-1",
            "The request has application/json with charset=latin-1; JSON is always UTF-8. Leave the charset",
        ),
        (
            "application/vnd.pets+json; charset=latin-1",
            "The request has application/vnd.pets+json; charset=latin-1;",
        ),
        ("audio/wav", "The request has audio/wav; this operation takes application/json, "),
        ("json", "The request has json; this operation takes application/json, "),
        ("", "The request has no Content-Type; this operation takes application/json, "),
        (None, "The request has no Content-Type; this operation takes application/json, "),
        ("a" * 300, f"The request has {'a' * 199}…; this operation takes application/json, "),
    ],
)
def test_what_is_said_of_a_type_that_is_not_taken(content_type, beginning):
    assert unsupported_sentence(PETSTORE.operation("addPet"), content_type).startswith(beginning)


def test_any_type_is_taken_where_the_contract_says_so():
    operation = EVENTS.operation("sendEvent")
    for content_type in (None, "text/plain", "image/png"):
        assert media_type_for(operation, content_type).name == "*/*"
    assert media_type_for(operation, "application/json").name == "application/json"
    assert read_body(operation.body["*/*"], "application/vnd.x+json", b"[1]", MAX_DEPTH) == [1]
    assert read_body(operation.body["*/*"], "", b"[1]", MAX_DEPTH) is UNREAD


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"name": "Tom"}, {"name": "Tom"}),
        ({"name": "a b&c=é", "age": "3", "tame": "true"}, {"name": "a b&c=é", "age": 3, "tame": True}),
        ({"age": "x", "tame": "yes"}, {"age": "x", "tame": "yes"}),
        ({"name": ["a", "b"]}, {"name": ["a", "b"]}),
        ({"lives": ["1", "2"]}, {"lives": [1, 2]}),
        ({"lives": "1"}, {"lives": [1]}),
        ({"kinds": "a,b"}, {"kinds": ["a", "b"]}),
        ({"meta": '{"chip": "x"}'}, {"meta": {"chip": "x"}}),
        ({"sizes[height]": "1.5", "sizes[steps][]": ["1", "2"]}, {"sizes": {"height": 1.5, "steps": [1, 2]}}),
        ({"other": "1", "others": ["1", "2"]}, {"other": "1", "others": ["1", "2"]}),
        ({}, {}),
    ],
)
def test_a_form_is_read_by_its_schema_and_encoding(body, value):
    assert read("addPet", FORM, urlencode(body, doseq=True).encode()) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"name=%zz", "The form's field name holds a % that"),
        (b"other=%ff", "The form's field other is not UTF-8"),
        (b"meta={", "The form's field meta is not valid JSON"),
        (b"sizes[height=1", "The form's field sizes is not written as"),
        (b"a=1&" * 10_001, "The form has more than 10000 fields"),
    ],
)
def test_a_form_that_is_malformed(body, words):
    with pytest.raises(MalformedBodyError) as raised:
        read("addPet", FORM, body)
    assert words in str(raised.value)
    assert str(raised.value).endswith(".")


def exploded(encoding):
    schema = {
        "type": "object",
        "properties": {
            "range": {
                "type": "object",
                "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
            },
            "name": {"type": "string"},
        },
    }
    media = {"schema": schema, "encoding": encoding}
    operation = {"operationId": "post", "requestBody": {"content": {FORM: media}}}
    return Contract(Document({"openapi": "3.0.3", "info": {}, "paths": {"/": {"post": operation}}}, "made"))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ({"range": {"style": "form", "explode": True}}, b"from=1&name=x&to=2"),
        ({"range": {"style": "form", "explode": False}}, b"range=from,1,to,2&name=x"),
        ({"range": {"style": "deepObject"}}, b"range[from]=1&name=x&range%5Bto%5D=2"),
        ({}, b"range=%7B%22from%22:1,%22to%22:2%7D&name=x"),
    ],
)
def test_an_object_in_a_form(encoding, body):
    assert read("post", FORM, body, exploded(encoding)) == {"range": {"from": 1, "to": 2}, "name": "x"}


def test_a_form_of_fastapi():
    value = read("login_login_post", FORM, b"username=me&password=1234&scope=", FASTAPI)
    assert value == {"username": "me", "password": "1234", "scope": ""}
    assert FASTAPI.operation("login_login_post").body[FORM].schema.accepts(value)


def multipart(**parts):
    request = httpx.Request("POST", "http://x", files=parts)
    return request.headers["content-type"], request.read()


def test_a_multipart_form():
    content_type, body = multipart(
        file=("tom.png", b"\x89PNG\r\n\r\n--\xff", "image/png"),
        caption=(None, "été"),
        rating=(None, "4"),
        meta=(None, '{"place": "Oslo", "zoom": 2}', "application/json"),
    )
    value = read("uploadPhoto", content_type, body)
    assert value == {
        "file": "\x89PNG\r\n\r\n--ÿ",
        "caption": "été",
        "rating": 4,
        "meta": {"place": "Oslo", "zoom": 2},
    }
    assert PETSTORE.operation("uploadPhoto").body["multipart/form-data"].schema.accepts(value)


def test_files_under_one_name():
    request = httpx.Request(
        "POST",
        "http://x",
        files=[("files", b"one"), ("files", b"two")],
        data={"note": "a", "more": ["1", "2"]},
    )
    value = read("create_files_files_post", request.headers["content-type"], request.read(), FASTAPI)
    assert value == {"files": ["one", "two"], "note": "a", "more": ["1", "2"]}
    content_type, body = multipart(files=("a", b"one"))
    assert read("create_files_files_post", content_type, body, FASTAPI) == {"files": ["one"]}


def part(head, content=b"x", boundary=b"b"):
    return b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n--" + boundary + b"--\r\n"


NAMED = b'Content-Disposition: form-data; name="caption"'


@pytest.mark.parametrize(
    ("head", "content", "value"),
    [
        (NAMED, b"x", {"caption": "x"}),
        (NAMED, b"", {"caption": ""}),
        (NAMED.upper().replace(b"CAPTION", b"caption"), b"x", {"caption": "x"}),
        (b"content-disposition:form-data;name=caption", b"x", {"caption": "x"}),
        (b'Content-Disposition: form-data; name="a\\"b%22c"', b"x", {'a"b"c': "x"}),
        (NAMED + b"; filename*=UTF-8''%C3%A9", b"x", {"caption": "x"}),
        (NAMED + b"\r\nContent-Transfer-Encoding: base64", b"aGVs\r\nbG8=", {"caption": "hello"}),
        (NAMED + b"\r\nContent-Transfer-Encoding: quoted-printable", b"=C3=A9", {"caption": "é"}),
        (NAMED + b"\r\nContent-Type: text/plain; charset=latin-1", b"\xe9", {"caption": "é"}),
        (NAMED.replace(b"caption", b"rating"), b"x", {"rating": "x"}),
        (NAMED.replace(b"caption", b"meta"), b'{"place": "Oslo"}', {"meta": {"place": "Oslo"}}),
        (NAMED.replace(b"caption", b"meta"), b"Oslo", {"meta": "Oslo"}),
    ],
)
def test_one_part(head, content, value):
    assert read("uploadPhoto", "multipart/form-data; boundary=b", part(head, content)) == value


def test_a_preamble_an_epilogue_and_an_empty_form():
    content_type = "multipart/form-data; boundary=b"
    assert read("uploadPhoto", content_type, b"before\r\n" + part(NAMED) + b"after") == {"caption": "x"}
    assert read("uploadPhoto", content_type, b"--b--\r\n") == {}


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("multipart/form-data", part(NAMED), "lacks the parameter boundary"),
        ("multipart/form-data; boundary=" + "b" * 71, part(NAMED), "is not one to seventy characters"),
        ('multipart/form-data; boundary="é"', part(NAMED), "is not one to seventy characters"),
        ("multipart/form-data; boundary=c", part(NAMED), "does not hold its boundary --c"),
        ("multipart/form-data; boundary=b", b"", "does not hold its boundary --b"),
        ("multipart/form-data; boundary=b", part(NAMED)[:-4], "ends before its final boundary --b--"),
        ("multipart/form-data; boundary=b", part(NAMED).replace(b"\r\n", b"\n"), "lines end with CRLF"),
        (
            "multipart/form-data; boundary=b",
            part(b"Content-Type: text/plain"),
            "Part 1 of the form has no header",
        ),
        ("multipart/form-data; boundary=b", part(b"Content-Disposition: form-data"), "has no header"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n--b--", "no empty line after its headers"),
        (
            "multipart/form-data; boundary=b",
            part(NAMED + b"\r\nX: " + b"y" * 20_000),
            "more than 16384 bytes",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n" * 10_100, "more than 10000 parts"),
        (
            "multipart/form-data; boundary=b",
            part(NAMED + b"\r\nContent-Transfer-Encoding: base64", b"?"),
            "is not the base64",
        ),
        ("multipart/form-data; boundary=b", part(NAMED + b"\r\nContent-Transfer-Encoding: x"), "'x'"),
        (
            "multipart/form-data; boundary=b",
            part(NAMED.replace(b"caption", b"meta") + b"\r\nContent-Type: application/json", b"{"),
            "The form's part meta is not valid JSON",
        ),
    ],
)
def test_a_multipart_form_that_is_malformed(content_type, body, words):
    with pytest.raises(MalformedBodyError) as raised:
        read("uploadPhoto", content_type, body)
    assert words in str(raised.value)
    assert str(raised.value).endswith(".")


PIECES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        NAMED,
        b"Content-Type: application/json",
        b"{",
        b"--",
        b": ",
        b"\xff",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=14).map(b"".join))
def test_no_multipart_garbage_breaks_the_reader(body):
    media = PETSTORE.operation("uploadPhoto").body["multipart/form-data"]
    for content_type in ("multipart/form-data; boundary=b", "multipart/form-data"):
        try:
            value = read_body(media, content_type, body, MAX_DEPTH)
        except MalformedBodyError:
            continue
        assert isinstance(value, dict)


@given(
    st.lists(
        st.one_of(st.sampled_from([b"meta", b"=", b"&", b"sizes[", b"]", b"%", b"{"]), st.binary(max_size=4))
    )
)
def test_no_form_garbage_breaks_the_reader(pieces):
    with contextlib.suppress(MalformedBodyError):
        assert isinstance(read("addPet", FORM, b"".join(pieces)), dict)


@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=40), max_size=4))
def test_files_read_back_byte_by_byte(files):
    files = {f"f{name}": content for name, content in files.items() if name.isascii() and name.isprintable()}
    boundary = "a boundary"
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate({34: "%22", 92: "/"})}"; '
        f'filename="x"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    )
    value = read(
        "uploadPhoto", f'multipart/form-data; boundary="{boundary}"', body + f"--{boundary}--".encode()
    )
    for name, content in files.items():
        text = value[name.replace("\\", "/").replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")]
        assert content in (text.encode("utf-8"), text.encode("latin-1", "replace"))


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("text/plain", "été".encode(), "été"),
        ("text/plain; charset=latin-1", b"\xe9", "é"),
        ("text/plain; charset=UTF-16", "é".encode("utf-16"), "é"),
        ("application/xml", b"<a", UNREAD),
        ("image/png", b"\xff", UNREAD),
    ],
)
def test_text_is_a_string_and_other_types_are_not_read(content_type, body, value):
    assert read("addPet", content_type, body) == value


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("text/plain", b"\xff", "is not utf-8, at offset 0"),
        ("text/plain; charset=foo", b"", "'foo' is not known"),
        ("text/plain; charset=base64", b"", "'base64' is not known"),
        ("text/plain; charset=utf-16", b"\xff", "is not utf-16"),
        ("application/json", b"{", "is not valid JSON"),
        ("application/json", b"[" * 100, "is not valid JSON"),
        ("application/json", b"[" * 50 + b"]" * 50, "nested too deeply; at most 20"),
    ],
)
def test_text_and_json_that_are_malformed(content_type, body, words):
    with pytest.raises(MalformedBodyError) as raised:
        read("addPet", content_type, body)
    assert words in str(raised.value)


BRACKETS = """\
openapi: 3.0.3
paths:
  /a:
    get:
      parameters:
        - {name: include, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}
        - name: after
          in: query
          schema: &after
            type: object
            additionalProperties: false
            properties:
              anchor: {type: string}
              days: {type: integer}
              tags: {type: array, items: {type: integer}}
        - {name: "ids[]", in: query, schema: {type: array, items: {type: integer}}}
        - {name: "f[x]", in: query, schema: {type: integer}}
        - {name: f, in: query, style: deepObject, schema: {type: object, properties: {y: {type: integer}}}}
      responses: {"200": {}}
    post:
      requestBody:
        content:
          multipart/form-data:
            schema: &form
              type: object
              additionalProperties: false
              properties:
                include: {type: array, items: {type: string}}
                after: *after
                items:
                  type: array
                  items: {type: object, properties: {name: {type: string}, qty: {type: integer}}}
                image: {anyOf: [{type: string}, {type: array, items: {type: string}}]}
                n: {type: integer}
          application/x-www-form-urlencoded: {schema: *form}
      responses: {"200": {}}
"""


@pytest.fixture(scope="module")
def bracketed():
    return Caller.serving(Contract(yaml.load(BRACKETS, name="a.yaml")))


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("include[]=a&include[]=b", ""),
        ("include[0]=a&include[1]=b", ""),
        ("include[]=c", "query.include.0 must be one of"),
        ("include.0=a&include.1=c", "query.include.1 must be one of"),
        ("include.of=x&include[of]=y", ""),  # no items: not declared, and passed over
        ("after[anchor]=x&after[days]=3", ""),
        ("after.anchor=x&after.days=3", ""),
        ("after[tags][]=1&after[tags][]=2", ""),
        ("after[tags][0]=1", ""),
        ("after[days]=x", "query.after.days cannot be read as an integer"),
        ("after.zip=1", "query.after.zip is not a field that is known here"),
        ("ids[]=1&ids[]=2", ""),
        ("f[x]=3&f[y]=1", ""),
        ("f[x]=q", "query.f[x] cannot be read as an integer"),
    ],
)
def test_brackets_and_full_stops_in_a_query(bracketed, query, wrong):
    answer = bracketed.call("GET", f"/a?{query}")
    assert answer.status == (422 if wrong else 200)
    assert not wrong or answer.json()["detail"].startswith(wrong)


def test_an_index_of_thousands_of_digits_is_the_last(bracketed):
    media = "multipart/form-data; boundary=B"
    head = '--B\r\nContent-Disposition: form-data; name="'
    fields = ((f"items[{'9' * 5000}][qty]", "x"), ("items[10][qty]", "1"), ("items[9][qty]", "1"))
    body = "".join(f'{head}{name}"\r\n\r\n{text}\r\n' for name, text in fields) + "--B--\r\n"
    answer = bracketed.call("POST", "/a", body.encode(), {"content-type": media})
    assert answer.status == 422
    assert answer.json()["detail"].startswith("items.2.qty must be an integer")


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("include[]=a&include[]=b&after[anchor]=x&after[days]=5", ""),
        ("after.anchor=x&n=3", ""),
        ("items[0][name]=a&items[0][qty]=2&items[1].qty=3", ""),
        ("items[][name]=a&items[][qty]=2&items[][name]=b", ""),
        ("items.0.name=a&items.0.qty=2&items.1.qty=3", ""),
        ("items.0.qty=x", "items.0.qty must be an integer"),
        ("after[tags]=1", ""),
        ("image[]=a&image[]=b", ""),
        ("image=a", ""),
        ("items[0][qty]=x", "items.0.qty must be an integer"),
        ("after[zip]=2", "after.zip is not a field that is known here"),
        ("after[anchor]=x&after[anchor][a]=2", "The form's field after holds both a value and properties"),
        ("after[=a", "The form's field after is not written as after[property]=value"),
        ("include[=a", "include[ is not a field that is known here"),
    ],
)
@pytest.mark.parametrize("multipart", [False, True])
def test_brackets_and_full_stops_in_a_form(bracketed, form, wrong, multipart):
    media, body = "application/x-www-form-urlencoded", form
    if multipart:
        media = "multipart/form-data; boundary=B"
        head = '--B\r\nContent-Disposition: form-data; name="'
        pairs = (pair.partition("=") for pair in form.split("&"))
        body = "".join(f'{head}{name}"\r\n\r\n{text}\r\n' for name, _, text in pairs)
        body += "--B--\r\n"
    answer = bracketed.call("POST", "/a", body.encode(), {"content-type": media})
    # A form that cannot be read at all is malformed.
    assert answer.status == (200 if not wrong else 400 if "field" in wrong and "known" not in wrong else 422)
    assert not wrong or answer.json()["detail"].startswith(wrong)


APART = """\
openapi: 3.0.3
paths:
  /a:
    post:
      requestBody:
        content:
          application/json: {schema: {type: array, items: {type: integer}}}
          application/json;simple: {schema: {type: object}}
          application/json; v=2: {schema: {type: string}}
          text/plain; charset=utf-8: {schema: {type: string}}
      responses: {"200": {}}
"""


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("application/json", b"[1]", 200),
        ("application/json", b"{}", 422),
        ("application/json; charset=utf-8", b"[1]", 200),
        ("application/json;simple", b"{}", 200),
        ("application/json;simple", b"[1]", 422),
        ("Application/JSON; v=2; charset=utf-8", b'"a"', 200),
        ("application/json; v=2", b"{}", 422),
        ("application/json; v=3", b"[1]", 200),
        ("text/plain", b"a", 200),
        ("text/html", b"a", 415),
    ],
)
def test_media_types_are_told_apart_by_their_parameters(media, body, status):
    caller = Caller.serving(Contract(yaml.load(APART, name="a.yaml")))
    assert caller.call("POST", "/a", body, {"content-type": media}).status == status


def calls_to_read(fields):
    """Count the calls of Python's functions that a form takes, whose schema is known from another."""
    inside = {"type": "object", "properties": {"at": {"type": "integer"}, "to": {"type": "string"}}}
    schema = {"type": "object", "properties": {f"field_{number}": inside for number in range(fields)}}
    operation = {"requestBody": {"content": {FORM: {"schema": schema}}}, "responses": {}}
    head = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}}
    contract = Contract(
        Document({**head, "paths": {"/a": {"post": {**operation, "operationId": "a"}}}}, "made")
    )
    sent = [
        urlencode({f"field_{n}[{name}]": start + n for n in range(fields) for name in ("at", "to")})
        for start in (0, 7)
    ]
    read("a", FORM, sent[0].encode(), contract)
    calls = 0

    def count(_frame, event, _value):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        value = read("a", FORM, sent[1].encode(), contract)
    finally:
        sys.setprofile(None)
    assert value["field_3"] == {"at": 10, "to": "10"}
    return calls


@pytest.mark.once
def test_a_large_form_costs_no_more_for_each_field_than_a_small_one():
    few, many = calls_to_read(10), calls_to_read(100)
    assert few < 1200
    assert many < 11 * few


ENCODED = """\
openapi: 3.1.0
info: {title: Photos, version: "1"}
paths:
  /photos:
    post:
      operationId: addPhoto
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              properties: {photo: {type: string}, meta: {type: object}, note: {type: string}}
            encoding:
              photo:
                contentType: image/png, image/x-*
                headers: {X-Rate: {required: true, schema: {type: integer}}}
              meta: {contentType: application/json}
      responses: {"200": {description: added}}
"""


@pytest.mark.parametrize(
    ("name", "headers", "code", "words"),
    [
        ("photo", "Content-Type: image/png\r\nx-rate: 5", None, ""),
        ("photo", "Content-Type: IMAGE/PNG; a=b\r\nX-Rate: 5", None, ""),
        ("photo", "X-Rate: 5", None, ""),  # it does not say its type
        ("photo[]", "Content-Type: image/gif\r\nX-Rate: 5", "MG107", "image/png, image/x-* was expected"),
        ("photo", "Content-Type: image/gif\r\nX-Rate: 5", "MG107", 'is of the type "image/gif"'),
        (
            "photo",
            "Content-Type: image/png",
            None,
            "",
        ),  # no client knows of headers
        ("meta", "Content-Type: text/xml", "MG107", "application/json was expected"),
        ("note", "Content-Type: text/html", None, ""),
        ("meta[a]", "Content-Type: text/plain; charset=utf-8", None, ""),  # a part of it is a text
    ],
)
def test_a_part_is_of_the_type_that_its_encoding_says(tmp_path, name, headers, code, words):
    (tmp_path / "photos.yaml").write_text(ENCODED)
    content = b"{}" if name == "meta" else b"x"
    head = f'Content-Disposition: form-data; name="{name}"\r\n{headers}'.encode()
    body = b"--b\r\n" + head + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    sent = {"content-type": "multipart/form-data; boundary=b"}
    answer = Caller(document=str(tmp_path / "photos.yaml")).call("POST", "/photos", body, headers=sent)
    if code is None:
        assert answer.status == 200
    else:
        violation = answer.json()["errors"][-1]
        pointer = f"/{name.removesuffix('[]')}"
        assert (answer.status, violation["code"], violation["pointer"]) == (422, code, pointer)
        assert words in violation["message"]
