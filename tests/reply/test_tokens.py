"""The built-in tokenizer: counts that cost nothing, and pieces that agree with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.tokens import ShortWords, cut

TOKENS = ShortWords()
texts = st.text() | st.text("ab .") | st.text(" ")


@given(texts)
def test_a_text_has_as_many_tokens_as_pieces(text):
    pieces = list(TOKENS.pieces(text))
    assert "".join(pieces) == text
    assert all(pieces)
    assert len(pieces) == TOKENS.count(text)


@given(texts, st.integers(0, 30))
def test_the_first_pieces_have_as_many_tokens_as_they_are(text, limit):
    start, was_cut = cut(TOKENS, text, limit)
    assert text.startswith(start)
    assert TOKENS.count(start) == min(limit, TOKENS.count(text))
    assert was_cut == (start != text)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("a", ["a"]),
        ("The weather is nice", ["The", " weat", "her", " is", " nice"]),
        ("antidisestablishment", ["anti", "dise", "stab", "lish", "ment"]),
        ("a b c d e f", ["a b", " c d", " e f"]),
        ("     ", ["    ", " "]),
    ],
)
def test_pieces_are_short_words_and_parts_of_long_ones(text, pieces):
    assert list(TOKENS.pieces(text)) == pieces


# Texts with their counts in o200k_base.
ENGLISH = {
    "You are helpful.": 4,
    "Could you tell me what the weather will be like in Oslo tomorrow, and whether I need an umbrella? ": 22,
    "A fake that a test suite can trust. Every request is validated against the contract; every answer is "
    "the same bytes each time. It also serves any other document.": 33,
}


@pytest.mark.parametrize("text", ENGLISH)
def test_english_has_about_as_many_tokens_as_models_count(text):
    assert 0.7 <= TOKENS.count(text) / ENGLISH[text] <= 1.3


def test_several_texts_are_rounded_once():
    assert TOKENS.total(["a", "b", "", "cd"]) == 1
    assert TOKENS.total([]) == 0


@pytest.mark.parametrize("other", [None, ["text"]])
def test_what_is_no_text_is_not_counted(other):
    with pytest.raises(TypeError):
        TOKENS.total(["a", other])


def test_short_texts_are_cut_once_and_long_ones_while_their_pieces_are_taken():
    short, long = "short words " * 100, "long words " * 1000
    assert TOKENS.pieces(short) is TOKENS.pieces("".join(list(short)))
    assert next(iter(TOKENS.pieces(long))) == "long"
    assert not isinstance(TOKENS.pieces(long), tuple)
    assert "".join(TOKENS.pieces(short)) == short
    assert "".join(TOKENS.pieces(long)) == long
