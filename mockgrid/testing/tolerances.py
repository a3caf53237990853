"""What may happen in a test without failing it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.nearest import did_you_mean
from mockgrid.errors import MockgridError
from mockgrid.findings.codes import UnknownCodeError, codes, find
from mockgrid.fixed import fixed
from mockgrid.testing.error import hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockgrid.session.records import Summary

__tracebackhide__ = hidden

_BY_CODE: Final = ("allow_violations", "allow_warnings")
_REMARKS: Final = ("MG140", "MG141", "MG142", "MG143")
# Warnings that are violations where the server is strict.
_EITHER: Final = ("MG134", "MG136", "MG138", "MG139", "MG151")
_PLAYED: Final = ("scenario", "play", "played", "script", "steps", "reply", "replies")
_ELSEWHERE: Final = {"MG304": "allow_unused", "MG305": "allow_unmatched"}


@fixed(kw_only=True)
class Tolerances:
    """What is allowed; the defaults are those of a test that says nothing.

    Attributes:
        allow_violations: requests that break the contract: all, or those with these codes.
        allow_warnings: fields that the contract does not know, or deprecates, and what else is odd: all, or
            those with these codes.
        allow_unmatched: requests for which the scenario has no reply.
        allow_unused: steps of strict scenarios that gave no reply.
        resilient: whether the client's conduct must also be sound: no verdicts.
    """

    allow_violations: bool | frozenset[str] = False
    allow_warnings: bool | frozenset[str] = True
    allow_unmatched: bool = False
    allow_unused: bool = False
    resilient: bool = False

    def changed(self, words: Mapping[str, Any], *, beside: Sequence[str] = ()) -> Tolerances:
        """Return what is allowed when a test says so.

        Args:
            words: the attributes by name; codes may be one text, or any collection of texts.
            beside: what else may be said there.

        Raises:
            MockgridError: a name or a value is not known.
        """
        known = [field.name for field in fields(Tolerances)]
        meant = [*known, *beside]
        for name in words:
            if name not in known:
                if name in _PLAYED:
                    hint = f'Write mockgrid("tool-loop"), not mockgrid({name}="tool-loop").'
                    raise MockgridError("The scenario is the first argument, without a name.", hint=hint)
                hint = did_you_mean(name, meant).strip() or f"Known: {', '.join(meant)}."
                raise MockgridError(f"{name!r} is nothing that a test can allow.", hint=hint)
        checked: dict[str, Any] = {name: _value(name, value) for name, value in words.items()}
        return replace(self, **checked)

    def left(self, summary: Summary) -> Summary:
        """Return what is not allowed of all that a session has come to."""
        lost = 0 if self.allow_violations is True else summary.dropped_violations
        return replace(
            summary,
            violations=tuple(
                item for item in summary.violations if not _allows(self.allow_violations, item.code)
            ),
            warnings=tuple(item for item in summary.warnings if not _allows(self.allow_warnings, item.code)),
            unmatched=() if self.allow_unmatched else summary.unmatched,
            unused_steps=() if self.allow_unused else summary.unused_steps,
            verdicts=summary.verdicts if self.resilient else (),
            dropped_violations=lost,
        )


def _allows(allowed: bool | frozenset[str], code: str) -> bool:  # noqa: FBT001 - as the user wrote it
    return allowed if isinstance(allowed, bool) else code in allowed


def _value(name: str, value: Any) -> bool | frozenset[str]:
    if isinstance(value, bool):
        return value
    if name not in _BY_CODE:
        raise MockgridError(f"{name} is True or False, not {value!r}.")
    allowed = [value] if isinstance(value, str) else value
    if not isinstance(allowed, (list, tuple, set, frozenset)) or not allowed:
        raise MockgridError(f'{name} is True, False, or codes such as ["MG113"], not {value!r}.')
    for code in allowed:
        _check_code(name, code)
    return frozenset(allowed)


def _check_code(name: str, code: Any) -> None:
    requests = (known for known in codes() if known.startswith("MG1"))
    fitting: tuple[str, ...] = (*_REMARKS, *_EITHER)
    if name != "allow_warnings":
        fitting = tuple(known for known in requests if known not in _REMARKS)
    if isinstance(code, str) and code in fitting:
        return
    try:
        known = find(str(code))
    except UnknownCodeError:
        usual = "MG140" if name == "allow_warnings" else "MG113"
        near = did_you_mean(str(code).upper(), _REMARKS if usual in _REMARKS else fitting)
        raise MockgridError(
            f"{name} has {code!r}, which is no code such as {usual}.",
            hint=near.strip() or "`mockgrid explain` lists all.",
        ) from None
    if known.code in fitting:  # its name, or in small letters
        raise MockgridError(f"{name} has {code!r}, which is no code.", hint=f"Did you mean {known.code}?")
    kind = "warning" if name == "allow_warnings" else "violation of the contract"
    raise MockgridError(
        f"{name} has {code!r}, which is no {kind}: {known.title}.", hint=_allowed_by(known.code)
    )


def _allowed_by(code: str) -> str:
    """Return how a test allows what a code stands for that is allowed elsewhere."""
    if code in _ELSEWHERE:
        return f"It is allowed by {_ELSEWHERE[code]}=True."
    if code.startswith("MG1"):
        return f"Name it in {'allow_warnings' if code in _REMARKS else 'allow_violations'}."
    return "A verdict fails a test only where resilient=True." if code.startswith("MG31") else ""
