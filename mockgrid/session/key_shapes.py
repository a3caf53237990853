"""What is a secret by its look, or by the name before it, wherever it stands in a text."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, AnyStr, Final, cast
from urllib.parse import unquote_plus

from mockgrid.contract.security import is_private_name
from mockgrid.session.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "FIELD",
    "KEY_SHAPES",
    "REDACTED",
    "WORDS_OF_VALUES",
    "is_ordinary",
    "is_secret_field",
    "is_secret_parameter",
    "late_pattern",
    "may_name_secrets",
    "named_secrets",
    "names_secrets",
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
    r"(?:api[-_]?keys?|secrets?|passwords?|passwd|pwd|passphrase|passcode|authorization|credentials?|cookies?|jwt"
    r"|(?:access|account|admin|auth|client|encryption|license|master|openai|private|secret|signing|ssh|subscription)[-_]?keys?"
    r"|connection[-_]?string|(?:access|api|auth|bearer|refresh)[-_]?tokens|(?:access|api|auth|bearer|bot|id|refresh|security|session)[-_]?token)"
)
"""Names of fields that hold a secret, with whatever stands before: ``OPENAI_API_KEY``, ``dbPassword``.

In bodies ``token`` alone is a word like any other, and an id of a session one that is needed.
"""

_FIELD: Final = late_pattern(FIELD, re.IGNORECASE)
_LABELLED: Final = late_pattern(rf'"(?:name|key)"\s*:\s*"(?:{FIELD})"', re.IGNORECASE)
# What carries a secret by its name beside what does in headers.
_QUERY: Final = late_pattern(r"sig|pwd|code", re.IGNORECASE)
# How the names of fields end, in lower case. Each stands in so many texts that it is looked for by itself:
# an expression for all of them would look at each character.
_ENDS: Final = (
    *("authorization", "cookie", "credential", "jwt", "key", "passcode", "passphrase", "passwd", "password"),
    *("pwd", "secret"),
)
_ENDS_OF_TWO: Final = ("string", "token")
WORDS_OF_VALUES: Final = ("const", "default", "enum", "example", "examples", "value", "values")
"""By which a schema, or an item of a list, says what its value is."""

_WORDED: Final = rf"""\\*["'](?:{"|".join(WORDS_OF_VALUES)})\\*["']\s*"""
# A name with what makes it one: of JSON, which may stand in a text, of source text and settings, or of XML.
_NAMED: Final = late_pattern(
    rf"""(?:{"|".join((*_ENDS, *_ENDS_OF_TWO))})s?(?:(?:(\\*["'])\s*(?:,\s*{_WORDED})?|[ \t]*)[:=]"""
    r"|((?:\s[^<>]{0,100})?>))",
    re.IGNORECASE,
)
_MAKE_NAMES: Final = late_pattern("[:=>]")
_OF_NAMES: Final = f"{ascii_letters}{digits}_.-"
_LONGEST_NAME: Final = 128
# A text ends by the quote with which it begins, after as many backslashes.
_TEXT: Final = r"""(\\*+)(["'])((?:[^"'\\]|(?!\2)["']|\\++[^"'\\]|(?!\1\2)\\++["'])++)"""
_QUOTED: Final = late_pattern(rf"\s*+{_TEXT}")
_ITEM: Final = late_pattern(rf"[\s,]*+{_TEXT}\1\2")
_OPENING: Final = late_pattern(r"\s*(?:\[|\{([^{}]*))")
_VALUE: Final = late_pattern(rf"(?<!\\){_WORDED}:")
_ELEMENT: Final = late_pattern(r"\s*+(?:<!\[CDATA\[)?+([^<>\]]++)(?:\]\]>)?+</")
_ASSIGNED: Final = late_pattern(r"""[ \t]*(?:\\*["'`]([^\s"'`\\]{8,})|([^\s"'`,;&<>()\\]{8,}))""")
_ASSIGNEE: Final = late_pattern(rf"(?<![A-Za-z0-9])(?:{FIELD})\Z", re.IGNORECASE)
_ORDINARY: Final = late_pattern(r"[A-Za-z]?[a-z]{0,10}|[A-Z]{1,11}|\d{1,7}")
_DIGIT: Final = late_pattern(r"\d")
_MIXED: Final = late_pattern(r"(?=.*\d).*[A-Za-z]")
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


def may_name_secrets(text: str) -> bool:
    """Tell whether a text may have a name of a secret in it."""
    lowered = text.lower()
    return any(end in lowered for end in (*_ENDS, *_ENDS_OF_TWO))


def names_secrets(text: str) -> bool:
    """Tell whether a text of JSON has a name of a secret in it, as a key or as what a value is called."""
    return next(_names(text), None) is not None or _LABELLED.search(text) is not None


def secret_looking(text: str, shapes: Sequence[re.Pattern[str]] = (KEY_SHAPES,)) -> Iterator[Span]:
    """Yield what in a text looks like a secret, by itself or by what stands before it."""
    for shape in shapes:
        for match in shape.finditer(text):
            yield Span(*match.span(match.lastindex or 0), REDACTED)
    yield from (Span(start, end, REDACTED) for start, end in named_secrets(text))
    if "=" in text:
        for match in _PARAMETER.finditer(text):
            if is_secret_parameter(unquote_plus(match[1])):
                yield Span(*match.span(2), REDACTED)


def named_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values stand in a text that are named for a secret, by start and end."""
    done = 0
    for name in _names(text):
        # What stands in a value is looked at once, whatever is named in it.
        if name.start() < done:
            continue
        if name[1] is not None:
            spans = list(_quoted(text, name.end()))
        else:
            value = (_ASSIGNED if name[2] is None else _ELEMENT).match(text, name.end())
            if value is None:
                continue
            done, group = value.end(), value.lastindex or 0
            spans = [value.span(group)] if group == 1 or _MIXED.match(value[group]) else []
        done = max([done, *(end for _, end in spans)])
        yield from spans


def _quoted(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the text that begins there stands, or those of a list, or of what a schema says of one."""
    places = [start]
    for place in places:  # grows by what a schema gives, which may be as deep as the text is long
        value, opening = _QUOTED.match(text, place), _OPENING.match(text, place)
        spans = [value.span(3)] if value is not None else []
        if opening is not None and opening[1] is not None:
            places += [word.end() for word in _VALUE.finditer(text, opening.start(1), opening.end())]
        elif opening is not None:
            spans = list(_items(text, opening.end()))
        yield from (span for span in spans if place == start or not is_ordinary(text[slice(*span)]))


def _items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the texts of a list stand, the first of which begins there."""
    while (item := _ITEM.match(text, start)) is not None:
        yield item.span(3)
        start = item.end()


def _names(text: str) -> Iterator[re.Match[str]]:
    """Yield how names of secrets end in a text, with what makes them names."""
    if not _MAKE_NAMES.search(text):
        return
    lowered = text.lower()
    if len(lowered) != len(text):  # of all letters, this one alone becomes two
        lowered = text.replace("\u0130", "i").lower()
    ends = [start for end in (*_ENDS, *_ENDS_OF_TWO) for start in _starts(lowered, end)]
    for start in sorted(ends):
        match = _NAMED.match(text, start)
        if match is None:
            continue
        kind = match.lastindex or 0
        end = match.start(kind) if kind else len(text[start : match.end() - 1].rstrip()) + start
        before = text[max(end - _LONGEST_NAME, 0) : end]
        name = before[len(before.rstrip(_OF_NAMES)) :]
        opening = text[max(end - len(name) - 1, 0) : end - len(name)]
        if kind == 0:
            is_secret = _ASSIGNEE.search(name) is not None
        elif kind == 1:
            is_secret = (opening in {'"', "'"} or opening > "\x7f") and is_secret_field(name)
        else:
            is_secret = opening in {"<", ":"} and is_secret_field(name)
        if is_secret:
            yield match


def _starts(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        yield start
        start = text.find(word, start + len(word))
