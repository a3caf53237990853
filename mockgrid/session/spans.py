"""Parts of texts that something else takes the place of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Span", "apart", "recut", "without"]


class Span(NamedTuple):
    """A part of a text, and what takes its place."""

    start: int
    end: int
    placeholder: str


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return parts of a text in order, those that overlap as one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start == span.end:
            continue
        if kept and span.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, span.end))
        else:
            kept.append(span)
    return kept


def without(text: str, spans: Sequence[Span]) -> str:
    """Return a text without some parts of it, which come in order, each with its placeholder there."""
    pieces, done = [], 0
    for start, end, placeholder in spans:
        pieces += [text[done:start], placeholder]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def recut(pieces: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """Return pieces without some parts of what they join to; the first that has some gets the placeholder.

    Args:
        pieces: of a text.
        spans: in order; none lies within another.
    """
    texts = []
    start = first = 0
    for piece in pieces:
        end = start + len(piece)
        parts, done = [], start
        while first < len(spans) and spans[first].start < end:
            span = spans[first]
            if span.end > start:
                parts.append(piece[done - start : max(span.start - start, 0)])
                if span.start >= start:
                    parts.append(span.placeholder)
                done = min(span.end, end)
            if span.end > end:  # it goes on in the next
                break
            first += 1
        texts.append("".join([*parts, piece[done - start :]]))
        start = end
    return texts
