"""How a client broke the contract, and what else is odd about what it sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a request broke the contract.

    Attributes:
        code: such as ``MG113``; ``mockgrid explain MG113`` tells more.
        path: what is wrong, dotted: ``messages.0.role``; ``$`` is the whole.
        message: one sentence without the path.
        pointer: the same place as a JSON pointer.
        location: ``body``, ``query``, ``path``, ``header`` or ``cookie``.
        expected: what the contract asks for, in a few words.
        got: what was sent, as JSON, cut short.
        contract: JSON pointer into the contract; empty where no schema is concerned.
        exchange: the number of the exchange.
    """

    code: str
    path: str
    message: str
    pointer: str = ""
    location: str = "body"
    expected: str = ""
    got: str = ""
    contract: str = ""
    exchange: int = 0

    @classmethod
    def from_json(cls, told: Mapping[str, Any], exchange: int = 0) -> Violation:
        """Read a violation as the control interface tells it."""
        return cls(
            code=told["code"],
            path=told["path"],
            message=told["message"],
            pointer=told["pointer"],
            location=told["location"],
            expected=told["expected"],
            got=told["got"],
            contract=told["contract"],
            exchange=told.get("exchange", exchange),
        )

    def __str__(self) -> str:
        place = "" if self.path == "$" else f"{self.path}: "
        return f"{self.code} {place}{self.message}"


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning: a field of a valid request that the contract does not know, or deprecates.

    Attributes:
        code: ``MG140`` or ``MG141``.
        path: of the field, dotted.
        message: one sentence without the path.
        pointer: the same place as a JSON pointer into the body.
        meant: the name that was probably meant, or that takes the field's place; may be empty.
        contract: JSON pointer into the contract.
        exchange: the number of the exchange.
    """

    code: str
    path: str
    message: str
    pointer: str = ""
    meant: str = ""
    contract: str = ""
    exchange: int = 0

    @classmethod
    def from_json(cls, told: Mapping[str, Any], exchange: int = 0) -> Remark:
        """Read a warning as the control interface tells it."""
        return cls(
            code=told["code"],
            path=told["path"],
            message=told["message"],
            pointer=told["pointer"],
            meant=told.get("meant", ""),
            contract=told.get("contract", ""),
            exchange=told.get("exchange", exchange),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.path}: {self.message}"
