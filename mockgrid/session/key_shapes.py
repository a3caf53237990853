"""What is a secret by its look, or by the name before it, wherever it stands in a text."""

from __future__ import annotations

import re
from base64 import b64decode
from contextlib import suppress
from enum import IntEnum
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, AnyStr, Final, cast
from urllib.parse import unquote_plus

from mockgrid.contract.security import is_private_name
from mockgrid.session.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "FIELD",
    "KEY_SHAPES",
    "LEAST_ENCODED",
    "REDACTED",
    "Secrecy",
    "encoded",
    "is_ordinary",
    "is_secret_field",
    "is_secret_parameter",
    "late_pattern",
    "named_secrets",
    "places_of",
    "secret_looking",
]

REDACTED: Final = "[redacted]"


class _LatePattern:
    """Stands for a pattern."""

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._arguments), name)
        setattr(self, name, value)  # so that this is done once
        return value


def late_pattern(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a pattern that is compiled when it is first used: most processes never look for secrets.

    >>> late_pattern("[a-z]+").findall("ab cd")
    ['ab', 'cd']
    """
    return cast("re.Pattern[AnyStr]", _LatePattern(expression, flags))


FIELD: Final = (
    r"(?:[\w.-]*[-_.]|(?-i:[a-z][A-Za-z0-9]*(?=[A-Z])))?"
    r"(?:api[-_]?keys?|secrets?|passwords?|passwd|pwd|passphrase|passcode|authorization|credentials?|cookies?|jwt|x-(?:\w+-)*session-id"
    r"|(?:access|account|admin|auth|client|encryption|license|master|openai|private|secret|signing|ssh|subscription)[-_]?keys?"
    r"|connection[-_]?string|(?:access|api|auth|bearer|refresh)[-_]?tokens|(?:access|api|auth|bearer|bot|id|refresh|security|session)[-_]?token)"
)
"""Names of fields that hold a secret, with whatever stands before: ``OPENAI_API_KEY``, ``dbPassword``.

In bodies ``token`` alone is a word like any other, and an id of a session one that is needed.
"""

_FIELD: Final = late_pattern(FIELD, re.IGNORECASE)
# What carries a secret by its name beside what does in headers.
_QUERY: Final = late_pattern(r"sig|pwd|code", re.IGNORECASE)
# How the names of fields end, in lower case. Each stands in so many texts that it is looked for by itself:
# an expression for all of them would look at each character.
_ENDS: Final = (
    *("authorization", "cookie", "credential", "jwt", "key", "passcode", "passphrase", "passwd", "password"),
    *("pwd", "secret", "session-id", "string", "token"),
)
# By which a schema, or an item of a list, says what its value is.
_WORDS_OF_VALUES: Final = frozenset(("const", "default", "enum", "example", "examples", "value", "values"))

# A name with what makes it one: of JSON, which may stand in a text, and where an item may be called so; of
# source text, settings and flags, or of XML.
_NAMED: Final = late_pattern(
    rf"(?P<end>(?:{'|'.join(_ENDS)})s?)"
    r"""(?:(?P<quote>\\{0,15}+["'])\s*(?:[:=]|(?P<label>,))"""
    r"|[ \t]*[:=]|(?P<flag>[ \t]+(?![\w:.-]+=[\"']|[->\s]))|(?P<tag>(?:\s[^<>]{0,100})?>))",
    re.IGNORECASE,
)
_LABEL: Final = late_pattern(r"""(?:name|key)\\*["']\s*:\s*\\*["']\Z""", re.IGNORECASE)
_MAKE_NAMES: Final = late_pattern("[:=>]")
_OF_NAMES: Final = f"{ascii_letters}{digits}_.-"
_LONGEST_NAME: Final = 128
# Of JSON: a text, which ends by the quote with which it begins, after as many backslashes, or a word or a
# number; each may be a key.
_TOKEN: Final = late_pattern(
    r"""\s*+(?:(?:(?P<escape>\\*+)(["'])(?P<text>(?:[^"'\\]|(?!\2)["']|\\++[^"'\\]|(?!\1\2)\\++["'])*+)(?:\1\2)?+"""
    r"""|(?P<word>[\w$.+-]++))(?P<colon>\s*+:)?+|(?P<opening>[\[{])|(?P<closing>[\]}])|,|\\++)"""
)
_NUMBER: Final = late_pattern(r"-?\d[\d.eE+-]*")
_ELEMENT: Final = late_pattern(r"\s*+(?:<!\[CDATA\[)?+([^<>\]]++)(?:\]\]>)?+</")
_ASSIGNED: Final = late_pattern(
    r"""[ \t]*(?:(?i:api-?key|basic|bearer|digest|key|token)[ \t]+)?+"""
    # A variable's name tells nothing of what it holds.
    r"""(?!\\*["'`]?(?:\$\{?|process\.env\.)[A-Z_][A-Z\d_]*+\}?(?![^\s"'`,;&<>()\\]))"""
    r"""(?:\\*["'`]([^\s"'`\\]{8,})|([^\s"'`,;&<>()\\]{8,}))"""
)
_ASSIGNEE: Final = late_pattern(rf"(?<![A-Za-z0-9])(?:{FIELD})\Z", re.IGNORECASE)
_ORDINARY: Final = late_pattern(r"[A-Za-z]?[a-z]{0,10}|[A-Z]{1,11}|\d{1,7}")
_DIGIT: Final = late_pattern(r"\d")
_MIXED: Final = late_pattern(r"(?=.*\d).*[A-Za-z]")
# A part of a form, which goes on to the next boundary.
_LINE_END: Final = r"\r*+\n"
_PART: Final = late_pattern(
    rf"""; *name=\\*"?(?:{FIELD})(?:\\*"[^\r\n\\]{{0,999}}+|(?:;[^\r\n\\]{{0,999}}+)?)"""
    rf"(?:{_LINE_END}[^\s][^\r\n]*+){{0,8}}+{_LINE_END}{_LINE_END}"
    r"((?:[^\r\n]++|\r*+\n(?!--)|\r++(?!\n))*+)",
    re.IGNORECASE,
)
# Line ends, quotes and dashes.
_ESCAPED: Final = late_pattern(r"\\(?:[nrt]|u20[0-7][0-9a-fA-F]|u300[0-9a-fA-F])")
LEAST_ENCODED: Final = 20
_ENCODED: Final = late_pattern(rf"[A-Za-z0-9+/_-]{{{LEAST_ENCODED},}}={{0,2}}")
_CONTROL: Final = late_pattern(r"[\x00-\x08\x0e-\x1f]")
# A parameter of an address.
_PARAMETER: Final = late_pattern(r"(?:[?&]|;(?=\w*sess))([\w.~%[\]-]+)=([^\s&#\"'<>`(){}|\\\[\]]{4,})")

# What the keys of well-known issuers look like, by their first letter: a search passes over all others.
_ISSUERS: Final = {
    "1": (r"//0[\w-]{40,}",),
    "A": (r"(?:KI|SI)A[A-Z0-9]{16}", r"Iza[\w-]{30,}", r"TATT3[\w=-]{60,}", r"GE-SECRET-KEY-1[A-Z0-9]{50,}"),
    "G": (r"OCSPX-[\w-]{20,}",),
    "H": (r"RKU-[\w-]{30,}",),
    "M": (r"[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}",),
    "N": (r"RAK-[A-Z0-9]{27}", r"[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),
    "O": (r"[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}",),
    "P": (r"MAK-[0-9a-f]{24}-[0-9a-f]{34}",),
    "S": (r"G\.[\w-]{16,}\.[\w-]{16,}", r"K[0-9a-f]{32}"),
    "c": (r"sk-[a-z0-9]{32,}",),
    "d": (
        r"op_v1_[0-9a-f]{32,}",
        r"api[0-9a-f]{32}",
        r"ckr_[a-z]+_[\w-]{20,}",
        r"p\.(?:pt|st|ct)\.[\w.-]{30,}",
        r"t0[a-z]\d\d\.[A-Z0-9]{20,}\.[A-Z0-9]{40,}",
    ),
    "e": (r"yJ(?=[\w-]{8})[A-Za-z0-9]*+(?:[-_](?!eyJ)[A-Za-z0-9]*+)*+\.eyJ[\w-]{8,}\.[\w-]+",),
    "f": (r"w_[A-Za-z0-9]{20,}", r"c-[0-9a-f]{32}", r"igd_[\w-]{30,}", r"m[12]_[\w+/=-]{40,}"),
    "g": (
        r"h[opsur]_\w{20,}",
        r"ithub_pat_\w{20,}",
        r"l(?:pat|dt|rt|ptt|ft|soat|cbt|agent|oas)-[\w-]{16,}",
        r"lsa_\w{20,}",
        r"sk_\w{20,}",
    ),
    "h": (r"f_(?=[a-z_]{0,40}[A-Z\d])\w{20,}", r"v[sbr]\.[\w-]{20,}"),
    "j": (r"ina_\w{30,}",),
    "k": (r"ey-[0-9a-f]{32}",),
    "l": (r"sv2_(?:pt|sk)_\w{30,}", r"in_api_\w{30,}"),
    "n": (r"pm_\w{30,}", r"vapi-[\w-]{40,}", r"tn_\w{40,}", r"fp_\w{30,}"),
    "p": (
        r"plx-\w{20,}",
        r"ypi-[\w-]{30,}",
        r"csk_\w{40,}",
        r"a-(?=[\w-]{0,39}[A-Z])(?=[\w-]{0,39}\d)[\w-]{40,}",
        r"h[cx]_\w{40,}",
        r"at\w{14}\.[0-9a-f]{40,}",
        r"scale_[a-z]+_[\w.-]{30,}",
    ),
    "r": (r"8_\w{20,}", r"nd_(?=[a-z_]{0,40}[A-Z\d])\w{28,}", r"ubygems_[0-9a-f]{48}"),
    "s": (
        r"hp(?:at|ca|pa|ss)_[0-9a-f]{32}",
        r"ntrys_[\w+/=-]{40,}",
        r"q0[a-z]{3}-[\w-]{20,}",
        r"bp_[0-9a-f]{40}",
        r"ecret_\w{40,}",
    ),
    "t": (r"vly-[\w-]{24,}",),
    "v": (r"1\.0-[0-9a-f]{24}-[0-9a-f]{100,}",),
    "w": (r"hsec_[\w+/=]{24,}",),
    "y": (r"a29\.[\w.-]{20,}",),
    "x": (r"ox[abeoprs]-[\w-]{10,}", r"ai-\w{20,}", r"app-\d-[\w-]{40,}"),
}
# A key of OpenAI's form, which many have taken over, and of Stripe's; or one with stars for its midst.
_KINDS: Final = "live|test|proj|ant|or|svcacct|admin"
_OF_OPENAI: Final = (
    rf"k[-_](?:(?:{_KINDS})[-_]){{0,4}}(?=[A-Za-z_-]{{0,64}}\d|\w{{20}}|\w{{0,64}}\*\*)[\w*-]{{16,}}",
    r"k\.eyJ[\w-]{16,}\.[\w-]{16,}",
)
_BEGINS: Final = r"(?<![A-Za-z0-9].)"
_WORDS: Final = "|".join(
    f"{letter}{_BEGINS}(?:{'|'.join((*rests, *(_OF_OPENAI if letter in 'prs' else ())))})"
    for letter, rests in _ISSUERS.items()
)
KEY_SHAPES: Final = late_pattern(
    rf"(?:{_WORDS}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|Bearer ([\w.~+/=-]{16,})|bearer ([\w.~+/=-]{16,})"
    r"|Basic ((?=[A-Za-z+]*[\d=])[\w+/]{12,}=*)|basic ((?=[A-Za-z+]*[\d=])[\w+/]{12,}=*)"
    # A command's user and password.
    r"|-(?<![^\s\"'`].)(?:u|-(?:proxy-)?user)[ =]?[\"']?[^\s:\"'/@]*:"
    r"(?!\$(?:[({]|[A-Z_]{2})|(?:\d{1,7}|[a-z]{1,11})(?![^\s\"'`]))([^\s\"'`]{4,})"
    r"|:(?<=\d{8}:)(AA[\w-]{33})|://([^\s/:@\"']*:[^\s/@\"']+|(?=\w*\d)\w{16,})@"
    r"|hooks\.slack\.com/services/([\w/]{20,})|/api/webhooks/(\d+/[\w-]{40,}))"
)
"""What looks like a key by itself, wherever it stands: of the shapes that well-known issuers give theirs.

Of a match with a group, the group is it.
"""


def is_secret_field(name: str) -> bool:
    """Tell whether a field of a body is named for a secret.

    >>> is_secret_field("AWS_SECRET_ACCESS_KEY"), is_secret_field("dbPassword"), is_secret_field("token")
    (True, True, False)
    """
    return _FIELD.fullmatch(name) is not None


def is_ordinary(value: str) -> bool:
    """Tell whether a secret is a word like any other, which others use, too, and that mean something else.

    >>> [is_ordinary(value) for value in ("required", "api_key", "hunter2", "k3vN0aQ7bPwd")]
    [True, True, False, False]
    """
    is_name = is_secret_field(value) and not _DIGIT.search(value)
    return is_name or _ORDINARY.fullmatch(value) is not None


def is_secret_parameter(name: str) -> bool:
    """Tell whether a parameter of a query is named for a secret."""
    return is_private_name(name) or _QUERY.fullmatch(name) is not None


def secret_looking(text: str, shapes: Sequence[re.Pattern[str]] = (KEY_SHAPES,)) -> Iterator[Span]:
    """Yield what in a text looks like a secret, by itself or by what stands before it."""
    text = _spaced(text)
    for shape in shapes:
        for match in shape.finditer(text):
            yield Span(*match.span(match.lastindex or 0), REDACTED)
    yield from named_secrets(text)
    if "=" in text:
        for match in _PARAMETER.finditer(text):
            if is_secret_parameter(unquote_plus(match[1])):
                yield Span(*match.span(2), REDACTED)


class Secrecy(IntEnum):
    """How a value stands to the names of secrets around it, in JSON and wherever else."""

    OPEN = 0
    NAMED = 1
    """What is named for a secret tells of it."""
    GIVEN = 2
    """It tells which values the secret has."""
    OWN = 3
    """It is the secret."""

    def of_field(self, key: str, known: Callable[[str], bool]) -> Secrecy:
        """Return how what a key names stands inside of what stands so; ``known`` tells names of secrets."""
        if known(key):
            return Secrecy.OWN
        if self is Secrecy.OPEN or self is Secrecy.GIVEN:
            return self
        # What else is in it has names of its own: the parameters of a tool `reset_password` are no passwords.
        return Secrecy.GIVEN if key in _WORDS_OF_VALUES else Secrecy.OPEN

    def hides(self, value: str) -> bool:
        """Tell whether a text or a number that stands so is hidden."""
        return self is Secrecy.OWN or (self is Secrecy.GIVEN and not is_ordinary(value))


def _spaced(text: str) -> str:
    """Return a text with JSON's escapes for line ends, quotes and dashes as white space of their length."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: "\r" * (len(match[0]) - 1) + "\r\n"[match[0] == r"\n"], text)


def encoded(text: str, reveals: Callable[[str], bool]) -> Iterator[Span]:
    """Yield what in a text is another in base64, which reveals a secret."""
    for match in _ENCODED.finditer(text):
        letters = match[0].replace("-", "+").replace("_", "/")
        # Where what stands before it is of the same letters, it begins later.
        for start in range(4):
            with suppress(ValueError):
                inner = b64decode(letters[start : len(letters) - (len(letters) - start) % 4]).decode()
                if not _CONTROL.search(inner):
                    if reveals(inner):
                        yield Span(*match.span(), REDACTED)
                    break


def named_secrets(text: str) -> Iterator[Span]:
    """Yield where values stand in a text that are named for a secret."""
    text = _spaced(text)
    if not _MAKE_NAMES.search(text) and "--" not in text:
        return
    if ";" in text:
        yield from (Span(*match.span(1), REDACTED) for match in _PART.finditer(text))
    done = 0
    walked: dict[str, int] = {}
    for name in _names(text):
        quote = name["quote"]
        # What stands in a value is looked at once, whatever is named in it.
        if name.start() < max(done, walked.get(quote, 0)):
            continue
        if quote is not None:
            spans, walked[quote] = _given(text, name)
        else:
            value = (_ASSIGNED if name["tag"] is None else _ELEMENT).match(text, name.end())
            if value is None:
                continue
            done, group = value.end(), value.lastindex or 0
            spans = [Span(*value.span(group), REDACTED)] if group == 1 or _MIXED.match(value[group]) else []
        done = max([done, *(span.end for span in spans)])
        yield from spans


def _given(text: str, name: re.Match[str]) -> tuple[list[Span], int]:
    """Return what is to be hidden of a value that has a name in JSON, or of its object, and where that ends.

    The text may break off, and stand within another: what is quoted otherwise is no part of it.
    """
    quote, place = name["quote"], name.end()
    secrecy = Secrecy.OWN if name["label"] is None else Secrecy.NAMED
    around = [] if name["label"] is None else [secrecy]
    spans: list[Span] = []
    while (token := _TOKEN.match(text, place)) is not None:
        if (token["escape"] or "") != quote[:-1] and token["text"] is not None:
            break
        place = token.end()
        if token["opening"]:
            around.append(secrecy)
        elif token["colon"] and around:
            secrecy = around[-1].of_field(token["text"] or token["word"] or "", is_secret_field)
        elif token["text"] and secrecy.hides(token["text"]):
            spans.append(Span(*token.span("text"), REDACTED))
        elif token["word"] and _NUMBER.fullmatch(token["word"]) and secrecy.hides(token["word"]):
            spans.append(Span(*token.span("word"), f"{quote}{REDACTED}{quote}"))
        elif around:
            secrecy = around.pop() if token["closing"] else around[-1]
        if not around:
            break
    return spans, place


def _names(text: str) -> Iterator[re.Match[str]]:
    """Yield how names of secrets end in a text, with what makes them names."""
    lowered = text.lower()
    if len(lowered) != len(text):  # of all letters, this one alone becomes two
        lowered = text.replace("\u0130", "i").lower()
    ends = [start for end in _ENDS for start in places_of(lowered, end)]
    for start in sorted(ends):
        match = _NAMED.match(text, start)
        if match is None:
            continue
        before = text[max(match.end("end") - _LONGEST_NAME, 0) : match.end("end")]
        name = before[len(before.rstrip(_OF_NAMES)) :]
        place = match.end("end") - len(name)
        opening = text[max(place - 1, 0) : place]
        if match["quote"] is not None:
            is_secret = (opening in {'"', "'"} or opening > "\x7f") and is_secret_field(name)
            if match["label"] is not None:
                is_secret = (
                    is_secret and _LABEL.search(text, max(place - _LONGEST_NAME, 0), place) is not None
                )
        elif match["tag"] is not None:
            is_secret = opening in {"<", ":"} and is_secret_field(name)
        else:
            is_flag = match["flag"] is None or name.startswith("--")
            is_secret = is_flag and _ASSIGNEE.search(name) is not None
        if is_secret:
            yield match


def places_of(text: str, word: str) -> Iterator[int]:
    """Yield where a word begins in a text."""
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + 1)
