"""What must not reach a file that is committed: secrets, and what an operator wants taken out."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unicodedata import normalize
from urllib.parse import quote, unquote_plus

from mockgrid.errors import MockgridError
from mockgrid.session.redaction import (
    FIELDS_IN_TEXT,
    KEY_SHAPES,
    REDACTED,
    SHORTEST,
    Span,
    apart,
    forms_of,
    is_secret_parameter,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["PLACEHOLDER", "ScrubRules", "Scrubber"]

PLACEHOLDER: Final = re.compile(r"\[(?:redacted|name-\d+|scrubbed-\d+)\]|mail-\d+@example\.com")
"""What stands in the place of what was taken out."""

_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_MAILS: Final = "mails"
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
# Of a shorter one, too little is left in the midst of base64.
_SHORTEST_WITHIN: Final = 8
# A parameter of an address, wherever that stands.
_PARAMETER: Final = re.compile(r"[?&]([\w.~%[\]-]+)=([^\s&#\"'<>`(){}|\\\[\]]{4,})")


@dataclass(frozen=True, slots=True)
class ScrubRules:
    """What an operator wants taken out beside secrets.

    Attributes:
        names: texts, whatever their case, where they stand as words.
        mails: whether addresses of e-mail are.
        patterns: whatever they find; of one with a group, the group.
    """

    names: tuple[str, ...] = ()
    mails: bool = False
    patterns: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def read(cls, words: Iterable[str]) -> ScrubRules:
        """Return the rules that words ask for: ``mails``, ``/pattern/``, a name, or ``@FILE`` with such.

        Raises:
            MockgridError: a pattern is none, or a file cannot be read.
        """
        names: dict[str, None] = {}
        patterns = []
        mails = False
        for word in chain.from_iterable(map(_lines, words)):
            if word == _MAILS:
                mails = True
            elif len(word) > 2 and word.startswith("/") and word.endswith("/"):  # noqa: PLR2004 - both slashes
                try:
                    patterns.append(re.compile(word[1:-1]))
                except re.error as error:
                    message = f"{word} is not a regular expression: {error}."
                    raise MockgridError(message) from None
            elif word.strip():
                names[word.strip()] = None
        return cls(tuple(names), mails, tuple(patterns))


def _lines(word: str) -> Iterable[str]:
    """Return a word, or what is in each line of the file that it names; what begins with # is a comment."""
    if not word.startswith("@"):
        return (word,)
    try:
        text = Path(word[1:]).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MockgridError(f"--scrub {word}: The file cannot be read: {reason}.") from None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(slots=True)
class Scrubber:
    """Finds what is to be taken out of texts; the same is always replaced by the same.

    Attributes:
        rules: what an operator wants taken out.
        secrets: what is a secret wherever it stands, in each form that it may have.
        shapes: what finds keys by how they look.
    """

    rules: ScrubRules
    secrets: frozenset[str] = frozenset()
    shapes: tuple[re.Pattern[str], ...] = (KEY_SHAPES,)
    _known: dict[str, str] = field(default_factory=dict)
    _by_beginning: dict[str, list[str]] = field(default_factory=dict)
    _name: re.Pattern[str] | None = None
    _placeholders: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # There may be thousands, of which a regular expression would take seconds to be made.
        forms = {form for secret in self.secrets for form in (*forms_of(secret), *_within(secret))}
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            self._by_beginning.setdefault(form[:SHORTEST], []).append(form)
        named: dict[str, str] = {}
        for number, name in enumerate(self.rules.names, 1):
            plain = " ".join(name.split())
            for form in (plain, normalize("NFC", plain), normalize("NFD", plain), *forms_of(name)):
                named.setdefault(form, f"[name-{number}]")
        if named:
            # A group for each form: which letters are one in any case is for the expression to know.
            forms_by_length = sorted(named, key=len, reverse=True)
            self._placeholders = [named[form] for form in forms_by_length]
            words = "|".join(f"({_words(form)})" for form in forms_by_length)
            self._name = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text without what is to be taken out."""
        spans = self.spans(text)
        if not spans:
            return text
        pieces, done = [], 0
        for start, end, placeholder in spans:
            pieces += [text[done:start], placeholder]
            done = end
        return "".join([*pieces, text[done:]])

    def spans(self, text: str) -> Sequence[Span]:
        """Return what is to be taken out of a text, in order; none lies within another."""
        return apart(self._spans(text))

    def _spans(self, text: str) -> Iterator[Span]:
        yield from self._secrets_in(text)
        yield from self._secret_looking(text)
        yield from self._ruled_out(text)

    def _secret_looking(self, text: str) -> Iterator[Span]:
        for shape in self.shapes:
            for match in shape.finditer(text):
                yield Span(*match.span(match.lastindex or 0), REDACTED)
        yield from (Span(*match.span(1), REDACTED) for match in FIELDS_IN_TEXT.finditer(text))
        if "=" in text:
            for match in _PARAMETER.finditer(text):
                if is_secret_parameter(unquote_plus(match[1])):
                    yield Span(*match.span(2), REDACTED)

    def _ruled_out(self, text: str) -> Iterator[Span]:
        if self.rules.mails and "@" in text:
            for match in _MAIL.finditer(text):
                if not PLACEHOLDER.fullmatch(match[0]):
                    yield Span(*match.span(), self._numbered(match[0].lower(), "mail-{}@example.com"))
        if self._name is not None:
            yield from (
                Span(*match.span(), self._placeholders[(match.lastindex or 0) - 1])
                for match in self._name.finditer(text)
            )
        for pattern in self.rules.patterns:
            group = 1 if pattern.groups else 0
            for match in pattern.finditer(text):
                if match[group]:
                    yield Span(*match.span(group), self._numbered(match[group], "[scrubbed-{}]"))

    def _secrets_in(self, text: str) -> Iterator[Span]:
        known = self._by_beginning
        if not known:
            return
        for start in range(len(text) - SHORTEST + 1):
            for form in known.get(text[start : start + SHORTEST], ()):
                if text.startswith(form, start):
                    yield Span(start, start + len(form), REDACTED)
                    break

    def _numbered(self, text: str, placeholder: str) -> str:
        """Return what takes the place of a text, numbered by when its kind was first met."""
        if text not in self._known:
            before = placeholder.partition("{")[0]
            count = sum(known.startswith(before) for known in set(self._known.values()))
            self._known[text] = placeholder.format(count + 1)
        return self._known[text]


def _within(secret: str) -> Iterator[str]:
    """Yield a secret as it may stand in the midst of what is quoted, or encoded in base64, as a whole."""
    if len(secret) < _SHORTEST_WITHIN:
        return
    for quoted in (quote(secret, errors="replace"), quote(secret, safe="/:@", errors="replace")):
        yield quoted
        yield _ESCAPE.sub(lambda match: match[0].lower(), quoted)
    raw = secret.encode("utf-8", "replace")
    for before in range(3):
        # Without the letters at either end that other bytes have a part in.
        start, end = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
        encoded = base64.b64encode(bytes(before) + raw).decode()[start:end]
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))


def _words(name: str) -> str:
    """Return an expression that finds a name whatever space is between its words."""
    return r"\s+".join(map(re.escape, name.split(" ")))
