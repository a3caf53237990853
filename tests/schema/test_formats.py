"""What passes for a format: by the text of the RFC that it names, in both validators."""

from __future__ import annotations

import pytest

from mockgrid.schema.engine import compile_fast
from mockgrid.schema.formats import FORMATS

_OF_JAVASCRIPT = (
    r"[\d-z]",
    "[[]",
    r"[\b]",
    r"\0",
    r"\ud83d\ude00",
    r"\u{1f600}",
    "a{,3}",
    "{{a}}",
    "(?<$>a)",
)
TEXTS = {
    "duration": (
        ("P1D", "PT1H", "P1Y2M3DT4H5M6.5S", "P2W", "PT0S", "-P1D", "PT1.5H"),
        ("", "P", "PT", "1D", "P1", "PD", "P1DT", "PT1D"),
    ),
    "hostname": (
        ("a", "a.b", "A-1.com", "xn--x", "a.b."),
        ("", "-a", "a-", "a..b", "a_b", "a b", "x" * 64, ".a", "a\n", "ü", f"{'a.' * 128}a"),
    ),
    "email": (('"a b"@c.d', '"\\"@"@c'), ("a b@c", '"a"', "@c")),
    "idn-email": (("ü@ü.de",), ("", "x", "@")),
    "idn-hostname": (
        ("münchen.de", "例え。テスト", "a", "काम.भारत", "a\u200cb"),
        ("", "-ü", "a b", "〮", "é" * 60 + "!"),
    ),
    "iri": (("http://ü/x?y#z", "urn:a"), ("", "/a", "http://a b")),
    "iri-reference": (("", "ü", "/a?b#c", "#f", "a%20b"), ("\x84", "a b", "%zz", "<")),
    "json-pointer": (("", "/", "/a~0b/~1/\n"), ("a", "/~2", "/~")),
    "regex": (
        ("^a$", r"(?<n>a)\k<n>", "[^]", r"\p{L}", "", r"(a)\1", r"\[]", *_OF_JAVASCRIPT),
        ("[a", "(", "*a", "a{2,1}", "\\", "[z-a]", r"a\Z", "[\\a" * 9_000),
    ),
    "relative-json-pointer": (("0", "1/a", "2#", "0/", "0-1/a"), ("", "-1", "01", "0+0", "a", "1a", "#")),
    "time": (
        ("10:00:00", "10:00:00Z", "23:59:60.5+01:00"),
        ("", "10:00", "24:00:00Z", "10:00:00+25:00", "10:60:00", "\u0660\u0661:00:00"),
    ),
    "uri-reference": (("", "/a", "#x", "//h/p?q", "a%20b", "../x"), ("ü", "a b", "\\", "%")),
    "uri-template": (
        ("", "/a/{b}", "{?x,y*}", "{+p:3}/z", "http://e/{a.b}"),
        ("{", "}", "{}", "{a", "{a b}", "a b", "{a:0}", "{a:10000}"),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_of_its_format(name):
    accepts = compile_fast({"type": "string", "format": name}, "draft2020-12")
    for texts, expected in zip(TEXTS[name], (True, False), strict=True):
        assert [text for text in texts if FORMATS[name](text) is not expected] == []
        assert [text for text in texts if accepts(text) is not expected] == []
