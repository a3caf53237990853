"""The calls that a contract admits, as far as operation, method and path go."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockgrid.contract.operation import CHAT
from mockgrid.contract.router import ROUTED
from mockgrid.scenario.scope import checks, names
from mockgrid.scenario.view import RequestView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation
    from mockgrid.scenario.predicate import Predicate

__all__ = ["WORD", "PossibleCalls", "texts"]

WORD: Final = re.compile(r"[\w.-]+")
"""What may be a name within a pattern."""

_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_WILD: Final = re.compile(r"[*?]")
# So many words of a pattern are tried as a parameter's value.
_MOST_WORDS: Final = 16


class PossibleCalls:
    """The calls that a contract admits, as far as operation, method and path go.

    Args:
        contract: whose operations are called.
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._usual = [
            _call(operation, _PARAMETER.sub("x", contract.base_path + operation.path))
            for operation in contract.operations
        ]
        self._pieces = [
            (_PARAMETER.split(contract.base_path + operation.path), operation)
            for operation in contract.operations
            if _PARAMETER.search(operation.path)
        ]

    def of(self, when: Sequence[Predicate]) -> list[RequestView]:
        """Return a call of each operation, and of each path with parameters that a conjunction speaks of."""
        asked = dict.fromkeys(
            _WILD.sub("x", text)
            for check in checks(when)
            if check.name == "path"
            for text in texts(check.source)
        )
        calls = [*self._usual, *(call for path in asked for call in self._at(path))]
        if any(path.startswith(ROUTED) for path in asked):
            pairs = zip(self._usual, self._contract.operations, strict=True)
            calls += [_call(operation, f"{ROUTED}{call.path}") for call, operation in pairs]
        return calls

    def operations(self, when: Sequence[Predicate]) -> list[Operation]:
        """Return the operations that a conjunction is for, as far as it says; else chat completions."""
        told = self._told(when, self.of(when))
        if not any(True in one for one in told.values()):
            told = self._told(when, self._guessed(when))
        return [
            operation
            for operation in self._contract.operations
            if True in told[operation.id] or (None in told[operation.id] and operation.behaviour == CHAT)
        ]

    def _told(self, when: Sequence[Predicate], calls: Sequence[RequestView]) -> dict[str, set[bool | None]]:
        told: dict[str, set[bool | None]] = {}
        for call in calls:
            told.setdefault(call.operation, set()).add(names(when, call))
        return told

    def _guessed(self, when: Sequence[Predicate]) -> list[RequestView]:
        """Return calls in whose paths the words of patterns are the parameters."""
        words = dict.fromkeys(
            word
            for check in checks(when)
            if check.name == "path" and check.matcher.choices is None
            for text in texts(check.source)
            for word in WORD.findall(text)
        )
        found = [
            _call(operation, word.join(pieces))
            for word in islice(words, _MOST_WORDS)
            for pieces, operation in self._pieces
        ]
        return [*self._usual, *found]

    def _at(self, path: str) -> list[RequestView]:
        """Return the calls of a path."""
        find = self._contract.router.find
        found = find(path)
        if found is None and path.startswith(f"{ROUTED}/"):
            found = find(path.removeprefix(ROUTED))
        if found is not None:
            return [_call(operation, path) for operation in found[0].operations.values()]
        # Sent as %2F, a slash is part of a parameter.
        return [
            _call(operation, path)
            for pieces, operation in self._pieces
            if re.fullmatch(".+".join(map(re.escape, pieces)), path, re.DOTALL)
        ]


def _call(operation: Operation, path: str) -> RequestView:
    return RequestView(operation.id, operation.method, path, aside=operation.aside)


def texts(source: Any) -> Iterator[str]:
    """Return the texts that a matcher speaks of."""
    if isinstance(source, str):
        yield source
    elif isinstance(source, dict):
        for item in source.values():
            yield from texts(item)
    elif isinstance(source, list):
        for item in source:
            yield from texts(item)
