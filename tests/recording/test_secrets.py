"""Secrets of many kinds, planted in every place of exchanges: none reaches a file."""

import base64
import json
import random
import string
from dataclasses import replace
from urllib.parse import quote

import pytest
from recording.again import contract, findings, player
from recording.cases import chunk, sse, whole

from mockgrid.recording.exchange import RecordedExchange, RecordedReply, RecordedRequest
from mockgrid.recording.scribe import Scribe
from mockgrid.recording.scrubbing import Scrubber, ScrubRules

pytestmark = pytest.mark.once
COUNT = 1000
ALNUM = string.ascii_letters + string.digits


class Vault:
    """Draws secrets, and knows all that it gave."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.given = []

    def _text(self, count, letters=ALNUM):
        return "".join(self.random.choices(letters, k=count))

    def give(self, secret):
        self.given.append(secret)
        return secret

    def opaque(self):
        """A secret that only its place tells."""
        odd = self.random.choice(("", '"', "\\", "/+=", "ø", "%"))
        return self.give(self._text(9) + odd + self._text(9))

    def shaped(self):
        """A secret that tells itself."""
        lower, upper = string.ascii_lowercase + string.digits, string.ascii_uppercase + string.digits
        kinds = (
            lambda: f"sk-{self._text(48)}",
            lambda: f"sk-proj-{self._text(40)}",
            lambda: f"sk-ant-api03-{self._text(40)}",
            lambda: f"sk_live_{self._text(24)}",
            lambda: f"ghp_{self._text(36)}",
            lambda: f"github_pat_{self._text(40)}",
            lambda: f"glpat-{self._text(20)}",
            lambda: f"xoxb-{self._text(12)}-{self._text(20)}",
            lambda: f"AKIA{self._text(16, upper)}",
            lambda: f"AIza{self._text(35)}",
            lambda: f"hf_{self._text(34)}",
            lambda: f"gsk_{self._text(40)}",
            lambda: f"npm_{self._text(36)}",
            lambda: f"dop_v1_{self._text(64, '0123456789abcdef')}",
            lambda: f"eyJhbGciOiJI{self._text(8)}.eyJzdWIi{self._text(12)}.{self._text(30)}",
            lambda: f"SG.{self._text(22)}.{self._text(30)}",
            lambda: f"r8_{self._text(36, lower)}",
            lambda: f"mg.weather.{self._text(20)}",
            lambda: f"GOCSPX-{self._text(28)}",
            lambda: f"ya29.{self._text(60)}",
            lambda: f"rk_test_{self._text(24)}",
            lambda: f"whsec_{self._text(32)}",
        )
        return self.give(self.random.choice(kinds)())

    def named(self):
        """A text with a secret that only what stands before it tells."""
        secret = self.give(f"{self._text(9)}7{self._text(8)}a")
        ways = (
            f"AWS_SECRET_ACCESS_KEY={secret}",
            f"export DB_PASSWORD='{secret}'",
            f"db:\n  password: {secret}\n  port: 1",
            f"curl -u ada:{secret} https://x.example/",
            f"psql --password {secret} --host db",
            f"GET / HTTP/1.1\r\nAuthorization: Token {secret}\r\nAccept: */*",
            f"-H 'X-Api-Key: {secret}' -H 'Accept: */*'",
            f"curl -H 'Authorization: Bearer {secret}'",
            f"Cookie: sid={secret}; theme=dark",
            f"Set-Cookie: sid={secret}; HttpOnly; Path=/",
            f"X-Session-Id: {secret}",
            f"postgres://ada:{secret}@db.example/x",
            f"https://x.example/a?n=1&api_key={secret}#top",
            f"user=ada&client_secret={secret}&a=1",
            f'--B\r\nContent-Disposition: form-data; name="password"\r\n\r\n{secret}\r\n--B--',
            f"<auth><password>{secret}</password></auth>",
            f"Basic {base64.b64encode(f'ada:{secret}'.encode()).decode()}",
            json.dumps({"password": {"examples": {"one": {"value": secret}}}}),
            json.dumps({"headers": [{"name": "Cookie", "type": "x", "value": secret}]}),
            json.dumps(
                {"cookies": [{"name": "sid", "value": "x"}], "key": "Authorization", "value": {"a": secret}}
            ),
            f"-----BEGIN PRIVATE KEY-----\n{secret}\n{self._text(30)}==\n-----END PRIVATE KEY-----",
            f"As in {base64.b64encode(json.dumps({'api_key': secret}).encode()).decode()} of today",
        )
        return self.random.choice(ways)


def _several(vault, count):
    return " ".join(vault.shaped() for _ in range(count))


def exchange(vault, number):
    """One exchange with some hundred secrets: in headers, query, bodies, JSON within them, across chunks."""
    own, session, cookie = vault.opaque(), vault.opaque(), vault.opaque()
    key, field, nested, argument = vault.shaped(), vault.opaque(), vault.opaque(), vault.opaque()
    password = vault.opaque().replace(":", "")
    basic = base64.b64encode(f"ada:{password}".encode()).decode()
    asked = vault.opaque()
    forms = [
        asked,
        quote(asked, safe=""),
        base64.b64encode(asked.encode()).decode().rstrip("="),
        json.dumps(asked),
    ]
    headers = (
        (b"content-type", b"application/json"),
        (b"authorization", (f"Bearer {vault.shaped()}" if number % 2 else f"Basic {basic}").encode()),
        (b"x-api-key", own.encode("latin-1")),
        (b"x-session-token", session.encode("latin-1")),
        (b"cookie", f"sid={cookie}; theme=dark".encode("latin-1")),
        (b"x-custom", f"key {vault.shaped()}".encode()),
    )
    text = f"Question {number}. My key is {key}, {own} and {session}; {' '.join(forms)}."
    text += f" Thanks {_several(vault, 70)}!\n" + "\n".join(vault.named() for _ in range(10))
    arguments = json.dumps({"api_key": argument, "city": "Oslo", "note": vault.shaped()})
    deep = json.dumps({"client_secret": field})
    body = {
        "model": "text-prime",
        "messages": [
            {"role": "system", "content": json.dumps({"password": nested, "deep": deep})},
            {"role": "user", "content": text},
        ],
        "metadata": {"access_token": field, vault.shaped(): "x"},
        "user": cookie,
    }
    target = f"/v1/chat/completions?api_key={quote(asked, safe='')}&x={vault.shaped()}"
    request = RecordedRequest(
        "POST", target, headers, json.dumps(body, ensure_ascii=bool(number % 3)).encode()
    )
    encoded = base64.b64encode(cookie.encode()).decode()
    told = f"Yes: {vault.named()}\n{_several(vault, 3)} {own} "
    told += f"{quote(session, safe='')} {encoded} and {argument}."
    if number % 2:
        pieces = []
        place = 0
        while place < len(told):
            step = vault.random.randint(1, 6)
            pieces.append(told[place : place + step])
            place += step
        cut = [arguments[start : start + 5] for start in range(0, len(arguments), 5)]
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
        reply = sse(
            chunk({"role": "assistant", "content": "", "refusal": None}),
            *(chunk({"content": piece}) for piece in pieces),
            chunk({"tool_calls": [call]}),
            *(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in cut),
            chunk({}, "tool_calls"),
        )
        body["stream"] = True
        request = RecordedRequest("POST", target, headers, json.dumps(body).encode())
        kind = b"text/event-stream"
    else:
        calls = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}]
        reply = json.dumps(whole(told, "tool_calls", tool_calls=calls)).encode()
        kind = b"application/json"
    status = (200, 200, 401, 200, 400, 200)[number % 6]
    if status != 200:
        error = {
            "message": f"Incorrect API key provided: {vault.shaped()}. {vault.named()}",
            "code": "invalid",
        }
        reply = json.dumps({"error": error}).encode()
    received = (
        (b"content-type", kind),
        (b"set-cookie", f"s={vault.opaque()}; HttpOnly".encode("latin-1", "replace")),
        (b"x-request-id", vault.shaped().encode()),
        (b"x-ratelimit-token", vault.opaque().encode("latin-1", "replace")),
    )
    cuts = sorted(vault.random.sample(range(1, len(reply)), 3))
    pieces = [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    chunks = tuple((0.1 * place, piece) for place, piece in enumerate(pieces, 1))
    return RecordedExchange(
        request, RecordedReply(status, received, chunks, "whole", 0.5), test=f"test {vault.shaped()}"
    )


def shown(text, secrets):
    """Which secrets a text holds in one of their forms, or a good part of."""
    parts = {}
    for secret in secrets:
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], encoded):
            parts[form[:14]] = parts[form[-14:]] = secret
    return {parts[piece] for start in range(len(text)) if (piece := text[start : start + 14]) in parts}


def sent(exchanges):
    """All that exchanges hold."""
    heads = [(each.request.target, each.request.headers, each.reply.headers) for each in exchanges]
    return repr(heads) + "".join((each.request.body + each.reply.body).decode() for each in exchanges)


def test_no_secret_is_in_what_is_written():
    vault = Vault(5)
    exchanges = [exchange(vault, number) for number in range(12)]
    written = Scribe(contract()).scenario(exchanges)
    assert written.exchanges == len(exchanges)
    assert shown(written.text, vault.given) == set()
    assert len(shown(sent(exchanges), vault.given)) > COUNT


def test_what_is_scrubbed_is_replaced_alike_everywhere():
    names = ScrubRules.read(["Ada Lovelace", "mails", r"/\bCUST-\d+\b/"])
    text = "I am Ada Lovelace <ada@example.org>, CUST-17. ADA LOVELACE wrote to bob@example.org."
    told = "Ada Lovelace (CUST-17, CUST-18): ada@example.org"
    pieces = [told[start : start + 3] for start in range(0, len(told), 3)]
    reply = sse(
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *(chunk({"content": piece}) for piece in pieces),
        chunk({}, "stop"),
    )
    body = {"messages": [{"role": "user", "content": text}], "stream": True}
    request = RecordedRequest("POST", "/v1/chat/completions", (), json.dumps(body).encode())
    one = RecordedExchange(
        request, RecordedReply(200, ((b"content-type", b"text/event-stream"),), ((0.0, reply),))
    )
    written = Scribe(contract(), rules=names).scenario([one])
    assert findings(written.text) == []
    assert "say: '[name-1] ([scrubbed-1], [scrubbed-2]): mail-1@example.com'" in written.text
    # What the client says tomorrow is no placeholder, and finds the step all the same.
    answer = player(written.text).call(body=body)
    assert "".join(each["choices"][0]["delta"].get("content") or "" for each in answer.chunks()) == (
        "[name-1] ([scrubbed-1], [scrubbed-2]): mail-1@example.com"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ali Jones", "Al\u0131 Jone\u017f"),
        ("Ada Lovelace", "ADA\n  lovelace"),
        ("Ada  Lovelace", "Ada Lovelace"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("Zoe\u0308", "ZO\u00cb"),
        ("Jo", "jO"),
    ],
)
def test_a_name_is_taken_out_in_any_case_spacing_and_composition(name, text):
    scrubber = Scrubber(ScrubRules.read([name, "mails"]))
    assert scrubber.text(f"I, {text}, am {text}.") == "I, [name-1], am [name-1]."
    assert scrubber.text("A@x.org a@X.org") == "mail-1@example.com mail-1@example.com"


KEY = "n0-Known/shape+of:keys=42"
PARAMETERS = "https://files.example/a?sv=1&sig={}&X-Amz-Signature={}"


def asked(text="Hi", said="Hello", *, sent=(), headers=(), reply=None):
    status = 302 if any(name == b"location" for name, _ in headers) else 200
    body = json.dumps({"messages": [{"role": "user", "content": text}], "stream": bool(reply)}).encode()
    json_type = ((b"content-type", b"application/json"),)
    given = reply or json.dumps(whole(said)).encode()
    headers = (*(((b"content-type", b"text/event-stream"),) if reply else json_type), *headers)
    request = RecordedRequest("POST", "/v1/chat/completions", (*json_type, *sent), body)
    return RecordedExchange(request, RecordedReply(status, headers, ((0.0, given),)))


def bearing(form):
    """An exchange whose key comes again in another form."""
    return asked(form, form, sent=((b"authorization", b"Bearer " + KEY.encode()),))


@pytest.mark.parametrize(
    ("exchange", "secret"),
    [
        *(
            (bearing(form), form)
            for form in (
                quote(KEY),
                "n0-Known/shape%2bof%3akeys%3d42",
                quote(KEY, safe="/:@"),
            )
        ),
        # In the midst of what is encoded as a whole, by where it begins among three bytes.
        *(
            (bearing(base64.b64encode(f"{'x' * before}{KEY}tail".encode()).decode()), middle)
            for before in range(3)
            for middle in [base64.b64encode(f"{'x' * before}{KEY}tail".encode()).decode()[4:32]]
        ),
        (asked(said=f"![]({PARAMETERS.format(KEY, '0123abcd4567')})"), KEY),
        (asked(said=f"![]({PARAMETERS.format(KEY, '0123abcd4567')})"), "0123abcd4567"),
        (asked(headers=((b"location", PARAMETERS.format("x", KEY).encode()),)), KEY),
        (asked(said=KEY, sent=((b"Ocp-Apim-Subscription-Key".lower(), KEY.encode()),)), KEY),
        # As a provider tells of a key that it does not know.
        (asked(said="Incorrect API key provided: sk-4KpZ8***************RcAb."), "4KpZ8"),
        (asked(said="Incorrect API key provided: sk-abcdef***************wxyz."), "wxyz"),
        (
            asked(
                reply=sse({**chunk({"content": "x"}), "sk-proj-4KpZ8sVqY2mN7tXw1bRc": 1}, chunk({}, "stop"))
            ),
            "4KpZ8sVqY2mN7tXw1bRc",
        ),
        (asked(reply=sse({**chunk({"content": "x"}), "password": 77123456})), "77123456"),
    ],
)
def test_a_secret_in_another_form_or_place_is_in_no_file(exchange, secret):
    assert secret not in Scribe(contract()).scenario([exchange]).text


def test_what_is_left_of_a_limit_in_tokens_is_no_secret():
    limits = {b"x-ratelimit-remaining-tokens": b"123456789", b"x-ratelimit-limit-tokens": b"200000000"}
    text = Scribe(contract()).scenario([asked(said="Of 123456789", headers=tuple(limits.items()))]).text
    assert "say: Of 123456789" in text
    assert all(f"{name.decode()}: '{value.decode()}'" in text for name, value in limits.items())


def test_what_a_schema_gives_a_secret_for_a_value_is_in_no_file():
    schema = {"type": "object", "properties": {"api_key": {"type": "string", "default": KEY}, "b": {}}}
    tool = {"type": "function", "function": {"name": "look_up", "parameters": schema}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    one = asked()
    body = {**json.loads(one.request.body), "tools": [tool], "response_format": wanted}
    sent = replace(one, request=replace(one.request, body=json.dumps(body).encode()))
    text = Scribe(contract()).scenario([sent]).text
    assert KEY not in text
    assert text.count("api_key: {type: string, default: '[redacted]'}") == 2
