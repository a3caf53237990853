"""A part of a scenario as it is read: its value, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockgrid.document.pointer import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.scenario.ledger import Ledger, Origin


@dataclass(frozen=True, slots=True)
class Part:
    """A value, its JSON pointer, and the ledger that findings about it go to."""

    value: Any
    pointer: str
    ledger: Ledger

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> Part:
        return Part(self.value[key], self.pointer + join((key,)), self.ledger)

    @property
    def origin(self) -> Origin:
        """Where it was written."""
        return self.ledger.origin(self.pointer)

    def find(self, key: str) -> Part | None:
        """Return the part under a key; None where there is none."""
        return self[key] if key in self else None  # noqa: SIM401 - it has no get of its own

    def items(self) -> Iterator[tuple[str, Part]]:
        """Return the parts of a mapping by their keys."""
        for key in self.value:
            yield key, self[key]

    def members(self) -> Iterator[Part]:
        """Return the parts of a list."""
        for index, item in enumerate(self.value):
            yield Part(item, f"{self.pointer}/{index}", self.ledger)

    @property
    def sound(self) -> bool:
        """Whether nothing has been found wrong with it, or with anything inside it."""
        return not self.ledger.broken(self.pointer)

    def error(self, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note an error at this part, or at its key."""
        self.ledger.add(code, self.pointer, message, hint, key=key)

    def warn(self, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a warning at this part, or at its key."""
        self.ledger.add(code, self.pointer, message, hint, key=key, severity="warning")
