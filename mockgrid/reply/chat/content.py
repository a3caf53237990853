"""What completions are filled with: seeded prose of a given length, and a short tone as real audio."""

from __future__ import annotations

import base64
import io
import math
import random
import struct
from functools import cache
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


AUDIO_FORMATS = ("wav", "pcm16")
"""The formats that can be made; the others need an encoder."""

_SECONDS = 0.1
# Samples a second, 16 bits each, one channel: what OpenAI's own audio has.
_RATE = 24_000

TONE_TOKENS = 2
"""What the tone counts in ``usage``: 50 ms a token."""


@cache
def tone(audio_format: str) -> str:
    """Return a tone of 0.1 s as base64, in ``wav`` or ``pcm16``."""
    frames = int(_SECONDS * _RATE)
    samples = struct.pack(
        f"<{frames}h", *(int(8000 * math.sin(2 * math.pi * 440 * frame / _RATE)) for frame in range(frames))
    )
    if audio_format == "pcm16":
        return base64.b64encode(samples).decode("ascii")
    import wave  # noqa: PLC0415 - few ask for it

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
