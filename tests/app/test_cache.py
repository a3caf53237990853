"""The folder of compiled documents: what is served from it is the same, and nothing ever depends on it."""

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from asgi import Caller

from mockgrid.app import cache as caches
from mockgrid.app.cache import Cache
from mockgrid.app.sources import Sources
from mockgrid.errors import DocumentError
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

DOCUMENTS = Path(__file__).parents[1] / "documents"
CORPUS = sorted((DOCUMENTS / "corpus").rglob("*.yaml")) + sorted(DOCUMENTS.glob("*.*"))
PETS = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "pet.yaml"}}}}}
  /pets/{id}:
    get: {responses: {"204": {description: none}}}
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def compiled(folder, document, **settings):
    return Sources(Settings(document=str(document), cache_dir=str(folder), **settings)).contract()


def comes_from_disk(contract):
    return contract._compiled is not None


def entries(folder):
    return sorted(folder.glob("*.mockgrid"))


def outline(document, folder, **settings):
    """Return all that is told of a document and answered from it."""
    try:
        caller = Caller(document=str(document), cache_dir=str(folder), **settings)
    except DocumentError as error:
        return str(error), None
    contract = caller.app.contract
    places = [contract.document.where(operation.at) for operation in contract.operations]
    calls = [call["call"].split(" ", 1) for call in contract.document.data.get("x-calls", ())]
    answers = [
        caller.call(*call, key=None)
        for call in calls or [(each.method, each.path) for each in contract.operations]
    ]
    replies = [(answer.status, answer.headers, answer.body) for answer in answers]
    whole = (contract.sha256, contract.warnings, places, replies, json.dumps(contract.document.data))
    return whole, comes_from_disk(contract)


@pytest.mark.parametrize("document", CORPUS, ids=lambda path: path.stem)
def test_what_is_told_and_answered_is_the_same_with_and_without(folder, document):
    plain, _ = outline(document, folder, no_cache=True)
    assert not folder.exists()
    first, _ = outline(document, folder)
    again, known = outline(document, folder)
    assert plain == first == again
    assert known is not False or not entries(folder)


CIRCLES = """
openapi: 3.1.0
info: {title: Circles, version: "1"}
paths:
  /a: {get: {responses: {"200": {description: a, content: {application/json: {schema: {$ref: "#/x/A"}}}}}}}
  /b: {get: {responses: {"200": {description: b, content: {application/json: {schema: {$ref: "#/x/B"}}}}}}}
x:
  A: {allOf: [{$ref: "#/x/B"}, {required: [a], properties: {a: {type: integer}}}]}
  B: {allOf: [{$ref: "#/x/A"}, {required: [b], properties: {b: {type: integer}}}]}
"""
PLAIN = CIRCLES.replace('{allOf: [{$ref: "#/x/B"}', "{allOf: [true").replace(
    '{allOf: [{$ref: "#/x/A"}', "{allOf: [true"
)
CLOSED = f"""{CIRCLES.partition("x:")[0]}x:
  A: {{additionalProperties: false, required: [x], properties: {{y: {{type: integer}}}}}}
  B: {{allOf: [{{$ref: "#/x/A"}}], required: [z]}}
"""


def test_only_what_a_request_needs_is_translated_again(folder, tmp_path):
    (tmp_path / "plain.yaml").write_text(PLAIN)
    first = compiled(folder, tmp_path / "plain.yaml")
    assert first.warnings == ()
    caller = Caller(document=str(tmp_path / "plain.yaml"), cache_dir=str(folder))
    assert caller.app.contract.warnings == ()
    schemas = caller.app.contract._responses
    assert not schemas.roots
    assert caller.call("GET", "/a", key=None).json().keys() == {"a"}
    assert len(schemas.roots) == 1
    assert len(schemas.whole) == len(first._responses.whole) == 4


@pytest.mark.parametrize("text", [CIRCLES, CLOSED])
def test_where_a_circle_is_cut_does_not_depend_on_the_first_request(folder, tmp_path, text):
    (tmp_path / "circles.yaml").write_text(text)
    replies = []
    for order in ("ab", "ab", "ba"):
        caller = Caller(document=str(tmp_path / "circles.yaml"), cache_dir=str(folder))
        bodies = {name: caller.call("GET", f"/{name}", key=None).json() for name in order}
        contract = caller.app.contract
        replies.append((bodies, len(contract._responses.whole), sorted(contract.document.unmet)))
    assert comes_from_disk(caller.app.contract)
    assert replies[0] == replies[1] == replies[2]


@pytest.mark.parametrize("strict", [False, True])
def test_an_entry_that_hides_a_circle_is_answered_from_nevertheless(folder, tmp_path, strict):
    document = tmp_path / "circles.yaml"
    document.write_text(PLAIN)
    settings = {"strict_document": strict}
    compiled(folder, document, **settings)
    (entry,) = entries(folder)
    circle = {"allOf": [{"$ref": "#/x/A"}]}
    data = {**fields(entry.read_bytes())["data"], "x": {"A": circle, "B": {"$ref": 1, "type": []}}}
    for spoil in (data, {**data, "x": {"A": circle}}, {**data, "x": []}):
        entry.write_bytes(spoilt(entry.read_bytes(), data=spoil))
        caller = Caller(document=str(document), cache_dir=str(folder), **settings)
        statuses = {caller.call("GET", path, key=None).status for path in ("/a", "/b")}
        assert statuses == {200}


def test_a_document_is_known_by_its_content_under_any_name(folder, tmp_path):
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    for path in (one, other):
        path.write_text(PETS.replace("pet.yaml", "#/nowhere"))
    first = compiled(folder, one)
    assert first.warnings
    second = compiled(folder, other)
    assert comes_from_disk(second)
    assert second.warnings == tuple((at.replace("one", "other"), text) for at, text in first.warnings)


@pytest.mark.parametrize("changed", ["pet.yaml", "pets.yaml", "more.overlay.yaml"])
def test_a_change_of_any_file_counts(folder, tmp_path, changed):
    contents = {
        "pets.yaml": PETS,
        "pet.yaml": "type: object\ntitle: A\n",
        "more.overlay.yaml": (
            "overlay: 1.0.0\ninfo: {title: A, version: '1'}\n"
            "actions: [{target: $.info, update: {title: A}}]\n"
        ),
    }
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    overlays = (str(tmp_path / "more.overlay.yaml"),)
    before = compiled(folder, tmp_path / "pets.yaml", overlays=overlays)
    assert comes_from_disk(compiled(folder, tmp_path / "pets.yaml", overlays=overlays))
    (tmp_path / changed).write_text(contents[changed].replace("title: ", "title: B"))
    after = compiled(folder, tmp_path / "pets.yaml", overlays=overlays)
    assert not comes_from_disk(after)
    assert after.sha256 != before.sha256 or changed == "pets.yaml"  # whose title the overlay says


def test_a_file_that_was_not_there_is_looked_for_again(folder, tmp_path):
    (tmp_path / "pets.yaml").write_text(PETS)
    assert "pet.yaml" in compiled(folder, tmp_path / "pets.yaml").warnings[0][1]
    (tmp_path / "pet.yaml").write_text("type: object\n")
    plain = compiled(folder, tmp_path / "pets.yaml", no_cache=True)
    assert compiled(folder, tmp_path / "pets.yaml").warnings == plain.warnings


def test_a_link_that_leads_elsewhere_is_followed_again(folder, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"type: object\ntitle: {name}\n")
    (tmp_path / "pets.yaml").write_text(PETS)
    digests = set()
    for name in ("a", "b"):
        (tmp_path / "pet.yaml").unlink(missing_ok=True)
        (tmp_path / "pet.yaml").symlink_to(tmp_path / f"{name}.yaml")
        digests.add(compiled(folder, tmp_path / "pets.yaml").sha256)
    assert len(digests) == 2


def test_an_overlay_whose_name_is_no_unicode_is_applied_each_time(folder, tmp_path):
    (tmp_path / "pets.yaml").write_text(PETS)
    overlay = tmp_path / os.fsdecode(b"o\xff.yaml")
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: O, version: '1'}\n"
        "actions: [{target: $.info, update: {title: Others}}]\n"
    )
    for _ in range(2):
        assert not comes_from_disk(compiled(folder, tmp_path / "pets.yaml", overlays=(str(overlay),)))


def deep(levels):
    return b"[" * levels + b"]" * levels


SPOILT = {
    "empty": lambda _: b"",
    "cut": lambda whole: whole[: len(whole) // 2],
    "without its last byte": lambda whole: whole[:-1],
    "one bit": lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]),
    "no JSON": lambda _: zlib.compress(b"\0"),
    "another value": lambda _: zlib.compress(b"[1]"),
    "deep": lambda _: zlib.compress(b'{"data": ' + deep(100_000) + b"}"),
    "deeper than a document": lambda whole: spoilt(whole, data={"paths": orjson.loads(deep(900))}),
    "a field missing": lambda whole: zlib.compress(orjson.dumps({**fields(whole), "more": 1})),
    "data that is a list": lambda whole: spoilt(whole, data=[]),
    "no paths": lambda whole: spoilt(whole, data={}),
    "mistakes of another kind": lambda whole: spoilt(whole, mistakes=[[1, 2]]),
    "warnings of another kind": lambda whole: spoilt(whole, warnings=[[["a"], "b"]]),
    "files elsewhere": lambda whole: spoilt(whole, files={"../../../etc/passwd": ""}),
    "files that are none": lambda whole: spoilt(whole, files={"a\0b": "c"}),
}


def fields(whole):
    return orjson.loads(zlib.decompress(whole))


def spoilt(whole, **changes):
    return zlib.compress(json.dumps({**fields(whole), **changes}).encode())


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_no_whole_entry_is_as_if_it_were_not_there(folder, spoil):
    document = DOCUMENTS / "petstore.yaml"
    expected = compiled(folder, document).sha256
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(spoil(whole))
    again = compiled(folder, document)
    assert not comes_from_disk(again)
    assert again.sha256 == expected
    assert fields(entry.read_bytes()) == fields(whole)  # it was written anew


def test_an_entry_that_unfolds_without_end_is_not_unfolded(folder, monkeypatch):
    monkeypatch.setattr(caches, "_LARGEST_ENTRY", 1000)
    cache = Cache(folder)
    folder.mkdir()
    (folder / "a.mockgrid").write_bytes(zlib.compress(bytes(10_000_000)))
    assert cache.read("a") is None


def test_no_pipe_is_waited_for_and_no_link_followed(folder, tmp_path):
    folder.mkdir()
    os.mkfifo(folder / "pipe.mockgrid")
    (tmp_path / "elsewhere").write_bytes(zlib.compress(b"1"))
    (folder / "link.mockgrid").symlink_to(tmp_path / "elsewhere")
    assert Cache(folder).read("pipe") is None
    assert Cache(folder).read("link") is None


@pytest.mark.parametrize("place", ["a file", "a file/inside", "\0", "x" * 300])
def test_a_folder_that_cannot_be_is_no_folder(tmp_path, place):
    (tmp_path / "a file").write_text("")
    cache = Cache(tmp_path / place)
    cache.write("a", b"1")
    assert cache.read("a") is None
    assert compiled(tmp_path / place, DOCUMENTS / "petstore.yaml").operations


def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(caches.zlib, "compress", full)
    Cache(folder).write("a", b"1")
    assert list(folder.iterdir()) == []


def test_what_was_used_longest_ago_goes_first(folder, monkeypatch):
    cache = Cache(folder)
    keys = [str(number) * 64 for number in range(4)]
    monkeypatch.setattr(caches, "MOST_BYTES", 3000)
    for number in range(3):
        cache.write(keys[number], os.urandom(900))
        os.utime(folder / f"{keys[number]}.mockgrid", (number, number))
    left = folder / f"{keys[0]}.{'a' * 16}.aside"
    foreign = [folder / name for name in ("old.aside", "old.mockgrid", "a.mockgrid.txt")]
    for path in (left, *foreign):
        path.write_bytes(bytes(4000))
        os.utime(path, (0, 0))
    assert cache.read(keys[0]) is not None  # and so it is used
    cache.write(keys[3], os.urandom(900))
    assert {path.stem for path in entries(folder)} == {"old", keys[0], keys[2], keys[3]}
    assert not left.exists()
    assert all(path.exists() for path in foreign)


def test_whoever_reads_sees_a_whole_entry_or_none(folder):
    cache = Cache(folder)
    contents = [bytes([number]) * 200_000 for number in range(8)]

    def write_and_read(content):
        seen = []
        for _ in range(20):
            cache.write("same", content)
            seen.append(cache.read("same"))
        return seen

    with ThreadPoolExecutor(8) as pool:
        seen = {content for many in pool.map(write_and_read, contents) for content in many}
    assert seen <= set(contents)
    assert [path.name for path in folder.iterdir()] == ["same.mockgrid"]


def test_the_environment_says_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Cache.at(None).folder == tmp_path / "xdg" / "mockgrid"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which its specification has passed over
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in Cache.at(None).folder.parents
    monkeypatch.setenv("MOCKGRID_CACHE_DIR", str(tmp_path / "own"))
    assert Cache.at(None).folder == tmp_path / "own"
    assert Cache.at(str(tmp_path / "said")).folder == tmp_path / "said"
    monkeypatch.setenv("MOCKGRID_CACHE_DIR", "~/cache")  # no shell has read it
    assert Cache.at(None).folder == Cache.at("~/cache").folder == tmp_path / "cache"


def test_without_the_cache_nothing_is_written(folder):
    assert not comes_from_disk(compiled(folder, DOCUMENTS / "petstore.yaml", no_cache=True))
    assert not folder.exists()


def test_the_bundled_contract_comes_from_it_too(folder):
    settings = Settings(cache_dir=str(folder))
    first, again = Sources(settings).contract(), Sources(settings).contract()
    assert (comes_from_disk(first), comes_from_disk(again)) == (False, True)
    assert first.sha256 == again.sha256
    at = "/paths/~1chat~1completions/post"
    assert again.document.where(at) == first.document.where(at)
