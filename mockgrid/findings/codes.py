"""Everything that MockGrid finds fault with, by stable codes; their texts stand in ``codes.yaml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import MockgridError
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Code", "UnknownCodeError", "codes", "find", "render"]

WIDTH = 88


@fixed
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


class UnknownCodeError(MockgridError):
    """No code is called so."""


@cache
def codes() -> Mapping[str, Code]:
    """Return all codes, in ascending order."""
    from mockgrid.document.document import read_document  # noqa: PLC0415 - 15 ms, and few runs need a text

    texts = read_document(Path(__file__).with_name("codes.yaml")).data
    return MappingProxyType({code: Code(code, **entry) for code, entry in texts.items()})


def find(name: str) -> Code:
    """Return the code of a number or a name, in any case: ``MG113``, ``out_of_range``.

    Raises:
        UnknownCodeError: there is none; the hint names the nearest.
    """
    wanted, known = name.strip(), codes()
    by_name = {code.name: code for code in known.values()}
    code = known.get(wanted.upper()) or by_name.get(wanted.lower().replace("-", "_"))
    if code is None:
        guess = did_you_mean(wanted.upper(), known) or did_you_mean(wanted.lower(), by_name)
        raise UnknownCodeError(
            f"There is no code {wanted[:80]!r}.",
            hint=guess.strip() or f"Codes run from {min(known)} to {max(known)}.",
        )
    return code


def render(code: Code) -> str:
    """A code for a person to read: title, explanation, example and remedy."""
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    explanation, remedy = (
        fill(text, WIDTH, break_on_hyphens=False) for text in (code.explanation, code.remedy)
    )
    return f"{code.code} {code.name}: {code.title}\n\n{explanation}\n\nFor example:\n\n{example}\n\n{remedy}"
