r"""Finds a text that several trees match at once, where examples of each alone keep missing the others.

Also how lookaheads at the start of a pattern are met: ``^(?=.*\d)(?!0).+$`` is three patterns, one denied.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mockgrid.schema.regex.automaton import Automaton, build
from mockgrid.schema.regex.syntax import Anchor, Assert, Concat, Look

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from mockgrid.schema.regex.syntax import Node

_START = 1
_EXPANSIONS = 4_000
_PER_CLASS = 2
_ALPHABET_LIMIT = 24
_WALKS = 5
_WALK_LIMIT = 256
_SIZE_LIMIT = 2_000

State = tuple[int, bool]  # positions reached, and whether the tree has matched already


class Meeting:
    """Several trees, to be matched by one text. Conditions inside a tree are hoped for, not checked."""

    def __init__(self, trees: Iterable[Node]) -> None:
        self._members = [
            (_Walker(build(tree)), denied) for whole in trees for tree, denied in _take_apart(whole)
        ]
        self._usable = sum(walker.size for walker, _ in self._members) <= _SIZE_LIMIT

    def text(self, rng: random.Random, low: int, high: int | None) -> str | None:
        """A text of ``low`` to ``high`` characters that looks right; nothing where none was found."""
        if not self._usable or low > _WALK_LIMIT:
            return None
        alphabet = self._alphabet(rng)
        begin = self._begin()
        if begin is None:
            return None
        shortest = self._shortest(begin, alphabet)
        if shortest is None or (high is not None and len(shortest) > high):
            return None
        walked, states = "", begin
        missing = max(low - len(shortest), rng.randrange(len(shortest) + 1))
        for _ in range(_WALKS):
            more, states = self._walk(rng, states, alphabet, missing)
            walked += more
            ending = self._shortest(states, alphabet)
            if ending is None or not more:
                break
            text = walked + ending
            missing = low - len(text)
            if missing <= 0:
                if high is None or len(text) <= high:
                    return text
                break
        return shortest if len(shortest) >= low else None

    def _alphabet(self, rng: random.Random) -> str:
        """A few characters of every class that any tree mentions."""
        chosen: dict[str, None] = {}
        for walker, _ in self._members:
            for pool in walker.pools():
                for _ in range(_PER_CLASS if pool else 0):
                    chosen[pool[rng.randrange(len(pool))]] = None
        return "".join(list(chosen)[:_ALPHABET_LIMIT])

    def _begin(self) -> tuple[State, ...] | None:
        return self._checked(tuple(walker.begin() for walker, _ in self._members))

    def _step(self, states: Sequence[State], char: str) -> tuple[State, ...] | None:
        """The states after a character; nothing where no text can come of it."""
        pairs = zip(self._members, states, strict=True)
        return self._checked(tuple(walker.step(state, char) for (walker, _), state in pairs))

    def _checked(self, states: tuple[State, ...]) -> tuple[State, ...] | None:
        for (walker, denied), (reached, matched) in zip(self._members, states, strict=True):
            if (denied and matched) or (not denied and not matched and walker.anchored and not reached):
                return None
        return states

    def _ends(self, states: Sequence[State]) -> bool:
        pairs = zip(self._members, states, strict=True)
        return all(walker.ends(state) is not denied for (walker, denied), state in pairs)

    def _shortest(self, begin: tuple[State, ...], alphabet: str) -> str | None:
        """The shortest text from here on, breadth first."""
        queue = deque([(begin, "")])
        seen = {begin}
        expansions = 0
        while queue:
            states, text = queue.popleft()
            if self._ends(states):
                return text
            for char in alphabet:
                expansions += 1
                further = self._step(states, char)
                if further is not None and further not in seen:
                    seen.add(further)
                    queue.append((further, text + char))
            if expansions > _EXPANSIONS:
                return None
        return None

    def _walk(
        self, rng: random.Random, states: tuple[State, ...], alphabet: str, length: int
    ) -> tuple[str, tuple[State, ...]]:
        """Wanders on for some characters, as far as it can."""
        text = ""
        for _ in range(length):
            start = rng.randrange(len(alphabet)) if alphabet else 0
            for char in alphabet[start:] + alphabet[:start]:
                further = self._step(states, char)
                if further is not None:
                    states = further
                    text += char
                    break
            else:
                break
        return text, states


class _Walker:
    """Steps through an automaton character by character, without knowing the rest of the text."""

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._later = 0
        self._consuming: dict[str, int] = {}
        for anchor, mask in automaton.anchors.items():
            if anchor not in {Anchor.START, Anchor.END}:
                self._later |= mask
        for mask, _, _, _ in automaton.looks:
            self._later |= mask
        first = automaton.follow(_START)
        self.anchored = not first & ~automaton.anchors.get(Anchor.START, 0)
        self.size = automaton.positions

    def pools(self) -> list[str]:
        """Characters of every class."""
        return [charset.pool() for charset in self._automaton.classes]

    def begin(self) -> State:
        """The state before the first character."""
        return self._settle(
            self._automaton.follow(_START), self._automaton.anchors.get(Anchor.START, 0), matched=False
        )

    def step(self, state: State, char: str) -> State:
        """The state after one more character."""
        reached, matched = state
        if matched:
            return 0, True
        if char not in self._consuming:
            self._consuming[char] = self._automaton.consuming(char)
        taken = reached & self._consuming[char]
        follow = self._automaton.follow(taken | (0 if self.anchored else _START))
        return self._settle(follow, 0, matched=False)

    def ends(self, state: State) -> bool:
        """Whether the tree has matched, if the text ends here."""
        reached, matched = state
        if matched:
            return True
        ends = self._automaton.anchors.get(Anchor.END, 0)
        return bool(self._settle(reached, ends, matched=False)[1])

    def _settle(self, reached: int, holding: int, *, matched: bool) -> State:
        holding |= self._later
        done = 0
        while fresh := reached & holding & ~done:
            done |= fresh
            reached |= self._automaton.follow(fresh)
        matched = matched or bool(reached & self._automaton.accept)
        return (0, True) if matched else (reached, False)


def _take_apart(tree: Node) -> list[tuple[Node, bool]]:
    """The patterns that a tree with lookaheads at its start stands for, and whether each is denied."""
    if not isinstance(tree, Concat) or not tree.parts or tree.parts[0] != Assert(Anchor.START):
        return [(tree, False)]
    found: list[tuple[Node, bool]] = []
    parts = list(tree.parts[1:])
    while parts and isinstance(parts[0], Look) and parts[0].ahead:
        look = parts.pop(0)
        if isinstance(look, Look):
            found.append((Concat((tree.parts[0], look.body)), look.negated))
    return [(Concat((tree.parts[0], *parts)), False), *found]
