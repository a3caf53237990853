"""Holding what was written of recordings to the contract, and marking what breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.recording.replies import Wording
from mockgrid.recording.yaml_text import Block, Commented
from mockgrid.reply.checking import Checking, unsatisfiable_steps
from mockgrid.scenario.diagnostics import ScenarioError
from mockgrid.scenario.loading import build
from mockgrid.scenario.reading.structure import usual_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.findings import Finding
    from mockgrid.recording.reading import ReadRequest
    from mockgrid.reply.errors import ErrorShape

__all__ = ["StepJudge"]

_SAYS_STREAM: Final = "stream"
# Which models are known is for the whole scenario to say.
_ANY_MODEL: Final[dict[str, Any]] = {"models": ["*"]}
_IDLE: Final = "MG221"


class StepJudge:
    """Checks steps as ``mockgrid check`` does.

    Args:
        contract: what replies must obey.
        shape: of the errors that are served.
    """

    def __init__(self, contract: Contract, shape: ErrorShape) -> None:
        self._contract = contract
        self._checking = Checking(contract, shape)
        self._operations = [operation.id for operation in contract.operations]

    def unreadable(self, words: dict[str, Any]) -> str:
        """Return why a scenario with such a reply could not be read, in a sentence; empty where it could."""
        try:
            build({"steps": [{"reply": {**words, "contract": "off"}}]})
        except ScenarioError as error:
            return error.findings[0].message
        return ""

    def judged(
        self, when: dict[str, Any], replies: Sequence[Wording], request: ReadRequest
    ) -> tuple[dict[str, Any], list[Any]]:
        """Return a step's ``when`` and its replies; those that break the contract say so, and how.

        Where a reply does so only to requests that are sent otherwise, the step becomes one for those that
        are sent so.
        """
        lenient = bool(request.broken)
        verdicts = [self._findings(when, said.words, lenient=lenient) for said in replies]
        if any(verdicts) and request.view.conversation is not None and _SAYS_STREAM not in when:
            narrower = {**when, _SAYS_STREAM: request.view.stream}
            again = [self._findings(narrower, said.words, lenient=lenient) for said in replies]
            if sum(map(bool, again)) < sum(map(bool, verdicts)):
                when, verdicts = narrower, again
        return when, [_marked(said, findings) for said, findings in zip(replies, verdicts, strict=True)]

    def marked(self, when: dict[str, Any], wording: Wording) -> Any:
        """Return one reply of a step; one that breaks the contract says so, and how."""
        findings = self._findings(when, wording.words)
        error = wording.words.get("error")
        if isinstance(error, dict) and any(finding.code == _IDLE for finding in findings):
            # The contract's errors have no place for all that another's have.
            sure = {name: error[name] for name in ("status", "detail") if name in error}
            idle = {name for name in error.keys() - sure if self._is_idle(when, {**sure, name: error[name]})}
            kept = {name: value for name, value in error.items() if name not in idle}
            lost = ", ".join(f"{name}: {error[name]}" for name in error if name in idle)
            comments = (wording.comment, f"The contract's errors have no place for {lost}." if lost else "")
            wording = Wording({**wording.words, "error": kept}, "\n".join(filter(None, comments)))
            findings = self._findings(when, wording.words)
        return _marked(wording, findings)

    def _is_idle(self, when: dict[str, Any], error: dict[str, Any]) -> bool:
        """Tell whether errors have no place for something that is said of one."""
        return any(finding.code == _IDLE for finding in self._findings(when, {"error": error}))

    def _findings(
        self, when: dict[str, Any], words: dict[str, Any], *, lenient: bool = False
    ) -> Sequence[Finding]:
        step = {"when": when, "reply": words, **({"contract": "off"} if lenient else {})}
        try:
            scenario = build({**_ANY_MODEL, "steps": [step]}, operations=self._operations)
        except ScenarioError as error:
            return error.findings
        impossible = unsatisfiable_steps(scenario, self._contract, self._contract.policy.models)
        return [*scenario.warnings, *self._checking.findings(scenario), *impossible]


def _marked(said: Wording, findings: Sequence[Finding]) -> Any:
    comments = [said.comment, *(f"{finding.code}: {finding.message}" for finding in findings)]
    broken = any(finding.severity == "error" for finding in findings)
    words = {**said.words, **({"contract": "off"} if broken else {})}
    words = Block({name: words[name] for name in usual_order("reply") if name in words})
    comment = "\n".join(filter(None, comments))
    return Commented(words, comment) if comment else words
