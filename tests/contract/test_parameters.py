from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.contract import Contract
from mockgrid.contract.parameters import read_parameters
from mockgrid.document.document import Document, read_document
from mockgrid.document.pointer import resolve

DOCUMENTS = Path(__file__).parents[1] / "documents"
PETSTORE = Contract(read_document(DOCUMENTS / "petstore.yaml"))
EVENTS = Contract(read_document(DOCUMENTS / "events.yaml"))
FASTAPI = Contract(read_document(DOCUMENTS / "fastapi.json"))


def read(contract, operation, *, path=None, query="", headers=None):
    return read_parameters(contract.operation(operation), path or {}, query.encode(), headers or {})


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("limit=5", "limit", 5),
        ("limit=%31%30", "limit", 10),
        ("status=available&limit=1&status=sold", "status", ["available", "sold"]),
        ("status=available", "status", ["available"]),
        ("ids=1,2,3", "ids", [1, 2, 3]),
        ("ids=7", "ids", [7]),
        ("ids=1%2C2", "ids", [1, 2]),
        ("ids=", "ids", []),
        ("tags=a|b", "tags", ["a", "b"]),
        ("tags=a%7cb%7C+", "tags", ["a", "b", " "]),
        ("near=1%202.5", "near", [1, 2.5]),
        ("near=1+2e2", "near", [1, 200.0]),
        ("filter[name]=x&filter%5Bage%5D[from]=3", "filter", {"name": "x", "age": {"from": 3}}),
        ("filter[colours][]=red", "filter", {"colours": ["red"]}),
        ("filter[colours]=red", "filter", {"colours": ["red"]}),
        ("filter[colours][1]=b&filter[colours][0]=a", "filter", {"colours": ["a", "b"]}),
        ("filter[vaccinated]=true&filter[new]=1", "filter", {"vaccinated": True, "new": "1"}),
        ("point=x,1,y,2.5", "point", {"x": 1, "y": 2.5}),
        ("offset=3&unknown=4", "page", {"offset": 3}),
        ("sold=false", "sold", False),
        ("since=2020-01-01T00:00:00%2B02:00", "since", "2020-01-01T00:00:00+02:00"),
        ("path=/a/b+c?d=e%20f", "path", "/a/b+c?d=e f"),
        ("verbose", "verbose", ""),
        ("verbose=true", "verbose", True),
        ("owner=null", "owner", None),
        ("owner=", "owner", None),
        ("price=free", "price", "free"),
        ("price=-1.5E-3", "price", -0.0015),
        ('where={"born":2}', "where", {"born": 2}),
    ],
)
def test_a_query_is_read_by_style(query, name, value):
    values, violations = read(PETSTORE, "listPets", query=query)
    assert violations == []
    assert values["query", name] == value
    assert type(values["query", name]) is type(value)


@pytest.mark.parametrize(
    ("query", "code", "path", "words"),
    [
        ("limit=abc", "MG122", "query.limit", 'cannot be read as an integer: "abc"'),
        ("limit=1_0", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=+1", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=%2B1", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=01", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=%D9%A3", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=", "MG122", "query.limit", "cannot be read as an integer"),
        ("limit=" + "9" * 5000, "MG122", "query.limit", "cannot be read as an integer"),
        ("near=1e999+1", "MG122", "query.near.0", "cannot be read as a number"),
        ("near=NaN+1", "MG122", "query.near.0", "cannot be read as a number"),
        ("limit=1.0", "MG110", "query.limit", "must be an integer, written without fraction"),
        ("limit=1e1", "MG110", "query.limit", "must be an integer, written without fraction"),
        ("limit=0", "MG113", "query.limit", "must be at least 1"),
        ("limit=1&limit=2", "MG122", "query.limit", "is given 2 times, where once is expected"),
        ("limit=%zz", "MG122", "query.limit", "holds a % that"),
        ("limit=%FF", "MG122", "query.limit", "is not UTF-8"),
        ("status=avail", "MG112", "query.status.0", 'did you mean "available"?'),
        ("ids=1,x", "MG122", "query.ids.1", 'cannot be read as an integer: "x"'),
        ("ids=1&ids=2", "MG122", "query.ids", "where one list of all its items is expected"),
        ("near=1", "MG114", "query.near", "must have at least 2 items, got 1"),
        ("filter=x", "MG122", "query.filter", "cannot be read as an object"),
        ("filter[name=x", "MG122", "query.filter", "is not written as filter[property]=value"),
        ("filter[age][][from]=1", "MG122", "query.filter", "is not written as filter[property]=value"),
        ("filter[a]=1&filter[a][b]=2", "MG122", "query.filter", "both a value and properties"),
        ("filter[a][b]=2&filter[a]=1", "MG122", "query.filter", "both a value and properties"),
        ("filter" + "[a]" * 17 + "=1", "MG122", "query.filter", "is not written as"),
        ("filter[age][from]=x", "MG122", "query.filter.age.from", "cannot be read as an integer"),
        ("filter[name]=", "MG114", "query.filter.name", "must have at least 1 character"),
        ("point=x,1,y", "MG122", "query.point", "names and values in turn"),
        ("point=x,1", "MG111", "query.point.y", "is required but missing"),
        ("offset=-1", "MG113", "query.page.offset", "must be at least 0"),
        ("sold=1", "MG122", "query.sold", "cannot be read as a boolean"),
        ("sold=True", "MG122", "query.sold", "cannot be read as a boolean"),
        ("since=2020-01-01T00:00:00+02:00", "MG116", "query.since", "must have the format date-time"),
        ("verbose=x", "MG122", "query.verbose", "cannot be read as a boolean"),
        ("where={", "MG122", "query.where", "is not valid JSON"),
        ("where=", "MG122", "query.where", "is empty"),
        ("where=7", "MG110", "query.where", "must be an object, got an integer"),
        ('where={"bron":2}', "MG118", "query.where.bron", 'did you mean "born"?'),
    ],
)
def test_a_query_that_breaks_the_contract_is_explained(query, code, path, words):
    _, violations = read(PETSTORE, "listPets", query=query)
    (violation,) = violations
    assert (violation.code, violation.location, violation.path) == (code, "query", path)
    assert violation.pointer == "/" + path.removeprefix("query.").replace(".", "/")
    assert words in violation.message
    assert violation.contract.startswith(("/paths/~1pets/get/parameters/", "/components/"))
    resolve(PETSTORE.document.data, violation.contract)


def test_headers_and_cookies():
    headers = {
        b"x-flags": b" 1, 2,3",
        b"x-point": b"x=1,y=2",
        b"x-request-id": b"nothing",
        b"cookie": b'session="long%20one"; seen=1,2; broken; =x',
    }
    values, violations = read(PETSTORE, "listPets", headers=headers)
    assert values == {
        ("header", "X-Flags"): [1, 2, 3],
        ("header", "X-Point"): {"x": 1, "y": 2},
        ("header", "X-Request-Id"): "nothing",
        ("cookie", "session"): "long one",
        ("cookie", "seen"): [1, 2],
    }
    assert [(v.code, v.location, v.path, v.pointer) for v in violations] == [
        ("MG116", "header", "header.X-Request-Id", "/X-Request-Id")
    ]


def test_an_operation_replaces_its_path_s_parameter():
    values, violations = read(PETSTORE, "addPet", headers={b"x-request-id": b"anything"})
    assert (values, violations) == ({("header", "X-Request-Id"): "anything"}, [])


def test_a_cookie_that_is_not_encoded_is_taken_as_it_is():
    values, violations = read(PETSTORE, "listPets", headers={b"cookie": b"session=100%zz; seen=x"})
    assert values["cookie", "session"] == "100%zz"
    assert [(v.code, v.path) for v in violations] == [("MG122", "cookie.seen.0")]


@pytest.mark.parametrize("cookie", ["r=1; g=2", "r=1&g=2", "p=r=1&g=2", "p=r=1,g=2", "r=1; g=2; n=5&n=x"])
def test_the_properties_of_an_object_among_cookies(cookie):
    point = {"type": "object", "properties": {name: {"type": "integer"} for name in "rg"}, "required": ["g"]}
    contract = contract_of({"name": "p", "in": "cookie", "required": True, "schema": point})
    values, violations = read(contract, "get", headers={b"cookie": cookie.encode()})
    assert (values, violations) == ({("cookie", "p"): {"r": 1, "g": 2}}, [])
    _, (violation,) = read(contract, "get", headers={b"cookie": cookie.replace("2", "z").encode()})
    assert (violation.code, violation.path) == ("MG122", "cookie.p.g")


def test_a_list_among_cookies():
    numbers = {"type": "array", "items": {"type": "integer"}}
    contract = contract_of({"name": "n", "in": "cookie", "schema": numbers})
    for cookie in (b"n=1; n=2", b"n=1,2", b"n=1&n=2", b"a=1&b=2; n=1&n=2"):
        assert read(contract, "get", headers={b"cookie": cookie}) == ({("cookie", "n"): [1, 2]}, [])


LABELS = {
    "plain": ("1,2", [1, 2]),
    "label": (".5", 5),
    "labels": (".a.b", ["a", "b"]),
    "matrix": (";matrix=1,2", [1, 2]),
    "matrices": (";matrices=1;matrices=2", [1, 2]),
    "pair": ("a,1,b,x", {"a": 1, "b": "x"}),
    "pairs": (";a=1;b=x", {"a": 1, "b": "x"}),
}


def test_paths_are_read_by_style():
    path = {name: text for name, (text, _) in LABELS.items()}
    values, violations = read(PETSTORE, "readLabels", path=path)
    assert violations == []
    assert values == {("path", name): value for name, (_, value) in LABELS.items()}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("plain", "1,x", "cannot be read as an integer"),
        ("label", "5", "must start with a full stop"),
        ("label", ".x", "cannot be read as an integer"),
        ("matrix", "1,2", "must start with a semicolon"),
        ("matrix", ";other=1", "must be written as ;matrix=value"),
        ("matrix", ";matrix=1;matrix=2", "is given 2 times"),
        ("pair", "a,1,b", "names and values in turn"),
        ("pairs", ";a;b", "name=value pairs"),
    ],
)
def test_a_path_that_breaks_the_contract_is_explained(name, text, words):
    path = {each: sent for each, (sent, _) in LABELS.items()} | {name: text}
    _, violations = read(PETSTORE, "readLabels", path=path)
    (violation,) = violations
    assert (violation.code, violation.location) == ("MG122", "path")
    assert violation.path.startswith(f"path.{name}")
    assert words in violation.message


def test_what_is_required_and_missing_is_told_with_the_name_that_was_used_instead():
    values, violations = read(PETSTORE, "search", query="Q=1", headers={b"x-api-versions": b"1"})
    assert values == {}
    assert [(v.code, v.path, v.message) for v in violations] == [
        ("MG111", "query.q", 'is required but missing; did you mean it by "Q"?'),
        ("MG111", "header.X-Api-Version", 'is required but missing; did you mean it by "x-api-versions"?'),
    ]


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("count=1.0", "count", 1),  # a whole number is an integer in JSON Schema 2020-12
        ("count=1e3", "count", 1000),
        ("maybe=null", "maybe", None),
        ("maybe=3", "maybe", 3),
        ("either=all", "either", "all"),
        ("either=1&either=2", "either", [1, 2]),
        ("either=1", "either", [1]),
        ("coded=a,1", "coded", ["a", 1]),
    ],
)
def test_a_query_of_openapi_3_1(query, name, value):
    values, violations = read(EVENTS, "numbers", query=query)
    assert violations == []
    assert values["query", name] == value


def test_a_query_of_fastapi():
    operation = "read_item_items__item_id__get"
    values, violations = read(FASTAPI, operation, path={"item_id": "7"}, query="x_token=1&tag=1&tag=2&q=null")
    assert violations == []
    assert values == {
        ("path", "item_id"): 7,
        ("query", "q"): "null",
        ("query", "x_token"): "1",
        ("query", "tag"): [1, 2],
    }
    _, violations = read(FASTAPI, operation, path={"item_id": "x"}, query="tag=y")
    assert [(v.code, v.path) for v in violations] == [
        ("MG122", "path.item_id"),
        ("MG111", "query.x_token"),
        ("MG122", "query.tag.0"),
    ]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WITHOUT = {"pipeDelimited": "|", "spaceDelimited": " "}


def contract_for(style, *, explode, schema):
    return contract_of({"name": "v", "in": "query", "style": style, "explode": explode, "schema": schema})


def contract_of(parameter):
    data = {
        "openapi": "3.0.3",
        "info": {},
        "paths": {"/": {"get": {"operationId": "get", "parameters": [parameter]}}},
    }
    return Contract(Document(data, "made"))


ARRAYS = {
    (style, explode): contract_for(
        style, explode=explode, schema={"type": "array", "items": {"type": "string"}}
    )
    for style in ("form", "pipeDelimited", "spaceDelimited")
    for explode in (True, False)
}
OBJECT = {"type": "object", "additionalProperties": {"type": "string"}}
OBJECTS = {
    (style, explode): contract_for(style, explode=explode, schema=OBJECT)
    for style, explode in (("form", True), ("form", False), ("deepObject", True))
}


@given(st.lists(TEXTS, min_size=1), st.sampled_from(sorted(ARRAYS)))
def test_an_array_reads_back(items, key):
    style, explode = key
    if not explode:
        items = [item.replace(WITHOUT.get(style, ""), "_") if style in WITHOUT else item for item in items]
    if items == [""]:
        items = ["a"]  # written like an empty list
    if explode:
        query = "&".join(f"v={quote(item, safe='')}" for item in items)
    else:
        between = {"form": ",", "pipeDelimited": "%7C", "spaceDelimited": "%20"}[style]
        query = "v=" + between.join(quote(item, safe="") for item in items)
    assert read(ARRAYS[key], "get", query=query) == ({("query", "v"): items}, [])


def test_a_name_without_a_value_is_a_list_without_items_where_an_item_cannot_be_empty():
    numbers = {"type": "array", "items": {"type": "integer"}}
    for schema, items in ((numbers, []), ({"type": "array", "items": {"type": "string"}}, [""])):
        contract = contract_for("form", explode=True, schema=schema)
        assert read(contract, "get", query="v=") == ({("query", "v"): items}, [])
    filled = contract_for("form", explode=True, schema={**numbers, "minItems": 1})
    _, violations = read(filled, "get", query="v=")
    assert [each.message for each in violations] == ['cannot be read as an integer: ""']


@given(st.dictionaries(TEXTS.filter(lambda name: name and not set("[],=") & set(name)), TEXTS, min_size=1))
def test_an_object_reads_back(value):
    def encoded(text):
        return quote(text, safe="")

    spread = "&".join(f"{encoded(name)}={encoded(text)}" for name, text in value.items())
    assert read(OBJECTS["form", True], "get", query=spread)[0] == {("query", "v"): value}
    joined = "v=" + ",".join(f"{encoded(name)},{encoded(text)}" for name, text in value.items())
    assert read(OBJECTS["form", False], "get", query=joined)[0] == {("query", "v"): value}
    deep = "&".join(f"v[{encoded(name)}]={encoded(text)}" for name, text in value.items())
    assert read(OBJECTS["deepObject", True], "get", query=deep)[0] == {("query", "v"): value}


@given(st.binary(max_size=60), st.binary(max_size=40), st.binary(max_size=40))
def test_no_request_breaks_the_reader(query, header, cookie):
    for contract in (PETSTORE, EVENTS, FASTAPI):
        for operation in contract.operations:
            headers = {b"x-flags": header, b"x-point": header, b"cookie": cookie}
            read_parameters(operation, dict.fromkeys(LABELS, "x"), query, headers)


@given(st.text(st.sampled_from("limtfer[]=&,%2|a0 +"), max_size=30))
def test_no_likely_query_breaks_the_reader(text):
    query = f"filter[{text}&ids={text}&point={text}&limit={text}&where={text}"
    read_parameters(PETSTORE.operation("listPets"), {}, query.encode(), {})


@pytest.mark.parametrize("style", ["form", "deepObject"])
@pytest.mark.parametrize("sent", ["v[-1][n]=1", "v[-1]=1", "v%5B-1%5D[n]=1"])
def test_a_list_has_no_negative_indices(style, sent):
    items = {"type": "object", "properties": {"n": {"type": "integer"}}}
    contract = contract_for(style, explode=True, schema={"type": "array", "items": items})
    _, violations = read(contract, "get", query=sent)
    assert [(violation.path, violation.message) for violation in violations] == [
        ("query.v", "must be an array, got an object")
    ]
