"""What was meant by a text that is not JSON: it is mended where it goes wrong, step by step."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from mockgrid.document.json_text import CLOSING, is_unclosed, not_json, outer_brackets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockgrid.document.mistakes import Mistakes

__all__ = ["mended_json"]

_MOST: Final = 50
_MOST_READ: Final = 40_000_000  # characters, in all, to see how far a text can be read
_NEAR: Final = 200  # characters before a mistake that are looked into
_COMMENT: Final = re.compile(r"(?://|#)[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_QUOTED: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'((?:[^'\\\n]|\\.)*)'""")
_LEFT_OPEN: Final = re.compile(r'"[^":\n]+(?=\s*:\s)')
_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[\w$.+-]+")
# Where one character more or less is not it: quotes, comments, keys without quotes, words, and zeros.
_SURE: Final = re.compile(r"'|//|/\*|#|[\w$.+-]+\s*:|(?i:true|false|none|undefined)\b|(?<=0)[0-9]")
_LAST: Final = re.compile(r'"[^"]*"\Z|[\w$.+-]+\Z')
_MARKS: Final = re.compile(r'(?<=[^"\s]):\s|[\s,:{}\[\]]+(?="\Z)')
_WORDS: Final = {"true": "true", "false": "false", "none": "null", "null": "null", "undefined": "null"}


def mended_json(text: str, name: str, mistakes: Mistakes) -> str | None:
    """Return a text as the JSON that was meant, each line where it was; None where that cannot be told.

    Args:
        text: what is not JSON.
        name: what findings call it.
        mistakes: are told of each, in the end.
    """
    errors, strict = [], True
    tries = _MOST_READ // (len(text) + 1)
    for _ in range(_MOST):
        try:
            json.loads(text, strict=strict)
        except json.JSONDecodeError as error:
            mended, tries = _farthest(text, _mended(text, error), error, tries, strict=strict)
            if mended is None or (mended == text and not strict):
                return None
            if mended == text:
                strict = False  # a text that goes on in the next line is read so; who checks it tells
            else:
                errors.append(not_json(error, name))
            text = mended
        except (ValueError, RecursionError):
            return None  # what is too long or too deep has nothing to do with what is written
        else:
            for each in errors:
                mistakes.tell(each)
            return text
    return None


def _farthest(
    text: str, likely: str | None, error: json.JSONDecodeError, tries: int, *, strict: bool
) -> tuple[str | None, int]:
    """Return what can be read farthest: what is likely, or what differs in a character; and tries left."""
    trailing = error.msg.startswith("Illegal trailing")  # as Python 3.13 tells of a comma, not of the bracket
    at, extra = _space_end(text, error.pos + trailing), error.msg.startswith("Extra")
    is_sure = not (trailing or error.msg.startswith(("Expecting", "Extra"))) or _SURE.match(text, at)
    # Behind the value may be another, or the same file once more.
    if is_sure or at == len(text) or (extra and text[at] in "{["):
        return likely, tries
    best, left = likely, len(text) - error.pos
    # Without what follows, any text can be read.
    for edited in _edits(text, at, None if extra else likely):
        if not left or not tries:
            break
        tries -= 1
        if (unread := _unread(edited, strict=strict)) < left:
            best, left = edited, unread
    return best, tries


def _space_end(text: str, position: int) -> int:
    return _SPACE.match(text, position).end()  # type: ignore[union-attr]


def _unread(text: str, *, strict: bool) -> int:
    """Return how much of a text cannot be read as JSON."""
    try:
        json.loads(text, strict=strict)
    except json.JSONDecodeError as error:
        # A text that goes on in the next line is not closed.
        is_open = error.msg.startswith("Invalid control")
        return len(text) + 1 - (text.rfind('"', 0, error.pos) if is_open else error.pos)
    except (ValueError, RecursionError):
        return len(text) + 1
    return 0


def _edits(text: str, at: int, likely: str | None) -> Iterator[str]:
    """Yield what is likely, and a text with a character less or more at a mistake or before it."""
    before = text[:at].rstrip()
    end = len(before)
    last = _LAST.search(before[-_NEAR:])
    written = last[0] if last is not None else ""
    start = end - len(written) if written else at
    # Each with how many characters are gone, and what is put: quotes may have been left open, or be too many.
    marks = _MARKS.finditer(written) if written[:1] == '"' else ()
    first = [(start + mark.start(), 0, '"') for mark in marks]
    first += [(start, 1, "")] if written == '""' else []
    # Whatever is behind it stays in its column, but for what stands in quotes.
    gone = [place for place in (at, start) if place < len(text)] + [end - 1] * (end > 0 and before[-1] != '"')
    then = [(place, 1, " " if text[place] != '"' else "") for place in gone]
    then += [(end, 0, mark) for mark in ":,]}"]
    then += [(place, 0, mark) for place in (at, start) for mark in '"{[']
    head = text[:start].rstrip()
    then += [(len(head) - 1, 0, mark) for mark in "]}"] if head.endswith(",") else []
    then += [(end - 1, 1, "")] if before.endswith('"') else []
    for edits, usual in ((first, likely), (then, None)):
        yield from (text[:place] + put + text[place + length :] for place, length, put in edits)
        if usual is not None:
            yield usual
    opened = outer_brackets(before)
    closing = ""
    while opened and CLOSING[opened[-1]] != text[at]:
        closing += CLOSING[opened.pop()]
    if opened:  # brackets of several objects are missing
        yield text[:end] + closing + text[end:]


def _mended(text: str, error: json.JSONDecodeError) -> str | None:
    """Return a text without its first mistake; the same where there is nothing to mend, None for no idea."""
    at = _space_end(text, error.pos)
    before, following = text[: error.pos].rstrip(), text[at:]
    if error.msg.startswith(("Unterminated", "Invalid control")):
        goes_on = error.msg.startswith("I") and not is_unclosed(error)
        return text if goes_on else _closed(text, error.pos)
    if error.msg.startswith("Invalid \\"):
        backslash = text.rfind("\\", 0, error.pos + 1)
        return f"{text[:backslash]}\\{text[backslash:]}"
    if comment := _COMMENT.match(following):
        return text[:at] + _blank(comment[0]) + following[comment.end() :]
    if error.msg.startswith("Illegal trailing comma"):  # as Python 3.13 tells of it
        return text[: error.pos] + " " + text[error.pos + 1 :]
    extra = error.msg.startswith("Extra data")
    bracket_too_many = extra and following[:1] == "," and before[-1:] in "]}"
    if bracket_too_many or (before.endswith(",") and following[:1] in ("", "]", "}", ",")):
        return before[:-1] + " " + text[len(before) :]
    return text[:at] + _blank(following) if extra else _completed(text, before, at, error)


def _completed(text: str, before: str, at: int, error: json.JSONDecodeError) -> str | None:
    following = text[at:]
    if not following:
        opened = outer_brackets(before)
        value = " null" if before.endswith(":") else ": null" if "':'" in error.msg else ""
        return before + value + "".join(CLOSING[bracket] for bracket in reversed(opened))
    if error.msg.startswith("Expecting ','"):
        return _separated(text, before, at)
    if error.msg.startswith("Expecting ':'"):
        return _with_colon(text, before, at)
    return _valued(text, before, at)


def _with_colon(text: str, before: str, at: int) -> str:
    """Return a text with what stands between a key and its value."""
    following = text[at]
    if following == "]":
        return text[:at] + " " + text[at + 1 :]
    value = "null" if following in ",}" else ""
    return before + f": {value}" + text[at if following != "=" else at + 1 :]


def _valued(text: str, before: str, at: int) -> str | None:
    """Return a text with what a value or a key is meant to be in the place of what is none."""
    following = text[at:]
    word = _WORD.match(following)
    if following[0] == "'":
        return text[:at] + _QUOTED.sub(_doubly, following)
    if word is None and before.endswith(":") and following[0] in ",]}":
        return f"{before} null{text[len(before) :]}"
    if word is None:  # what belongs nowhere
        return f"{text[:at]} {following[1:]}" if following[0] in "{}[]:," else None
    meant = _WORDS.get(word[0].lower(), json.dumps(word[0], ensure_ascii=False))
    return text[:at] + meant + following[word.end() :]


def _separated(text: str, before: str, at: int) -> str:
    """Return a text with what stands between two values: a comma, or a bracket that closes the first."""
    following, last = text[at:], before[-1:]
    if last == "0" and following[0].isdigit():
        digits = following.lstrip("0")
        return before[:-1] + " " * (1 + len(following) - len(digits)) + digits
    if last == '"' and following[0].isalpha():  # quotes inside a text
        return before[:-1] + '\\"' + text[len(before) :]
    if following[0] == ":":
        return f"{text[:at]} {following[1:]}"
    if following[0] not in "]}":
        gap = text[len(before) : at]
        return before + (f",{gap[1:]}" if gap[:1] == " " else f",{gap}") + following
    opened = outer_brackets(before)
    closing = CLOSING[opened[-1]]
    missing = len(opened) > 1 and CLOSING[opened[-2]] == following[0]
    return f"{before}{closing}{text[len(before) :] if missing else following[1:]}"


def _closed(text: str, position: int) -> str:
    """Return a text whose quotes are closed at the end of their line."""
    line = text.find("\n", position)
    end = len(text) if line < 0 else line
    written = text[:end].rstrip()
    opened = text.rfind('"', 0, position + 1)
    is_key = text[:opened].rstrip()[-1:] in ("{", ",") and _LEFT_OPEN.match(text, opened)
    if is_key:
        return text[: is_key.end()] + '"' + text[is_key.end() :]
    if line > 0 and text[opened + 1 : end].strip() in ("", ","):  # quotes too many
        return text[:opened] + " " + text[opened + 1 :]
    if line < 0:
        return (
            written + '"' + "".join(CLOSING[bracket] for bracket in reversed(outer_brackets(written + '"')))
        )
    comma = written.endswith(",")
    return written[: len(written) - comma] + '"' + "," * comma + text[end:]


def _doubly(match: re.Match[str]) -> str:
    text = match[1]
    return match[0] if text is None else json.dumps(text.replace("\\'", "'"), ensure_ascii=False)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
