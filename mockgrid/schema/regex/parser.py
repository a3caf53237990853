"""Reads a pattern into a syntax tree: ECMA-262, and what Python and Rust write in common.

Where those dialects read the same text differently (``{,3}``, ``[]a]``), the pattern is refused rather than
guessed at. Groups are transparent: nothing here needs what they capture.
"""

from __future__ import annotations

from mockgrid.schema.regex.error import RegexError
from mockgrid.schema.regex.escape import read_escape
from mockgrid.schema.regex.syntax import (
    ANY,
    NOT_NEWLINE,
    Alternate,
    Anchor,
    Assert,
    Chars,
    CharSet,
    Concat,
    Look,
    Node,
    Repeat,
    code,
    single,
)

_PATTERN_LIMIT = 10_000
_NESTING_LIMIT = 50
_COUNT_DIGITS = 9
_LOOKS = ("?<=", "?<!", "?=", "?!")


def parse(pattern: str) -> Node:
    """The tree of a pattern.

    Raises:
        RegexError: the pattern is malformed, ambiguous between dialects, longer than 10,000 characters,
            nested deeper than 50 groups, or needs a backreference.
    """
    if len(pattern) > _PATTERN_LIMIT:
        raise RegexError(
            f"the pattern has {len(pattern)} characters, more than the limit of {_PATTERN_LIMIT},",
            _PATTERN_LIMIT,
        )
    return _Parser(pattern).parse()


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.flags: frozenset[str] = frozenset()

    def parse(self) -> Node:
        tree = self._alternation()
        if self.at < len(self.pattern):
            raise RegexError(
                "a closing parenthesis has no opening one", self.at, hint="Write \\) for the character."
            )
        return tree

    def _peek(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def _take(self, text: str) -> bool:
        if self._peek(text):
            self.at += len(text)
            return True
        return False

    def _alternation(self) -> Node:
        self.depth += 1
        if self.depth > _NESTING_LIMIT:
            raise RegexError(f"groups are nested deeper than {_NESTING_LIMIT}", self.at)
        branches = [self._concatenation()]
        while self._take("|"):
            branches.append(self._concatenation())
        self.depth -= 1
        return branches[0] if len(branches) == 1 else Alternate(tuple(branches))

    def _concatenation(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            start = self.at
            atom = self._atom()
            if atom is not None:
                parts.append(self._quantified(atom, start))
        return parts[0] if len(parts) == 1 else Concat(tuple(parts))

    def _atom(self) -> Node | None:  # noqa: PLR0911 (one for each kind of atom)
        char = self.pattern[self.at]
        if char in "*+?":
            raise RegexError(f"the quantifier {char} has nothing to repeat", self.at, hint=f"Write \\{char}.")
        if char == "(":
            return self._group()
        if char == "[":
            return Chars(self._charset())
        if char == "\\":
            node, self.at = read_escape(self.pattern, self.at, folded="i" in self.flags)
            return node
        if char == "{" and self._count() is not None:
            raise RegexError("the quantifier has nothing to repeat", self.at, hint="Write \\{.")
        self.at += 1
        match char:
            case ".":
                return Chars(ANY if "s" in self.flags else NOT_NEWLINE)
            case "^":
                return Assert(Anchor.LINE_START if "m" in self.flags else Anchor.START)
            case "$":
                return Assert(Anchor.LINE_END if "m" in self.flags else Anchor.END)
            case _:
                return Chars(single(char, folded="i" in self.flags))

    def _quantified(self, atom: Node, start: int) -> Node:
        counted = self._quantifier()
        if counted is None:
            return atom
        low, high = counted
        if self._take("+"):
            raise RegexError("possessive quantifiers cannot be matched in linear time", self.at - 1)
        self._take("?")  # lazy: the same texts match
        if self._quantifier() is not None:
            raise RegexError(
                "two quantifiers follow each other", self.at - 1, hint="Put a group around the first."
            )
        if isinstance(atom, Assert) and self.pattern[start] != "(":
            raise RegexError("an anchor cannot be repeated", start)
        return Repeat(atom, low, high)

    def _quantifier(self) -> tuple[int, int | None] | None:
        if self._take("*"):
            return 0, None
        if self._take("+"):
            return 1, None
        if self._take("?"):
            return 0, 1
        counted = self._count() if self._peek("{") else None
        if counted is not None:
            low, high, self.at = counted
            return low, high
        return None

    def _count(self) -> tuple[int, int | None, int] | None:
        """The counts of ``{2}``, ``{2,}`` or ``{2,5}`` and where they end; nothing for a literal brace."""
        end = self.pattern.find("}", self.at)
        low, comma, high = self.pattern[self.at + 1 : max(end, 0)].partition(",")
        if end < 0 or not all(part.isdecimal() and part.isascii() for part in (low, high) if part):
            return None
        if not low:
            if high:
                raise RegexError("the lower count is missing", self.at, hint=f"Write {{0,{high}}}.")
            return None
        if max(len(low), len(high)) > _COUNT_DIGITS:
            raise RegexError("a repeat count is too large", self.at)
        most = (int(high) if high else None) if comma else int(low)
        if most is not None and most < int(low):
            raise RegexError(f"the repeat counts {low} and {high} are in the wrong order", self.at)
        return int(low), most, end + 1

    def _group(self) -> Node | None:
        start = self.at
        self.at += 1
        outer = self.flags
        look = next((prefix for prefix in _LOOKS if self._take(prefix)), None)
        if look is None and self._take("?") and not self._group_prefix(start):
            return None
        body = self._alternation()
        if not self._take(")"):
            raise RegexError("the group is not closed", start)
        self.flags = outer
        return body if look is None else Look(body, look)

    def _group_prefix(self, start: int) -> bool:
        """Reads what follows ``(?``; whether a group body comes next."""
        if self._take(":"):
            return True
        if self._take("#"):
            end = self.pattern.find(")", self.at)
            if end < 0:
                raise RegexError("the comment is not closed", start)
            self.at = end + 1
            return False
        if self._take("P<") or self._take("<"):
            end = self.pattern.find(">", self.at)
            if end < 0 or not self.pattern[self.at : end].replace("$", "_").isidentifier():
                raise RegexError("the group name is malformed", self.at)
            self.at = end + 1
            return True
        if self._peek("P="):
            raise RegexError("backreferences cannot be matched in linear time", start)
        return self._inline_flags(start)

    def _inline_flags(self, start: int) -> bool:
        end = self.at
        while end < len(self.pattern) and (self.pattern[end].isalpha() or self.pattern[end] == "-"):
            end += 1
        added, _, removed = self.pattern[self.at : end].partition("-")
        closing = self.pattern[end : end + 1]
        if closing not in {":", ")"} or not set(added + removed) <= set("ismu") or not added + removed:
            raise RegexError("this kind of group is not supported", start, hint="Known flags are i, m and s.")
        self.flags = (self.flags | set(added)) - set(removed)
        self.at = end + 1
        return closing == ":"

    def _charset(self) -> CharSet:
        start = self.at
        self.at += 1
        negated = self._take("^")
        if self._peek("]"):
            raise RegexError(
                "an empty class means different things to different engines", self.at, hint="Write \\]."
            )
        if self._peek("[:"):
            raise RegexError("POSIX classes are not supported", self.at, hint="Write \\d, \\w or \\p{L}.")
        ranges: list[tuple[int, int]] = []
        text = ""
        while not self._take("]"):
            if self.at >= len(self.pattern):
                raise RegexError("the class is not closed", start, hint="Write \\[ for the character.")
            low = self._member()
            at = self.at
            if self._peek("-") and not self._peek("-]"):
                self.at += 1
                if self.at >= len(self.pattern):
                    continue
                high = self._member()
                if isinstance(low, CharSet) or isinstance(high, CharSet):
                    raise RegexError("a range ends in a class", at, hint="Write \\- for the character.")
                if high < low:
                    raise RegexError(f"the range {chr(low)}-{chr(high)} is in the wrong order", at)
                ranges.append((low, high))
                text += f"{code(low)}-{code(high)}"
            elif isinstance(low, CharSet):
                text += low.text
            else:
                ranges.append((low, low))
                text += code(low)
        text = f"[{'^' if negated else ''}{text}]"
        return CharSet(f"(?i:{text})" if "i" in self.flags else text, tuple(ranges), negated=negated)

    def _member(self) -> int | CharSet:
        if self.pattern[self.at] != "\\":
            self.at += 1
            return ord(self.pattern[self.at - 1])
        node, self.at = read_escape(self.pattern, self.at, folded=False, in_class=True)
        if not isinstance(node, Chars):
            raise RegexError("this escape has no meaning inside a class", self.at - 1)
        return ord(node.charset.literal) if node.charset.literal else node.charset
