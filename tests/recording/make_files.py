"""Makes the files of tests/recording/files anew: ``python make_files.py`` with vcrpy and requests installed.

vcrpy records its cassettes itself, from a server that gives what ``cases.py`` says. What go-vcr, browsers,
proxies and OpenAI's batches write is laid out here after their documentation, by the versions that differ.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent))
from cases import CASES, Pair

FILES = Path(__file__).parent / "files"
KEY = "sk-proj-TEST0123456789abcdefghijklmnop"
ORIGIN = "https://api.openai.com"


def headers_sent(pair: Pair) -> dict[str, str]:
    sent = {
        "Accept": "application/json",
        "Authorization": f"Bearer {KEY}",
        "User-Agent": "OpenAI/Python 1.68.2",
    }
    return sent | ({"Content-Type": "application/json"} if pair.sent is not None else {})


def headers_received(pair: Pair, *, encoded: bool) -> dict[str, str]:
    received = {name.title(): value for name, value in pair.headers.items()}
    received |= {"Date": "Mon, 10 Mar 2025 01:25:52 GMT", "Set-Cookie": "__cf_bm=abcdef0123456789; path=/"}
    received["X-Request-Id"] = "req_7f1d3c"
    return received | ({"Content-Encoding": "gzip"} if encoded and pair.encoded else {})


def vcrpy_files() -> None:
    import requests  # noqa: PLC0415 - no dependency of the tests
    import vcr  # noqa: PLC0415 - the same

    for name, pairs in CASES.items():
        left = list(pairs)

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                pair = left.pop(0)  # noqa: B023 - the server ends with its case
                self.send_response(pair.status)
                for header, value in headers_received(pair, encoded=True).items():
                    if header != "Date":
                        self.send_header(header, value)
                self.send_header("Content-Length", str(len(pair.wire)))
                self.end_headers()
                self.wfile.write(pair.wire)

            do_GET = do_POST = answer  # noqa: N815 - as the library has them

            def date_time_string(self, timestamp: object = None) -> str:  # noqa: ARG002
                return "Mon, 10 Mar 2025 01:25:52 GMT"

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for serializer, folder, ending in (("yaml", "vcrpy", "yaml"), ("json", "vcrpy-json", "json")):
            if serializer == "json" and any(pair.encoded for pair in pairs):
                continue  # vcrpy's own rule: no binary bodies
            left[:] = pairs
            path = FILES / folder / f"{name}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            tape = vcr.VCR(serializer=serializer, record_mode="all")
            with tape.use_cassette(str(path)):
                for pair in pairs:
                    requests.request(
                        pair.method,
                        address + pair.path,
                        data=pair.sent_bytes,
                        headers=headers_sent(pair),
                        timeout=9,
                    )
            text = (
                path.read_text("utf-8")
                .replace(address, ORIGIN)
                .replace(f"127.0.0.1:{server.server_port}", "api.openai.com")
            )
            path.write_text(text, "utf-8")
        server.shutdown()


class GoDumper(yaml.SafeDumper):
    """Indents lists as Go's library does."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        return super().increase_indent(flow, False)


def go_text(text: bytes) -> object:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text  # as !!binary


def go_vcr_files() -> None:
    for number, (name, pairs) in enumerate(CASES.items()):
        version = (1, 2, 3)[number % 3]
        interactions = []
        for place, pair in enumerate(pairs):
            body = pair.wire if number % 2 else pair.body
            request = {
                "body": pair.sent_bytes.decode(),
                "form": {},
                "headers": {key: [value] for key, value in headers_sent(pair).items()},
                "url": ORIGIN + pair.path,
                "method": pair.method,
            }
            response = {
                "body": go_text(body),
                "headers": {
                    key: [value] for key, value in headers_received(pair, encoded=bool(number % 2)).items()
                },
                "status": f"{pair.status} OK",
                "code": pair.status,
                "duration": "" if version == 1 else f"{247.499837 + place}ms",
            }
            if version == 3:
                proto = {"proto": "HTTP/2.0", "proto_major": 2, "proto_minor": 0}
                request = {
                    **proto,
                    "content_length": len(pair.sent_bytes),
                    "host": "api.openai.com",
                    **request,
                }
                response = {**proto, "content_length": -1, "uncompressed": True, **response}
                interactions.append({"id": place, "request": request, "response": response})
            else:
                interactions.append({"request": request, "response": response})
        path = FILES / "go-vcr" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = {"version": 2 if version == 3 else 1, "interactions": interactions}
        dumped = yaml.dump(data, Dumper=GoDumper, sort_keys=False, indent=4, allow_unicode=True, width=10**9)
        path.write_text(f"---\n{dumped}", "utf-8")


def har_files() -> None:
    for number, (name, pairs) in enumerate(CASES.items()):
        style = ("chrome", "firefox", "charles", "mitmproxy")[number % 4]
        entries = []
        for pair in pairs:
            content = {
                "size": len(pair.body),
                "mimeType": pair.headers["content-type"],
                "text": pair.body.decode(),
            }
            if (style in {"firefox", "mitmproxy"} and number % 8 > 3) or style == "charles":
                content |= {"text": base64.b64encode(pair.body).decode(), "encoding": "base64"}
            request = {
                "method": pair.method,
                "url": ORIGIN + pair.path,
                "httpVersion": "h2" if style == "chrome" else "HTTP/1.1",
                "cookies": [],
                "headers": [
                    *([{"name": ":authority", "value": "api.openai.com"}] if style == "chrome" else []),
                    *(
                        {"name": key.lower() if style == "chrome" else key, "value": value}
                        for key, value in headers_sent(pair).items()
                    ),
                ],
                "queryString": [],
                "headersSize": -1,
                "bodySize": len(pair.sent_bytes),
            }
            if pair.sent is not None:
                request["postData"] = {"mimeType": "application/json", "text": pair.sent_bytes.decode()}
                if style in {"charles", "mitmproxy"}:
                    request["postData"]["params"] = []
            entries.append(
                {
                    "startedDateTime": "2025-03-10T01:25:52.123Z",
                    "time": 412.5,
                    "request": request,
                    "response": {
                        "status": pair.status,
                        "statusText": "",
                        "httpVersion": request["httpVersion"],
                        "cookies": [],
                        "headers": [
                            {"name": key, "value": value}
                            for key, value in headers_received(pair, encoded=True).items()
                        ],
                        "content": content,
                        "redirectURL": "",
                        "headersSize": -1,
                        "bodySize": len(pair.wire),
                    },
                    "cache": {},
                    "timings": {
                        "blocked": -1,
                        "dns": -1,
                        "connect": -1,
                        "ssl": -1,
                        "send": 0.5,
                        "wait": 300,
                        "receive": 112,
                    },
                    **({"_resourceType": "fetch"} if style == "chrome" else {}),
                }
            )
        creator = {
            "name": {"chrome": "WebInspector", "charles": "Charles Proxy"}.get(style, style),
            "version": "1",
        }
        text = json.dumps(
            {"log": {"version": "1.2", "creator": creator, "entries": entries}}, indent=1, ensure_ascii=False
        )
        path = FILES / "har" / f"{name}.har"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(("\ufeff" if style == "charles" else "") + text, "utf-8")


def jsonl_files() -> None:
    for number, (name, pairs) in enumerate(CASES.items()):
        lines = []
        for place, pair in enumerate(pairs):
            stream = pair.headers["content-type"].startswith("text/event-stream")
            text = pair.body.decode()
            body = json.loads(text) if pair.headers["content-type"] == "application/json" else text
            style = number % 4
            plain = stream or pair.status != 200 or pair.method == "GET" or not isinstance(body, dict)
            if style == 0:  # what OpenAI's batches have, input and output in one
                lines.append(
                    {
                        "custom_id": f"{name}-{place}",
                        "method": pair.method,
                        "url": pair.path,
                        "body": pair.sent,
                    }
                )
                reply = {"status_code": pair.status, "request_id": "req_1", "body": body}
                if stream or pair.status != 200:
                    reply["headers"] = pair.headers
                lines.append(
                    {
                        "id": f"batch_req_{place}",
                        "custom_id": f"{name}-{place}",
                        "response": reply,
                        "error": None,
                    }
                )
            elif style == 1 or plain:
                request = {
                    "method": pair.method,
                    "url": ORIGIN + pair.path,
                    "headers": headers_sent(pair),
                    "body": pair.sent,
                }
                lines.append(
                    {
                        "request": request,
                        "response": {"status": pair.status, "headers": pair.headers, "body": body},
                    }
                )
            else:  # bodies alone
                lines.append({"request": pair.sent, "response": body, "latency_ms": 250})
        path = FILES / "jsonl" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "".join(json.dumps(line, ensure_ascii=bool(number % 2)) + "\n" for line in lines), "utf-8"
        )


# After the skill "write-fixtures" that comes with aimock; `--validate-on-load` accepts them all.
AIMOCK = {
    "text": [({"userMessage": "hello"}, {"content": "Hi there!"}, {})],
    "tool": [
        (
            {"userMessage": "weather"},
            {"toolCalls": [{"name": "get_weather", "arguments": {"city": "SF"}}]},
            {},
        )
    ],
    "tool-id": [
        ({"toolCallId": "call_1"}, {"content": "It is sunny."}, {}),
        (
            {"userMessage": "weather"},
            {"toolCalls": [{"id": "call_1", "name": "get_weather", "arguments": "{}"}]},
            {},
        ),
    ],
    "turns": [
        ({"userMessage": "trip", "turnIndex": 0}, {"toolCalls": [{"name": "plan", "arguments": {}}]}, {}),
        ({"userMessage": "trip", "turnIndex": 1}, {"content": "Great choices!"}, {}),
    ],
    "tool-result": [
        (
            {"userMessage": "book", "hasToolResult": False},
            {"toolCalls": [{"name": "book", "arguments": {}}]},
            {},
        ),
        ({"toolResultContains": "cancelled"}, {"content": "Nothing was booked."}, {}),
        ({"userMessage": "book", "hasToolResult": True}, {"content": "Booked."}, {}),
    ],
    "sequence": [
        ({"userMessage": "joke", "sequenceIndex": 1}, {"content": "The second."}, {}),
        ({"userMessage": "joke", "sequenceIndex": 0}, {"content": "The first."}, {}),
        ({"userMessage": "joke"}, {"content": "No more jokes."}, {}),
    ],
    "system": [({"systemMessage": ["pirate", "parrot"]}, {"content": "Arr."}, {})],
    "model": [({"model": "gpt-4o", "responseFormat": "json_object"}, {"content": {"ok": True}}, {})],
    "error": [
        (
            {"userMessage": "fail"},
            {
                "error": {"message": "Rate limit", "type": "rate_limit_error", "code": "rate_limit"},
                "status": 429,
            },
            {},
        )
    ],
    "overrides": [
        (
            {"userMessage": "hello"},
            {
                "content": "Hi!",
                "id": "chatcmpl-custom",
                "created": 1700000000,
                "model": "gpt-4-turbo",
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
                "systemFingerprint": "fp_abc",
                "finishReason": "length",
            },
            {},
        )
    ],
    "profile": [
        (
            {"userMessage": "slow"},
            {"content": "Slowly."},
            {"streamingProfile": {"ttft": 200, "tps": 40, "jitter": 0.1}},
        )
    ],
    "latency": [({"userMessage": "late"}, {"content": "At last."}, {"latency": 20, "chunkSize": 4})],
    "cut": [
        ({"userMessage": "cut"}, {"content": "Half of it is"}, {"chunkSize": 4, "truncateAfterChunks": 3})
    ],
    "reasoning": [({"userMessage": "think"}, {"content": "42", "reasoning": "Six by seven."}, {})],
    "template": [({"userMessage": "${x}"}, {"content": "It costs ${price}."}, {})],
    "catch-all": [({"userMessage": "a"}, {"content": "A"}, {}), ({}, {"content": "Anything else."}, {})],
    "tool-name": [
        (
            {"toolName": "search"},
            {
                "toolCalls": [
                    {"name": "search", "arguments": {"q": "x"}},
                    {"name": "search", "arguments": {"q": "y"}},
                ]
            },
            {},
        )
    ],
    "multi-line": [({"userMessage": "list"}, {"content": "- one\n- two\n"}, {})],
    "blocks": [
        (
            {"userMessage": "nyc"},
            {
                "blocks": [
                    {"type": "toolCall", "name": "get_weather", "arguments": "{}"},
                    {"type": "text", "text": "Let me see."},
                ]
            },
            {},
        )
    ],
    "chaos": [({"userMessage": "chaos"}, {"content": "Maybe."}, {"chaos": {"dropRate": 0.3}})],
    "others": [
        ({"userMessage": "draw", "endpoint": "image"}, {"image": {"url": "https://example.com/1.png"}}, {}),
        ({"inputText": "hello"}, {"embedding": [0.1, 0.2]}, {}),
        ({"userMessage": "hello"}, {"content": "Hi."}, {}),
    ],
}


def aimock_files() -> None:
    for name, listed in AIMOCK.items():
        entries = [{"match": match, "response": response, **options} for match, response, options in listed]
        path = FILES / "aimock" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"fixtures": entries}, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    aimock_files()
    vcrpy_files()
    go_vcr_files()
    har_files()
    jsonl_files()
