"""Examples match, are of the length asked for, and come out the same for the same random numbers."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.schema.generate.chooser import SeededChooser
from mockgrid.schema.regex import common_example, compile_pattern

PATTERNS = [
    r"^[A-Z]{3}-\d{4}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^#[0-9a-fA-F]{6}$",
    r"^\d+\.\d+\.\d+$",
    r"^(https?|ftp)://[^\s/$.?#].[^\s]*$",
    r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$",
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    r"foo|bar",
    r"\bword\b",
    r"^(?=.*[A-Z])(?=.*\d).{8,}$",
    r"^(?!0000)\d{4}$",
    r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$",
    r"^(?=.{10,20}$)[a-z]+-[a-z]+$",
    r"^([01]\d|2[0-3]):[0-5]\d$",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    r"(a+)+$",
    r"^.*$",
    r"",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_examples_match_in_python_too(pattern):
    compiled = compile_pattern(pattern)
    for seed in range(20):
        example = compiled.example(SeededChooser(str(seed)))
        assert example is not None
        assert re.search(pattern, example), example
        assert compiled.example(SeededChooser(str(seed))) == example


@pytest.mark.parametrize(
    ("pattern", "low", "high"),
    [
        (r"^[a-z]+$", 30, 30),
        (r"^(ab)+$", 7, 8),
        (r"^(ab|cde){2,9}$", 11, 11),
        (r"^a{2,5}b*$", 9, 10),
        (r"^(abc|de){3}$", 8, 8),
        (r"x", 12, 12),
        (r"^\w+@\w+\.com$", 40, 40),
        (r"^[a-z]*$", 0, 0),
        (r"^((a|bb)(ccc)?)*$", 101, 101),
        (r"^(?=.*\d)[a-z\d]+$", 20, 25),
        (r"[ab]{3}", 5_000, 5_000),
    ],
)
def test_lengths_are_kept(pattern, low, high):
    for seed in range(5):
        example = compile_pattern(pattern).example(SeededChooser(str(seed)), low, high)
        assert example is not None
        assert low <= len(example) <= high
        assert re.search(pattern, example)


@pytest.mark.parametrize(
    ("pattern", "low", "high"),
    [
        (r"^(ab)+$", 3, 3),
        (r"^a{5}$", 0, 4),
        (r"^a$", 2, None),
        (r"^[^\s\S]$", 0, None),
        (r"a^", 0, 5),
        (r"(?!)", 0, 5),
    ],
)
def test_nothing_where_there_is_nothing(pattern, low, high):
    assert compile_pattern(pattern).example(SeededChooser(str(1)), low, high) is None


@pytest.mark.parametrize(
    "patterns",
    [["^[a-z]*$", "foo", "bar"], ["^[a-f]+$", "[d-z]", ".{5}"], ["^[a-z]+$", "^(..)+$", "^(...)+$"]],
)
def test_one_text_for_several_patterns(patterns):
    example = common_example([compile_pattern(pattern) for pattern in patterns], SeededChooser(str(3)))
    assert example is not None
    assert all(re.search(pattern, example) for pattern in patterns)


def test_several_patterns_that_exclude_each_other():
    assert common_example([compile_pattern("^a+$"), compile_pattern("^b+$")], SeededChooser(str(3))) is None


@pytest.mark.parametrize(
    "pattern", [r"((ab){0,99}(cde)*){0,9}", r"(a{1,30}){1,30}", r"^(a?){50}a{50}$", r"(x+x+)+y"]
)
def test_examples_are_bounded_in_time(pattern):
    compiled = compile_pattern(pattern)
    start = time.thread_time()
    compiled.example(SeededChooser(str(1)), 5_000)
    assert time.thread_time() - start < 0.5


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\d", r"\W", "ab"])


def pieces(inner):
    quantifiers = st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "{3,5}"])
    return st.one_of(
        st.builds("".join, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: "(?:" + "|".join(parts) + ")", st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda body, count: f"(?:{body}){count}", inner, quantifiers),
    )


@settings(deadline=None, max_examples=200)
@given(st.recursive(ATOMS, pieces, max_leaves=6), st.integers(0, 12), st.integers(0, 99))
def test_plain_patterns_always_have_examples(body, low, seed):
    pattern = f"^(?:{body})$"
    example = compile_pattern(pattern).example(SeededChooser(str(seed)))
    assert example is not None
    assert re.search(pattern, example)
    unanchored = compile_pattern(body).example(SeededChooser(str(seed)), low)
    assert unanchored is not None
    assert len(unanchored) >= low
    assert re.search(body, unanchored)
