"""Runs an automaton over a text: one pass forward, and one pass per lookaround, whatever the pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockgrid.schema.regex.charset import WORD
from mockgrid.schema.regex.syntax import Anchor

if TYPE_CHECKING:
    from mockgrid.schema.regex.automaton import Automaton

_START = 1
_LINE_ENDS = "\n\r\u2028\u2029"
_MEMO_LIMIT = 2_048


class Search:
    """Looks for a pattern anywhere in texts, and remembers the steps it has already worked out.

    Args:
        automaton: what to look for.
        backwards: whether it is an automaton of reversed text, to be run from the end.
    """

    def __init__(self, automaton: Automaton, *, backwards: bool = False) -> None:
        self._automaton = automaton
        self._backwards = backwards
        self._looks = [
            (mask, Search(inner, backwards=ahead), negated) for mask, inner, ahead, negated in automaton.looks
        ]
        self._conditional = 0
        for mask in automaton.anchors.values():
            self._conditional |= mask
        for mask, _, _ in self._looks:
            self._conditional |= mask
        # Between the ends of the text nothing but ^ and $ depends on the place, and those fail there.
        self._placeless = not self._looks and automaton.anchors.keys() <= {Anchor.START, Anchor.END}
        self._consuming: dict[str, int] = {}
        self._steps: dict[tuple[int, str], int] = {}

    def found(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        return self._run(text, None)

    def places(self, text: str) -> bytearray:
        """For every place between characters, 1 where a match ends (begins, when run backwards)."""
        marks = bytearray(len(text) + 1)
        self._run(text, marks)
        return marks

    def _run(self, text: str, marks: bytearray | None) -> bool:
        automaton = self._automaton
        tables = [(mask, search.places(text), negated) for mask, search, negated in self._looks]
        end = len(text)
        places = range(end, -1, -1) if self._backwards else range(end + 1)
        states = 0
        for place in places:
            inner = 0 < place < end
            char = "" if place == places[-1] else text[place - 1 if self._backwards else place]
            step = (states, char)
            if self._placeless and inner and marks is None and step in self._steps:
                states = self._steps[step]
                continue
            reached = automaton.follow(states | _START)
            if self._conditional & reached and not (self._placeless and inner):
                reached = self._assume(reached, text, place, tables)
            if reached & automaton.accept:
                if marks is None:
                    return True
                marks[place] = 1
            states = reached & self._consumed(char) if char else 0
            if self._placeless and inner:
                if len(self._steps) >= _MEMO_LIMIT:
                    self._steps.clear()
                self._steps[step] = states
        return False

    def _assume(self, reached: int, text: str, place: int, tables: list[tuple[int, bytearray, bool]]) -> int:
        """Steps over every anchor and lookaround that holds here."""
        done = 0
        while fresh := reached & self._conditional & ~done:
            done |= fresh
            held = self._holding(fresh, text, place, tables)
            if held:
                reached |= self._automaton.follow(held)
        return reached

    def _holding(self, fresh: int, text: str, place: int, tables: list[tuple[int, bytearray, bool]]) -> int:
        held = 0
        for anchor, mask in self._automaton.anchors.items():
            if mask & fresh and _holds(anchor, text, place):
                held |= mask & fresh
        for mask, table, negated in tables:
            if mask & fresh and bool(table[place]) is not negated:
                held |= mask
        return held

    def _consumed(self, char: str) -> int:
        mask = self._consuming.get(char)
        if mask is None:
            if len(self._consuming) >= _MEMO_LIMIT:
                self._consuming.clear()
            mask = self._consuming[char] = self._automaton.consuming(char)
        return mask


def _holds(anchor: Anchor, text: str, place: int) -> bool:
    match anchor:
        case Anchor.START:
            return place == 0
        case Anchor.END:
            return place == len(text)
        case Anchor.LINE_START:
            return place == 0 or text[place - 1] in _LINE_ENDS
        case Anchor.LINE_END:
            return place == len(text) or text[place] in _LINE_ENDS
        case _:
            before = place > 0 and WORD.admits(text[place - 1])
            after = place < len(text) and WORD.admits(text[place])
            return (before is not after) is (anchor is Anchor.BOUNDARY)
