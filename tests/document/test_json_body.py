"""How deep a body may be."""

from __future__ import annotations

import pytest

from mockgrid.document.json_body import MalformedJsonError, copied, read_json
from mockgrid.document.json_text import NotJsonError, load

QUOTES = "Texts and keys stand in double quotes in JSON."
ADD = "Add the quotes or brackets that are missing."
# What a level adds around the levels inside it.
LEVELS = {
    "arrays": [(b"[", b"]")],
    "objects": [(b'{"":', b"}")],
    "both": [(b"[", b"]"), (b'{"a": 1, "b": ', b"}")],
    "levels beside others": [(b"[{}, ", b", []]")],
}


def nested(levels, depth):
    """Return arrays and objects so deep, the innermost an array."""
    opening, closing = zip(*(levels[level % len(levels)] for level in range(depth - 1)), strict=True)
    return b"".join(opening) + b'[1, " [[[[ "]' + b"".join(reversed(closing))


@pytest.mark.parametrize("limit", [3, 20, 253, 254, 255, 256, 300])
@pytest.mark.parametrize("levels", LEVELS)
def test_a_body_may_be_so_deep_and_no_deeper(levels, limit):
    assert read_json(nested(LEVELS[levels], limit), limit)
    with pytest.raises(MalformedJsonError, match=f"nested too deeply; at most {limit} levels are read"):
        read_json(nested(LEVELS[levels], limit + 1), limit)


@pytest.mark.parametrize("limit", [3, 256])
def test_integers_beyond_64_bits_make_a_body_no_deeper(limit):
    body = b'{"a": [' + b"1" * 600 + b"]}"
    assert read_json(body, limit) == {"a": [int("1" * 600)]}


def test_brackets_that_are_not_nested_do_not_count():
    assert len(read_json(b"[" + b",".join([b"[{}]"] * 1000) + b"]", 3)) == 1000


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        (b'{"a": [],}', 1, 9, "the comma before this bracket is one too many. Remove it."),
        (b'{"a":\n [1 , ]}', 2, 5, "the comma before this bracket is one too many. Remove it."),
        (b'{"a": "\t"}', 1, 8, "a text holds a control character. Write \\n for the end of a line."),
        (b'{"a": "x\n}', 1, 7, "the quotes that open here are never closed. Close them."),
        (b'{"a"\n1}', 2, 1, "the ':' after the key is missing."),
        (b'{"a": 1 "b": 2}', 1, 9, "a comma or a closing bracket is missing before this."),
        (b"{a: 1}", 1, 2, f"a key without quotes stands here. {QUOTES}"),
        (b"{'a': 1}", 1, 2, f"a text stands in single quotes. {QUOTES}"),
        (b'{"a": True}', 1, 7, "a word of Python stands here. Write true, false or null."),
        (
            b'{"a": "\\x"}',
            1,
            8,
            "this backslash starts no escape that JSON knows. Double it for a plain backslash.",
        ),
        (b'{"a": "x', 1, 7, "the quotes that open here are never closed. Close them."),
        (b"[1] 2", 1, 5, "something follows the end of the value. There is room for one; remove the rest."),
        (b"[,]", 1, 2, "a value is missing before this."),
        (
            b"[1",
            1,
            3,
            "the text ends before all of it is closed. Add the quotes or brackets that are missing.",
        ),
    ],
)
def test_a_mistake_is_told_alike_of_bodies_and_files_and_under_every_python(body, line, column, words):
    with pytest.raises(MalformedJsonError) as raised:
        read_json(body, 100)
    assert raised.value.message == (
        f"The request body is not valid JSON at line {line}, column {column}: {words}"
    )
    with pytest.raises(NotJsonError) as told:
        load(body.decode(), "a.json")
    assert str(told.value) == f"a.json:{line}:{column}: This is not JSON: {words}"


def test_a_copy_shares_nothing():
    value = {"a": [{"b": [1, {}]}, []], "c": "text"}
    own = copied(value)
    own["a"][0]["b"][1]["new"] = own["a"][1].append(1)
    own["c"] = None
    assert value == {"a": [{"b": [1, {}]}, []], "c": "text"}
    assert copied("text") == "text"
    assert copied([]) == []
