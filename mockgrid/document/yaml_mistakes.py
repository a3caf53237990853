"""What was meant by text that is not YAML: the parser's complaints in plain words."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final, NamedTuple

import yaml
from yaml.reader import Reader, ReaderError

from mockgrid.document.source_map import Position
from mockgrid.errors import YamlError

__all__ = ["CONFLICT", "NotYamlError", "unparsable"]


class NotYamlError(YamlError):
    """The text is not YAML at all, so that nothing behind the place can be read."""


class _Mistake(NamedTuple):
    """How to tell one mistake, and what to say of it.

    ``said`` and ``doing`` are patterns for the complaint and for what the parser was about; ``at_start``
    points to where the construct begins instead of where the parser gave up.
    """

    said: str
    doing: str
    message: str
    hint: str = ""
    at_start: bool = False


CONFLICT: Final = re.compile("<{7}|={7}|>{7}")
_NOT_CLOSED: Final = "The quotes that open here are never closed."
_CLOSE_QUOTES: Final = "Close them, and double a quote inside the text ('it''s')."
_DOUBLED: Final = {
    "'": "Double a quote inside the text ('it''s').",
    '"': 'Write \\" for a quote inside the text.',
}
_END: Final = "end of stream|<stream end>"
_UNEXPECTED: Final = r"expected (?:',' or|key|<block end>)"
_NO_NODE: Final = "expected (?:the )?node content"
_NAME_EXPECTED: Final = "expected alphabetic or numeric character"

# The first that fits is taken. Both parsers of PyYAML are covered, the one in C and the one in Python.
_MISTAKES: Final = (
    _Mistake(
        "mapping values are not allowed",
        "",
        "This ':' starts a value where none can stand.",
        "Quote text that contains ': ', or check the indentation.",
    ),
    _Mistake(
        "could not find expected ':'|did not find expected ':'",
        "",
        "This line is neither 'key: value' nor '- item'.",
        "Add the ':' after the key, or indent text that continues the line above.",
        at_start=True,
    ),
    _Mistake(f"{_END}|document indicator", "quoted scalar", _NOT_CLOSED, _CLOSE_QUOTES, at_start=True),
    _Mistake(
        "escape|hexd",
        "",
        "This backslash starts no escape that YAML knows.",
        "Use single quotes, or double the backslash.",
    ),
    _Mistake(
        f"expected ',' or '\\]'|{_END}",
        "flow sequence",
        "The '[' that opens here is not closed, or a comma is missing in it.",
        at_start=True,
    ),
    _Mistake(
        f"expected ',' or '\\}}'|{_END}",
        "flow mapping",
        "The '{' that opens here is not closed, or a comma is missing in it.",
        "Text that starts with '{' needs quotes.",
        at_start=True,
    ),
    _Mistake(
        "expected '-' indicator|expected <block end>",
        "block (?:collection|sequence)",
        "This line belongs neither to the list above nor to what the list stands in.",
        "Items of one list start with '- ' in the same column.",
    ),
    _Mistake(
        "expected key|expected <block end>",
        "block mapping",
        "This does not fit the keys above it.",
        "Keys of one mapping start in the same column; nothing can follow closing quotes on their line.",
    ),
    _Mistake(
        "sequence entries are not allowed",
        "",
        "This '-' starts a list item where none can stand.",
        "Put the list on its own lines, or quote the text.",
    ),
    _Mistake("mapping keys are not allowed", "", "This '?' starts a key where none can stand.", "Quote it."),
    _Mistake(
        "",
        "directive",
        "This '%' starts a directive that YAML does not know.",
        "Quote text that starts with '%'.",
        at_start=True,
    ),
    _Mistake("undefined tag handle", "", "This '!' starts a tag.", "Quote text that starts with '!'."),
    _Mistake(
        "document start",
        "",
        "Nothing can follow here, since the document is complete.",
        "Check the indentation of the lines above, and for quotes that end too early.",
    ),
    _Mistake(
        _NAME_EXPECTED,
        "alias",
        "This '*' starts an alias without a name.",
        "Quote text that starts with '*'.",
    ),
    _Mistake(
        _NAME_EXPECTED,
        "anchor",
        "This '&' starts an anchor without a name.",
        "Quote text that starts with '&'.",
    ),
    _Mistake(
        _NO_NODE,
        "",
        "A value is missing here.",
        "Text that starts with ',', ']', '}' or '%' needs quotes.",
    ),
    _Mistake(
        "chomping or indentation|comment or (?:a )?line break",
        "block scalar",
        "Only '-', '+' or a digit may follow '|' or '>' on their line.",
        "Put the text on the lines below.",
    ),
)


def unparsable(error: yaml.YAMLError, source: str, name: str, loader: Any) -> NotYamlError:
    """The finding for an error of PyYAML; ``loader`` is the parser that told it."""
    if isinstance(error, ReaderError):
        return _not_text(error, source, name)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return NotYamlError(f"This is not YAML: {error}.", where=f"{name}:1:1")
    tab = _tab(source, mark)
    if tab is not None:
        return NotYamlError(
            "A tab stands in the indentation.",
            where=str(Position(name, *tab)),
            hint="Indent with spaces: YAML does not allow tabs.",
        )
    left_open = _conflict(error, mark, source) or _left_open(error, mark, source, loader)
    left_open = left_open or _quotes_before(mark, source, loader)
    if left_open is not None:
        message, hint, position = left_open
        return NotYamlError(message, where=_where(name, position), hint=hint)
    return _translated(error, mark, _line(source, mark), name)


def _translated(error: yaml.YAMLError, mark: Any, line: str, name: str) -> NotYamlError:
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    before, start = line[: mark.column].rstrip(), line[mark.column : mark.column + 1]
    if start == ":" and before[-1:] in ("", "{", ","):
        return NotYamlError(
            "There is no key before this ':'.", where=_where(name, mark), hint="Add it, or quote the ':'."
        )
    if "cannot start any token" in problem:
        return NotYamlError(
            f"Text cannot start with {start!r} without quotes.", where=_where(name, mark), hint="Quote it."
        )
    in_text = _in_text(error, mark, line) if re.search(_UNEXPECTED, problem) else None
    if in_text is not None:
        return NotYamlError(in_text[0], where=_where(name, mark), hint=in_text[1])
    for mistake in _MISTAKES:
        if re.search(mistake.said, problem) and re.search(mistake.doing, context):
            begin = getattr(error, "context_mark", None) if mistake.at_start else None
            return NotYamlError(mistake.message, where=_where(name, begin or mark), hint=mistake.hint)
    doing = f" {context}" if context else ""
    return NotYamlError(f"This is not YAML: {problem}{doing}.", where=_where(name, mark))


def _in_text(error: yaml.YAMLError, mark: Any, line: str) -> tuple[str, str] | None:
    """Message and hint for a text that ends too early: at a quote inside it, or at a ':' without quotes."""
    before, start = line[: mark.column], line[mark.column : mark.column + 1]
    if start.isalnum() and before[-1:] in _DOUBLED:
        return "This stands behind a text whose quotes are closed.", _DOUBLED[before[-1]]
    context = getattr(error, "context_mark", None)
    if start == ":" and context is not None and context.line == mark.line:
        hint = "Quote text that contains ': ', or add the comma that is missing before the key."
        return "This ':' starts a second value where there is one.", hint
    return None


def _conflict(error: yaml.YAMLError, mark: Any, source: str) -> tuple[str, str, Any] | None:
    """Message, hint and mark of a line by which Git tells of a conflict."""
    marks = [each for each in (getattr(error, "context_mark", None), mark) if each is not None]
    marked = next((each for each in marks if CONFLICT.match(_line(source, each))), None)
    hint = "Keep one of its two sides, and remove this line."
    return None if marked is None else ("Git has left a conflict here.", hint, marked)


def _left_open(error: yaml.YAMLError, mark: Any, source: str, loader: Any) -> tuple[str, str, Any] | None:
    """Message, hint and mark of the bracket that is open where the text ends."""
    if not re.search(_NO_NODE, str(getattr(error, "problem", ""))):
        return None
    opened: list[Any] = []
    try:
        for token in yaml.scan(source, Loader=loader):
            if isinstance(token, (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)):
                opened.append(token)
            elif isinstance(token, (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)):
                opened.pop()
            if token.start_mark.index > mark.index:
                return None  # the parser gave up before the end
    except (yaml.YAMLError, IndexError):
        return None
    if not opened:
        return None
    bracket = "[" if isinstance(opened[-1], yaml.FlowSequenceStartToken) else "{"
    message = f"The '{bracket}' that opens here is not closed."
    return message, "Close it where its last item ends.", opened[-1].start_mark


def _quotes_before(mark: Any, source: str, loader: Any) -> tuple[str, str, Any] | None:
    """Message, hint and mark of quotes that open on a line above and close right before a mark."""
    with suppress(yaml.YAMLError):
        for token in yaml.scan(source, Loader=loader):
            if token.start_mark.index >= mark.index:
                break
            if (
                isinstance(token, yaml.ScalarToken)
                and token.style in _DOUBLED
                and token.end_mark.index == mark.index
            ):
                above = token.start_mark.line < mark.line
                return (_NOT_CLOSED, _CLOSE_QUOTES, token.start_mark) if above else None
    return None


def _where(name: str, mark: Any) -> str:
    return str(Position(name, mark.line + 1, mark.column + 1))


def _line(source: str, mark: Any) -> str:
    lines = source.splitlines()
    return lines[mark.line] if mark.line < len(lines) else ""


def _tab(source: str, mark: Any) -> tuple[int, int] | None:
    """Line and column of a tab before the text of the line complained of, or of the line above it."""
    lines = source.splitlines()
    for number in (mark.line, mark.line - 1):
        if 0 <= number < len(lines):
            line = lines[number]
            indentation = line[: len(line) - len(line.lstrip(" \t-?:"))]
            if "\t" in indentation:
                return number + 1, indentation.index("\t") + 1
    return None


def _not_text(error: ReaderError, source: str, name: str) -> NotYamlError:
    control = Reader.NON_PRINTABLE.search(source)
    if control is None:
        return NotYamlError(f"This is not text: {error}.", where=f"{name}:1:1")
    before = source[: control.start()]
    where = Position(name, before.count("\n") + 1, control.start() - before.rfind("\n"))
    return NotYamlError(
        f"The control character U+{ord(control[0]):04X} cannot stand in YAML.",
        where=str(where),
        hint="Remove it, or write it as an escape in double quotes.",
    )
