"""What must not reach a file that is committed: secrets, and what an operator wants taken out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from mockgrid.document.nearest import likeness
from mockgrid.errors import MockgridError
from mockgrid.fixed import fixed
from mockgrid.session.redaction import Hidden, forms_of
from mockgrid.session.spans import Span, apart, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["PLACEHOLDER", "ScrubRules", "Scrubber"]

PLACEHOLDER: Final = re.compile(r"\[(?:redacted|name-\d+|scrubbed-\d+)\]|mail-\d+@example\.com")
"""What stands in the place of what was taken out."""

_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_MAILS: Final = "mails"
# Names such as Miles and Emil are less like these.
_LIKE_MAILS: Final = 0.8


@fixed
class ScrubRules:
    """What an operator wants taken out beside secrets.

    Attributes:
        names: texts, whatever their case, where they stand as words.
        mails: whether addresses of e-mail are.
        patterns: whatever they find; of one with a group, the group.
        words: the words that asked for these, the line of the file that one names or 0, and what is there.
    """

    names: tuple[str, ...] = ()
    mails: bool = False
    patterns: tuple[re.Pattern[str], ...] = ()
    words: tuple[tuple[str, int, str], ...] = ()

    @classmethod
    def read(cls, words: Iterable[str]) -> ScrubRules:
        """Return the rules that words ask for: ``mails``, ``/pattern/``, a name, or ``@FILE`` with such.

        Raises:
            MockgridError: a word asks for nothing, or for something else than it seems to; a pattern is none,
                or a file cannot be read.
        """
        names: dict[str, None] = {}
        patterns = []
        read = [(word, line, rule) for word in words for line, rule in _lines(word)]
        for word, line, rule in read:
            where = f"{word}:{line}: " if line else ""
            if rule.startswith("/"):
                patterns.append(_pattern(rule, where))
            elif rule != _MAILS:
                _check_name(rule, where)
                names[rule] = None
        return cls(tuple(names), any(rule == _MAILS for *_, rule in read), tuple(patterns), tuple(read))

    def taken_out(self, taken: Mapping[str, int]) -> list[str]:
        """Return a sentence for each word on how often it found what it takes out.

        What a file holds is named by its line: it is not for everybody to read.

        Args:
            taken: how often each rule did, as ``Scrubber`` counts.
        """
        sentences = []
        for word in dict.fromkeys(word for word, *_ in self.words):
            rules = [(line, rule) for each, line, rule in self.words if each == word]
            count = sum(taken.get(rule, 0) for rule in dict.fromkeys(rule for _, rule in rules))
            idle = ", ".join(str(line) for line, rule in rules if line and not taken.get(rule))
            without = f"; nothing by line {idle}" if idle else ""
            sentences.append(f"--scrub {word}: {count} taken out{without}")
        return sentences


def _lines(word: str) -> Iterator[tuple[int, str]]:
    """Yield a word, or each line of the file that it names; what begins with # is a comment."""
    if not word.startswith("@"):
        yield 0, word.strip()
        return
    try:
        text = Path(word[1:]).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MockgridError(f"--scrub {word}: The file cannot be read: {reason}.") from None
    for number, line in enumerate(text.splitlines(), 1):
        if (rule := line.strip()) and not rule.startswith("#"):
            yield number, rule


def _pattern(rule: str, where: str) -> re.Pattern[str]:
    """Return what stands between slashes."""
    if len(rule) < 3 or not rule.endswith("/"):  # noqa: PLR2004 - both slashes and what they are for
        hint = f" Did you mean {rule}/?" if rule.strip("/") else ""
        raise MockgridError(f"--scrub: {where}{rule} is no /pattern/, which ends with a slash, too.{hint}")
    try:
        return re.compile(rule[1:-1])
    except re.error as error:
        raise MockgridError(f"{where}{rule} is not a regular expression: {error}.") from None


def _check_name(name: str, where: str) -> None:
    """Tell a name that takes nothing out, and one that is meant for something else."""
    if not name:
        raise MockgridError("--scrub: The text is empty; a name, `mails`, a /pattern/ or @FILE was expected.")
    letters = "".join(letter for letter in name.casefold() if letter.isalnum())
    if max(likeness(letters, known) for known in (_MAILS, f"e{_MAILS}")) > _LIKE_MAILS:
        hint = f"Write /\\b{re.escape(name)}\\b/ for this word itself."
        raise MockgridError(f"--scrub: {where}Did you mean {_MAILS}? There is {name}. {hint}")


@dataclass(slots=True)
class Scrubber:
    """Finds what is to be taken out of texts; the same is always replaced by the same.

    Attributes:
        rules: what an operator wants taken out.
        secrets: what is hidden whatever the rules are.
        taken: how often each rule found something, by how it is asked for.
        placeholders: by what was taken out, what is numbered and stands there.
    """

    rules: ScrubRules
    secrets: Hidden = field(default_factory=lambda: Hidden(()))
    taken: Counter[str] = field(default_factory=Counter)
    placeholders: dict[str, str] = field(default_factory=dict)
    _name: re.Pattern[str] | None = None
    _named: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        named: dict[str, tuple[str, str]] = {}
        for number, name in enumerate(self.rules.names, 1):
            plain = " ".join(name.split())
            for form in (plain, normalize("NFC", plain), normalize("NFD", plain), *forms_of(name)):
                named.setdefault(form, (name, f"[name-{number}]"))
        if named:
            # A group for each form: which letters are one in any case is for the expression to know.
            forms_by_length = sorted(named, key=len, reverse=True)
            self._named = [named[form] for form in forms_by_length]
            words = "|".join(f"({_words(form)})" for form in forms_by_length)
            self._name = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text without what is to be taken out."""
        return without(text, self.spans(text))

    def spans(self, text: str) -> Sequence[Span]:
        """Return what is to be taken out of a text, in order; none lies within another."""
        return apart(self._spans(text))

    def _spans(self, text: str) -> Iterator[Span]:
        yield from self.secrets.places(text)
        yield from self._ruled_out(text)

    def _ruled_out(self, text: str) -> Iterator[Span]:
        if self.rules.mails and "@" in text:
            for match in _MAIL.finditer(text):
                if not PLACEHOLDER.fullmatch(match[0]):
                    self.taken[_MAILS] += 1
                    yield Span(*match.span(), self._numbered(match[0].lower(), "mail-{}@example.com"))
        if self._name is not None:
            for match in self._name.finditer(text):
                name, placeholder = self._named[(match.lastindex or 0) - 1]
                self.taken[name] += 1
                yield Span(*match.span(), placeholder)
        for pattern in self.rules.patterns:
            group = 1 if pattern.groups else 0
            for match in pattern.finditer(text):
                if match[group]:
                    self.taken[f"/{pattern.pattern}/"] += 1
                    yield Span(*match.span(group), self._numbered(match[group], "[scrubbed-{}]"))

    def _numbered(self, text: str, placeholder: str) -> str:
        """Return what takes the place of a text, numbered by when its kind was first met."""
        if text not in self.placeholders:
            before = placeholder.partition("{")[0]
            count = sum(known.startswith(before) for known in set(self.placeholders.values()))
            self.placeholders[text] = placeholder.format(count + 1)
        return self.placeholders[text]


def _words(name: str) -> str:
    """Return an expression that finds a name whatever space is between its words."""
    return r"\s+".join(map(re.escape, name.split(" ")))
