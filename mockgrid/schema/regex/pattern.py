"""A compiled pattern."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mockgrid.schema.pattern_engine import RegexError, compile_matcher
from mockgrid.schema.regex.example import Exemplar
from mockgrid.schema.regex.needles import needles
from mockgrid.schema.regex.parser import parse
from mockgrid.schema.regex.syntax import Anchor, Assert, Concat, Look, Node, is_linear, pieces, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockgrid.schema.generate.chooser import Chooser
    from mockgrid.schema.regex.needles import Needle

_PIECE_LIMIT = 4_000
# An anchor or lookaround within a pattern is met by chance.
_TRIES = 100
_STARTS = 24
QUADRATIC_LIMIT = 500
_CHANGES = 24


class Pattern:
    r"""A pattern that is matched in a bounded number of steps, and that can make up texts it matches.

    ``\d``, ``\w`` and ``\s`` are those of ECMA-262 (ASCII but for white space); ``$`` is the very end of the
    text. Use :func:`compile_pattern` to make one.

    Attributes:
        source: the pattern as written.
        text: the pattern as the engine reads it.
        size: how many parts it unfolds to.
        linear: whether searching takes time linear in the text; else it is quadratic.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = parse(source)
        self.size = pieces(self._tree)
        if self.size > _PIECE_LIMIT:
            raise RegexError(
                f"the repeats unfold to {self.size} parts, more than the limit of {_PIECE_LIMIT},", 0
            )
        self.text = write(self._tree)
        search = compile_matcher(self.text)
        if search is None:
            raise RegexError("the engine cannot match this pattern, which starts", 0)
        self._search = search
        self.linear = is_linear(self._tree)
        self._barren: dict[tuple[int, int | None], bool] = {}

    def __repr__(self) -> str:
        return f"compile_pattern({self.source!r})"

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in a text.

        One that is not linear is not tried on more than 500 characters.
        """
        return (self.linear or len(text) <= QUADRATIC_LIMIT) and self._search(text)

    def example(self, chooser: Chooser, min_length: int = 0, max_length: int | None = None) -> str | None:
        """A text of ``min_length`` to ``max_length`` characters in which the pattern is found.

        The same chooser give the same text on every platform. Nothing is returned when no such text exists,
        and for some patterns with lookarounds, where none was found in a bounded number of attempts.
        """
        if not self.linear:
            max_length = QUADRATIC_LIMIT if max_length is None else min(max_length, QUADRATIC_LIMIT)
        for _ in range(_TRIES):
            text = self._exemplar.text(chooser, min_length, max_length)
            if text is None:
                return None
            if self.search(text):
                return text
        if self._is_barren(min_length, max_length):
            return None
        return common_example([self], chooser, min_length, max_length)

    def _is_barren(self, min_length: int, max_length: int | None) -> bool:
        """Whether a long search finds no text of such a length: by the same choices each time, and once."""
        from mockgrid.schema.generate.chooser import SeededChooser  # noqa: PLC0415 - beside it, all need patterns

        length = (min_length, max_length)
        if length not in self._barren:
            chooser = SeededChooser("barren")
            self._barren[length] = common_example([self], chooser, min_length, max_length) is None
        return self._barren[length]

    @cached_property
    def needles(self) -> tuple[Needle, ...]:
        """What all texts that match have in them, one or another; empty where that is not known."""
        return needles(self._tree)

    @cached_property
    def conditions(self) -> list[_Condition]:
        """What a text must meet: the pattern without the lookaheads at its start, and each of these."""
        parts = list(self._tree.parts) if isinstance(self._tree, Concat) else [self._tree]
        start = [parts.pop(0)] if parts[:1] == [Assert(Anchor.START)] else []
        looks: list[tuple[Node, bool]] = []
        while parts and isinstance(look := parts[0], Look) and look.prefix in {"?=", "?!"}:
            looks.append((Concat((*start, look.body)), look.prefix == "?!"))
            parts.pop(0)
        tree = Concat((*start, *parts))
        return [_Condition(part, denied=denied) for part, denied in [(tree, False), *looks]]

    @cached_property
    def _exemplar(self) -> Exemplar:
        return Exemplar(self._tree)


class _Condition:
    """A tree that a text must match, or must not."""

    def __init__(self, tree: Node, *, denied: bool) -> None:
        self.denied = denied
        self.exemplar = Exemplar(tree)
        self._search = compile_matcher(write(tree))

    def met(self, text: str) -> bool:
        """Whether the text is as it must be."""
        return self._search is not None and self._search(text) is not self.denied


def common_example(
    patterns: Sequence[Pattern], chooser: Chooser, min_length: int = 0, max_length: int | None = None
) -> str | None:
    """A text in which every one of the patterns is found; nothing where a bounded search has no result.

    Starts from a text of one pattern and puts pieces of the others into it, as long as no fewer match.
    """
    conditions = [condition for pattern in patterns for condition in pattern.conditions]
    wanted = [condition for condition in conditions if not condition.denied]
    low = max([min_length, *(condition.exemplar.shortest for condition in wanted)])
    for start in range(_STARTS):
        exemplar = wanted[start % len(wanted)].exemplar
        text = exemplar.text(chooser, low if start % 2 else min_length, max_length)
        if text is None:
            continue
        for _ in range(_CHANGES):
            unmet = [condition for condition in conditions if not condition.met(text)]
            if not unmet and all(pattern.search(text) for pattern in patterns):
                return text
            source = chooser.choice(unmet or wanted)
            piece = (wanted[0] if source.denied else source).exemplar.text(chooser, 0, max_length) or ""
            at = chooser.integer(0, len(text))
            end = at + (len(piece) if chooser.boolean() else 0)
            changed = text[:at] + piece + text[end:]
            fits = min_length <= len(changed) and (max_length is None or len(changed) <= max_length)
            if fits and sum(condition.met(changed) for condition in conditions) >= len(conditions) - len(
                unmet
            ):
                text = changed
    return None


def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern.

    Raises:
        RegexError: the pattern is malformed, or too large, or cannot be matched in linear time.
    """
    return Pattern(pattern)


def compile_linear(pattern: str) -> Pattern:
    """The compiled pattern, for texts of any length.

    Raises:
        RegexError: as :func:`compile_pattern`, or searching long texts would take too long.
    """
    compiled = Pattern(pattern)
    if not compiled.linear:
        raise RegexError(
            "a lookaround that looks far cannot be matched in linear time but right after the ^",
            0,
            hint="Begin the pattern with ^ and its lookaheads.",
        )
    return compiled
