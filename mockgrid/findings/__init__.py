"""Everything that MockGrid finds fault with, by stable codes.

``MG1xx`` is about requests, ``MG2xx`` about scenarios and replies, ``MG3xx`` about use and coverage.
A code keeps its meaning for good; one that is no longer found is not given to another.
"""

from __future__ import annotations

from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import MockgridError
from mockgrid.findings import request, scenario, schema, use
from mockgrid.findings.finding import Code, Finding, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CODES", "Code", "Finding", "UnknownCodeError", "find", "place_of", "render"]

WIDTH = 88

CODES: Mapping[str, Code] = MappingProxyType(
    dict(
        sorted(
            (c.code, c)
            for c in (
                *request.CODES,
                *schema.CODES,
                *scenario.CODES,
                *use.CODES,
            )
        )
    )
)
"""All codes, in ascending order."""


class UnknownCodeError(MockgridError):
    """No code is called so."""


def find(name: str) -> Code:
    """Return the code of a number or a name, in any case: ``MG113``, ``out_of_range``.

    Raises:
        UnknownCodeError: there is none; the hint names the nearest.
    """
    wanted = name.strip()
    by_name = {code.name: code for code in CODES.values()}
    code = CODES.get(wanted.upper()) or by_name.get(wanted.lower().replace("-", "_"))
    if code is None:
        guess = did_you_mean(wanted.upper(), CODES) or did_you_mean(wanted.lower(), by_name)
        raise UnknownCodeError(
            f"There is no code {wanted[:80]!r}.",
            hint=guess.strip() or f"Codes run from {min(CODES)} to {max(CODES)}.",
        )
    return code


def render(code: Code) -> str:
    """A code for a person to read: title, explanation, example and remedy."""
    example = "\n".join(f"    {line}" for line in code.example.splitlines())
    explanation, remedy = (
        fill(text, WIDTH, break_on_hyphens=False) for text in (code.explanation, code.remedy)
    )
    return f"{code.code} {code.name}: {code.title}\n\n{explanation}\n\nFor example:\n\n{example}\n\n{remedy}"
