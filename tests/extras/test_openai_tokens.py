"""Exact counts, where ``mockgrid[tokens]`` is installed; ``.ci/run`` runs this in such an environment."""

from __future__ import annotations

import pytest
from asgi import Caller

from mockgrid.reply.tokens import OpenAITokens, best_tokenizer, cut

TOKENIZER = best_tokenizer()

# Counts that OpenAI publishes or that its own tokenizer gives for o200k_base.
KNOWN = {
    "tiktoken is great!": 6,
    "antidisestablishmentarianism": 6,
    "2 + 2 = 4": 7,
    "お誕生日おめでとう": 8,
    "": 0,
    "hello world": 2,
}


def test_the_extra_is_used():
    assert isinstance(TOKENIZER, OpenAITokens)


@pytest.mark.parametrize("text", KNOWN)
def test_counts_are_those_of_openai(text):
    assert TOKENIZER.count(text) == KNOWN[text]


@pytest.mark.parametrize(
    "text", [*KNOWN, "👩‍👩‍👧 family", "<|endoftext|>", "\u0000\u2028", "x" * 60_000, "é" * 500]
)
def test_pieces_join_to_the_text(text):
    assert "".join(TOKENIZER.pieces(text)) == text


@pytest.mark.parametrize("limit", range(12))
def test_a_cut_has_at_most_so_many_tokens(limit):
    text, was_cut = cut(TOKENIZER, "👩‍👩‍👧 one two three four", limit)
    assert TOKENIZER.count(text) <= limit
    assert was_cut
    assert "👩‍👩‍👧 one two three four".startswith(text)


@pytest.mark.parametrize("other", [None, ["text"], ["text"] * 3000])
def test_what_is_no_text_is_not_counted(other):
    with pytest.raises(TypeError):
        TOKENIZER.total(["a", other])


def test_long_texts_are_counted():
    assert 190_000 < TOKENIZER.count("word " * 200_000) < 210_000
    assert TOKENIZER.count("x" * 1_200_000) > 1_000


def test_the_reply_is_counted_with_it():
    usage = Caller().chat("tiktoken is great!").json()["usage"]
    assert usage["prompt_tokens"] == 3 + 3 + 6
    assert usage["completion_tokens"] == TOKENIZER.count("You said: tiktoken is great!")
