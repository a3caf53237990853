"""Paths of which one segment holds several parameters."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.pieces import ANYTHING, INTEGER, SEGMENT, Pieces

WRITTEN = {SEGMENT: "[^/]+", ANYTHING: ".+", INTEGER: "-?[0-9]+"}
FORMS = st.sampled_from([*WRITTEN, ("x", "x1", "1"), ("-.",)])
TEXTS = st.sampled_from(["", "/", ".", "-", "x", "1-"])


@given(st.data(), st.lists(FORMS, min_size=1, max_size=4), st.text("x1-./", max_size=9))
def test_it_matches_as_a_regular_expression_does(data, forms, path):
    texts = data.draw(st.lists(TEXTS, min_size=len(forms) + 1, max_size=len(forms) + 1))
    between = [WRITTEN[form] if isinstance(form, str) else "|".join(map(re.escape, form)) for form in forms]
    pattern = "".join(
        re.escape(text) + (f"({form})" if form else "")
        for text, form in zip(texts, [*between, ""], strict=True)
    )
    expected, found = re.fullmatch(pattern, path), Pieces(texts, forms).fullmatch(path)
    assert (found and found.groups()) == (expected and expected.groups())


@pytest.mark.parametrize("form", [SEGMENT, INTEGER, ("-", "--")])
def test_a_long_path_that_does_not_fit_is_refused_at_once(form):
    pieces = Pieces(["/", "-", "-", "-", "-", "-.json"], [SEGMENT, SEGMENT, form, form, form])
    started = time.perf_counter()
    assert pieces.fullmatch("/" + "-" * 20_000 + "/-.json") is None
    assert time.perf_counter() - started < 5
