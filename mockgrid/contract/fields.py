"""Named texts as they come in a query, a form or a cookie header: what stands under which name, undecoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from mockgrid.errors import MockgridError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Fields", "UnreadableError", "percent_decoded"]

_LONE_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_PATH = re.compile(r"(?:\[[^\[\]]*\])+")
_STEP = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST = 16


class UnreadableError(MockgridError):
    """A text without the form that its style asks for; the message is a sentence without its subject."""


def percent_decoded(text: str, *, plus: bool = True) -> str:
    """Undo percent-encoding, strictly.

    Args:
        text: as it stood in the URL.
        plus: whether ``+`` stands for a space, as form encoders write it.

    Raises:
        UnreadableError: a ``%`` without two hexadecimal digits, or bytes that are not UTF-8.
    """
    if "%" in text and _LONE_PERCENT.search(text):
        raise UnreadableError("holds a % that is not followed by two hexadecimal digits")
    try:
        return unquote_plus(text, errors="strict") if plus else unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8 once its percent-encoding is undone") from None


class Fields:
    """Texts by name, each name with all its texts in the order in which they came.

    Args:
        pairs: decoded names and undecoded texts.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)

    @classmethod
    def of_query(cls, query: bytes) -> Fields:
        """Read a query string or a form body; ``flag`` without ``=`` is a field with an empty text."""
        pairs = []
        for piece in query.decode("utf-8", "replace").split("&"):
            if piece:
                name, _, text = piece.partition("=")
                pairs.append((unquote_plus(name, errors="replace"), text))
        return cls(pairs)

    @classmethod
    def of_cookies(cls, header: bytes) -> Fields:
        """Read a ``Cookie`` header; quotation marks around a text are not part of it."""
        pairs = []
        for piece in header.decode("utf-8", "replace").split(";"):
            name, equals, text = piece.partition("=")
            if equals and name.strip():
                pairs.append((name.strip(), _unquoted(text.strip())))
        return cls(pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of their first text."""
        return tuple(self._texts)

    def texts(self, name: str) -> list[str]:
        """Return the undecoded texts under a name; none where the name was not sent."""
        return self._texts.get(name, [])

    def tree(self, name: str) -> dict[str, Any]:
        """Return what stands under ``name[a]``, ``name[a][b]`` and ``name[a][]`` as nested dicts and lists.

        Texts are decoded. Nothing under the name gives an empty dict.

        Raises:
            UnreadableError: brackets that do not pair, ``[]`` before the end, more than 16 levels, or a name
                that holds both a text and further names.
        """
        found: dict[str, Any] = {}
        for key, texts in self._texts.items():
            if not key.startswith(f"{name}["):
                continue
            rest = key[len(name) :]
            steps = _STEP.findall(rest) if _PATH.fullmatch(rest) else [""]
            listed = len(steps) > 1 and not steps[-1]
            if listed:
                steps.pop()
            if "" in steps or len(steps) > _DEEPEST:
                raise UnreadableError(f"is not written as {name}[property]=value: {key[:80]!r}")
            values = [percent_decoded(text) for text in texts]
            _put(found, steps, values if listed or len(values) > 1 else values[0], key)
        return found


def _put(tree: dict[str, Any], steps: list[str], value: Any, key: str) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise UnreadableError(f"holds both a value and properties under one name: {key[:80]!r}")
    if steps[-1] in tree:
        raise UnreadableError(f"holds both a value and properties under one name: {key[:80]!r}")
    tree[steps[-1]] = value


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
