from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from asgi import Caller

from mockgrid.contract.bundle import MOST_BYTES, MOST_DOWNLOADS, bundle
from mockgrid.contract.reach import Reach
from mockgrid.document.document import Document, read_document
from mockgrid.document.pointer import resolve
from mockgrid.errors import DocumentError


@pytest.fixture
def write(tmp_path):
    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "api.yaml"

    return write


def bundled(path):
    return bundle(read_document(path))


def references(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_a_document_that_refers_to_no_file_is_itself(write):
    document = read_document(write(api_yaml="a: {$ref: '#/b'}\nb: 1\n"))
    assert bundle(document) is document
    assert bundle(Document([1], "x")).data == [1]


def test_parts_of_files_whole_files_and_files_in_folders(write):
    path = write(
        api_yaml="""\
components:
  schemas:
    Cat: {$ref: "schemas/pets.yaml#/Cat"}
    Dog: {$ref: ./schemas/dog.json}
    Own: {$ref: "#/components/schemas/Cat"}
""",
        schemas__pets_yaml="Cat: {properties: {mother: {$ref: '#/Cat'}, foe: {$ref: dog.json}}}\n",
        schemas__dog_json='{"properties": {"home": {"$ref": "../api.yaml#/components/schemas/Own"}}}',
    )
    data = bundled(path).data
    assert data["components"]["schemas"] == {
        "Cat": {"$ref": "#/x-bundled/schemas_pets.yaml/Cat"},
        "Dog": {"$ref": "#/x-bundled/schemas_dog.json"},
        "Own": {"$ref": "#/components/schemas/Cat"},
    }
    cat = data["x-bundled"]["schemas_pets.yaml"]["Cat"]["properties"]
    assert cat == {
        "mother": {"$ref": "#/x-bundled/schemas_pets.yaml/Cat"},
        "foe": {"$ref": "#/x-bundled/schemas_dog.json"},
    }
    home = data["x-bundled"]["schemas_dog.json"]["properties"]["home"]
    assert home == {"$ref": "#/components/schemas/Own"}
    for reference in references(data):
        resolve(data, reference)


def test_files_that_refer_to_each_other_in_circles(write):
    path = write(
        api_yaml="a: {$ref: 'b.yaml#/b'}\n",
        b_yaml="b: {next: {$ref: 'c.yaml#/c'}}\n",
        c_yaml="c: {next: {$ref: 'b.yaml#/b'}}\n",
    )
    data = bundled(path).data
    assert data["x-bundled"] == {
        "b.yaml": {"b": {"next": {"$ref": "#/x-bundled/c.yaml/c"}}},
        "c.yaml": {"c": {"next": {"$ref": "#/x-bundled/b.yaml/b"}}},
    }


def test_files_that_would_share_a_key(write):
    path = write(
        api_yaml="a: {$ref: x/y.yaml}\nb: {$ref: x_y.yaml}\nc: {$ref: x%20y.yaml}\n", x__y_yaml="k: 1"
    )
    (path.parent / "x_y.yaml").write_text("k: 2")
    (path.parent / "x y.yaml").write_text("k: 3")
    data = bundled(path).data
    assert [resolve(data, data[name]["$ref"])["k"] for name in "abc"] == [1, 2, 3]
    assert list(data["x-bundled"]) == ["x_y.yaml", "x_y.yaml-2", "x_y.yaml-3"]


def test_names_with_spaces_and_escapes_in_pointers(write):
    path = write(api_yaml="a: {$ref: 'my%20pets.yaml#/paths/~1a~1%7Bid%7D'}\n")
    (path.parent / "my pets.yaml").write_text("paths: {'/a/{id}': {k: 1}}")
    data = bundled(path).data
    assert data["a"]["$ref"] == "#/x-bundled/my_pets.yaml/paths/~1a~1%7Bid%7D"


def test_a_path_item_stands_where_it_was_referred_to(write):
    path = write(
        api_yaml="paths:\n  /pets:\n    $ref: pets.yaml\n    summary: Ours\n",
        pets_yaml="summary: Theirs\nget:\n  responses: {'200': {$ref: '#/r'}}\nr: {description: d}\n",
    )
    document = bundled(path)
    item = document.data["paths"]["/pets"]
    assert item["summary"] == "Ours"
    assert item["get"]["responses"]["200"] == {"$ref": "#/x-bundled/pets.yaml/r"}
    assert document.where("/paths/~1pets/get/responses/200") == f"{path.parent / 'pets.yaml'}:3:22"
    assert document.where("/paths/~1pets/summary") == f"{path}:4:14"


def test_places_lead_into_the_files(write):
    path = write(api_yaml="a: {$ref: b.yaml}\n", b_yaml="k:\n  - 1\n")
    document = bundled(path)
    assert document.where("/x-bundled/b.yaml/k/0") == f"{path.parent / 'b.yaml'}:2:5"
    assert document.where("/a/$ref") == f"{path}:1:11"


def test_data_that_looks_like_a_reference_is_left_alone(write):
    path = write(
        api_yaml="""\
a:
  example: {$ref: nowhere.yaml}
  default: {$ref: nowhere.yaml}
  enum: [{$ref: nowhere.yaml}]
  x-note: {$ref: nowhere.yaml}
  examples: {one: {value: {$ref: nowhere.yaml}}}
  properties: {$ref: {type: string}, default: {$ref: b.yaml}}
""",
        b_yaml="type: string\nexamples: [{$ref: nowhere.yaml}]\n",
    )
    data = bundled(path).data
    assert data["a"]["default"] == {"$ref": "nowhere.yaml"}
    assert data["a"]["properties"] == {"$ref": {"type": "string"}, "default": {"$ref": "#/x-bundled/b.yaml"}}


def test_discriminators_follow_their_files(write):
    path = write(
        api_yaml="a: {$ref: b.yaml#/components/schemas/Pet}\n",
        b_yaml="""\
components:
  schemas:
    Pet:
      discriminator:
        propertyName: kind
        mapping: {cat: Cat, dog: dog.yaml, fox: '#/components/schemas/Cat', x: Gone}
    Cat: {}
""",
        dog_yaml="{}",
    )
    mapping = bundled(path).data["x-bundled"]["b.yaml"]["components"]["schemas"]["Pet"]["discriminator"][
        "mapping"
    ]
    assert mapping == {
        "cat": "#/x-bundled/b.yaml/components/schemas/Cat",
        "dog": "#/x-bundled/dog.yaml",
        "fox": "#/x-bundled/b.yaml/components/schemas/Cat",
        "x": "Gone",
    }


def test_an_embedded_schema_loses_the_address_that_would_move_its_references(write):
    path = write(
        api_yaml="a: {$ref: b.json}\n", b_json='{"$id": "https://example.com/b", "items": {"$ref": "#"}}'
    )
    assert bundled(path).data["x-bundled"]["b.json"] == {"items": {"$ref": "#/x-bundled/b.json"}}


def test_files_have_anchors_and_addresses_of_their_own(write):
    path = write(
        api_yaml="""\
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a:
    post:
      requestBody: {content: {application/json: {schema: {$ref: whole.yaml}}}}
      responses: {'200': {description: ok}}
""",
        whole_yaml="{properties: {p: {$ref: p.yaml}, q: {$ref: q.yaml}, s: {$ref: strict.yaml}}}",
        p_yaml="{properties: {v: {$ref: '#x'}}, $defs: {a: {$anchor: x, type: integer}}}",
        q_yaml="""\
$id: https://a.example/q.yaml
properties: {v: {$ref: '#x'}, w: {$ref: inner}, z: {$ref: q.yaml#/$defs/a}, o: {$ref: p.yaml#x}}
$defs: {a: {$anchor: x, type: string}, b: {$id: inner, type: boolean}}
""",
        strict_yaml="{$dynamicAnchor: node, $ref: tree.yaml, unevaluatedProperties: false}",
        tree_yaml="{$dynamicAnchor: node, properties: {c: {type: array, items: {$dynamicRef: '#node'}}}}",
    )
    caller = Caller(document=str(path), strict_document=True)
    valid = {"p": {"v": 1}, "q": {"v": "x", "w": True, "z": "x", "o": 1}, "s": {"c": [{"c": []}]}}
    assert caller.call(path="/a", body=valid).status == 200
    for broken, place in (
        ({"p": {"v": "x"}}, "/p/v"),
        ({"q": {"v": 1}}, "/q/v"),
        ({"q": {"w": 1}}, "/q/w"),
        ({"q": {"z": 1}}, "/q/z"),
        ({"q": {"o": "x"}}, "/q/o"),
        ({"s": {"c": [{"d": 1}]}}, "/s/c/0/d"),
    ):
        assert caller.call(path="/a", body=broken).json()["errors"][0]["pointer"] == place


def test_references_where_openapi_has_none_lead_into_files_all_the_same(write):
    path = write(
        api_yaml="""\
openapi: 3.0.3
info: {title: t, version: '1'}
paths: {$ref: paths.yaml}
components: {schemas: {$ref: schemas.yaml}}
""",
        paths_yaml="""\
/a:
  post:
    requestBody: {content: {application/json: {schema: {$ref: 'api.yaml#/components/schemas/A'}}}}
    responses: {'200': {$ref: item.yaml#/r}}
/b/{c}: {$ref: item.yaml}
""",
        item_yaml="get: {responses: {'200': {description: ok}}}\nr: {description: ok}\n",
        schemas_yaml="A: {type: object, properties: {$ref: properties.yaml}}\n",
        properties_yaml="n: {type: integer, minimum: x}\n",
    )
    caller = Caller(document=str(path))
    places = [
        where.rpartition("/")[2]
        for where, sentence in caller.app.contract.warnings
        if "no reference" in sentence
    ]
    assert places == ["api.yaml:3:15", "api.yaml:4:30", "schemas.yaml:1:38"]
    (wrong,) = [where for where, sentence in caller.app.contract.warnings if "minimum" in sentence]
    assert wrong.rpartition("/")[2] == "properties.yaml:1:29"
    assert caller.call("GET", "/b/1").status == 200
    assert caller.call(path="/a", body={"n": 1}).status == 200
    assert caller.call(path="/a", body={"n": "x"}).json()["errors"][0]["pointer"] == "/n"


def test_a_file_that_cannot_be_read_is_told_once_however_often_it_is_referred_to(write):
    path = write(
        api_yaml="""\
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /a/{p}:
    post:
      parameters: [{$ref: b.yaml#/p}]
      requestBody: {content: {application/json: {schema: {$ref: b.yaml#/s}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: b.yaml}}}}}
""",
        b_yaml="# nothing\n",
    )
    caller = Caller(document=str(path))
    assert [where.rpartition("/")[2] for where, _ in caller.app.contract.warnings] == ["b.yaml:1:1"]
    assert caller.call(path="/a/1", body=7).status == 200


def test_addresses_that_need_no_download_stay(write):
    text = "a: {$ref: 'https://example.com/pet'}\nb: {$id: 'https://example.com/pet'}\n"
    text += "c: {$ref: 'https://json-schema.org/draft/2020-12/schema'}\n"
    document = read_document(write(api_yaml=text))
    assert bundle(document) is document


@pytest.mark.parametrize(
    ("reference", "message", "where"),
    [
        ("https://example.com/a.yaml#/x", "refers to a URL, and nothing is downloaded", "api.yaml:1:11"),
        ("file:///a.yaml", "refers to a URL", "api.yaml:1:11"),
        ("//example.com/a.yaml", "refers to a URL", "api.yaml:1:11"),
        ("/etc/passwd", "must be relative to this file", "api.yaml:1:11"),
        ("none.yaml", "'none.yaml' cannot be read: There is no such file", "api.yaml:1:11"),
        (".", "'.' cannot be read: This is a directory", "api.yaml:1:11"),
        ("b.yaml#/nope", "b.yaml holds nothing at /nope", "api.yaml:1:11"),
        ("b.yaml#anchor", "must lead into the file by a JSON pointer", "api.yaml:1:11"),
        ("bad.yaml", "is given twice", "bad.yaml:2:1"),
        ("via.yaml", "'gone.yaml' cannot be read", "via.yaml:1:8"),
    ],
)
def test_references_that_lead_nowhere(write, reference, message, where):
    path = write(
        api_yaml=f"a: {{$ref: '{reference}'}}\n",
        b_yaml="k: 1\n",
        bad_yaml="k: 1\nk: 2\n",
        via_yaml="$ref:  gone.yaml\n",
    )
    with pytest.raises(DocumentError) as caught:
        bundled(path)
    assert message in caught.value.message
    assert caught.value.where == str(path.parent / where)


NEAR = "its host is on this machine or its network, and --allow-ref does not name it."


def outside(tmp_path, reference):
    """Return a document in a folder of its own, with a schema beside that folder."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "pet.yaml").write_text("Cat: {$anchor: cat, type: integer}\nDog: {$ref: '#cat'}\n")
    (tmp_path / "api").mkdir()
    path = tmp_path / "api" / "api.yaml"
    schema = f"{{$ref: {reference!r}}}"
    path.write_text(
        "openapi: 3.1.0\n"
        "paths:\n  /a: {get: {responses: {'200': {content: {application/json: "
        f"{{schema: {schema}}}}}}}}}}}}}\n"
    )
    return path


def reply(path, *allowed):
    caller = Caller(document=str(path), allow_refs=allowed)
    return caller.call("GET", "/a").json(), [sentence for _, sentence in caller.app.contract.warnings]


@pytest.mark.parametrize("reference", ["../shared/pet.yaml#/Cat", "../shared/pet.yaml#cat"])
def test_files_outside_the_folder_are_read_where_it_is_named(tmp_path, reference):
    path = outside(tmp_path, reference)
    _, (sentence,) = reply(path)
    assert sentence == (
        "'../shared/pet.yaml' leads out of the document's folder. "
        f"To read it, name its folder: --allow-ref {tmp_path / 'shared'}."
    )
    value, told = reply(path, str(tmp_path / "shared"))
    assert (type(value), told) == (int, [])


def test_a_link_leads_out_of_the_folder_as_well(tmp_path):
    path = outside(tmp_path, "linked.yaml#/Cat")
    (tmp_path / "api" / "linked.yaml").symlink_to(tmp_path / "shared" / "pet.yaml")
    _, (sentence,) = reply(path)
    assert sentence.startswith("'linked.yaml' leads out of the document's folder.")


@pytest.fixture
def web(tmp_path):
    """Give the URL of a folder, and the paths that it was asked for."""
    asked = []

    class Files(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith("/away/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/away"))
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=tmp_path))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_urls_are_asked_where_they_are_named_alone(tmp_path, web):
    url, asked = web
    path = outside(tmp_path, f"{url}/api/pets.yaml#/Cat")
    (tmp_path / "api" / "pets.yaml").write_text("Cat: {$ref: '../shared/pet.yaml#/Cat'}\n")
    _, (sentence,) = reply(path)
    assert sentence.startswith(f"'{url}/api/pets.yaml' refers to a URL, and nothing is downloaded.")
    assert asked == []
    # This machine has to be named itself.
    _, (sentence,) = reply(path, "http:")
    assert sentence == f"'{url}/api/pets.yaml' cannot be read: {NEAR}"
    assert asked == []
    value, told = reply(path, url)
    assert (type(value), told) == (int, [])
    assert asked == ["/api/pets.yaml", "/shared/pet.yaml"]
    # What it refers to has to be named as well, and a name is no beginning of another.
    _, (sentence,) = reply(path, f"{url}/api")
    assert sentence.startswith("'../shared/pet.yaml' refers to a URL, and nothing is downloaded.")
    _, (sentence,) = reply(path, f"{url}/ap")
    assert sentence.startswith(f"'{url}/api/pets.yaml' refers to a URL")


def test_a_redirect_leads_no_further_than_a_reference(tmp_path, web):
    url, asked = web
    path = outside(tmp_path, f"{url}/away/shared/pet.yaml#/Cat")
    _, (sentence,) = reply(path, f"{url}/away")
    assert sentence.endswith(f"it leads on to {url}/shared/pet.yaml, which --allow-ref does not name.")
    assert asked == ["/away/shared/pet.yaml"]
    value, told = reply(path, url)
    assert (type(value), told) == (int, [])


def test_what_is_not_there_is_told(tmp_path, web):
    path = outside(tmp_path, f"{web[0]}/nix.yaml#/Cat")
    _, (sentence,) = reply(path, web[0])
    assert sentence.endswith("cannot be read: it cannot be downloaded: File not found.")


def test_what_is_no_url_is_told(write):
    with pytest.raises(DocumentError) as caught:
        bundle(read_document(write(api_yaml="a: {$ref: 'http://[bad/x.yaml'}\n")), Reach(["http:"], print))
    assert caught.value.message == "'http://[bad/x.yaml' is no URL."


@pytest.mark.parametrize(
    ("padding", "fetched", "limit"),
    [("", MOST_DOWNLOADS, f"{MOST_DOWNLOADS} files"), ("#" * (MOST_BYTES // 4), 4, "100 MB")],
)
def test_a_server_that_makes_up_files_without_end_is_left(write, padding, fetched, limit):
    urls = []

    def fetch(url, _):
        urls.append(url)
        return f"$ref: n{len(urls)}\n{padding}".encode()

    path = write(api_yaml="a: {$ref: 'https://a.example/n0'}\n")
    with pytest.raises(DocumentError) as caught:
        bundle(read_document(path), Reach(["https:"], fetch))
    assert caught.value.message == (
        f"'n{fetched}' cannot be read: {limit} were downloaded already, which is the limit."
    )
    assert len(urls) == fetched


def test_a_file_is_called_by_its_name_where_a_discriminator_does_not_call_it(write):
    path = write(
        api_yaml="""\
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    post:
      requestBody: {content: {application/json: {schema: {$ref: schemas/Pet.yaml}}}}
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: schemas/Pet.yaml}}}}}
""",
        schemas__Pet_yaml="""\
oneOf: [{$ref: Cat.yaml}, {$ref: ./Dog.yaml}, {$ref: Fox.yaml}, {$ref: Own.yaml#/Owl}]
discriminator: {propertyName: kind, mapping: {d: Dog, f: Fox.yaml}}
""",
        **{f"schemas__{name}_yaml": "{required: [kind], type: object}" for name in ("Cat", "Dog", "Fox")},
        schemas__Own_yaml="Owl: {required: [kind], type: object}",
    )
    caller = Caller(document=str(path))
    names = ("Cat", "d", "f", "Owl", "schemas_Cat.yaml", "Dog", "Cow")
    sent = {name: caller.call("POST", "/pets", {"kind": name}, key=None) for name in names}
    assert [name for name in names if sent[name].status == 200] == ["Cat", "d", "f", "Owl"]
    assert {sent[name].json()["kind"] for name in names[:4]} <= {"Cat", "d", "f", "Owl"}
