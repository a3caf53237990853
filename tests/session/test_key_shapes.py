"""What looks like a key is hidden wherever it stands, though nothing names it one."""

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document
from mockgrid.session.key_shapes import named_secrets
from mockgrid.session.redaction import Hidden, Redaction, _of_body, masked
from mockgrid.session.spans import Span, apart, recut, without

pytestmark = pytest.mark.once
_REDACTION = Redaction(
    Contract(Document({"openapi": "3.0.3", "info": {}, "paths": {"/": {"get": {"responses": {}}}}}, "made"))
)
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
    "nvapi-" + "a1B2" * 16,
    "csk-" + "a1b2" * 12,
    "lsv2_pt_" + "a1b2" * 8 + "_" + "a1b2" * 2,
    "pcsk_" + "a1B2" * 15,
    "shpat_" + "a1b2" * 8,
    "hvs." + "a1B2" * 20,
    "tvly-" + "a1B2" * 8,
    "dckr_pat_" + "a1B2" * 7,
    "GOCSPX-" + "a1B2" * 7,
    "whsec_" + "a1B2" * 8,
    "AGE-SECRET-KEY-1" + "A1B2" * 14,
    "1//0" + "a1B2" * 12,
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
        ("Basic YWRhOnNlY3JldA==", "Basic [redacted]"),
        ("bot 1234567890:AA" + "a1B_" * 8 + "a", "bot 1234567890:[redacted]"),
        ("OPENAI_API_KEY=a1b2c3d4", "OPENAI_API_KEY=[redacted]"),
        ("export DB_PASSWORD='correct-horse'", "export DB_PASSWORD='[redacted]'"),
        ('client = Client(apiKey="abcdefgh")', 'client = Client(apiKey="[redacted]")'),
        ('{"dbPassword": "horse", "city": "Oslo"}', '{"dbPassword": "[redacted]", "city": "Oslo"}'),
        (
            "https://x.example/a?X-Amz-Signature=abcdef&n=1",
            "https://x.example/a?X-Amz-Signature=[redacted]&n=1",
        ),
        ("GET / HTTP/1.1\r\nCookie: sid=a1b2c3d4\r\n", "GET / HTTP/1.1\r\nCookie: [redacted]\r\n"),
        (r"{\"password\": \"it\'s \\\"so\\\" 1\", \"a\": 1}", r"{\"password\": \"[redacted]\", \"a\": 1}"),
        ("https://a1b2c3d4e5f6g7h8@x.example/", "https://[redacted]@x.example/"),
        ("redis://:secret@db/0", "redis://[redacted]@db/0"),
        ("postgres://ada:secret@db/x", "postgres://[redacted]@db/x"),
        ("curl -u 'ada:Pa55' x", "curl -u 'ada:[redacted]' x"),
        ("curl --user ada:Pa55wörd", "curl --user ada:[redacted]"),
        ("tool --api-key k3vN0aQ7bPwd --city Oslo", "tool --api-key [redacted] --city Oslo"),
        ("A: b\nX-Session-Id: k3vN0aQ7bPwd\nC: d", "A: b\nX-Session-Id: [redacted]\nC: d"),
        ("Authorization: Token k3vN0aQ7bPwd", "Authorization: Token [redacted]"),
        # In JSON that came in pieces, and is told as they are.
        (r'"a\npassword=k3vN0aQ7bPwd\nghp_' + "a1B2" * 9, r'"a\npassword=[redacted]\n[redacted]'),
        (r"; name=\"pwd\"\r\n\r\nk\r\nP\r\n--B", r"; name=\"pwd\"\r\n\r\n[redacted]\r\n--B"),
        (r"{\"api_key\": {\"const\": 771234567890}}", r"{\"api_key\": {\"const\": \"[redacted]\"}}"),
        ('{"pwd": [{"enum": [7712345678, 1]}]}', '{"pwd": [{"enum": ["[redacted]", 1]}]}'),
        (r"{\"pwd\": 7712}", r"{\"pwd\": \"[redacted]\"}"),
        ("/x/eyJwYXNzd29yZCI6ICJIb3JzZSJ9 a", "[redacted] a"),
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
        "Basic understanding of pa-per",
        "the password: required, of course",
        "my password is hunter2",
        "the --password flag is required for v2",
        "docker run -u 1000:1000 -u root:root x; git push -u origin main:dev2",
        "docker run -u $(id -u):$(id -g) x; curl -u $NAME:$PASS1 -u ${A}:${B}",
        'password="${PASSWORD_1}"; apiKey = process.env.API_KEY_1; --password $DB_PASS1234',
        "eyJuYW1lIjogIkFkYSIsICJjaXR5IjogIk9zbG8ifQ==",
        "api_key: string",
        "hf_hub_download_retries_count",
        "/pa-state-legislature-votes-on-the-new-budget-bill-2024",
        "max_tokens: 12345678a",
        "next_page_token=abcdefgh12",
        "chatcmpl-a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
        "call_a1B2c3D4e5F6g7H8i9J0k1L2",
    ],
)
def test_ordinary_words_are_shown(text):
    assert Hidden([]).text(text) == text
    assert not Hidden([]).reveals(text)


@pytest.mark.parametrize(
    "body",
    [
        {"secret": "none", "tool_choice": "none"},
        {"authorization": "required", "schema": {"required": ["city"]}},
        {"password": "password", "fields": ["password"]},
        {"credentials": "include", "messages": [{"content": "Please include `password: 'username'`."}]},
        {"pwd": "2024", "date": "2024-11-30"},
    ],
)
def test_an_ordinary_word_is_hidden_only_where_it_is_named_a_secret(body):
    told = Hidden(_REDACTION.secrets((), b"", json.dumps(body).encode())).value(body)
    (_, *others), (secret, *known) = body.values(), told.values()
    assert secret == "[redacted]"
    assert told.keys() == body.keys()
    assert json.dumps(known) == json.dumps(others).replace("'username'", "'[redacted]'")


PLANTED = "Horse7battery+9staple"
_PART = "--B\r\nContent-Disposition: form-data; name={}\r\n\r\n{}\r\n--B--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        *(
            json.dumps(body)
            for value in (
                *({word: PLANTED} for word in ("const", "default", "example", "value")),
                *({word: ["none", PLANTED]} for word in ("enum", "examples", "values")),
                {"examples": {"one": {"summary": "usual", "value": PLANTED}}},
                ["none", PLANTED],
            )
            for named in (
                {"api_key": value},
                {"properties": {"Authorization": value}},
            )
            for body in (named, {"arguments": json.dumps(named)}, {"text": f"As in {json.dumps(named)}."})
        ),
        json.dumps({"headers": [{"name": "X-Api-Key", "value": PLANTED}]}),
        json.dumps({"headers": [{"value": PLANTED, "key": "Set-Cookie"}]}),
        json.dumps({"text": json.dumps({"key": "password", "default": PLANTED})}),
        json.dumps({"text": json.dumps({"key": "Authorization", "in": "header", "value": {"x": [PLANTED]}})}),
        json.dumps({"key": "Authorization", "value": {"x": [PLANTED]}}),
        f"a=1&user[password]={PLANTED}",
        f"b%5Bapi_key%5D={PLANTED}",
        _PART.format('"password"', PLANTED),
        _PART.format("password", PLANTED),
        _PART.format('"ssh_key"; filename="id"\r\nContent-Type: text/plain', f"first\r\n{PLANTED}\r\nlast"),
        _PART.format('"meta"', json.dumps({"api_keys": [PLANTED]})),
        f"<a><ns:password>{PLANTED}</ns:password></a>",
        f'<api-key type="x"><![CDATA[{PLANTED}]]></api-key>',
        f'<a secret="{PLANTED}"/>',
    ],
)
def test_what_is_named_a_secret_is_hidden_in_each_form_of_a_body(body):
    hidden = Hidden(_REDACTION.secrets((), b"", body.encode()))
    told = hidden.text(body) if body[0] != "{" else json.dumps(hidden.value(json.loads(body)))
    assert PLANTED not in told
    # Nor where no name stands by it.
    assert PLANTED not in hidden.text(f"You sent {PLANTED}.")


@pytest.mark.parametrize(
    "name", ["x-session-id", "session-id", "mcp-session-id", "openai-session", "jsessionid", "dpop", "x-sid"]
)
def test_a_header_that_names_a_session_is_hidden_with_what_it_says(name):
    sent = [(name.encode(), PLANTED.encode()), (b"x-request-id", b"req_7"), (b"x-sessions", b"many")]
    hidden = Hidden(_REDACTION.secrets(sent))
    told = _REDACTION.headers(sent, hidden)
    assert told == {name: "[redacted]", "x-request-id": "req_7", "x-sessions": "many"}
    assert hidden.text(f"You are {PLANTED}") == "You are [redacted]"


def test_a_key_that_ends_as_names_of_secrets_do_is_hidden():
    told = Hidden([]).value({"api_key": {"enum": ["k3vN0aQ7bPwd", "api_key"]}})
    assert told == {"api_key": {"enum": ["[redacted]", "api_key"]}}


def test_what_a_schema_says_of_a_secret_is_told():
    said = {"type": "string", "description": "The key of today", "default": "none", "maxLength": 9}
    schema = {"properties": {"api_key": {**said, "enum": ["none", "basic"]}}, "required": ["api_key"]}
    region = {"type": "object", "properties": {"region": {"default": "eu-west-1", "enum": ["eu-west-1"]}}}
    schema = {"name": "reset_password", "parameters": schema, "output": {"properties": {"db_secret": region}}}
    assert Hidden([]).value(schema) == schema
    assert Hidden([]).text(json.dumps(schema)) == json.dumps(schema)


def test_a_name_that_a_secret_has_in_any_case_and_alphabet_is_found():
    text = "\u0130 DB.Password='a b' \u0130\u0130 API_KEY=abcdefgh1; password='correct-horse'"
    assert not list(named_secrets(text.replace("=", "~")))
    assert [text[start:end] for start, end, _ in named_secrets(text)] == ["abcdefgh1", "correct-horse"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 7, 40])
def test_a_secret_in_the_texts_of_several_events_is_hidden(newline, size):
    said = f"Your key is {KEYS[0]}, and own-password-1; "
    arguments = json.dumps({"db_password": "correct horse", "city": "Oslo"})
    events = [
        *({"choices": [{"index": 0, "delta": {"content": part}}]} for part in _parts(said, size)),
        *(
            {
                "choices": [
                    {"index": 0, "delta": {"tool_calls": [{"index": 1, "function": {"arguments": part}}]}}
                ]
            }
            for part in _parts(arguments, size)
        ),
    ]
    stream = "".join(f"data: {json.dumps(event)}{newline * 2}" for event in events)
    told = Hidden(["own-password-1"]).pieces(list(_parts(stream, 100)), streamed=True)
    values = [json.loads(line[6:]) for line in "".join(told).split(newline) if line]
    deltas = [value["choices"][0]["delta"] for value in values]
    assert "".join(delta.get("content", "") for delta in deltas) == "Your key is [redacted], and [redacted]; "
    calls = [call["function"]["arguments"] for delta in deltas for call in delta.get("tool_calls", ())]
    assert json.loads("".join(calls)) == {"db_password": "[redacted]", "city": "Oslo"}


def test_a_stream_without_secrets_is_told_as_it_is():
    stream = 'data: {"a": "x",  "token": "b"}\n\nid: 1\ndata:[1]\n\ndata: [DONE]\n\n'
    assert Hidden(["something-else"]).pieces([stream[:9], stream[9:]], streamed=True) == [
        stream[:9],
        stream[9:],
    ]


def _parts(text, size):
    return (text[start : start + size] for start in range(0, len(text), size))


LONG = 20_000


@pytest.mark.parametrize(
    "piece",
    [
        "\\",
        "-eyJ",
        "_eyJ",
        "sk-",
        "sk-live-",
        "-dckr_a",
        "://a:",
        "Basic ",
        "= ",
        '"api_key":"',
        "&a",
        "-SG.a",
        "password=",
        "token=",
        "key",
    ],
)
def test_no_text_takes_long_to_be_searched(piece):
    def cost(length):
        begun = time.process_time()
        Hidden([]).text("key" + piece * (length // len(piece)))
        return time.process_time() - begun

    # Ten times as long, it took a hundred times as long: seconds.
    assert min(cost(10 * LONG) for _ in range(2)) < 20 * max(min(cost(LONG) for _ in range(3)), 0.01)


def test_a_form_without_an_end_takes_no_longer_to_be_searched():
    body = b'; name="password"\r\na' * 5_000
    begun = time.process_time()
    assert list(_of_body(body)) == []
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("start", "piece"),
    [('"secret":["a"', " "), ('"secret":{', "\\"), ('"secret":', '{"default":')],
)
def test_a_value_without_an_end_takes_no_longer_to_be_searched(start, piece):
    text = start + piece * 30_000
    begun = time.process_time()
    assert Hidden([]).text(text).endswith(piece)
    assert time.process_time() - begun < 1  # seconds, or more levels than Python has, it took before


def test_what_a_schema_gives_inside_of_what_it_gives_is_hidden():
    text = '"api_key": {"default": {"value": "k3vN0aQ7bPwd"}, "broken'
    assert "k3vN0aQ7bPwd" not in Hidden([]).text(text)


def test_parts_of_a_form_in_one_line_take_no_longer_to_be_searched():
    begun = time.process_time()
    assert list(_of_body(b"; name=secret;" * 20_000)) == []
    assert time.process_time() - begun < 1  # seven it took before


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.text("ab", max_size=20), st.data())
def test_pieces_are_cut_anew_where_something_stands_that_is_left_out(text, data):
    places = st.integers(0, len(text))
    cuts = sorted(data.draw(st.lists(places, max_size=6)))
    spans = apart(
        Span(*sorted(pair), "*") for pair in data.draw(st.lists(st.tuples(places, places), max_size=4))
    )
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    cut = recut(pieces, spans)
    assert "".join(cut) == without(text, spans)
    assert len(cut) == len(pieces)


@pytest.mark.parametrize(
    ("key", "prefix", "shown"),
    [
        ("mg-abcdefghijkl", "mg-", "mg-…ijkl"),
        ("mg-abcdefghijk", "mg-", "mg-…"),
        ("mg-a:bcdefghijkl", "mg-", "mg-…ijkl"),
        ("abcdefghijkl", "", "…"),  # which may be a password
        ("x" * 27 + "abcd", "", "…"),
        ("x" * 28 + "abcd", "", "…abcd"),
        ("admin:secretpw", "", ""),
        ("YWRtaW46c2VjcmV0cHc=", "", ""),  # the same as Basic credentials
    ],
)
def test_what_may_be_shown_of_a_key_is_nothing_of_a_password(key, prefix, shown):
    assert masked(key, prefix) == shown


def test_an_element_of_white_space_is_read_once():
    started = time.process_time()
    assert not list(named_secrets("<api_key>" + " " * 40_000))
    assert time.process_time() - started < 2  # each space was a beginning: that took more than ten seconds
    text = "<api_key>\n  k3vN0aQ7b\n</api_key>"
    assert [text[slice(*span[:2])].strip() for span in named_secrets(text)] == ["k3vN0aQ7b"]
