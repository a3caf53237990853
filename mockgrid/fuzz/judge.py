"""Tells whether what a client did at a reply is a failure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockgrid.errors import StartError
from mockgrid.findings.codes import UnknownCodeError, find
from mockgrid.fuzz.failure import ClientFailure
from mockgrid.testing.failure_text import failure_text
from mockgrid.testing.tolerances import Tolerances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockgrid.testing.session import GridSession

_CONDUCT: Final = Tolerances(resilient=True)


class ClientJudge:
    """Holds a client to the contract, to sound conduct, and to its own word on how it fared.

    Args:
        allowed: codes of exit, HTTP statuses, and codes of violations and verdicts that are no failure.

    Raises:
        StartError: one is no such code.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(map(_code, allowed))

    def allows(self, number: int) -> bool:
        """Tell whether an exit code or a status is no failure though it reports one."""
        return str(number) in self._allowed

    def conduct(self, session: GridSession) -> ClientFailure | None:
        """Return how a client broke the contract, or what is not sound in its conduct; None for nothing."""
        summary = _CONDUCT.left(session.summary)
        violations = [item for item in summary.violations if item.code not in self._allowed]
        verdicts = [item for item in summary.verdicts if item.code not in self._allowed]
        if violations:
            place = re.sub(r"\d+", "N", violations[0].path)
            failure = ClientFailure("a request that breaks the contract", f"{violations[0].code} at {place}")
        elif verdicts:
            failure = ClientFailure("unsound conduct", f"{verdicts[0].code} {verdicts[0].name}")
        else:
            return None
        left = replace(summary, violations=tuple(violations), verdicts=tuple(verdicts))
        return replace(failure, details=failure_text(left, session.exchanges, session.where))


def _code(given: str) -> str:
    if given.isdecimal():
        return str(int(given))
    try:
        return find(given).code
    except UnknownCodeError as error:
        raise StartError(
            f"{given!r} is no exit code, HTTP status or code of a finding that could be allowed.",
            hint=error.hint,
        ) from None
