import json
import math
import re

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.document import yaml, yaml_places, yaml_reader
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.pointer import join
from mockgrid.errors import YamlError


@pytest.fixture(params=["c", "python"])
def parser(request, monkeypatch):
    """Both of PyYAML's parsers, since the one in C is not everywhere."""
    if request.param == "python":
        monkeypatch.setattr(yaml_reader, "LOADER", pyyaml.SafeLoader)
        monkeypatch.setattr(yaml_places, "LOADER", pyyaml.SafeLoader)
    else:
        assert pyyaml.__with_libyaml__


def read(text, name="f"):
    return yaml.load(text, name=name).data


NESTED_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
ALIAS_LADDER = "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 260))

# what is wrong: text, part of the finding, line, column
BAD = {
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "'a' is given twice, first on line 1", 3, 1),
    "duplicate key deep inside": ("x:\n  - k: 1\n    k: 2\n", "'k' is given twice, first on line 2", 3, 5),
    "duplicate key in braces": ("{a: 1, a: 2}", "'a' is given twice", 1, 8),
    "the same key as number and text": ("200: a\n'200': b\n", "'200' is given twice", 2, 1),
    "duplicate key in JSON": ('{"a": 1,\n "a": 2}', "'a' is given twice, first on line 1", 2, 2),
    "tab for indentation": ("a:\n\tb: 1\n", "A tab stands in the indentation", 2, 1),
    "tab after indentation": ("a:\n  b: 1\n  \tc: 2\n", "A tab stands in the indentation", 3, 3),
    "tab before the first key": ("\ta: 1\n", "A tab stands in the indentation", 1, 1),
    "two documents": ("a: 1\n---\nb: 2\n", "A second document starts here", 2, 1),
    "two documents without dashes": ("a: 1\n...\nb: 2\n", "the document is complete", 3, 1),
    "a python tag": ("a: !!python/object:os.system x\n", "The tag !!python/object:os.system", 1, 4),
    "an unknown tag": ("a: !Ref x\n", "The tag !Ref does not name anything that JSON has", 1, 4),
    "a tag on a mapping": ("a: !!set {x}\n", "The tag !!set", 1, 4),
    "a tag on a key": ("!!int 1: x\n", "A key cannot have the tag !!int", 1, 1),
    "a binary": ("a: !!binary aGk=\n", "The tag !!binary", 1, 4),
    "a tag that lies": ("a: !!int x\n", "'x' is not what its tag !!int says", 1, 4),
    "an undefined tag handle": ("a: !foo!bar x\n", "This '!' starts a tag", 1, 4),
    "a merge of a text": ("b: &b x\na:\n  <<: *b\n", "What `<<` merges must be a mapping", 3, 3),
    "a merge of texts": ("b: &b [x]\na: {<<: *b}\n", "What `<<` merges must be a mapping", 2, 5),
    "a merge without a value": ("a: {<<: }\n", "What `<<` merges must be a mapping", 1, 5),
    "two merges": ("b: &b {x: 1}\na: {<<: *b, <<: *b}\n", "is given twice, first on line 2", 2, 13),
    "a list as a key": ("? [a]\n: 1\n", "A key must be text, not a list", 1, 3),
    "a template without quotes": ("a: {{ x }}\n", "A key must be text, not a list or a mapping", 1, 5),
    "an alias as a key": ("a: &a x\n*a : 2\n", "A key must be text, not an alias", 2, 1),
    "no key at all": (": 1\n", "There is no key before this ':'", 1, 1),
    "no key in braces": ("{: 1}\n", "There is no key before this ':'", 1, 2),
    "an alias to nothing": ("a: *x\n", "The alias *x refers to nothing", 1, 4),
    "a glob taken for an alias": ("a: *.yaml\n", "This '*' starts an alias without a name", 1, 5),
    "an anchor without a name": ("a: & b\n", "This '&' starts an anchor without a name", 1, 5),
    "a value inside itself": ("a: &a [*a]\n", "stands inside the value that it repeats", 1, 8),
    "an alias bomb": (NESTED_BOMB, "Aliases repeat more than 100,000 values", 5, 45),
    "nesting through aliases": (ALIAS_LADDER, "With this alias, the nesting is deeper than 200", 200, 10),
    "infinity": ("a: .inf\n", ".inf is not a number that JSON has", 1, 4),
    "not a number": ("a: .NaN\n", ".NaN is not a number that JSON has", 1, 4),
    "a number beyond floats": ("a: 1e999\n", "1e999 is too large", 1, 4),
    "an endless integer": ("a: " + "1" * 5000 + "\n", "This integer has 5000 digits", 1, 4),
    "an endless integer in JSON": ('{"a": ' + "1" * 5000 + "}", "This integer has 5000 digits", 1, 7),
    "deep lists": ("[" * 50_000, "The nesting is deeper than 200 levels", 1, 201),
    "deep lists in JSON": ("[" * 5000 + "]" * 5000, "The nesting is deeper than 200 levels", 1, 201),
    "deep mappings": ("".join("  " * n + "a:\n" for n in range(250)), "deeper than 200 levels", 201, 401),
    "nothing": ("", "The file is empty", 1, 1),
    "a comment alone": ("# hello\n", "The file is empty", 1, 1),
    "an empty document": ("---\n", "The file is empty", 1, 1),
    "a NUL": ("a: \0b\n", "The control character U+0000", 1, 4),
    "a bell on line two": ("x: y\na: b\ac\n", "The control character U+0007", 2, 5),
    "a colon in text": ("a: b: c\n", "This ':' starts a value where none can stand", 1, 5),
    "a key without a colon": ("a: 1\nb\nc: 2\n", "neither 'key: value' nor '- item'", 2, 1),
    "an open single quote": ("a: 'x\nb: 1\n", "The quotes that open here are never closed", 1, 4),
    "an open double quote": ('k: v\na: "x\nb: 1\n', "The quotes that open here are never closed", 2, 4),
    "text after quotes": ("a: 'x' y\n", "nothing can follow closing quotes", 1, 8),
    "an open bracket": ("a: [1, 2\nb: 3\n", "The '[' that opens here is not closed", 1, 4),
    "an open brace": ("a: {x: 1", "The '{' that opens here is not closed", 1, 4),
    "a bracket open at the end": ("a: 1\nb: [\n\n", "The '[' that opens here is not closed", 2, 4),
    "a brace open after a comma": ("a: {b: [1],\n", "The '{' that opens here is not closed", 1, 4),
    "an item missing before what is wrong": ("a: [, @b]\n", "A value is missing here", 1, 5),
    "a colon in text in braces": ("a: {b: c: d}\n", "Quote text that contains ': '", 1, 9),
    "a key after an open brace": ("a: {b: c\nd: e\n", "The '{' that opens here is not closed", 1, 4),
    "a quote in single quotes": ("a: {b: 'It's'}\n", "Double a quote inside the text", 1, 12),
    "a quote in double quotes": ('a: "b "c" d"\n', 'Write \\" for a quote', 1, 8),
    "a comma too many": ("a: [1,,2]\n", "A value is missing here", 1, 7),
    "an at sign": ("a: @x\n", "Text cannot start with '@' without quotes", 1, 4),
    "a backtick": ("a: `x`\n", "Text cannot start with '`' without quotes", 1, 4),
    "a key between two columns": ("a:\n  b: 1\n c: 2\n", "does not fit the keys above", 3, 2),
    "a first line indented": (" a: 1\nb: 2\n", "Check the indentation of the lines above", 2, 1),
    "a key after a list": ("- a\nb: 1\n", "belongs neither to the list above", 2, 1),
    "a list item after a key": ("a: - b\n", "This '-' starts a list item", 1, 4),
    "text on a block's first line": ("a: | x\n  y\n", "may follow '|' or '>'", 1, 6),
    "a question mark in text": ("a: ? b\n", "This '?' starts a key where none can stand", 1, 4),
    "a percent sign": ("%PATH%\n", "starts a directive that YAML does not know", 1, 1),
    "UTF-16": (b"\xff\xfea\0", "The file is UTF-16", 1, 1),
    "Latin-1": (b"a: 1\nb: \xe9\n", "The byte 0xe9 is not UTF-8", 2, 4),
    "UTF-8 cut short": (b"\xef\xbb\xbfa: \xe2\x82", "The byte 0xe2 is not UTF-8", 1, 4),
    "half a surrogate pair": ("a: \ud800\n", "Half of a surrogate pair", 1, 4),
    "half a surrogate pair in JSON": ('{"a": "\\ud800"}', "Half of a surrogate pair", 1, 7),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "fragment", "line", "column"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_with_its_place(text, fragment, line, column):
    with pytest.raises(YamlError) as caught:
        read(text)
    assert fragment in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.where == f"f:{line}:{column}"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ['a: "\\d+"\n', 'a: "\\xZZ"\n'])
def test_a_backslash_that_escapes_nothing(text):
    with pytest.raises(YamlError, match="starts no escape"):
        read(text)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        # Where a comma is one too many, Python 3.13 names the comma, and earlier ones what follows.
        ('{"a": 1,}', "This is not JSON", 1, 8),
        ('{"a": NaN}', "NaN is not a number that JSON has", 1, 7),
        ("a: 1", "This is not JSON: this is no value that JSON has", 1, 1),
        ('{"a": 1}\n{"b": 2}', "This is not JSON: something follows the end of the value", 2, 1),
    ],
)
def test_a_json_file_is_judged_as_json(text, message, line, column):
    with pytest.raises(YamlError, match=message) as caught:
        read(text, name="f.JSON")
    assert caught.value.where == f"f.JSON:{line}:{column}"


SCALARS = [
    *((text, True) for text in ("true", "True", "TRUE", "!!bool true")),
    *((text, False) for text in ("false", "False", "FALSE")),
    *((text, None) for text in ("null", "Null", "NULL", "~", "", "!!null ''")),
    *(("0", 0), ("-0", 0), ("+12", 12), ("0777", 777), ("0o17", 15), ("0x1F", 31), ("!!int '7'", 7)),
    *(("1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E-2", 0.01), ("!!float 1", 1.0)),
    *(
        (text, text)
        for text in (
            *(
                "on",
                "off",
                "yes",
                "no",
                "y",
                "n",
                "tRUE",
                "1:30",
                "1:30:00",
                "2024-01-01",
                "2024-01-01T00:00:00Z",
            ),
            *(
                "1_000",
                "0b101",
                "0o8",
                "-0x1",
                "0x",
                "1e",
                "e3",
                ".",
                "..",
                "=",
                "nul",
                "3.0.3",
                "inf",
                "NaN",
            ),
        )
    ),
    *(("'1'", "1"), ('"true"', "true"), ("!!str 200", "200"), ("! 200", "200"), ("|\n  12\n", "12\n")),
    *(('"\\u00e9\\/"', "é/"), ("𝄞", "𝄞"), ("'it''s'", "it's")),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_by_the_core_schema(text, value):
    found = read(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.usefixtures("parser")
def test_keys_are_text_as_written():
    text = '200: a\n0x1F: b\ntrue: c\n~: d\n1.0: e\n"": f\n2024-01-01: g\n"<<": h\n!!str 5: i\n'
    assert list(read(text)) == ["200", "0x1F", "true", "~", "1.0", "", "2024-01-01", "<<", "5"]


@pytest.mark.usefixtures("parser")
def test_aliases_repeat_a_value_and_may_be_defined_anew():
    assert read("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n") == {"a": [1], "b": [1], "c": 2, "d": 2}
    assert read("&k key: 1\nother: *k\n") == {"key": 1, "other": "key"}


def test_byte_order_marks_windows_lines_and_a_version_directive_are_taken():
    assert read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}
    assert read("\ufeffa: 1\n") == {"a": 1}
    assert read("%YAML 1.2\n---\na: 1\n...\n") == {"a": 1}


def test_braces_that_are_not_json_are_yaml():
    assert read("{a: off, b: [1, 2,], c: NaN}") == {"a": "off", "b": [1, 2], "c": "NaN"}
    assert read('"a": 1\n') == {"a": 1}


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from([None, 0, 2, "\t"]), st.booleans(), st.sampled_from(["f.json", "f.yaml"]))
def test_json_reads_as_the_standard_library_reads_it(value, indent, ascii_only, name):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read(text, name) == json.loads(text)
    assert read(text.encode(), name) == json.loads(text)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_yaml_that_says_every_kind_reads_as_it_was_written(value):
    # With every scalar quoted, PyYAML tags what is not text, so YAML 1.1 and 1.2 agree.
    text = pyyaml.safe_dump(value, default_style='"', sort_keys=False, allow_unicode=True)
    found = read(text)
    assert found == value
    assert json.dumps(found) == json.dumps(value)


def pointers(value, at=()):
    yield join(at)
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for part, child in children:
        yield from pointers(child, (*at, part))


PLAIN_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab~/é𝄞", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("ab~/1", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(PLAIN_JSON, st.sampled_from([None, 2]))
def test_json_and_yaml_find_the_same_places(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    as_json = yaml.load(text, name="f")
    as_yaml = yaml.load(f"# no longer JSON\n{text}", name="f")
    for pointer in pointers(value):
        for found, other in (
            (as_json.where(pointer), as_yaml.where(pointer)),
            (as_json.where_key(pointer), as_yaml.where_key(pointer)),
        ):
            _, line, column = other.split(":")
            assert found == f"f:{int(line) - 1}:{column}"


def test_integers_stay_integers_however_long():
    assert read(f"[{2**70}, {-(2**64)}]") == [2**70, -(2**64)]
    assert math.copysign(1, read("-0.0")) == -1


def test_merge_keys_take_in_what_is_not_given_beside_them():
    document = read(
        """\
base: &base {say: Hi, delay: 1s, stream: {chunks: word}}
slow: &slow
  <<: *base
  delay: 5s
both: {<<: [*slow, {delay: 2s, finish: stop}], say: Ho}
"""
    )
    assert document["slow"] == {"delay": "5s", "say": "Hi", "stream": {"chunks": "word"}}
    assert document["both"] == {"say": "Ho", "delay": "5s", "stream": {"chunks": "word"}, "finish": "stop"}


def test_what_is_merged_stands_where_it_was_written():
    text = "base: &base\n  say: Hi\nslow:\n  <<: *base\n  delay: 5s\n"
    document = yaml.load(text, name="a.yaml")
    assert (document.where("/slow/say"), document.where_key("/slow/delay")) == ("a.yaml:2:8", "a.yaml:5:3")
    assert document.where("/slow") == "a.yaml:4:3"


@pytest.mark.parametrize(
    ("content", "data", "where"),
    [
        (b"a: caf\xe9\n", {"a": "café"}, "x.yaml:1:7"),
        ("a: café\n".encode("utf-16"), {"a": "café"}, "x.yaml:1:1"),
        (b"a: b\x0bc\n", {"a": "b c"}, "x.yaml:1:5"),
        (b"a:\n\tb: 1\n", {"a": {"b": 1}}, "x.yaml:2:1"),
        (b"a: 1\na: 2\n", {"a": 2}, "x.yaml:2:1"),
        (b"a: .nan\n", {"a": None}, "x.yaml:1:4"),
        (b"a: *b\n", {"a": None}, "x.yaml:1:4"),
        (b"a: !!timestamp 2020-01-01\n", {"a": "2020-01-01"}, "x.yaml:1:4"),
        (b"a: 1\n---\nb: 1\n", {"a": 1}, "x.yaml:2:1"),
        (b"a: [1\n", {"a": [1]}, "x.yaml:1:4"),
        (b"a: 'b\nc: 1\n", {"a": "b", "c": 1}, "x.yaml:1:4"),
        (b"a: 'b\nc: 'd'\n", {"a": "b", "c": "d"}, "x.yaml:1:4"),
        (b"a: b: c\nd: 1\n", {"a": "b: c", "d": 1}, "x.yaml:1:5"),
        (b"a: b: c  # d\ne: [f # g\n", {"a": "b: c", "e": ["f"]}, "x.yaml:1:5 x.yaml:2:4"),
        (b"a: 'it's'\nb: \"c\" d\n", {"a": "it's", "b": '"c" d'}, "x.yaml:1:8 x.yaml:2:8"),
        (b"a: @b\n", {"a": "@b"}, "x.yaml:1:4"),
        (b"a: {{b}}/c\n", {"a": "{{b}}/c"}, "x.yaml:1:5"),
        (b"a: {b: 1 c: 2}\nd: 1\n", {"a": {}, "d": 1}, "x.yaml:1:11"),
        (b"a:\n    b: 1\n   c: 2\nd: 3\n", {"a": {"b": 1, "c": 2}, "d": 3}, "x.yaml:3:4"),
        (b"a: 1\n  b: 2\nc:\n  d: 3\n", {"a": 1, "b": 2, "c": {"d": 3}}, "x.yaml:2:4"),
        (b"a:\n  b: 1\nc: 2\n  d:\n    e: 3\n", {"a": {"b": 1, "c": 2, "d": {"e": 3}}}, "x.yaml:4:4"),
        (b"a: 1\nb\n  c: 1\nd: 1\n", {"a": 1, "b": {"c": 1}, "d": 1}, "x.yaml:2:1"),
        (
            b"a 1\nb: 1\nc=\n  d;\n    e: 1\n'f:\n  g: 1\n",
            {"a": 1, "b": 1, "c": {"d": {"e": 1}}, "f": {"g": 1}},
            "x.yaml:2:2 x.yaml:3:1 x.yaml:5:6 x.yaml:6:1",
        ),
        (b"# z\n  a: 1\nb: 1\n", {"a": 1, "b": 1}, "x.yaml:3:1"),
        (
            b"a:\n  - b: 1\n    c: 1\n    d: 1\n  e: 1\nf: 1\n",
            {"a": [{"b": 1, "c": 1, "d": 1}], "e": 1, "f": 1},
            "x.yaml:5:3",
        ),
        (
            b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nc: 1\n>>>>>>> d\n",
            {"a": 1, "b": 1, "c": 1},
            "x.yaml:2:1 x.yaml:4:1 x.yaml:6:1",
        ),
        (b"a: &b {c: *b}\n", {"a": {"c": {}}}, "x.yaml:1:11"),
        (b'{"a": 1,} // b\n', {"a": 1}, "x.yaml:1:8 x.yaml:1:11"),
        (
            b'// b\n{"a": 1, /* c\n*/ "b": 2, # d\n}',
            {"a": 1, "b": 2},
            "x.json:1:1 x.json:2:10 x.json:3:12 x.json:3:10",
        ),
        (b'{"a": "b,\n"c": 1}', {"a": "b", "c": 1}, "x.json:1:7"),
        (b'{"a": 1\n "b": [2, 3}', {"a": 1, "b": [2, 3]}, "x.json:2:2 x.json:2:12"),
        (b'{"a": {"b": 1}}, "c": 2}', {"a": {"b": 1}, "c": 2}, "x.json:1:16"),
        (b'{"a": {"b": "c', {"a": {"b": "c"}}, "x.json:1:13"),
        (b'{"a": {"b":', {"a": {"b": None}}, "x.json:1:12"),
        (
            b"{'a': 'b', c: True,\n\"d\" 1}",
            {"a": "b", "c": True, "d": 1},
            "x.json:1:2 x.json:1:12 x.json:1:17 x.json:2:5",
        ),
        (
            b'{"a": 007,, "b": ,\n"c": .5}',
            {"a": 7, "b": None, "c": ".5"},
            "x.json:1:8 x.json:1:11 x.json:1:18 x.json:2:6",
        ),
        (
            b'{"a": "b "c" d",\n"e": "\\d"}',
            {"a": 'b "c" d', "e": "\\d"},
            "x.json:1:11 x.json:1:15 x.json:2:7",
        ),
        (
            b'{"a: 1,\n"b": "c","\n"/"d": [1, :2]}',
            {"a": 1, "b": "c", "/d": [1, 2]},
            "x.json:1:2 x.json:2:10 x.json:3:4 x.json:3:11",
        ),
        (
            b'{"a": [{"b": {"c": 1], "d": {"e": 2}}',
            {"a": [{"b": {"c": 1}}], "d": {"e": 2}},
            "x.json:1:21",
        ),
        (b'{"a": {"b": 1, "b": 2}', {"a": {"b": 2}}, "x.json:1:23 x.json:1:16"),
        (b'{"a": 1} {"b": 2}', {"a": 1}, "x.json:1:10"),
        (b'{"a": NaN, "b": 1}', {"a": None, "b": 1}, "x.json:1:7"),
        (b'{"a": 1, "a": 2}', {"a": 2}, "x.json:1:10"),
        (b'{"a": "\\ud800b"}', {"a": "\ufffdb"}, "x.json:1:7"),
    ],
)
def test_a_mistake_may_be_told_and_read_over(content, data, where):
    """``where`` has the places of all mistakes."""
    mistakes, name = Mistakes(strict=False), where.partition(":")[0]
    document = yaml.load(content, name=name, mistakes=mistakes)
    assert document.data == data
    assert [error.where for error in mistakes] == where.split()
    assert document.where("/a").startswith(f"{name}:")
    with pytest.raises(YamlError) as refused:
        yaml.load(content, name=name, mistakes=Mistakes())
    assert refused.value.where in where.split()


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("written", ["{", ":", ",", "]", '"', "+:", "+,", '+"'])
def test_json_with_a_character_too_few_or_too_many_is_what_it_was(written, indent):
    """Of those that are read otherwise, it cannot be told which of two was meant."""
    data = {"a": {"b": "c", "d": [{"e": "f", "g": {"h": True}}, "i"]}, "j": {"k": {"l": "m"}, "n": "o"}}
    text, mark = json.dumps(data, indent=indent), written[-1]
    added = mark if "+" in written else ""
    places = [match.start() for match in re.finditer('[][{}:,"]' if added else re.escape(mark), text)]
    otherwise = []
    for place in places[1:-1]:
        mistakes = Mistakes(strict=False)
        spoilt = text[:place] + added + text[place + (not added) :]
        read = yaml.load(spoilt, name="x.json", mistakes=mistakes).data
        try:
            assert json.loads(spoilt) == read  # the character belongs to a text
        except ValueError:
            assert mistakes.told
            if read != data:
                otherwise.append((spoilt, read))
    assert len(otherwise) <= len(places) // 8, otherwise


@pytest.mark.parametrize("content", [b"", b"a: 'b' c\n" * 25])
def test_what_cannot_be_read_at_all_is_refused(content):
    with pytest.raises(YamlError):
        yaml.load(content, name="x.yaml", mistakes=Mistakes(strict=False))


@st.composite
def spoilt_texts(draw):
    """Draw a text in which a few characters are gone, are others, or are new."""
    written = {"a": {"b": [1, "c: d", {"e": None}], "f": "it's"}, "g": "h"}
    block = "a:\n  b:\n    - 1\n    - 'c: d'\n    - e: null\n  f: it's\ng: h # i\n"
    text = draw(st.sampled_from([json.dumps(written, indent=1), json.dumps(written), block]))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        put = draw(st.text("ab \n\t{}[]:,'\"#/*&!|>-<=0\\", max_size=2))
        text = text[:start] + put + text[start + draw(st.integers(0, 2)) :]
    return text


@given(spoilt_texts(), st.sampled_from(["x.json", "x.yaml"]))
@settings(max_examples=150, deadline=None)
def test_what_is_no_yaml_and_no_json_is_a_finding_at_its_place(text, name):
    mistakes = Mistakes(strict=False)
    try:
        document = yaml.load(text, name=name, mistakes=mistakes)
    except YamlError as error:
        mistakes.tell(error)
    else:
        document.where("/a/b")
        strict = Mistakes()
        if not mistakes.told:
            assert yaml.load(text, name=name, mistakes=strict).data == document.data
    for error in mistakes:
        place, line, _ = error.where.rsplit(":", 2)
        assert (place, int(line) <= text.count("\n") + 1) == (name, True)
