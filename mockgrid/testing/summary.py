"""What a session has come to: what the client broke, what it met, and what it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockgrid.testing.violation import Remark, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A step that nearly matched a request.

    Attributes:
        step: its name.
        where: where it is written.
        held: how many predicates held.
        of: how many there are.
        predicate: the first that did not hold.
        expected: what that asks for.
        got: what the request has.
    """

    step: str
    where: str
    held: int
    of: int
    predicate: str
    expected: str
    got: str

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> NearMiss:
        """Read a near miss as the control interface tells it."""
        failed = told["failed"]
        return cls(
            told["step"],
            told["where"],
            told["held"],
            told["of"],
            failed["predicate"],
            failed["expected"],
            failed["got"],
        )


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A request for which the scenario had no reply.

    Attributes:
        message: one sentence.
        near_misses: at most three steps, the nearest first.
        exchange: the number of the exchange.
    """

    message: str
    near_misses: tuple[NearMiss, ...]
    exchange: int = 0

    @classmethod
    def from_json(cls, told: Mapping[str, Any], exchange: int = 0) -> Unmatched:
        """Read an unmatched request as the control interface tells it."""
        near = tuple(NearMiss.from_json(one) for one in told["near_misses"])
        return cls(told["message"], near, told.get("exchange", exchange))

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class UnusedStep:
    """A step of a strict scenario that gave no reply."""

    scenario: str
    step: str
    where: str

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> UnusedStep:
        """Read an unused step as the control interface tells it."""
        return cls(told["scenario"], told["step"], told["where"])

    def __str__(self) -> str:
        return f"{self.step} ({self.where})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the journal proves of the client's conduct.

    Attributes:
        code: such as ``MG310``.
        name: such as ``retry_after_ignored``.
        message: what was seen and what was expected, one sentence.
        exchanges: the numbers of the exchanges that prove it.
    """

    code: str
    name: str
    message: str
    exchanges: tuple[int, ...]

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Verdict:
        """Read a verdict as the control interface tells it."""
        return cls(told["code"], told["name"], told["message"], tuple(told["exchanges"]))

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.message}"


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it.

    Attributes:
        exchanges: how many there have been.
        dropped_violations: exchanges with violations that the journal had no room for.
    """

    violations: tuple[Violation, ...] = ()
    warnings: tuple[Remark, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    unused_steps: tuple[UnusedStep, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    exchanges: int = 0
    dropped_violations: int = 0

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Summary:
        """Read a session as the control interface tells it."""
        return cls(
            tuple(Violation.from_json(one) for one in told["violations"]),
            tuple(Remark.from_json(one) for one in told["warnings"]),
            tuple(Unmatched.from_json(one) for one in told["unmatched"]),
            tuple(UnusedStep.from_json(one) for one in told["unused_steps"]),
            tuple(Verdict.from_json(one) for one in told["verdicts"]),
            told["exchanges"]["count"],
            told["exchanges"]["dropped_violations"],
        )

    def __bool__(self) -> bool:
        """Whether there is anything to complain about."""
        return bool(
            self.violations
            or self.warnings
            or self.unmatched
            or self.unused_steps
            or self.verdicts
            or self.dropped_violations
        )
