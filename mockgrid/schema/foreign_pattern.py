"""Regular expressions in another dialect than JavaScript's, which is that of JSON Schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mockgrid.errors import DocumentError
from mockgrid.schema.engine import compile_validator
from mockgrid.schema.patterns import pattern_mistake

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockgrid.schema.translate import Draft

__all__ = ["TOO_FAR", "is_literal", "meant_pattern"]

# What other dialects have, the same in JavaScript's, and what to say of it.
_HABITS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], str], ...]] = (
    (
        re.compile(r"^([^()\\]*)\(\?([ims]+)\)(.*)$", re.DOTALL),
        r"\1(?\2:\3)",
        "flags stand in a group, as in (?i:…)",
    ),
    (
        re.compile(r"\\[AzZ]"),
        lambda match: "^" if match[0] == r"\A" else "$",
        "the ends of a text are ^ and $",
    ),
    (re.compile(r"(\\[wdsWDS])-(?=[^\]])"), r"\1\\-", "a range cannot begin with a class of characters"),
    (re.compile(r"\(\?P<"), "(?<", "a group is named as in (?<name>…)"),
    (
        # Whatever has its brackets rightly is passed by.
        re.compile(
            r"(\\[pPuxk]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])+\]|\{[0-9]+(?:,[0-9]*)?\})|([}\]]|\{(?!,))", re.DOTALL
        ),
        lambda match: match[1] or f"\\{match[2]}",
        "a bracket that stands for itself has a backslash before it",
    ),
)
_NOTHING: Final = "JavaScript's dialect of them has nothing like it"
TOO_FAR: Final = "counts too far to be held to, so that any text passes"
"""What is said of a regular expression that is one."""
_FAR: Final = re.compile(r"\{[0-9]*,?[0-9]{4,}\}")
# A literal of JavaScript or PHP; as a regular expression, it would want a slash before the text begins.
_LITERAL: Final = re.compile(r"/(?P<pattern>\^.*\$|\^[^|]*|[^|]*(?<!\\)\$)/(?P<flags>[a-zA-Z]*)", re.DOTALL)


def is_literal(pattern: str) -> bool:
    """Tell whether a pattern stands between slashes, so that no text matches it as it is written."""
    return _LITERAL.fullmatch(pattern) is not None


def meant_pattern(pattern: str, draft: Draft) -> tuple[str | None, str]:
    """Return a pattern as the validators read it, None where they cannot, and what is wrong with it.

    >>> meant_pattern("(?i)^pay$", "draft4")
    ('(?i:^pay$)', 'flags stand in a group, as in (?i:…)')
    """
    literal = _LITERAL.fullmatch(pattern)
    if literal is not None:
        flags = "".join(flag for flag in "ims" if flag in literal["flags"])
        bare = f"(?{flags}:{literal['pattern']})" if flags else literal["pattern"]
        within, mistake = meant_pattern(bare, draft)
        return within, mistake or "the slashes around it are no part of one"
    if _compiles(pattern, draft):
        return pattern, ""
    for written, instead, mistake in _HABITS:
        meant = written.sub(instead, pattern)
        if meant != pattern and _compiles(meant, draft):
            return meant, mistake
    mistake = pattern_mistake(pattern) or (TOO_FAR if _FAR.search(pattern) else _NOTHING)
    return None, TOO_FAR if mistake.startswith("the repeats unfold") else mistake


def _compiles(pattern: str, draft: Draft) -> bool:
    try:
        compile_validator({"pattern": pattern}, draft, ())
    except DocumentError:
        return False
    return True
