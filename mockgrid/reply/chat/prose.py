"""Seeded prose of a given length, for load tests that want long answers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from mockgrid.reply.tokens import cut

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

_WORDS = (  # noqa: SIM905 - reads better than a list of a hundred quotes
    "market river signal quiet garden copper window letter orbit harbour meadow engine paper winter "
    "thread lantern bridge canvas pocket timber island mirror valley basket candle feather granite "
    "ladder marble needle orchard pebble quarter ribbon saddle temple velvet whistle yellow anchor "
    "barrel circle drawer ember fabric gather hollow inner jacket kettle ledger modest narrow often "
    "plain quick rather simple takes under vessel warms after before every given might never other"
).split()
_VERBS = ("carries", "follows", "holds", "keeps", "meets", "moves", "passes", "reaches", "shows", "turns")
_LONG_SENTENCES = 0.5
_LINKS = ("the", "a", "this", "each", "another")


def prose(tokenizer: Tokenizer, tokens: int, seed: str) -> str:
    """Return sentences of exactly ``tokens`` tokens, the same for the same seed."""
    rng = random.Random(f"prose:{seed}")  # noqa: S311 - drawn from the request, for repeatability
    text = _sentence(rng)
    counted = tokenizer.count(text)
    while counted < tokens:
        sentences = [text]
        while counted < tokens:
            sentence = " " + _sentence(rng)
            counted += tokenizer.count(sentence)
            sentences.append(sentence)
        text = "".join(sentences)
        # Joined sentences may have fewer tokens than each alone.
        counted = tokenizer.count(text)
    return cut(tokenizer, text, tokens)[0]


def _sentence(rng: random.Random) -> str:
    parts = [
        _pick(rng, _LINKS),
        _pick(rng, _WORDS),
        _pick(rng, _VERBS),
        _pick(rng, _LINKS),
        _pick(rng, _WORDS),
    ]
    if rng.random() < _LONG_SENTENCES:
        parts += ["and", _pick(rng, _VERBS), _pick(rng, _LINKS), _pick(rng, _WORDS)]
    text = " ".join(parts)
    return text[0].upper() + text[1:] + "."


def _pick(rng: random.Random, words: tuple[str, ...] | list[str]) -> str:
    # random() alone is promised to give the same numbers in every version of Python.
    return words[int(rng.random() * len(words))]
