"""One code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means.

    Attributes:
        code: ``MG`` and three digits.
        name: the same as a word, ``out_of_range``.
        title: a few words.
        explanation: what was found, what follows from it, and why it is a fault.
        example: a case of it, as it would be seen.
        remedy: what to do about it.
    """

    code: str
    name: str
    title: str
    explanation: str
    example: str
    remedy: str
