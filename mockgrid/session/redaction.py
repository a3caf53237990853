"""What must never be shown of an exchange: its credentials, wherever they turn up."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockgrid.contract.contract import Contract

REDACTED = "[redacted]"

# What carries a secret by its name, whatever a document says.
_SECRET_NAME = re.compile(
    r"auth|cookie|token|secret|api[-_]?key|access[-_]?key|password|passwd|credential|signature|^key$",
    re.IGNORECASE,
)
# These only look so.
_OPEN_NAMES = frozenset(("www-authenticate", "max_tokens", "max_completion_tokens"))
# A shorter word could stand anywhere by chance; it is hidden where it was sent as a credential only.
_SHORTEST = 4
# The same for what only looks like a credential by its name: `x-auth-mode: none` must not hide each "none".
_SHORTEST_LIKELY = 8


class Sent(Protocol):
    """Where a request may carry credentials."""

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """By lower-case name."""

    @property
    def query(self) -> bytes:
        """Without its question mark."""


class Redaction:
    """Hides credentials: the headers, parameters and cookies that may carry them, and their values elsewhere.

    What is accepted as a credential and what is hidden are one list, that of the contract's security schemes.

    Args:
        contract: its security schemes and its key policy.
    """

    def __init__(self, contract: Contract) -> None:
        names = {name for operation in contract.operations for name in operation.security.secret_headers}
        queries = {name for operation in contract.operations for name in operation.security.secret_query}
        self._headers = frozenset(names)
        self._queries = frozenset(queries)
        self._prefixes = tuple(known.prefix for known in contract.policy.keys.prefixes or ())

    def of(self, exchange: Sent) -> Hidden:
        """Return what is to be hidden in one exchange, by what its request brought."""
        words: set[str] = set()
        for raw_name, raw_value in exchange.headers.items():
            words.update(self._words(raw_name.decode("latin-1"), raw_value.decode("latin-1")))
        for name, value in parse_qsl(exchange.query.decode("latin-1"), keep_blank_values=True):
            if self._is_secret_query(name) or value.startswith(self._prefixes or "\0"):
                words.add(value)
        return Hidden(words)

    def headers(self, headers: Iterable[tuple[bytes, bytes]], hidden: Hidden) -> dict[str, str]:
        """Return headers as text, by name, those that carry credentials redacted."""
        shown: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            shown[hidden.text(name)] = REDACTED if self._is_secret(name) else hidden.text(value)
        return shown

    def query(self, query: bytes, hidden: Hidden) -> str:
        """Return a query as it was sent, the values of parameters that carry credentials redacted."""
        pairs = []
        for pair in query.decode("latin-1").split("&"):
            name, equals, value = pair.partition("=")
            # There are many ways to quote a secret, and but one to read it.
            name = REDACTED if hidden.reveals(unquote_plus(name)) else hidden.text(name)
            secret = equals and (
                self._is_secret_query(unquote_plus(name)) or hidden.reveals(unquote_plus(value))
            )
            pairs.append(f"{name}{equals}{REDACTED if secret else hidden.text(value)}")
        return "&".join(pairs)

    def _is_secret(self, name: str) -> bool:
        return name in self._headers or (bool(_SECRET_NAME.search(name)) and name not in _OPEN_NAMES)

    def _is_secret_query(self, name: str) -> bool:
        return name in self._queries or bool(_SECRET_NAME.search(name))

    def _words(self, name: str, value: str) -> Iterable[str]:
        """Return the secrets that a header holds."""
        word = value.rpartition(" ")[2]
        if self._prefixes and word.startswith(self._prefixes):
            yield word
        elif self._is_secret(name):
            cookies = [part.partition("=")[2].strip() for part in value.split(";")]
            shortest = _SHORTEST if name in self._headers else _SHORTEST_LIKELY
            yield from (
                found for found in (value.strip(), word, *cookies, *_basic(word)) if len(found) >= shortest
            )


class Hidden:
    """The secrets of one exchange, to be hidden in whatever is told of it.

    Args:
        words: what to hide; in a URL they may stand quoted, and in JSON text escaped.
    """

    def __init__(self, words: Iterable[str]) -> None:
        forms = {form for word in words for form in (word, quote(word, safe=""), _escaped(word))}
        # The longest first, since one may be part of another.
        ordered = sorted(
            (form for form in forms if len(form) >= _SHORTEST), key=lambda form: (-len(form), form)
        )
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Return text without the secrets."""
        return self._pattern.sub(REDACTED, text) if self._pattern is not None else text

    def reveals(self, text: str) -> bool:
        """Tell whether a text holds a secret."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets, in keys or texts."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def redacted_violation(violation: Mapping[str, str], hidden: Hidden) -> dict[str, str]:
    """Return a violation as JSON without the secrets."""
    return {key: hidden.text(value) for key, value in violation.items()}


def _basic(word: str) -> Iterable[str]:
    """Return user and password, where a word is HTTP's Basic credentials."""
    try:
        decoded = base64.b64decode(word, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return
    user, colon, password = decoded.partition(":")
    if colon:
        yield from (decoded, user, password)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')
