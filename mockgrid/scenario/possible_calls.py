"""The calls that a contract admits, as far as operation, method and path go."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from mockgrid.contract.router import ROUTED
from mockgrid.scenario.matcher import texts
from mockgrid.scenario.predicate import checks
from mockgrid.scenario.step import names_place
from mockgrid.scenario.view import RequestView

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.contract.operation import Operation
    from mockgrid.scenario.predicate import Check, Predicate

__all__ = ["WILD", "WORD", "PossibleCalls"]

WORD: Final = re.compile(r"[\w.-]+")
"""What may be a name within a pattern."""

WILD: Final = re.compile(r"[*?]")
"""What makes a glob of a text."""

_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
# So many words of a pattern are tried as a parameter's value.
_MOST_WORDS: Final = 16


class PossibleCalls:
    """The calls that a contract admits, as far as operation, method and path go.

    Args:
        contract: whose operations are called.
        speaking: ids of the operations that hold a conversation; steps that do not say are for these, or
            for all where there is none.
    """

    def __init__(self, contract: Contract, speaking: Collection[str]) -> None:
        self._contract = contract
        self._speaking = speaking
        self._methods = list(dict.fromkeys(operation.method for operation in contract.operations))
        self._usual = [
            self._call(operation, _PARAMETER.sub("x", contract.base_path + operation.path))
            for operation in contract.operations
        ]
        self._pieces = [
            (_PARAMETER.split(contract.base_path + operation.path), operation)
            for operation in contract.operations
            if _PARAMETER.search(operation.path)
        ]

    def _call(self, operation: Operation, path: str) -> RequestView:
        return RequestView(
            operation.id, operation.method, path, usual=not self._speaking or operation.id in self._speaking
        )

    def of(self, when: Sequence[Predicate]) -> list[RequestView]:
        """Return a call of each operation, and of each path with parameters that a conjunction speaks of."""
        paths = dict.fromkeys(
            text if _is_exact(check) else WILD.sub("x", text)
            for check in checks(when)
            if check.name == "path"
            for text in texts(check.source)
        )
        calls = [*self._usual, *(call for path in paths for call in self._at(path))]
        if any(path.startswith(ROUTED) for path in paths):
            pairs = zip(self._usual, self._contract.operations, strict=True)
            calls += [self._call(operation, f"{ROUTED}{call.path}") for call, operation in pairs]
        return calls

    def operations(self, when: Sequence[Predicate]) -> list[Operation]:
        """Return the operations that a conjunction is for, as far as it says; else chat completions."""
        answers = self._told(when, self.of(when))
        if not any(True in values for values in answers.values()):
            answers = self._told(when, self._guessed(when))
        return [
            operation
            for operation in self._contract.operations
            if True in answers[operation.id]
            or (None in answers[operation.id] and operation.id in self._speaking)
        ]

    def _told(self, when: Sequence[Predicate], calls: Sequence[RequestView]) -> dict[str, set[bool | None]]:
        answers: dict[str, set[bool | None]] = {}
        for call in calls:
            answers.setdefault(call.operation, set()).add(names_place(when, call))
        return answers

    def _guessed(self, when: Sequence[Predicate]) -> list[RequestView]:
        """Return calls in whose paths the words of patterns are the parameters."""
        words = dict.fromkeys(
            word
            for check in checks(when)
            if check.name == "path" and check.matcher.choices is None
            for text in texts(check.source)
            for word in WORD.findall(text)
        )
        guesses = [
            self._call(operation, word.join(pieces))
            for word in islice(words, _MOST_WORDS)
            for pieces, operation in self._pieces
        ]
        return [*self._usual, *guesses]

    def _at(self, path: str) -> list[RequestView]:
        """Return the calls of a path."""
        find = self._contract.router.find
        for sent in (path, path.removeprefix(ROUTED)):
            routes = [(method, find(sent, "", method)) for method in self._methods]
            calls = [
                self._call(operation, path)
                for method, route in routes
                if route is not None
                for operation in route[0].variants.get(method, ())
            ]
            if calls:
                return calls
        # Sent as %2F, a slash is part of a parameter.
        return [
            self._call(operation, path)
            for pieces, operation in self._pieces
            if re.fullmatch(".+".join(map(re.escape, pieces)), path, re.DOTALL)
        ]


def _is_exact(check: Check) -> bool:
    """Tell whether what looks like a glob is said to be none."""
    return isinstance(check.source, dict) and "equals" in check.source
