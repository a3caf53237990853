"""What must never be shown of an exchange: its credentials, wherever they turn up."""

from __future__ import annotations

import base64
import binascii
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

from mockgrid.contract.security import is_secret_name
from mockgrid.document.json_body import MalformedJsonError, read_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mockgrid.contract.contract import Contract
    from mockgrid.session.exchange import RequestHead

REDACTED: Final = "[redacted]"

# What carries a secret by its name beside what does in headers: in queries, and in bodies, where `token` is
# a word like any other.
_SECRET_QUERY = re.compile(r"sig|jwt|session|pwd|code|bearer", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    r"(?:x[-_])?api[-_]?key|(?:client[-_]?)?secret|(?:secret[-_]?)?access[-_]?key|password|passwd|pwd"
    r"|authorization|(?:access|refresh|id|bearer)[-_]?token",
    re.IGNORECASE,
)
_FIELDS_OF_BODY = re.compile(rb'"(?:%b)"\s*:' % _SECRET_FIELD.pattern.encode(), re.IGNORECASE)
_FIELDS_OF_FORM = re.compile(
    rb'(?:(?:\A|&)(?:%b)=([^&]*)|; name="(?:%b)"(?:\r\n[^\r\n]+)*\r\n\r\n([^\r\n]*))'
    % ((_SECRET_FIELD.pattern.encode(),) * 2),
    re.IGNORECASE,
)
_SESSION = "x-mockgrid-session"
_REFERER = "referer"
SHORTEST: Final = 4
"""A shorter word could stand anywhere by chance; it is hidden where it was sent as a credential only."""

# The same for what only looks like a credential by its name: `x-auth-mode: none` must not hide each "none".
_SHORTEST_LIKELY = 8
# What stands where a text was cut, also in the ASCII of a header.
_CUT = re.compile(r"…|\\u2026")
_DEEPEST = 200


# A letter that begins a word. It comes first, so that the search passes over all others.
_BEGINS: Final = r"(?<![A-Za-z0-9].)"
KEY_SHAPES: Final = re.compile(
    rf"(?:[srp]{_BEGINS}k[-_](?:(?:live|test|proj|ant|or|svcacct|admin)[-_])*(?=[A-Za-z_-]*\d|\w{{20}}|\w*\*\*)[\w*-]{{16,}}"
    rf"|g{_BEGINS}(?:h[opsur]_\w{{20,}}|ithub_pat_\w{{20,}}|lpat-[\w-]{{16,}}|sk_\w{{20,}})"
    rf"|x{_BEGINS}(?:ox[abeoprs]-[\w-]{{10,}}|ai-\w{{20,}})|n{_BEGINS}pm_\w{{30,}}|h{_BEGINS}f_\w{{20,}}"
    rf"|A{_BEGINS}(?:(?:KI|SI)A[A-Z0-9]{{16}}|Iza[\w-]{{30,}})|y{_BEGINS}a29\.[\w.-]{{20,}}"
    rf"|p{_BEGINS}(?:plx-\w{{20,}}|ypi-[\w-]{{30,}})|r{_BEGINS}8_\w{{20,}}|d{_BEGINS}op_v1_[0-9a-f]{{32,}}"
    rf"|S{_BEGINS}G\.[\w-]{{16,}}\.[\w-]{{16,}}|e{_BEGINS}yJ[\w-]{{8,}}\.eyJ[\w-]{{8,}}\.[\w-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|[Bb]earer ([\w.~+/=-]{16,})|://([^\s/:@\"']+:[^\s/@\"']+)@)"
)
"""What looks like a key by itself, wherever it stands: of the shapes that well-known issuers give theirs.

Of a match with a group, the group is it.
"""

FIELDS_IN_TEXT: Final = re.compile(
    rf"""\\*["'](?:{_SECRET_FIELD.pattern})\\*["']\s*[:=]\s*\\*["']((?:[^"'\\]|\\+[^"'\\])+)""", re.IGNORECASE
)
"""A field that is named for a secret, of JSON that stands in a text, such as a tool's arguments."""


def is_secret_field(name: str) -> bool:
    """Tell whether a field of a body is named for a secret."""
    return _SECRET_FIELD.fullmatch(name) is not None


def is_secret_parameter(name: str) -> bool:
    """Tell whether a parameter of a query is named for a secret."""
    return is_secret_name(name) or _SECRET_QUERY.fullmatch(name) is not None


class Span(NamedTuple):
    """A part of a text, and what takes its place."""

    start: int
    end: int
    placeholder: str


class Redaction:
    """Hides credentials: the headers, parameters, fields and cookies that may carry them, and their values.

    What is accepted as a credential and what is hidden are one list: the contract's security schemes, and the
    keys that the server accepts.

    Args:
        contract: its security schemes and its key policy.
        accepted: keys that are accepted as they are.
        accept_any: whether every credential is accepted.
    """

    def __init__(
        self, contract: Contract, accepted: Collection[str] = (), *, accept_any: bool = False
    ) -> None:
        securities = [operation.security for operation in contract.operations]
        prefixes = contract.policy.keys.prefixes
        self._headers = frozenset(name for security in securities for name in security.secret_headers)
        self._queries = frozenset(name for security in securities for name in security.secret_query)
        self._accepted = frozenset(accepted)
        self._any = accept_any or prefixes is None
        beginnings = "|".join(re.escape(known.prefix) for known in prefixes or ())
        # A key ends where a text goes on; it may have most characters, so both ends are taken for it.
        ends = (r"[\w.~+/=-]+", r"[^\s,;&\"'<>]+") if beginnings else ()
        self._keys = tuple(re.compile(rf"(?<![\w.~+-])(?:{beginnings}){end}") for end in ends)

    def of(self, sent: RequestHead, body: bytes = b"") -> Hidden:
        """Return what is to be hidden in one exchange, by what its request brought.

        Args:
            sent: its head.
            body: its body, where that may be told of.
        """
        return Hidden(self.secrets(sent.headers.items(), sent.query, body))

    def secrets(
        self, headers: Iterable[tuple[bytes, bytes]], query: bytes = b"", body: bytes = b""
    ) -> set[str]:
        """Return the secrets that one side of an exchange holds, and the keys that the server accepts."""
        words = set(self._accepted)
        for raw_name, raw_value in headers:
            words.update(self._of_header(raw_name.decode("latin-1"), raw_value.decode("latin-1")))
        words.update(self._of_query(query.decode("latin-1")))
        words.update(_of_body(body))
        return words

    @property
    def shapes(self) -> tuple[re.Pattern[str], ...]:
        """What finds keys by how they look: those that the server accepts, and those of known issuers."""
        return (KEY_SHAPES, *self._keys)

    def headers(self, headers: Iterable[tuple[bytes, bytes]], hidden: Hidden) -> dict[str, str]:
        """Return headers as text, by name, those that carry credentials redacted."""
        texts: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if self._is_secret(name, value):
                texts[hidden.text(name)] = REDACTED
            elif name == _REFERER and "?" in value:
                address, _, query = value.partition("?")
                texts[name] = f"{hidden.text(address)}?{self.query(query.encode('latin-1'), hidden)}"
            else:
                texts[hidden.text(name)] = hidden.text(value)
        return texts

    def query(self, query: bytes, hidden: Hidden) -> str:
        """Return a query as it was sent, the values of parameters that carry credentials redacted."""
        pairs = []
        for pair in query.decode("latin-1").split("&"):
            name, equals, value = pair.partition("=")
            # There are many ways to quote a secret, and but one to read it.
            is_secret = equals and (
                self._is_secret_query(unquote_plus(name)) or hidden.reveals(unquote_plus(value))
            )
            name = REDACTED if hidden.reveals(unquote_plus(name)) else hidden.text(name)
            pairs.append(f"{name}{equals}{REDACTED if is_secret else hidden.text(value)}")
        return "&".join(pairs)

    def _is_secret(self, name: str, value: str) -> bool:
        if name == _SESSION and (self._any or value in self._accepted):
            return True
        return name in self._headers or is_secret_name(name)

    def _is_secret_query(self, name: str) -> bool:
        return name in self._queries or is_secret_parameter(name)

    def _keys_in(self, text: str) -> Iterator[str]:
        """Yield what begins as an accepted key does."""
        for key in self._keys:
            yield from key.findall(text)

    def _of_header(self, name: str, value: str) -> Iterator[str]:
        """Yield the secrets that a header holds."""
        yield from self._keys_in(value)
        word = value.rpartition(" ")[2]
        if self._is_secret(name, value):
            cookies = [part.partition("=")[2].strip() for part in value.split(";")]
            shortest = SHORTEST if name in self._headers else _SHORTEST_LIKELY
            secrets = (value.strip(), word, *cookies, *_basic(word))
            yield from (secret for secret in secrets if len(secret) >= shortest)
        elif name == _REFERER:
            try:
                yield from self._of_query(urlsplit(value).query)
            except ValueError:
                return

    def _of_query(self, query: str) -> Iterator[str]:
        """Yield the secrets of a query."""
        for name, value in parse_qsl(query, keep_blank_values=True):
            yield from self._keys_in(value)
            shortest = SHORTEST if name in self._queries else _SHORTEST_LIKELY
            if self._is_secret_query(name) and len(value) >= shortest:
                yield value


class Hidden:
    """The secrets of one exchange, to be hidden in whatever is told of it.

    Args:
        words: what to hide; in a URL they may stand quoted, and in JSON text escaped.
    """

    def __init__(self, words: Iterable[str]) -> None:
        forms = {form for word in words for form in forms_of(word)}
        # The longest first, since one may be part of another.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, self._forms))) if self._forms else None
        self._longest = len(self._forms[0]) if self._forms else 0

    def text(self, text: str) -> str:
        """Return text without the secrets, and without the beginning of one where the text was cut.

        What looks like a key is none of the exchange's own, and hidden all the same.
        """
        text = KEY_SHAPES.sub(_without_key, text)
        if self._pattern is None:
            return text
        text = self._pattern.sub(REDACTED, text)
        return text if _CUT.search(text) is None else self._without_beginnings(text)

    def pieces(self, texts: Sequence[str]) -> list[str]:
        """Return the pieces of a text without the secrets, nor those that go on from one to the next."""
        whole = "".join(texts)
        patterns = [KEY_SHAPES] if self._pattern is None else [KEY_SHAPES, self._pattern]
        spans = [
            Span(*match.span(match.lastindex or 0), REDACTED)
            for pattern in patterns
            for match in pattern.finditer(whole)
        ]
        return [self.text(text) for text in recut(texts, apart(spans))]

    def reveals(self, text: str) -> bool:
        """Tell whether a text holds a secret."""
        known = self._pattern is not None and self._pattern.search(text) is not None
        return known or KEY_SHAPES.search(text) is not None

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets, in keys or texts, and in fields that are named for one."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._field(key, item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value

    def _field(self, name: str, value: Any) -> Any:
        is_secret = isinstance(value, (str, int, float)) and _SECRET_FIELD.fullmatch(name)
        return REDACTED if is_secret else self.value(value)

    def _without_beginnings(self, text: str) -> str:
        """Return a text without what may be the beginning of a secret before each place where it was cut."""
        beginnings = "|".join(sorted({re.escape(form[:SHORTEST]) for form in self._forms}))
        pieces, done = [], 0
        for match in re.finditer(f"(?={beginnings})", text):
            start = match.start()
            cut = _CUT.search(text, start, start + self._longest + len("\\u2026"))
            if start >= done and cut is not None:
                beginning = text[start : cut.start()]
                if any(form.startswith(beginning) for form in self._forms):
                    pieces += [text[done:start], REDACTED]
                    done = cut.start()
        return "".join([*pieces, text[done:]])


def _without_key(match: re.Match[str]) -> str:
    return match[0].replace(match[match.lastindex], REDACTED) if match.lastindex else REDACTED


def _of_body(body: bytes) -> Iterator[str]:
    """Yield the secrets of a body: what is in fields of JSON or of a form that are named for one."""
    if _FIELDS_OF_BODY.search(body):
        with suppress(MalformedJsonError):
            yield from _of_fields(read_json(body, _DEEPEST))
    elif not body.startswith((b"{", b"[")):
        for match in _FIELDS_OF_FORM.finditer(body):
            value = (match[1] or match[2] or b"").decode("utf-8", "replace")
            yield from (value, unquote_plus(value))


def _of_fields(value: Any) -> Iterator[str]:
    """Yield the texts of all fields that are named for a secret."""
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and _SECRET_FIELD.fullmatch(name):
                yield item
            else:
                yield from _of_fields(item)
    elif isinstance(value, list):
        for item in value:
            yield from _of_fields(item)


def _basic(word: str) -> Iterable[str]:
    """Return user and password, where a word is HTTP's Basic credentials."""
    try:
        decoded = base64.b64decode(word, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return
    user, colon, password = decoded.partition(":")
    if colon:
        yield from (decoded, user, password)


def forms_of(word: str) -> Iterator[str]:
    """Yield a secret as it may stand: plain, quoted for a URL, escaped in JSON, and encoded in base64.

    What is too short could stand anywhere by chance.
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    encoded = base64.b64encode(word.encode("utf-8", "replace")).decode().rstrip("=")
    forms = (
        *(word, quote(word, safe="", errors="replace"), escaped, json.dumps(word)[1:-1]),
        *(encoded, encoded.replace("+", "-").replace("/", "_")),
    )
    yield from (form for form in dict.fromkeys(forms) if len(form) >= SHORTEST)


def recut(pieces: Sequence[str], spans: Sequence[Span]) -> list[str]:
    """Return pieces without some parts of what they join to; the first that has some gets the placeholder."""
    texts = []
    start = 0
    for piece in pieces:
        end = start + len(piece)
        parts, done = [], start
        for span in spans:
            if span.end <= start or span.start >= end:
                continue
            parts.append(piece[done - start : max(span.start - start, 0)])
            if span.start >= start:
                parts.append(span.placeholder)
            done = min(span.end, end)
        texts.append("".join([*parts, piece[done - start :]]))
        start = end
    return texts


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
