"""What a failing test shows of what the client did wrong, and where to look for requests that never came."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockgrid.document.pointer import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockgrid.schema.violation import FieldWarning, Violation
    from mockgrid.session.records import (
        NearMiss,
        Summary,
        Unmatched,
        UnusedStep,
        Verdict,
    )
    from mockgrid.testing.exchange import Exchange


WIDTH: Final = 80
"""Columns of the longest line, paths without a slash to break at excepted."""
_MOST: Final = 10
_MOST_EXCHANGES: Final = 20
_USUAL_ADVICE = "Does the client use this base_url and api_key?"
_BETWEEN_COLUMNS: Final = "  "
# Neighbours that are shown on each side of what is at fault.
_BEFORE: Final = 3
_AFTER: Final = 2
_NARROWEST: Final = 16


def failure_text(
    summary: Summary,
    exchanges: Sequence[Exchange],
    where: Callable[[str], str] = lambda _pointer: "",
    base_url: str = "",
) -> str:
    """Return all that is to be complained about as a text for people; empty where there is nothing.

    Args:
        summary: what is left once what is allowed is taken off.
        exchanges: of the session.
        where: file and line of a JSON pointer into the contract; empty where that is not known.
        base_url: what the client was given.
    """
    if not summary:
        return ""
    by_number = {exchange.number: exchange for exchange in exchanges}
    blocks = [
        _headline(summary),
        *_breaches(summary.violations, by_number, where, "The client broke the contract"),
        *_breaches(summary.warnings, by_number, where, "The client sends what the contract does not promise"),
        *_dropped(summary.dropped_violations),
        *_unmatched(summary.unmatched, by_number),
        *_unused(summary.unused_steps),
        *_verdicts(summary.verdicts),
        journal(exchanges, base_url),
    ]
    return "\n\n".join(blocks)


def _headline(summary: Summary) -> str:
    """Return the first thing that is wrong, for the line that pytest sums a failure up in."""
    everything = [
        *summary.violations,
        *summary.warnings,
        *summary.unmatched,
        *(f"unused {'reply' if step.given else 'step'}: {step}" for step in summary.unused_steps),
        *summary.verdicts,
    ]
    first = str(everything[0]) if everything else "exchanges with violations were dropped"
    return f"{first} (and {len(everything) - 1} more)" if len(everything) > 1 else first


def verdict_lines(verdicts: Iterable[Verdict]) -> str:
    """Return verdicts as text, a paragraph each, with the exchanges that prove them."""
    sentences = (
        f"{verdict} ({'exchange' if len(verdict.exchanges) == 1 else 'exchanges'} "
        f"{', '.join(map(str, verdict.exchanges))})"
        for verdict in verdicts
    )
    return "\n".join(_wrapped(text, 2, hang=2) for text in sentences)


def _breaches(
    breaches: Sequence[Violation | FieldWarning],
    by_number: dict[int, Exchange],
    where: Callable[[str], str],
    title: str,
) -> Iterator[str]:
    if not breaches:
        return
    codes = sorted({breach.code for breach in breaches})
    yield _wrapped(f"{title} ({_many(len(breaches), 'time')}: {', '.join(codes)}).", 0)
    alike: dict[tuple[str, str, str], list[Violation | FieldWarning]] = {}
    for breach in breaches:
        alike.setdefault((breach.code, breach.pointer, breach.contract), []).append(breach)
    kinds = list(alike.values())[:_MOST]
    for number, group in groupby(kinds, key=lambda several: several[0].exchange):
        exchange = by_number.get(number)
        yield _head(number, exchange)
        for first, *others in group:
            yield _breach(first, exchange, where) + _also([other.exchange for other in others])
    if len(alike) > _MOST:
        yield f"… and {len(alike) - _MOST} of other kinds."
    word = "allow_violations" if title.endswith("broke the contract") else "allow_warnings"
    listed = ", ".join(f'"{code}"' for code in codes)
    yield _wrapped(f"`mockgrid explain {codes[0]}` tells more. Where it is meant, {word}=[{listed}].", 0)


def _breach(breach: Violation | FieldWarning, exchange: Exchange | None, where: Callable[[str], str]) -> str:
    parts = [_wrapped(str(breach), 2, hang=2)]
    in_body = getattr(breach, "location", "body") == "body"
    if exchange is not None and in_body and isinstance(exchange.request.body, (dict, list)):
        parts += [
            "",
            *(f"  {line}" for line in fragment(exchange.request.body, breach.pointer, WIDTH - 2)),
            "",
        ]
    elif exchange is not None and getattr(breach, "location", "") == "query":
        parts.append(f"  sent: ?{exchange.request.query}"[:WIDTH])
    if breach.contract:
        place = where(breach.contract)
        if place:
            parts.append(f"  contract: {place}")
        parts += _pointer(breach.contract, "            " if place else "  contract: ")
    return "\n".join(parts)


def _also(exchanges: Sequence[int]) -> str:
    """Return the other exchanges with the same breach, as a last line."""
    if not exchanges:
        return ""
    numbers = ", ".join(map(str, exchanges[:_MOST]))
    more = f" and {len(exchanges) - _MOST} more" if len(exchanges) > _MOST else ""
    noun = "exchange" if len(exchanges) == 1 else "exchanges"
    return f"\n\n{_wrapped(f'Also in {noun} {numbers}{more}.', 2)}"


def _dropped(count: int) -> Iterator[str]:
    if count:
        yield _wrapped(
            f"{_many(count, 'exchange')} with violations had to leave the journal, which was full; "
            "make fewer requests in one test, or raise journal_bytes.",
            0,
        )


def _unmatched(unmatched: Sequence[Unmatched], by_number: dict[int, Exchange]) -> Iterator[str]:
    if not unmatched:
        return
    yield f"{_many(len(unmatched), 'request')} met no step. Where it is meant, allow_unmatched=True."
    alike: dict[tuple[NearMiss, ...], list[Unmatched]] = {}
    for missed in unmatched:
        # What lacks the same first, all requests of one mistake do.
        key = tuple(replace(near, others=()) for near in missed.near_misses)
        alike.setdefault(key, []).append(missed)
    for missed, *others in list(alike.values())[:_MOST]:
        yield _head(missed.exchange, by_number.get(missed.exchange))
        near = "\n\n".join(map(_near_miss, missed.near_misses)) or _wrapped(missed.message, 2)
        yield near + _also([other.exchange for other in others])
    if any(missed.near_misses for missed in unmatched):
        yield f"`print(mockgrid.explain({unmatched[0].exchange}))` tells what every step made of it."


def _near_miss(near: NearMiss) -> str:
    held = f"{near.held} of {near.of} predicates hold" if near.of else "no predicates"
    head = _wrapped(f"{near.step} ({near.where}): {held}", 2, hang=2)
    rows = [["predicate", "expected", "got"], [near.predicate, near.expected, near.got]]
    rows += [[other.predicate, other.expected, other.got] for other in near.others]
    return "\n".join([head, *(f"    {line}" for line in columns(rows, WIDTH - 4))])


def _unused(steps: Sequence[UnusedStep]) -> Iterator[str]:
    if not steps:
        return
    silent = sum(not step.given for step in steps)
    counted = [f"{_many(silent, 'step')} gave no reply"] if silent else []
    if silent < len(steps):
        counted.append(f"{_many(len(steps) - silent, 'step')} gave only some of the replies")
    lines = [_wrapped(f"{', and '.join(counted)}. Where it is meant, allow_unused=True.", 0)]
    lines += [_wrapped(f"{step.scenario}: {step}", 2, hang=2) for step in steps]
    yield "\n".join(lines)


def _verdicts(verdicts: Sequence[Verdict]) -> Iterator[str]:
    if verdicts:
        yield f"The client's conduct is not sound:\n{verdict_lines(verdicts)}"


def journal(exchanges: Sequence[Exchange], base_url: str = "") -> str:
    """Return what happened as text: a line for each of the last exchanges, with the step that answered."""
    if not exchanges:
        return _wrapped(f"No request has arrived in this session. {advice(base_url)}", 0)
    last = exchanges[-_MOST_EXCHANGES:]
    left_out = "" if len(last) == len(exchanges) else f" (the last {len(last)} of {len(exchanges)})"
    rows = [
        [str(exchange.number), str(exchange.request), str(exchange.status), exchange.step or ""]
        for exchange in last
    ]
    return "\n".join([f"The exchanges{left_out}:", *(f"  {line}" for line in columns(rows, WIDTH - 2))])


def _head(number: int, exchange: Exchange | None) -> str:
    if exchange is None:
        return f"Exchange {number}:"
    return _wrapped(f"Exchange {number}, {exchange.request}, answered with {exchange.status}:", 0)


def _pointer(pointer: str, first: str) -> list[str]:
    """Return a JSON pointer as lines, broken before slashes."""
    lines, line = [], first
    for part in pointer.split("/")[1:]:
        if len(line) + len(part) + 1 > WIDTH and line.strip() and line != first:
            lines.append(line)
            line = " " * len(first)
        line += f"/{part}"
    return [*lines, line]


def _wrapped(text: str, indent: int, hang: int = 0) -> str:
    lines = wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def advice(base_url: str) -> str:
    """Return the most probable reason, as a question; a proxy's own address is never shown.

    Args:
        base_url: what clients are given.
    """
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - slow, and for failing tests alone

    parts = urlsplit(base_url)
    host = parts.hostname or ""
    proxies = getproxies()
    if not (parts.scheme in proxies or "all" in proxies) or proxy_bypass(host):
        return _USUAL_ADVICE
    name = f"{parts.scheme}_proxy" if parts.scheme in proxies else "all_proxy"
    return (
        f"{_USUAL_ADVICE} Or has it asked a proxy? {name.upper()} is set, and NO_PROXY does not name {host}."
    )


def columns(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    r"""Return rows as lines, at most so many columns wide.

    >>> print("\n".join(columns([["predicate", "got"], ["turn", "2"]], 40)))
    predicate  got
    turn       2
    """
    widths = _widths(rows, width)
    lines = []
    for row in rows:
        cells = [wrap(text, most) or [""] for text, most in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(most) for part, most in zip(parts, widths, strict=True))
            lines.append(_BETWEEN_COLUMNS.join(padded).rstrip())
    return lines


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Give every column what it needs; where that is too much, the widest give way evenly."""
    needed = [max(map(len, column)) or 1 for column in zip(*rows, strict=True)]
    left = width - len(_BETWEEN_COLUMNS) * (len(needed) - 1)
    widths = needed[:]
    while sum(widths) > left and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def fragment(value: Any, pointer: str, width: int = 76) -> list[str]:
    r"""Return a JSON value as lines; the one at fault begins with ``>``, and what is far from it is left out.

    Args:
        value: the whole.
        pointer: JSON pointer to what is at fault. Where that is missing, what should have it is marked.
        width: columns of the longest line.

    >>> print("\n".join(fragment({"model": "text-prime", "temperature": 3}, "/temperature")))
      {
        "model": "text-prime",
    >   "temperature": 3
      }
    """
    lines = _lines(value, list(split(pointer)), "", "", 0)
    return [f"{'>' if marked else ' '} {_cut(text, width - 2)}" for marked, text in lines]


def _lines(value: Any, parts: list[str], before: str, after: str, depth: int) -> list[tuple[bool, str]]:
    indent = "  " * depth
    children = _children(value)
    if not parts or parts[0] not in children:
        return [(True, f"{indent}{before}{_short(value)}{after}")]
    place = list(children).index(parts[0])
    first, last = max(place - _BEFORE, 0), min(place + _AFTER + 1, len(children))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = [(False, f"{indent}{before}{opening}")]
    if first:
        lines.append((False, f"{indent}  … {first} before"))
    for index, (name, child) in enumerate(children.items()):
        if not first <= index < last:
            continue
        key = _key(value, name)
        comma = "" if index == len(children) - 1 else ","
        if index == place:
            lines += _lines(child, parts[1:], key, comma, depth + 1)
        else:
            lines.append((False, f"{indent}  {key}{_short(child)}{comma}"))
    if last < len(children):
        lines.append((False, f"{indent}  … {len(children) - last} more"))
    return [*lines, (False, f"{indent}{closing}{after}")]


def _children(value: Any) -> dict[str, Any]:
    """Return what a container holds, by the parts that pointers name it with."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def _short(value: Any, *, inside: bool = False) -> str:
    """Return a value in one line; of containers within containers, only that they are there."""
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if inside:
        return f"{opening}…{closing}"
    items = [_key(value, name) + _short(item, inside=True) for name, item in _children(value).items()]
    return f"{opening}{', '.join(items)}{closing}"


def _key(container: Any, name: str) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(container, dict) else ""


def _cut(text: str, width: int) -> str:
    width = max(width, _NARROWEST)
    return text if len(text) <= width else f"{text[: width - 1]}…"
