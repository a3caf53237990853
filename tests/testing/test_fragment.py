"""The part of a value that is at fault."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.document.pointer import join
from mockgrid.testing import failure_text
from mockgrid.testing.failure_text import columns, fragment

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def places(draw):
    """A value, and the way to a part of it."""
    value = whole = draw(JSON)
    way = []
    while isinstance(value, (dict, list)) and value and draw(st.booleans()):
        step = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        way.append(step)
        value = value[step]
    return whole, tuple(way)


@given(places(), st.integers(20, 80))
def test_one_line_is_marked_and_none_is_too_long(place, width):
    value, way = place
    lines = fragment(value, join(way), width)
    assert sum(line.startswith("> ") for line in lines) == 1
    assert all(len(line) <= width and "\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("pointer", "lines"),
    [
        ("", ['> {"a": […], "b": {…}}']),
        ("/c", ['> {"a": […], "b": {…}}']),
        ("/b/d", ["  {", '    "a": [1, 2, 3, 4, 5, 6, 7, 8, 9],', '>   "b": {"c": {}}', "  }"]),
        (
            "/a/5",
            [
                "  {",
                '    "a": [',
                "      … 2 before",
                "      3,",
                "      4,",
                "      5,",
                ">     6,",
                "      7,",
                "      8,",
                "      … 1 more",
                "    ],",
                '    "b": {"c": {}}',
                "  }",
            ],
        ),
    ],
)
def test_what_is_far_from_it_is_left_out(pointer, lines):
    assert fragment({"a": list(range(1, 10)), "b": {"c": {}}}, pointer) == lines


@given(
    st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(20, 90),
)
def test_columns_keep_to_their_width(rows, width):
    assert all(len(line) <= width for line in columns(rows, width))


def test_columns_wrap_within_themselves():
    rows = [
        ["predicate", "expected", "got"],
        ["last_user", "contains: weather", "Hello there, how are you today?"],
    ]
    assert columns(rows, 40) == [
        "predicate  expected       got",
        "last_user  contains:      Hello there,",
        "           weather        how are you",
        "                          today?",
    ]


def test_the_examples_are_true():
    assert doctest.testmod(failure_text).failed == 0
