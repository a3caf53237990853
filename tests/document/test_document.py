import errno
import json
import os
from pathlib import Path

import pytest

from mockgrid.document import document as document_module
from mockgrid.document import json_text, yaml
from mockgrid.document.document import Document, read_document
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.source_map import Position
from mockgrid.errors import DocumentError, YamlError

TEXT = """\
openapi: 3.0.3
paths:
  /pets/{id}:
    get:
      tags: [a, b]
      responses: &r
        200: {description: fine}
    put:
      responses: *r
"""


@pytest.mark.parametrize(
    ("pointer", "value", "key"),
    [
        ("", "p.yaml:1:1", "p.yaml:1:1"),
        ("#", "p.yaml:1:1", "p.yaml:1:1"),
        ("/openapi", "p.yaml:1:10", "p.yaml:1:1"),
        ("/paths/~1pets~1{id}", "p.yaml:4:5", "p.yaml:3:3"),
        ("#/paths/~1pets~1{id}/get", "p.yaml:5:7", "p.yaml:4:5"),
        ("/paths/~1pets~1{id}/get/tags/1", "p.yaml:5:17", "p.yaml:5:17"),
        ("/paths/~1pets~1{id}/get/responses/200/description", "p.yaml:7:28", "p.yaml:7:15"),
        ("/paths/~1pets~1{id}/put/responses", "p.yaml:9:18", "p.yaml:9:7"),
        ("/paths/~1pets~1{id}/put/responses/200", "p.yaml:7:14", "p.yaml:7:9"),
    ],
)
def test_where(pointer, value, key):
    document = yaml.load(TEXT, name="p.yaml")
    assert document.where(pointer) == value
    assert document.where_key(pointer) == key


@pytest.mark.parametrize("pointer", ["/openapi/x", "/nothing", "/paths/~1pets~1{id}/get/tags/2"])
def test_what_does_not_exist_is_where_its_nearest_parent_is(pointer):
    document = yaml.load(TEXT, name="p.yaml")
    assert document.where(pointer) == document.where(pointer.rpartition("/")[0])
    assert document.where_key(pointer) == document.where(pointer)


def test_data_that_was_never_written_down_is_located_by_pointer():
    document = Document({"a": 1}, "script")
    assert document.where("/a") == document.where_key("#/a") == "script#/a"


def test_places_are_found_once_and_only_when_asked_for():
    made = []

    def spots():
        made.append(1)
        return yaml.load("a: 1", name="f").source_map

    document = Document({"a": 1}, "f", spots)
    assert not made
    assert (document.where("/a"), document.where("")) == ("f:1:4", "f:1:1")
    assert made == [1]


def test_json_and_yaml_files(tmp_path):
    for name, text in (("a.json", '{"a": [1]}'), ("a.yaml", "a: [1]")):
        (tmp_path / name).write_text(text)
        document = read_document(tmp_path / name)
        assert document.data == {"a": [1]}
        assert document.name == str(tmp_path / name)
    assert read_document(str(tmp_path / "a.json")).where("/a/0") == f"{tmp_path / 'a.json'}:1:8"


def test_mistakes_in_a_file_name_the_file(tmp_path):
    (tmp_path / "a.yml").write_text("a: 1\na: 2")
    with pytest.raises(YamlError) as caught:
        read_document(tmp_path / "a.yml")
    assert caught.value.where == f"{tmp_path / 'a.yml'}:2:1"


@pytest.mark.parametrize(
    "address", ["https://example.com/openapi.yaml", "HTTP://x/a", "file:///etc/passwd", "s3://bucket/key"]
)
def test_urls_are_refused(address):
    with pytest.raises(DocumentError, match="is a URL, and documents are read from files only") as caught:
        read_document(address)
    assert "curl" in caught.value.hint


def test_a_missing_file_names_the_one_that_was_meant(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1")
    for name in ("a", "a.yml", "a.json"):
        with pytest.raises(DocumentError, match="There is no such file") as caught:
            read_document(tmp_path / name)
        assert caught.value.where == str(tmp_path / name)
        assert caught.value.hint == f"Did you mean {tmp_path / 'a.yaml'}?"
    with pytest.raises(DocumentError) as caught:
        read_document("nowhere.yaml")
    assert str(Path.cwd()) in caught.value.hint


def test_directories_binaries_and_odd_names(tmp_path):
    (tmp_path / "photo").write_bytes(b"\x89PNG\r\n\0\0")
    for path, message in (
        (tmp_path, "This is a directory"),
        (tmp_path / "photo", "The file is binary"),
        ("nul\0byte", "The file cannot be read"),
        (tmp_path / "photo" / "x.yaml", "The file cannot be read: Not a directory"),
        (tmp_path / ("x" * 300), "The file cannot be read: File name too long"),
    ):
        with pytest.raises(DocumentError, match=message):
            read_document(path)


def test_files_that_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(document_module, "LARGEST", 2**20)
    (tmp_path / "large.yaml").write_text("a" * (2**20 + 1))
    with pytest.raises(DocumentError, match="larger than 1 MB"):
        read_document(tmp_path / "large.yaml")


def test_files_that_may_not_be_read(tmp_path, monkeypatch):
    # Root may read everything, so the refusal is played.
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (tmp_path / "secret.yaml").write_text("a: 1")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DocumentError, match="The file cannot be read: Permission denied"):
        read_document(tmp_path / "secret.yaml")


def test_places_in_json_are_counted_for_mistakes_alone(monkeypatch):
    """Counting each costs the square of the text: two megabytes on one line took a quarter of a minute."""
    counted = []

    def position(_text, offset, name):
        counted.append(offset)
        return Position(name, 1, offset + 1)

    monkeypatch.setattr(json_text, "position", position)
    mistakes = Mistakes(strict=False)
    text = json.dumps({"items": [{"name": str(number)} for number in range(500)]})
    yaml.load(f'{{"a": 1, "a": 2, {text[1:]}'.encode(), name="a.json", mistakes=mistakes)
    (mistake,) = mistakes
    assert mistake.where == "a.json:1:10"
    assert {*counted} == {1, 9}
