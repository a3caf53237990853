"""Files of other tools: what they hold is what was recorded, and the scenario of it gives the same again."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import orjson
import pytest
from recording.again import contract, findings, player, scribe
from recording.cases import CASES, ELSEWHERE, whole

from mockgrid.cli import main
from mockgrid.errors import DocumentError
from mockgrid.recording.content import decoded
from mockgrid.recording.events import events_in
from mockgrid.recording.scribe import Scribe
from mockgrid.recording.sources.files import read_files

pytestmark = pytest.mark.once
FILES = Path(__file__).parent / "files"
CASSETTES = sorted(
    path
    for folder in ("vcrpy", "vcrpy-json", "go-vcr", "har", "jsonl")
    for path in (FILES / folder).iterdir()
)
KEY = "sk-proj-TEST"


def of_chat(pairs):
    """Those for paths that the contract has."""
    return [pair for pair in pairs if not pair.path.startswith(("/v1/files", "/v1/embeddings"))]


def told(body):
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return body


@pytest.mark.parametrize("kind", ["vcrpy", "vcrpy-json", "go-vcr", "har", "jsonl", "aimock"])
def test_there_are_enough_of_each_kind(kind):
    assert len(list((FILES / kind).iterdir())) >= 20


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_a_file_holds_comes_again(path):
    pairs = CASES[path.stem]
    recordings = read_files([path])
    assert recordings.left_out == []
    assert [exchange.request.method for exchange in recordings.exchanges] == [pair.method for pair in pairs]
    written = scribe().scenario(recordings.exchanges)
    assert written.elsewhere == ELSEWHERE.get(path.stem, {})
    assert (written.exchanges, written.left_out) == (len(of_chat(pairs)), ())
    assert findings(written.text) == [], written.text
    assert KEY not in written.text
    assert "__cf_bm" not in written.text
    caller = player(written.text)
    for pair in of_chat(pairs):
        answer = caller.call(pair.method, pair.path, pair.sent)
        assert answer.status == pair.status, written.text
        if pair.headers["content-type"].startswith("text/event-stream"):
            got, wanted = (events_in([(0.0, body)])[0] for body in (answer.body, pair.body))
            assert [(event.lines, told(event.data)) for event in got] == [
                (event.lines, told(event.data)) for event in wanted
            ]
        else:
            assert told(answer.body) == told(pair.body)
        assert answer.header("retry-after") == pair.headers.get("retry-after")


FIXTURES = sorted((FILES / "aimock").iterdir())


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixtures_become_steps(path):
    recordings = read_files([path])
    written = scribe().scenario((), steps=recordings.steps)
    count = len(json.loads(path.read_text("utf-8"))["fixtures"])
    assert written.steps
    replies = sum(len(step.replies) for step in recordings.steps)
    assert replies + len(recordings.left_out) == count
    assert findings(written.text) == [], written.text


def played(name, *asked):
    caller = player(scribe().scenario((), steps=read_files([FILES / "aimock" / f"{name}.json"]).steps).text)
    return [caller.call(body=body) for body in asked]


def said(answer):
    return answer.json()["choices"][0]["message"]["content"]


def user(text, *more, **fields):
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}, *more], **fields}


def test_fixtures_in_a_sequence_come_in_turn_and_then_pass():
    answers = played("sequence", *[user("Tell a joke")] * 4)
    assert [said(answer) for answer in answers] == ["The first.", "The second.", *["No more jokes."] * 2]


def test_a_fixture_without_matchers_is_for_all_others():
    assert [said(answer) for answer in played("catch-all", user("b?"), user("banana"))] == [
        "Anything else.",
        "A",
    ]


def test_what_a_fixture_sets_is_sent():
    (answer,) = played("overrides", user("hello"))
    body = answer.json()
    kept = ("id", "created", "model", "system_fingerprint")
    assert [body[name] for name in kept] == ["chatcmpl-custom", 1700000000, "gpt-4-turbo", "fp_abc"]
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["total_tokens"] == 15
    (failed,) = played("error", user("fail"))
    assert (failed.status, failed.json()) == (429, {"errors": {"detail": "Rate limit"}})


BROKEN = {
    "empty.yaml": (b"  \n", "empty.yaml: The file is empty; a VCR cassette"),
    "binary.har": (b"\x89PNG\r\n\x1a\n\x00\xff", "binary.har:1: Byte 1 is not UTF-8;"),
    "nul.yaml": (b"a\nb\x00c", "nul.yaml:2: It holds NUL characters"),
    "other.yaml": (b"name: x\n", "other.yaml: It is no recording that is known:"),
    "other.json": (b'{"a": 1}', "other.json: It is no recording that is known:"),
    "number.json": (b"[1, 2]", "number.json: It is no recording that is known:"),
    "cut.har": (b'{"log": {"entries": [{"request": ', "cut.har:1:34: The JSON breaks off or is malformed:"),
    "cut.yaml": (b'interactions:\n- request:\n    body: "x\n', "cut.yaml:"),
    "tag.yaml": (
        b"interactions:\n- !!python/object/apply:os.system [ls]\n",
        "tag.yaml:2:3: The YAML breaks off",
    ),
    "line.jsonl": (
        b'{"custom_id": "a", "url": "/v1"}\n{"custom_id": \n',
        "line.jsonl:2:15: The JSON of this line",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gets_a_sentence_with_the_place(name, tmp_path):
    content, sentence = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError) as refused:
        read_files([tmp_path / name])
    text = str(refused.value)
    assert text.removeprefix(f"{tmp_path}/").startswith(sentence), text
    assert "\n" not in text.strip()


ITEMS = {
    "a.yaml": (
        "interactions:\n- request: {method: POST}\n  response: {}\n",
        "a.yaml:2: The address of a request is missing",
    ),
    "b.yaml": ("interactions:\n- nothing\n", "b.yaml:2: An interaction has no `request`"),
    "c.yaml": (
        "interactions:\n- request: {method: GET, uri: 'http://x/'}\n  response: {status: {code: abc}}\n",
        "c.yaml:2: The status of a reply is the text 'abc'",
    ),
    "d.har": (
        '{"log": {"entries": [{"request": {"method": "GET"}}]}}',
        "d.har#1: The address of a request is missing",
    ),
    "e.json": (
        '{"fixtures": [{"match": {"predicate": "x"}, "response": {"content": "x"}}]}',
        "e.json#1: A fixture matches by",
    ),
    "e.yaml": (
        "interactions:\n- request: {method: GET, uri: 'http://x/'}\n  response: {status: {code: .inf}}\n",
        "e.yaml:2: The status of a reply is a float",
    ),
    "g.jsonl": ('{"response": {"id": "x"}}', "g.jsonl:1: The request is missing."),
    "f.jsonl": (
        '{"custom_id": "1", "url": "/v1/models", "method": 5}\n{"other": 1}',
        "f.jsonl:1: The method of a request",
    ),
}


@pytest.mark.parametrize("name", ITEMS)
def test_what_is_wrong_with_an_item_is_told_and_the_others_are_read(name, tmp_path):
    content, sentence = ITEMS[name]
    (tmp_path / name).write_text(content, "utf-8")
    recordings = read_files([tmp_path / name])
    assert recordings.left_out[0].startswith(sentence), recordings.left_out


def test_requests_and_replies_of_a_batch_may_stand_in_two_files(tmp_path):
    bodies = [user(f"Question {number}") for number in range(3)]
    sent = [
        {"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions", "body": b}
        for n, b in enumerate(bodies)
    ]
    replies = [
        {"custom_id": str(n), "response": {"status_code": 200, "body": whole(f"Answer {n}")}, "error": None}
        for n in (2, 0, 7)
    ]
    for name, lines in (("in.jsonl", sent), ("out.jsonl", replies)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, lines)), "utf-8")
    recordings = read_files([tmp_path / "in.jsonl", tmp_path / "out.jsonl"])
    written = scribe().scenario(recordings.exchanges)
    assert (written.steps, written.exchanges) == (2, 2)
    assert written.left_out == ("in.jsonl:2: POST /v1/chat/completions: There was no reply.",)
    assert recordings.left_out == ["out.jsonl:3: The request of custom_id 7 is missing."]
    assert [said(player(written.text).call(body=bodies[n])) for n in (0, 2)] == ["Answer 0", "Answer 2"]


def taped(method, uri, body=None, reply=""):
    request = {"method": method, "uri": uri, "body": body}
    return {
        "interactions": [
            {"request": request, "response": {"status": {"code": 200}, "body": {"string": reply}}}
        ]
    }


def archived(response):
    return {"log": {"entries": [{"request": {"method": "GET", "url": "/v1/models"}, "response": response}]}}


CHAT = "/v1/chat/completions"
UNLIKELY = {
    "role.json": taped("POST", CHAT, '{"messages": [{"role": ["x"]}]}'),
    "url.json": taped("GET", "/v1/models?a=\ud83d"),
    "text.json": taped("POST", CHAT, "none", json.dumps(whole("Hi"))),
    "status.har": archived({"status": [0]}),
    "base64.har": archived({"status": 200, "content": {"text": 5, "encoding": "base64"}}),
    "half.json": [{"request": {"messages": [{"role": "user", "content": "\ud83d"}]}, "response": {"a": 1}}],
    "key.json": {"custom_id": "\ud83d", "response": {"status_code": 200, "body": {}}},
    "fixture.json": {"fixtures": [{"match": {"turnIndex": {}}, "response": {"content": "x"}}]},
    "endpoint.json": {"fixtures": [{"match": {"endpoint": []}, "response": {"content": "x"}}]},
}


@pytest.mark.parametrize("name", UNLIKELY)
def test_what_nobody_would_record_breaks_nothing(name, tmp_path):
    (tmp_path / name).write_text(json.dumps(UNLIKELY[name]), "utf-8")
    recordings = read_files([tmp_path / name])
    written = scribe().scenario(recordings.exchanges, steps=recordings.steps)
    assert written.steps + len(written.left_out) + len(recordings.left_out) + len(written.elsewhere) == 1
    if written.steps:
        assert findings(written.text) == []


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        ({"type": "rate_limit_error", "code": "rate_limit"}, ["code: rate_limit", "type: rate_limit_error"]),
        ({"param": "model"}, ["param: model"]),
        ({}, []),
    ],
)
def test_what_errors_have_no_place_for_is_named(error, lost, tmp_path):
    """What aimock's errors have and the contract's have not; where they have a place, it is in the step."""
    fixture = {
        "match": {"userMessage": "fail"},
        "response": {"error": {"message": "No", **error}, "status": 429},
    }
    (tmp_path / "x.json").write_text(json.dumps({"fixtures": [fixture]}), "utf-8")
    steps = read_files([tmp_path / "x.json"]).steps
    text = scribe().scenario([], steps=steps).text
    assert "error: {status: 429, detail: 'No'}" in text
    assert ("# The contract's errors have no place for " in text) == bool(lost)
    assert all(words in text for words in lost)
    theirs = Scribe(contract(), "openai").scenario([], steps=steps).text
    assert "have no place" not in theirs
    assert all(words in theirs for words in lost)


ASKED = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
SAID = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yo"}}],
}
EVENTS = [
    {"time": 1, "eventName": "message", "data": '{"a": 1}'},
    {"time": 2, "eventId": "7", "data": "[DONE]"},
]


@pytest.mark.parametrize(
    "line",
    [
        {"request_body": ASKED, "response_body": SAID, "status": 200},
        {"request_body": json.dumps(ASKED), "response_body": json.dumps(SAID)},
        {"input": ASKED, "output": SAID},
        {"kwargs": ASKED, "response": SAID},
        {
            "req": {"url": "/v1/chat/completions", "json": ASKED},
            "res": {"status": 200, "content": json.dumps(SAID)},
        },
        {
            "request": {"url": "/v1/chat/completions", "data": ASKED},
            "response": {"statusCode": 200, "data": SAID},
        },
    ],
)
def test_the_halves_of_a_pair_may_have_other_names(line, tmp_path):
    (tmp_path / "log.jsonl").write_text(json.dumps(line), "utf-8")
    (exchange,) = read_files([tmp_path / "log.jsonl"]).exchanges
    assert json.loads(exchange.request.body) == ASKED
    assert (exchange.reply.status, json.loads(exchange.reply.body)) == (200, SAID)
    assert exchange.where == "log.jsonl:1"


@pytest.mark.parametrize(
    ("content", "more", "body"),
    [
        ({"_file": "0a1b.json"}, {}, b'{"beside": 1}'),
        ({"text": base64.b64encode(gzip.compress(b"{}")).decode(), "encoding": "base64"}, {}, b"{}"),
        ({"size": 9}, {"_eventSourceMessages": EVENTS}, b'data: {"a": 1}\n\nid: 7\ndata: [DONE]\n\n'),
        ({"size": 0}, {}, b""),
        ({"size": 9}, {}, "The archive lacks the body of the reply; save it with content."),
        ({"_file": "../a"}, {}, "Its body is in a file '../a', which is not beside the archive."),
        ({"_file": "led"}, {}, "Its body is in a file 'led', which is not beside the archive."),
        ({"_file": "b" * 300}, {}, f"Its body is in a file {'b' * 80!r}, which is not beside the archive."),
    ],
)
def test_the_body_of_an_archived_reply_is_told_or_said_to_be_missing(content, more, body, tmp_path):
    headers = [{"name": "Content-Encoding", "value": "gzip"}]
    request = {"method": "POST", "url": "https://x.example/v1/chat/completions", "headers": []}
    entry = {"request": request, "response": {"status": 200, "headers": headers, "content": content}, **more}
    folder = tmp_path / "below"
    folder.mkdir()
    (folder / "0a1b.json").write_text('{"beside": 1}', "utf-8")
    (tmp_path / "a").write_text("private", "utf-8")
    (folder / "led").symlink_to(tmp_path / "a")
    (folder / "x.har").write_text(json.dumps({"log": {"entries": [entry]}}), "utf-8")
    (exchange,) = read_files([folder / "x.har"]).exchanges
    if isinstance(body, str):
        assert (exchange.reply, exchange.lacking) == (None, body)
    else:
        assert decoded(exchange.reply.headers, exchange.reply.body) == body


@pytest.mark.parametrize("duration", ["-5", "1e999", "1e300", '"1"', "null"])
def test_a_failure_in_a_log_is_one_whatever_its_status_and_duration_are_written_as(duration, tmp_path):
    error = '{"message": "No", "status": "failed"}'
    line = f'{{"request": {json.dumps(ASKED)}, "error": {error}, "latency_ms": {duration}}}'
    (tmp_path / "log.jsonl").write_text(line, "utf-8")
    (exchange,) = read_files([tmp_path / "log.jsonl"]).exchanges
    assert (exchange.reply.status, exchange.reply.chunks[-1][0]) == (500, 0)


def test_what_is_scrubbed_is_replaced_alike_in_all_files_of_an_import(tmp_path, capsys):
    fixtures = [
        {"match": {"userMessage": f"{name}@x.example"}, "response": {"content": "Yo"}} for name in "abba"
    ]
    (tmp_path / "a.json").write_text(json.dumps({"fixtures": fixtures[1:3]}), "utf-8")
    (tmp_path / "b.json").write_text(json.dumps({"fixtures": fixtures}), "utf-8")
    files = [str(tmp_path / name) for name in ("a.json", "b.json")]
    assert main(["import", *files, "--output", str(tmp_path / "out"), "--scrub", "mails"]) == 0
    numbers = [
        re.findall(r"mail-(\d)@", (tmp_path / "out" / f"{name}.yaml").read_text("utf-8")) for name in "ab"
    ]
    assert numbers == [["1", "1"], ["2", "1", "1", "2"]]
    assert "--scrub mails: 6 taken out" in capsys.readouterr().err


def test_what_an_archive_lists_as_secrets_is_in_no_file(tmp_path):
    names = "query", "header", "cookie", "set", "param"
    query, key, cookie, given, field = secrets = [f"s3cr3t-Value-of-{name}" for name in names]
    body = json.dumps(user(f"Are {query}, {key}, {cookie}, {given} and {field} known?"))
    url = f"https://api.example/v1/chat/completions?api_key={query}"
    sent = {
        "method": "POST",
        "url": url,
        "headers": [{"name": "X-Api-Key", "value": key}],
        "cookies": [{"name": "sid", "value": cookie}],
        "queryString": [{"name": "api_key", "value": query}],
        "postData": {"mimeType": "application/json", "text": body},
    }
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "password", "value": field}]}
    content = {"mimeType": "application/json", "text": json.dumps(whole(f"No {cookie} and no {given}"))}
    reply = {"status": 200, "headers": [], "cookies": [{"name": "s", "value": given}], "content": content}
    entries = [{"request": {**sent, **more}, "response": reply} for more in ({}, {"postData": form})]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}), "utf-8")
    text = scribe().scenario(read_files([tmp_path / "a.har"]).exchanges).text
    assert "No [redacted] and no [redacted]" in text
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("kind", ["vcrpy", "vcrpy-json", "go-vcr", "har", "jsonl", "aimock"])
def test_a_file_that_is_cut_anywhere_is_read_or_told_of_in_one_line(kind, tmp_path):
    path = min((FILES / kind).iterdir(), key=lambda path: path.stat().st_size)
    whole_file = path.read_bytes()
    for end in range(1, len(whole_file), len(whole_file) // 9):
        for rest in (b"", b"\x00" + whole_file[end:], whole_file[end + 7 :]):
            (tmp_path / path.name).write_bytes(whole_file[:end] + rest)
            try:
                told = read_files([tmp_path / path.name]).left_out
            except DocumentError as error:
                told = [str(error).strip()]
            assert all(path.name in line and "\n" not in line for line in told)
