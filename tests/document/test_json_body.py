"""How deep a body may be."""

from __future__ import annotations

import pytest

from mockgrid.document.json_body import MalformedJsonError, copied, read_json

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
    ("body", "words"),
    [
        (b'{"a": [],}', "Illegal trailing comma before end of object at line 1, column 9."),
        (b'{"a":\n [1 , ]}', "Illegal trailing comma before end of array at line 2, column 5."),
        (b'{"a": "\t"}', "Invalid control character at line 1, column 8."),
        (b'{"a"\n1}', "Expecting ':' delimiter at line 2, column 1."),
        (b'{"a": 1 "b": 2}', "Expecting ',' delimiter at line 1, column 9."),
        (b"{a: 1}", "Expecting property name enclosed in double quotes at line 1, column 2."),
        (b'{"a": "\\x"}', "Invalid \\escape at line 1, column 8."),
        (b'{"a": "x', "Unterminated string starting at line 1, column 7."),
        (b"[1] 2", "Extra data at line 1, column 5."),
        (b"[,]", "Expecting value at line 1, column 2."),
    ],
)
def test_a_mistake_reads_alike_under_every_python(body, words):
    with pytest.raises(MalformedJsonError) as raised:
        read_json(body, 100)
    assert raised.value.message == f"The request body is not valid JSON: {words}"


def test_a_copy_shares_nothing():
    value = {"a": [{"b": [1, {}]}, []], "c": "text"}
    own = copied(value)
    own["a"][0]["b"][1]["new"] = own["a"][1].append(1)
    own["c"] = None
    assert value == {"a": [{"b": [1, {}]}, []], "c": "text"}
    assert copied("text") == "text"
    assert copied([]) == []
