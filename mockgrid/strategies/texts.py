"""Texts that clients are not ready for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EDGES: Final = (
    "",
    "0",
    " ",
    "\n",
    "null",
    "{}",
    "[]",
    '{"a": 1}',
    '{"a": ',
    "```json\n{}\n```",
    "\U0001f600",
    "e\u0301\u20dd",
    "\u05e9\u05dc\u05d5\u05dd \u202etxt.",
    "\u200b\ufeff",
    "\x00\x1b[31m\x7f",
    "\u2028\u2029\x85",
    "<b>&amp;</b><script>",
    "**bold** [a](b)",
    "data: [DONE]\n\n",
    "data: {}\r\n\r\nevent: error\n",
    '"\\\u00e9\\u00e9',
    "%s {0} $a `a`",
    "<think>a</think>",
)
"""The simplest first: shrinking goes that way."""

LONG: Final = "All work and no play. " * 4655
"""About 100 kB."""


def plain(text: str) -> str:
    """Return a text as templates write it, so that nothing is inserted into it."""
    return text.replace("${", "$${")


texts: SearchStrategy[str] = st.one_of(st.sampled_from(EDGES), st.text(max_size=20)).map(plain)
"""Any text but a long one."""
