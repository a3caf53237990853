"""Asking all questions, and gathering what the replies tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockgrid.document.pointer import split
from mockgrid.drift.judge import UNSEEN
from mockgrid.drift.question import Drift
from mockgrid.schema.outline import ANY
from mockgrid.upstream.provider import NoReplyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mockgrid.drift.asking import Asking
    from mockgrid.drift.judge import DriftJudge
    from mockgrid.drift.question import Question

__all__ = ["Verification", "gathered"]

# After so many questions in a row that came to nothing, a provider is left alone.
_MOST_FAILED: Final = 3
_LIMITED: Final = "MG445"
# Too slow, cut, too large.
_FAILURES: Final = UNSEEN | {"MG441", "MG442", "MG443"}
# With notes, too, a reply was not compared: one that sends on, or that is of the moment.
_INCOMPARABLE: Final = UNSEEN | {"MG447"}
_STATUS: Final = ("MG401", "MG402")
# Where a provider answers other requests, these are what it makes of one.
_OWN: Final = frozenset(("401", "403", "500"))


class Verification:
    """Asks a provider.

    Args:
        asking: sends what is asked.
        judge: judges the replies.
        at: is told what is under way.

    Attributes:
        findings: what each question that was sent brought to light.
        unsent: how many were not sent, since the provider had to be left alone.
        unverified: why it is not known whether something has drifted; empty where that is known.
    """

    def __init__(self, asking: Asking, judge: DriftJudge, at: Callable[[str], None] = lambda _: None) -> None:
        self._asking = asking
        self._judge = judge
        self._at = at
        self.findings: list[tuple[Question, list[Drift]]] = []
        self.unsent = 0
        self.unverified = ""

    async def run(self, questions: Sequence[Question]) -> None:
        """Ask one after another.

        Raises:
            NoReplyError: the first has no reply: the provider is not there.
        """
        failed = 0
        for number, question in enumerate(questions, 1):
            self._at(f"asking {question.title} ({number} of {len(questions)})")
            drifts = await self._drifts(question, first=number == 1)
            self.findings.append((question, drifts))
            codes = {drift.code for drift in drifts if drift.severity != "note"}
            failed = failed + 1 if codes & _FAILURES else 0
            if _LIMITED in codes or failed == _MOST_FAILED:
                self.unsent = len(questions) - number
                break
        self._settle()

    def _settle(self) -> None:
        """See whether enough was seen; where it was not, a status that says nothing is no finding."""
        every = [each for _, several in self.findings for each in several]
        drifts = [each for each in every if each.severity != "note"]
        statuses = {each.got for each in drifts if each.code in UNSEEN}
        unseen = [each for each in every if each.code in _INCOMPARABLE or _is_of(each, statuses)]
        compared = sum(
            str(question.expected.status) not in statuses and not any(each in unseen for each in several)
            for question, several in self.findings
        )
        is_known = not drifts or bool(statuses & _OWN)
        if any(each not in unseen for each in drifts) or (compared and is_known):
            return
        planned = len(self.findings) + self.unsent
        further = ", and nothing has drifted in those" * bool(compared)
        many = f"{compared or 'none'} of {planned} replies could be compared{further}"
        self.unverified = f"The provider could not be verified: {many}."
        self.findings = [
            (question, [each for each in several if not _is_of(each, statuses)])
            for question, several in self.findings
        ]

    async def _drifts(self, question: Question, *, first: bool) -> list[Drift]:
        try:
            reply = await self._asking.reply(question)
        except NoReplyError as error:
            if first:
                raise
            message = f"{question.title}: {error.message}"
            return [Drift("MG440", "error", message, question.where, question=question.title)]
        return [reply] if isinstance(reply, Drift) else self._judge.drifts(question, reply)


def _is_of(drift: Drift, statuses: Collection[str]) -> bool:
    return drift.code in _STATUS and drift.got in statuses


def gathered(findings: Sequence[tuple[Question, Sequence[Drift]]]) -> list[Drift]:
    """Return each drift once: of what several requests to one operation brought to light, the first."""
    known: dict[tuple[str, ...], Drift] = {}
    for question, drifts in findings:
        for drift in drifts:
            where = drift.where if question.scripted else question.operation.id
            place = "/".join(ANY if part.isdecimal() else part for part in split(drift.pointer))
            both = (drift.expected, drift.got) if not drift.pointer else (drift.contract,)
            key = (drift.code, where, place, drift.party, *both)
            earlier = known.get(key)
            known[key] = drift if earlier is None else replace(earlier, others=earlier.others + 1)
    return [_counted(drift) for drift in known.values()]


def _counted(drift: Drift) -> Drift:
    if not drift.others:
        return drift
    more = f"{drift.others} more request{'' if drift.others == 1 else 's'}"
    return replace(drift, message=f"{drift.message[:-1]} (and in {more}).")
