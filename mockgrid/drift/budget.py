"""How much may be sent, and what it may cost."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from mockgrid.errors import StartError

__all__ = ["Amounts", "DriftBudget"]

_AMOUNT: Final = re.compile(r"(?:(requests|tokens)\s*=\s*)?([0-9][0-9_]{0,11})")


class DriftBudget(NamedTuple):
    """What may be sent at most.

    Attributes:
        requests: their number.
        tokens: of all prompts and replies together, by their bounds.
    """

    requests: int = 100
    tokens: int = 100_000

    def check(self, requests: int, tokens: int) -> None:
        """Refuse what is more.

        Raises:
            StartError: it is.
        """
        over = [
            f"{planned:,} {name} (at most {most:,})"
            for name, planned, most in (
                ("requests", requests, self.requests),
                ("tokens", tokens, self.tokens),
            )
            if planned > most
        ]
        if over:
            message = (
                f"What is to be sent is more than --budget allows: {' and '.join(over)}; nothing was sent."
            )
            hint = f"Say --budget requests={requests},tokens={tokens}, or name fewer scenarios or operations."
            raise StartError(message, hint=hint)


class Amounts:
    """A budget, as it is written."""

    name = "amounts"

    def read(self, value: Any) -> DriftBudget:
        """Read ``requests=40,tokens=20000``, or one of the two; a number alone is requests."""
        if isinstance(value, DriftBudget):
            return value
        amounts: dict[str, int] = {}
        for part in str(value).split(","):
            match = _AMOUNT.fullmatch(part.strip())
            if match is None or (match[1] or "requests") in amounts:
                raise StartError(f"{value!r} is not a budget such as requests=40,tokens=20000.")
            amounts[match[1] or "requests"] = int(match[2])
        return DriftBudget(**amounts)
