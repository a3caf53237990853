"""What was meant by a text that is not YAML: it is mended where it goes wrong, line by line.

A value is put in quotes, or its brackets are closed; a key is moved to the column of those above it; and what
cannot be read at all is left out, with what stands below it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from mockgrid.document.json_text import CLOSING, outer_brackets
from mockgrid.document.mistakes import Mistakes
from mockgrid.document.yaml_mistakes import CONFLICT, NotYamlError
from mockgrid.document.yaml_reader import YamlReader
from mockgrid.errors import YamlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["mended_yaml"]

_MOST: Final = 20
_MOST_READ: Final = 10_000_000  # characters, in all
_LONGEST: Final = 10_000  # characters of a line that is looked into
_KEYED: Final = re.compile(
    r"""(?P<key>[ ]*(?:-[ ]+)*(?:'[^']*'|"[^"]*"|[^\s#'"\[{][^#]*?)[ ]*:[ ]+)(?P<value>\S.*?)\s*"""
)
_FLOW: Final = re.compile(r"\{(?!\{).*\}|\[.*\]")
_QUOTES: Final = re.compile("['\"]")
_COMMENT: Final = re.compile(r"\s#.*")
_WHOLE: Final = re.compile(r"'(?:[^']|'')*'")
_ITEM: Final = re.compile(r"(?:-[ ]+)*")
# A path of OpenAPI: no other key of a document begins so, but for names in schemas and examples.
_PATH: Final = re.compile(r"""[ ]*(?:'/[^']*'|"/[^"]*"|/\S*)[ ]*:(?:[ ]|$)""")
_PATHS: Final = re.compile(r"""["']?paths["']?[ ]*:""")
# A key without its ':', or with another mark for it, or with quotes that stay open.
_WORD: Final = re.compile(
    r"""(?P<start>[ ]*(?:-[ ]+)*)["']?(?P<key>[$\w-]++|/[^\s:=;"']*+)(?:[:=; "']++(?P<value>\S*+))?\s*"""
)
_INDENTED: Final = (
    "This does not fit",
    "This line belongs",
    "This ':' starts a value where none",
    "Nothing can follow here",
)


def mended_yaml(text: str, name: str, mistakes: Mistakes) -> str:
    """Return a text as the YAML that was meant, each line where it was.

    Args:
        text: what is not YAML.
        name: what findings call it.
        mistakes: are told of each, in the end.

    Raises:
        NotYamlError: it cannot be told what was meant.
    """
    lines = text.split("\n")
    errors: dict[int, NotYamlError] = {}
    waiting: dict[int, Iterator[Callable[[list[str], int], list[str]]]] = {}
    for _ in range(max(2, min(_MOST, _MOST_READ // (len(text) + 1)))):
        try:
            YamlReader("\n".join(lines), name, Mistakes(strict=False)).data()
        except NotYamlError as error:
            number = int(error.where.rsplit(":", 2)[1]) - 1
            errors.setdefault(number, error)
            ways = waiting.setdefault(number, iter(_ways(error, lines, number)))
            mended = next((other for other in (way(lines, number) for way in ways) if other != lines), None)
            if mended is None:
                break
            lines = mended
        except YamlError:
            break  # nothing is left of it
        else:
            for each in errors.values():
                mistakes.tell(each)
            return "\n".join(lines)
    raise next(iter(errors.values()))


def _ways(error: NotYamlError, lines: list[str], number: int) -> list[Callable[[list[str], int], list[str]]]:
    """Return what may mend a line, the likeliest first."""
    if CONFLICT.match(lines[number]):
        return [_left_out]
    column = int(error.where.rsplit(":", 1)[1]) - 1
    moved = error.message.startswith(_INDENTED) and ": " not in lines[number][:column]
    ways = [_to_paths, _moved, _quoted] if moved else [_quoted, _to_paths, _moved]
    above = lines[number - 1] if number else ""
    is_word = ":" not in above and _WORD.fullmatch(above) and _column(above) < (_column(lines[number]) or 1)
    keyed_first = is_word or error.message.startswith("This line is neither")
    return [_keyed, *ways, _left_out] if keyed_first else [*ways, _keyed, _left_out]


def _quoted(lines: list[str], number: int) -> list[str]:
    """Close the brackets of a value, or put it in quotes."""
    match = _KEYED.fullmatch(lines[number]) if len(lines[number]) <= _LONGEST else None
    if match is None or _WHOLE.fullmatch(match["value"]):
        return lines
    value = match["value"]
    if value[0] not in "'\"" and (value[0] not in "[{" or not _QUOTES.search(value)):
        value = _COMMENT.sub("", value).rstrip()
    opened = outer_brackets(value) if value[0] in "[{" else []
    if not opened and _FLOW.fullmatch(value):
        value = value[0] + value[-1]  # what stands in it cannot be read
    elif opened:
        value += "".join(CLOSING[bracket] for bracket in reversed(opened))
    else:
        quotes = (
            value[0] if value[0] in "'\"" and (value[-1] == value[0] or value.count(value[0]) == 1) else ""
        )
        inner = value.removeprefix(quotes).removesuffix(quotes)
        value = "'" + inner.replace("'", "''") + "'"
    return [*lines[:number], match["key"] + value, *lines[number + 1 :]]


def _keyed(lines: list[str], number: int) -> list[str]:
    """Put a ':' behind a word that is alone in its line, or in the line above, or has one value."""
    for at in (number, number - 1):
        is_sound = at < 0 or len(lines[at]) > _LONGEST or _KEYED.fullmatch(lines[at])
        match = None if is_sound else _WORD.fullmatch(lines[at])
        keyed = f"{match['start']}{match['key']}: {match['value'] or ''}".rstrip() if match else lines[at]
        if match and keyed != lines[at].rstrip():
            return [*lines[:at], keyed, *lines[at + 1 :]]
    return lines


def _to_paths(lines: list[str], number: int) -> list[str]:
    """Move a path, or the one above that does not fit it, to the column of most paths.

    What stands below goes with it only where it would not be below it any longer. Paths without a line above
    that says so go to the first column, all of them.
    """
    columns = {at: _column(line) for at, line in enumerate(lines) if _PATH.match(line)}
    usual = Counter(sorted(columns.values())).most_common(1)[0][0] if columns else 0
    if number not in columns and columns.get(number - 1, usual) != usual:
        number -= 1
    if number not in columns:
        return lines
    above = max((at for at in range(number) if _PATHS.match(lines[at])), default=None)
    if above is None:
        own, end = _column(lines[number]), _end(lines, number, deeper=False)
        return [*lines[:number], *_shifted(lines[number:end], -own), *lines[end:]]
    if columns[number] == usual:
        before = max((at for at in columns if at < number), default=above)
        if before == above:  # the line of a path is lost
            first = min(map(_column, filter(_is_written, lines[above + 1 : number])), default=usual)
            return [*lines[: above + 1], *_shifted(lines[above + 1 : number], usual - first), *lines[number:]]
        number = before
    shift = usual - columns[number]
    further = range(number + 1, len(lines))
    first = next((_column(lines[at]) for at in further if lines[at].strip()), 0)
    end = _end(lines, number, deeper=True) if columns[number] < first <= usual else number + 1
    return [*lines[:number], *_shifted(lines[number:end], shift), *lines[end:]]


def _moved(lines: list[str], number: int) -> list[str]:
    """Move a line, and those that stand below it or beside it, to the column of keys above."""
    own, columns = _column(lines[number]), _columns(lines[:number])
    if columns and own < min(columns):  # all that is above stands too far to the right
        return [*_shifted(lines[:number], own - min(columns)), *lines[number:]]
    below = range(number + 1, _end(lines, number, deeper=False))
    end = next((at for at in below if _column(lines[at]) in columns), below.stop)
    above = next((at for at in reversed(range(number)) if _is_written(lines[at])), number)
    is_item = _ITEM.match(lines[above], _column(lines[above]))[0]  # type: ignore[index]
    if own in _columns(lines[:above]) and _column(lines[above]) < own and not is_item:
        # The line above stands too far to the left.
        columns, own, number, end = [own], _column(lines[above]), above, number
    elif own in columns:
        columns = [column for column in columns if column < own]
    if not columns:
        return lines
    shift = min(columns, key=lambda column: (abs(column - own), -column)) - own
    return [*lines[:number], *_shifted(lines[number:end], shift), *lines[end:]]


def _shifted(lines: list[str], shift: int) -> list[str]:
    return [" " * max(0, _column(line) + shift) + line.lstrip(" ") for line in lines]


def _columns(lines: list[str]) -> list[int]:
    """Return the columns in which a line can go on behind others: of the keys and the items that are open."""
    columns: list[int] = []
    for line in lines:
        if _is_written(line):
            start = _column(line)
            columns = [column for column in columns if column < start]
            columns += sorted({start, start + len(_ITEM.match(line, start)[0])})  # type: ignore[index]
    return columns


def _left_out(lines: list[str], number: int) -> list[str]:
    """Leave out a line and what stands below it, but for paths: these go on."""
    end = number + 1 if CONFLICT.match(lines[number]) else _end(lines, number, deeper=True)
    end = next((at for at in range(number + 1, end) if _PATH.match(lines[at])), end)
    return [*lines[:number], *("" for _ in lines[number:end]), *lines[end:]]


def _is_written(line: str) -> bool:
    return line.lstrip()[:1] not in ("", "#")


def _column(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _end(lines: list[str], number: int, *, deeper: bool) -> int:
    """Return where what stands below a line ends, or what stands below or beside it."""
    own = _column(lines[number]) + deeper
    further = range(number + 1, len(lines))
    return next((at for at in further if lines[at].strip() and _column(lines[at]) < own), len(lines))
