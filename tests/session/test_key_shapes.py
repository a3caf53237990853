"""What looks like a key is hidden wherever it stands, though nothing names it one."""

import pytest

from mockgrid.session.redaction import Hidden

pytestmark = pytest.mark.once
KEYS = (
    "sk-proj-" + "a1B2" * 8,
    "sk_live_" + "a1B2" * 6,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "xoxb-1234567890-abcdef",
    "AKIA" + "A1B2" * 4,
    "AIza" + "a1B2" * 9,
    "hf_" + "a1B2" * 8,
    "npm_" + "a1B2" * 9,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.abc-def_123",
    "-----BEGIN RSA PRIVATE KEY-----\nabcd+/=\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "key={}, then", '"{}"', "x/{} y"])
def test_a_key_is_hidden(key, around):
    hidden = Hidden([])
    assert hidden.text(around.format(key)) == around.format("[redacted]")
    assert hidden.value({"a": [around.format(key)]}) == {"a": [around.format("[redacted]")]}
    assert hidden.reveals(around.format(key))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer abcdefghij0123456789", "Bearer [redacted]"),
        ("postgres://ada:secret@db/x", "postgres://[redacted]@db/x"),
    ],
)
def test_what_stands_before_a_key_is_kept(text, shown):
    assert Hidden([]).text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ask-me-anything-you-like-7",
        "sk-learn-pipelines-and-more",
        "task-1234",
        "Bearer of news",
        "https://host:8080/a@b",
        "sk-short",
        "gh_x",
        "eyJust.a.text",
    ],
)
def test_ordinary_words_are_shown(text):
    assert Hidden([]).text(text) == text
    assert not Hidden([]).reveals(text)
