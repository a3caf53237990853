"""Reads a pattern into a syntax tree: ECMA-262, and what Python and Rust write in common.

Where those dialects read the same text differently (``{,3}``, ``[]a]``), the pattern is refused rather than
guessed at. Groups are transparent: nothing here needs what they capture.
"""

from __future__ import annotations

import re

from mockgrid.schema.pattern_engine import RegexError, compile_matcher
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
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_ANCHORS = {
    "b": Anchor.BOUNDARY,
    "B": Anchor.NOT_BOUNDARY,
    "A": Anchor.START,
    "Z": Anchor.END,
    "z": Anchor.END,
}
_CODES = (
    re.compile(r"u([0-9A-Fa-f]{4})"),
    re.compile(r"[ux]\{([0-9A-Fa-f]{1,8})\}"),
    re.compile(r"x([0-9A-Fa-f]{2})"),
    re.compile(r"U([0-9A-Fa-f]{8})"),
)
_PAIR = re.compile(r"u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_PROPERTY = re.compile(r"[pP](?:\{(?:(?:gc|General_Category)=)?(\^?\w+)\}|([A-Z]))")
_LAST_POINT = 0x10FFFF


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
            node, self.at = _read_escape(self.pattern, self.at, folded="i" in self.flags)
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
        node, self.at = _read_escape(self.pattern, self.at, folded=False, in_class=True)
        if not isinstance(node, Chars):
            raise RegexError("this escape has no meaning inside a class", self.at - 1)
        return ord(node.charset.literal) if node.charset.literal else node.charset


def _read_escape(  # noqa: C901, PLR0911 (one for each kind)
    pattern: str, at: int, *, folded: bool, in_class: bool = False
) -> tuple[Chars | Assert, int]:
    """What the escape at ``at`` stands for, and where it ends.

    Raises:
        RegexError: a backreference, or an escape with no meaning common to the dialects.
    """
    letter = pattern[at + 1 : at + 2]
    if not letter:
        raise RegexError("a backslash ends the pattern", at, hint="Write \\\\ for the character.")
    after = at + 2
    if letter in _CONTROLS:
        return Chars(single(_CONTROLS[letter])), after
    if letter in "dDwWsS":
        return Chars(CharSet(f"\\{letter}", negated=letter.isupper())), after
    if in_class and letter == "b":
        return Chars(single("\b")), after
    if not in_class and letter in _ANCHORS:
        return Assert(_ANCHORS[letter]), after
    if letter == "0" and not pattern[after : after + 1].isdecimal():
        return Chars(single("\0")), after
    if letter.isdecimal() or letter == "k":
        raise RegexError(
            "backreferences cannot be matched in linear time", at, hint="Spell the group out again."
        )
    if letter == "c" and pattern[after : after + 1].isalpha() and pattern[after].isascii():
        return Chars(single(chr(ord(pattern[after]) % 32))), after + 1
    if letter in "pP":
        return _property(pattern, at)
    coded = _code_point(pattern, at)
    if coded is not None:
        point, after = coded
        return Chars(single(chr(point), folded=folded)), after
    if letter.isalpha() and letter.isascii():
        raise RegexError(f"\\{letter} has no meaning", at, hint=f"Write {letter} for the character.")
    return Chars(single(letter, folded=folded)), after


def _code_point(pattern: str, at: int) -> tuple[int, int] | None:
    if pair := _PAIR.match(pattern, at + 1):
        high, low = (int(half, 16) for half in pair.groups())
        return 0x10000 + ((high - 0xD800) << 10) + low - 0xDC00, pair.end()
    for notation in _CODES:
        if match := notation.match(pattern, at + 1):
            point = int(match[1], 16)
            if point > _LAST_POINT:
                raise RegexError("the code point is beyond Unicode", at)
            return point, match.end()
    return None


def _property(pattern: str, at: int) -> tuple[Chars, int]:
    match = _PROPERTY.match(pattern, at + 1)
    if not match:
        raise RegexError("\\p wants a category in braces", at, hint="Write \\p{L}.")
    name = match[1] or match[2]
    negated = (pattern[at + 1] == "P") is not name.startswith("^")
    name = name.removeprefix("^")
    text = f"\\{'P' if negated else 'p'}{{{name}}}"
    if compile_matcher(text) is None:
        raise RegexError(f"the Unicode property {name} is not supported", at, hint="General categories are.")
    return Chars(CharSet(text, negated=negated)), match.end()
