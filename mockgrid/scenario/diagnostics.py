"""What is wrong with a scenario, and where: its parts as they are read, and the error that tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockgrid.document.pointer import join, resolve
from mockgrid.errors import DocumentError
from mockgrid.findings import Finding, place_of
from mockgrid.fixed import fixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockgrid.document.document import Document
    from mockgrid.findings import Severity

__all__ = ["Diagnostics", "Node", "Origin", "ScenarioError"]


MOST_TOLD: Final = 100
"""So many findings of one scenario are told."""


@fixed
class Origin:
    """Where a part of a scenario was written; finding the line is work, done when somebody asks.

    Attributes:
        document: what it is a part of.
        pointer: JSON pointer to it.
        wrapped: what was put around data that holds no steps of its own; it does not show in places.
    """

    document: Document
    pointer: str
    wrapped: str = ""

    def __str__(self) -> str:
        return self.document.where(self.own)

    @property
    def value(self) -> Any:
        """What was written there; None where there is nothing."""
        return resolve(self.document.data, self.own, None)

    @property
    def key(self) -> str:
        """Where the key stands that leads to the part; the part itself where it has no key."""
        return self.document.where_key(self.own)

    def at(self, *parts: Any) -> Origin:
        """Return where something inside it was written, by the keys that lead there."""
        return Origin(self.document, self.pointer + join(parts), self.wrapped)

    @property
    def own(self) -> str:
        """The pointer into the document's own data."""
        return self.pointer.removeprefix(self.wrapped)


class Diagnostics:
    """Collects findings.

    Args:
        document: what they are about.
        wrapped: the pointer under which the document's data stands in the data that is read.
    """

    def __init__(self, document: Document, wrapped: str = "") -> None:
        self._document = document
        self._wrapped = wrapped
        self._findings: dict[Finding, None] = {}
        self._errors: set[str] = set()  # the parts with errors, and all around them
        self._untold: list[str] = []
        self._more = False

    def origin(self, pointer: str) -> Origin:
        """Return where a part was written."""
        return Origin(self._document, pointer, self._wrapped)

    def add(  # noqa: PLR0913 - a finding has as many parts
        self,
        code: str,
        pointer: str,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        severity: Severity = "error",
    ) -> None:
        """Note a finding about the part under a pointer; ``key`` places it at the part's key."""
        origin = self.origin(pointer)
        self.tell(Finding(code, severity, message, origin.key if key else str(origin), hint))
        if severity == "error":
            while pointer not in self._errors:
                self._errors.add(pointer)
                pointer = pointer.rpartition("/")[0]

    def tell(self, finding: Finding) -> None:
        """Note a finding that is about no part in particular."""
        self._findings[finding] = None
        if finding.severity == "error":
            self._errors.add("")

    def broken(self, pointer: str) -> bool:
        """Tell whether there is an error at a part, or inside it."""
        return pointer in self._errors

    def leave_untold(self, pointers: Iterable[str], *, more: bool = False) -> None:
        """Note parts with mistakes of which nothing is told; ``more`` where nobody knows how many."""
        self._untold += pointers
        self._more = more

    def _order(self, finding: Finding) -> tuple[bool, str, int, int]:
        file, line, column = place_of(finding.where)
        elsewhere = line > 0 and file != self._document.name
        return elsewhere, file if elsewhere else "", line, column

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in the order of the file; of more than a hundred the rest is counted in the last."""
        # What was never written down keeps the order in which it was found.
        findings = sorted(self._findings, key=self._order)
        first, untold = findings[:MOST_TOLD], findings[MOST_TOLD:]
        places = [finding.where for finding in untold] + [str(self.origin(part)) for part in self._untold]
        if not places:
            return tuple(first)
        count = len(set(places))
        message = f"Here and below are mistakes in {count} more {'place' if count == 1 else 'places'}."
        if self._more and not untold:
            message = "Here and below may be more mistakes."
        broken = bool(self._untold) or any(finding.severity == "error" for finding in untold)
        code = untold[0].code if untold else "MG212"
        last = Finding(code, "error" if broken else "warning", message, places[0], "Mend those above first.")
        return (*first, last)


@fixed
class Node:
    """A value, its JSON pointer, and the diagnostics that findings about it go to."""

    value: Any
    pointer: str
    diagnostics: Diagnostics

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> Node:
        return Node(self.value[key], self.pointer + join((key,)), self.diagnostics)

    @property
    def origin(self) -> Origin:
        """Where it was written."""
        return self.diagnostics.origin(self.pointer)

    def find(self, key: str) -> Node | None:
        """Return the part under a key; None where there is none."""
        return self[key] if key in self else None  # noqa: SIM401 - it has no get of its own

    def items(self) -> Iterator[tuple[str, Node]]:
        """Return the parts of a mapping by their keys."""
        for key in self.value:
            yield key, self[key]

    def members(self) -> Iterator[Node]:
        """Return the parts of a list."""
        for index, item in enumerate(self.value):
            yield Node(item, f"{self.pointer}/{index}", self.diagnostics)

    @property
    def sound(self) -> bool:
        """Whether nothing has been found wrong with it, or with anything inside it."""
        return not self.diagnostics.broken(self.pointer)

    def error(self, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note an error at this part, or at its key."""
        self.diagnostics.add(code, self.pointer, message, hint, key=key)

    def warn(self, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a warning at this part, or at its key."""
        self.diagnostics.add(code, self.pointer, message, hint, key=key, severity="warning")


class ScenarioError(DocumentError):
    """A scenario with errors; the message is that of the first, and says how many more there are.

    Args:
        findings: all errors and warnings, in the order of the file.
        check: the command that tells all of them, where there is one.

    Attributes:
        findings: all errors and warnings, in the order of the file.
    """

    def __init__(self, findings: Sequence[Finding], *, check: str = "") -> None:
        errors = [finding for finding in findings if finding.severity == "error"]
        first = errors[0]
        more = len(errors) - 1
        message = f"{first.code}: {first.message}"
        hint = first.hint
        if more:
            named = f"; `{check}` tells all" if check else ""
            hint = f"{hint} ({more} more error{'s' if more > 1 else ''}{named}.)"
        super().__init__(message, where=first.where, hint=hint.strip())
        self.findings = tuple(findings)
