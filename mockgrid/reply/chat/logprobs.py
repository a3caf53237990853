"""Log probabilities: made up, but consistent and always the same for the same text."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockgrid.reply.tokens import Tokenizer

_ALTERNATIVES = (
    " the", " a", " and", " to", " of", " in", " is", " it", " for", " that",
    " on", " with", " as", " you", " this", " be", " are", " or", " at", " we", " not",
)  # fmt: skip


def logprobs_of(tokenizer: Tokenizer, text: str, top: int, seed: str) -> list[dict[str, Any]]:
    """Return one entry for each token of a text.

    The chosen token comes first among its alternatives, and the probabilities of all that are listed for one
    token sum to less than one.
    """
    rng = random.Random(f"logprobs:{seed}")  # noqa: S311 - drawn from the request, for repeatability
    entries = []
    for token in tokenizer.split(text):
        logprob = -round(0.01 + 0.5 * rng.random(), 6)
        listed = [_entry(token, logprob)] if top else []
        others = (other for other in _ALTERNATIVES if other != token)
        for place, other in zip(range(1, top), others, strict=False):
            listed.append(_entry(other, round(logprob - 5 - place - rng.random(), 6)))
        entries.append({**_entry(token, logprob), "top_logprobs": listed})
    return entries


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode("utf-8"))}
