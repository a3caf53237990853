"""Sessions, exchanges, scripts and the clock over the control interface, as any HTTP client sees them."""

import asyncio
import json
import socket
import threading
import time

import httpx
import pytest
from asgi import Caller

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.report.document import read_report
from mockgrid.settings import Settings

HELLO = {"model": "text-prime", "messages": [{"role": "user", "content": "Hello"}]}


class Grid:
    def __init__(self, server):
        self.server = server
        self.control = httpx.Client(base_url=server.control, timeout=60)
        self.api = httpx.Client(base_url=server.url, timeout=60)

    def ask(self, key="mg-a", body=HELLO, **headers):
        sent = {"authorization": f"Bearer {key}"} if key else {}
        return self.api.post("/chat/completions", json=body, headers=sent | headers)

    def told(self, key="mg-a", **query):
        return self.control.get(f"/sessions/{key}/exchanges", params=query).json()["exchanges"]

    def session(self, key="mg-a", **query):
        return self.control.get(f"/sessions/{key}", params=query).json()

    def close(self):
        self.control.close()
        self.api.close()


@pytest.fixture(scope="module")
def servers():
    running = {}

    def server(**settings):
        key = tuple(sorted(settings.items()))
        if key not in running:
            chosen = Settings(port=0, log="off", **settings)
            running[key] = start_in_thread(build_app(chosen), chosen)
        return running[key]

    yield server
    for started in running.values():
        started.stop()


@pytest.fixture
def grid(servers):
    grid = Grid(servers())
    for told in grid.control.get("/sessions").json()["sessions"]:
        assert grid.control.delete(f"/sessions/{told['session']}").status_code == 204
    yield grid
    grid.close()


@pytest.fixture
def virtual(servers):
    grid = Grid(servers(clock="virtual"))
    yield grid
    grid.close()


def test_an_answered_request_is_in_the_journal(grid):
    assert grid.ask().status_code == 200
    (told,) = grid.told()
    assert told["number"] == 1
    assert told["operation"] == "createChatCompletion"
    assert told["request"]["body"] == HELLO
    assert told["request"]["headers"]["authorization"] == "[redacted]"
    assert told["reply"]["body"]["choices"][0]["message"]["content"] == "You said: Hello"
    assert (told["status"], told["attempt"], told["step"], told["whole"]) == (200, 1, None, True)


def test_each_request_is_there_as_soon_as_its_answer(grid):
    for number in range(1, 200):
        grid.ask()
        assert grid.session()["exchanges"]["count"] == number


def test_attempts_and_the_time_between_them(grid):
    grid.ask()
    time.sleep(0.5)
    grid.ask()
    grid.ask(body={**HELLO, "n": 2})
    first, second, other = grid.told()
    assert first["since_last_attempt"] is other["since_last_attempt"] is None
    assert 0.05 <= second["since_last_attempt"] < 30  # of the half second, as the server sees it
    assert (first["attempt"], second["attempt"], other["attempt"]) == (1, 2, 1)


def test_one_exchange_is_told_as_all_of_them_are(grid):
    for _ in range(3):
        grid.ask()
    one = grid.control.get("/sessions/mg-a/exchanges/2").json()
    assert one == grid.told()[1]
    assert one["since_last_attempt"] is not None
    missing = grid.control.get("/sessions/mg-a/exchanges/9")
    assert (missing.status_code, missing.json()["errors"]["detail"]) == (
        404,
        "There is no exchange 9 in this session.",
    )


def test_a_stream_is_told_piece_by_piece(grid):
    steps = [{"say": "One two three", "stream": {"pace": {"per_token": "10ms"}}}]
    grid.control.put("/sessions/mg-a", json={"steps": steps})
    assert grid.ask(body={**HELLO, "stream": True}).text.endswith("data: [DONE]\n\n")
    told = grid.told(wait=1)[0]
    chunks = told["reply"]["chunks"]
    assert "".join(chunk["data"] for chunk in chunks).count("data: ") == 7
    assert [chunk["at"] for chunk in chunks] == sorted(chunk["at"] for chunk in chunks)
    assert chunks[-1]["at"] > 0.01
    # Each token has its time, and what follows the last has not to wait.
    due = [chunk["due"] for chunk in chunks]
    assert due == sorted(due)
    assert len({round(each, 3) for each in due}) >= 3
    assert all(0 <= chunk["at"] - chunk["due"] < 5 for chunk in chunks)
    assert "fault" not in told
    assert told["reply"]["body"] is None
    assert (told["ended_by"], told["whole"]) == ("server", True)


def test_how_a_reply_was_broken_is_told_and_that_nothing_waited(grid):
    steps = [{"say": "One two three", "stream": {"fault": {"kind": "disconnect", "after": 2}}}]
    grid.control.put("/sessions/mg-a", json={"steps": steps})
    with pytest.raises(httpx.RemoteProtocolError):
        grid.ask(body={**HELLO, "stream": True})
    told = grid.told(wait=1)[0]
    assert (told["fault"], told["whole"]) == ("stream.fault=disconnect", False)
    assert not any("due" in chunk for chunk in told["reply"]["chunks"])


def test_a_client_that_leaves_is_told_of(grid):
    steps = [{"say": "One two three four five six", "stream": {"pace": {"per_token": "2s"}}}]
    grid.control.put("/sessions/mg-a", json={"steps": steps})
    asked = {"json": {**HELLO, "stream": True}, "headers": {"authorization": "Bearer mg-a"}}
    with grid.api.stream("POST", "/chat/completions", **asked) as reply:
        next(reply.iter_bytes())  # leaving the block closes the connection
    told = grid.told(wait=1)[0]
    assert (told["ended_by"], told["whole"]) == ("client", False)
    assert 1 <= len(told["reply"]["chunks"]) < 6


@pytest.mark.parametrize("path", ["/sessions/mg-a", "/sessions/mg-a/steps"])
def test_what_is_odd_in_a_script_is_in_the_reply_to_it(grid, path):
    source = "steps:\n- reply: {error: {status: 400, code: too_long}}\n- reply: {say: Never}\n"
    told = grid.control.put(path, json={"source": source, "where": "a.yaml"}).json()
    assert told["scenario"]["where"] == "a.yaml:1:1"
    assert [(each["where"], each["severity"], each["code"]) for each in told["findings"]] == [
        ("a.yaml:3:3", "warning", "MG230"),
        ("a.yaml:2:32", "warning", "MG221"),
    ]
    assert grid.control.put(path, json={"steps": [{"say": "Hi"}]}).json()["findings"] == []


def test_violations_warnings_and_unmatched_requests_are_summed_up(grid):
    grid.control.put(
        "/sessions/mg-a", json={"steps": [{"when": {"model": "x"}, "reply": {"say": "Hi"}}], "strict": True}
    )
    grid.ask(body={**HELLO, "temperature": 3})
    grid.ask(body={**HELLO, "max_token": 3})
    told = grid.session(final="true")
    (violation,) = told["violations"]
    assert (violation["exchange"], violation["code"], violation["pointer"]) == (1, "MG113", "/temperature")
    (warning,) = told["warnings"]
    assert (warning["exchange"], warning["code"], warning["meant"]) == (2, "MG140", "max_tokens")
    (unmatched,) = told["unmatched"]
    assert unmatched["near_misses"][0]["failed"]["predicate"] == "model"
    (unused,) = told["unused_steps"]
    assert unused["step"] == "step 1"


def test_a_scripted_error_is_no_violation(grid):
    grid.control.put("/sessions/mg-a", json={"steps": [{"error": 422}, {"error": 401}]})
    assert [grid.ask().status_code for _ in range(2)] == [422, 401]
    assert grid.session()["violations"] == []


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "code"),
    [
        ("POST", "/chat/completion", {}, HELLO, "MG101"),
        ("GET", "/chat/completions", {}, None, "MG102"),
        ("POST", "/chat/completions", {"authorization": "mg-a"}, HELLO, "MG103"),
        ("POST", "/chat/completions", {"authorization": "", "x-api-key": "mg-a"}, HELLO, "MG103"),
        ("POST", "/chat/completions", {"content-type": "text/plain"}, HELLO, "MG107"),
        ("POST", "/chat/completions", {}, None, "MG108"),
        ("POST", "/chat/completions", {}, {**HELLO, "model": "gpt-5"}, "MG126"),
        ("POST", "/chat/completions", {"prefer": "code=999"}, HELLO, "MG129"),
    ],
)
def test_what_is_refused_before_the_schema_is_a_violation_too(  # noqa: PLR0913, PLR0917 - a table
    grid, method, path, headers, body, code
):
    grid.control.put("/sessions/mg-a")
    content = b"" if body is None else json.dumps(body).encode()
    sent = {"authorization": "Bearer mg-a", "content-type": "application/json"} | headers
    reply = grid.api.request(method, path, content=content, headers=sent)
    assert reply.status_code >= 400
    assert json.loads(reply.headers["x-mockgrid-violations"])[0]["code"] == code
    (violation,) = grid.session()["violations"]
    assert violation["code"] == code


def test_a_script_takes_the_place_of_another_and_what_was_left_of_it_counts(grid):
    first = [
        {"name": "asks", "when": {"turn": 1}, "reply": {"say": "One"}},
        {"name": "never", "when": {"turn": 9}, "reply": {"say": "Nine"}},
    ]
    grid.control.put("/sessions/mg-a/steps", json={"steps": first, "strict": True, "where": "test.py:7"})
    assert grid.ask().json()["choices"][0]["message"]["content"] == "One"
    grid.control.put("/sessions/mg-a/steps", json={"steps": [{"say": "Two"}]})
    assert grid.ask().json()["choices"][0]["message"]["content"] == "Two"
    told = grid.session()
    assert told["exchanges"]["count"] == 2
    assert [step["step"] for step in told["unused_steps"]] == ["never"]
    assert told["unused_steps"][0]["where"] == "test.py:7#/1"


def test_a_script_that_cannot_be_used_changes_nothing(grid):
    grid.control.put("/sessions/mg-a", json={"steps": [{"say": "One"}]})
    for script, code in (
        ({"steps": [{"sya": "Two"}]}, "MG211"),
        ({"steps": [{"error": 418}]}, "MG201"),
        ({"source": "steps: [\n", "where": "x.yaml"}, "MG210"),
    ):
        refused = grid.control.put("/sessions/mg-a/steps", json=script)
        assert refused.status_code == 409
        assert refused.json()["findings"][0]["code"] == code
    assert grid.ask().json()["choices"][0]["message"]["content"] == "One"


def test_a_file_is_given_as_text_with_its_places(grid):
    source = "steps:\n  - name: a\n    reply:\n      sya: Hello\n"
    refused = grid.control.put("/sessions/mg-a", json={"source": source, "where": "tests/weather.yaml"})
    assert refused.json()["findings"][0]["where"] == "tests/weather.yaml:4:7"


def test_a_scenario_by_name_and_the_nearest_for_one_that_there_is_not(grid):
    told = grid.control.put("/sessions/mg-a", json={"scenario": "tool-loop", "strict": False}).json()
    assert (told["scenario"]["name"], told["scenario"]["strict"]) == ("tool-loop", False)
    missing = grid.control.put("/sessions/mg-a", json={"scenario": "tool-lop"})
    assert missing.status_code == 404
    assert "Did you mean tool-loop?" in missing.json()["errors"]["detail"]


def test_sessions_are_found_by_key_header_and_name(grid):
    grid.ask("mg.out-of-credit.x")
    grid.ask("mg-a", **{"X-MockGrid-Session": "alpha"})
    grid.ask("mg-a", **{"X-MockGrid-Scenario": "rate-limited"})
    names = [told["session"] for told in grid.control.get("/sessions").json()["sessions"]]
    assert len(names) == 3
    assert grid.session("mg.out-of-credit.x")["scenario"]["name"] == "out-of-credit"
    assert grid.session("alpha")["session"] == names[1]
    assert grid.session(names[2])["scenario"]["name"] == "rate-limited"
    assert names[2].endswith("~rate-limited")
    assert grid.control.get("/sessions/mg-a").status_code == 404


def test_a_session_that_is_reset_begins_anew(grid):
    grid.control.put("/sessions/mg-a", json={"steps": [{"error": 503}, {"say": "Hi"}]})
    assert [grid.ask().status_code for _ in range(2)] == [503, 200]
    assert grid.control.post("/sessions/mg-a/reset").json()["exchanges"]["count"] == 0
    assert grid.ask().status_code == 503
    assert grid.told()[0]["attempt"] == 1


def test_a_virtual_clock_is_moved_and_a_real_one_is_not(virtual, grid):
    limited = {"limits": [{"requests": 1, "per": "1m"}], "steps": [{"reply": {"say": "Hi", "delay": "10s"}}]}
    assert virtual.control.put("/sessions/mg-a", json={"steps": limited}).status_code == 200
    started = time.monotonic()
    assert [virtual.ask().status_code for _ in range(2)] == [200, 429]
    assert time.monotonic() - started < 9
    assert virtual.control.post("/sessions/mg-a/clock", json={"advance": "1m"}).json()["now"] == 60
    assert virtual.ask().status_code == 200
    assert virtual.session()["clock"]["spared"] == 20  # of two replies; the 429 came at once
    grid.ask()
    assert grid.control.post("/sessions/mg-a/clock", json={"advance": 1}).status_code == 409
    for asked, told in ({"advance": "2 sec"}, "Write 2s."), ({"by": "2s"}, 'such as {"advance": "2s"}'):
        refused = virtual.control.post("/sessions/mg-a/clock", json=asked)
        assert refused.status_code == 422
        assert told in refused.json()["errors"]["detail"]


def test_waiting_returns_when_enough_has_happened(grid):
    grid.control.put("/sessions/mg-a")
    started = time.monotonic()
    threading.Timer(0.2, grid.ask).start()
    assert len(grid.told(wait=1, timeout="5s")) == 1
    assert 0.2 <= time.monotonic() - started < 4.9
    assert len(grid.told(wait=5, timeout="100ms")) == 1


def test_the_feed_tells_of_each_exchange(grid):
    seen = []

    def watch():
        with httpx.stream("GET", f"{grid.server.control}/events", params={"session": "mg-b"}) as feed:
            for line in feed.iter_lines():
                if line.startswith("data: "):
                    seen.append(json.loads(line[6:]))
                if len(seen) == 2:
                    return
                if line.startswith(":"):
                    ready.set()

    ready = threading.Event()
    thread = threading.Thread(target=watch)
    thread.start()
    assert ready.wait(30)
    for key in ("mg-a", "mg-b", "mg-a", "mg-b"):
        grid.ask(key)
    thread.join(30)
    assert [told["number"] for told in seen] == [1, 2]
    assert len({told["session"] for told in seen}) == 1


def rows_of(grid, events, until, **query):
    """Read the feed of rows until so much of it has come; gives its events."""
    seen = []
    query = {"rows": "true", **query}
    with httpx.stream("GET", f"{grid.server.control}/events", params=query, timeout=30) as feed:
        lines = feed.iter_lines()
        for line in lines:
            if line.startswith("event: "):
                seen.append((line[7:], json.loads(next(lines).removeprefix("data: "))))
                events(len(seen))
                if until(seen):
                    return seen
    raise AssertionError("the feed has ended")


def test_rows_tell_of_what_was_of_what_begins_and_of_its_end(grid):
    grid.control.put("/sessions/mg-a", params={"label": "tests/test_it.py::test_it"})
    grid.ask()
    grid.ask(body={})
    slow = {"say": "Hi", "delay": "600ms"}
    grid.control.put("/sessions/mg-b", json={"steps": [slow]})
    asking = threading.Thread(target=grid.ask, args=("mg-b",))
    seen = rows_of(
        grid,
        lambda count: asking.start() if count == 1 else None,
        lambda seen: [row["seconds"] for _, rows in seen for row in rows][2:][-1:] not in ([], [None]),
    )
    asking.join()
    assert {name for name, _ in seen} == {"rows"}
    past, *now = [rows for _, rows in seen]
    assert [(row["number"], row["status"], row["violations"]) for row in past] == [
        (1, 200, []),
        (2, 422, ["MG111"]),
    ]
    assert {row["label"] for row in past} == {"tests/test_it.py::test_it"}
    assert past[0]["ago"] >= past[1]["ago"] >= 0
    assert past[0].keys() >= {"session", "operation", "step", "attempt", "method", "path", "failure"}
    began, ended = [row for rows in now for row in rows]
    assert (began["seconds"], began["ended_by"], began["whole"]) == (None, None, None)
    assert (ended["ended_by"], ended["whole"], "label" in ended) == ("server", True, False)
    assert ended["seconds"] > 0.5
    assert (began["session"], began["number"]) == (ended["session"], ended["number"])
    assert grid.session()["label"] == "tests/test_it.py::test_it"
    assert [told.get("label") for told in grid.control.get("/sessions").json()["sessions"]][1:] == [None]


def test_rows_of_one_session_and_those_that_were_too_many_are_counted(grid):
    def ask_many(count):
        if count == 1:
            for _ in range(400):
                grid.ask("mg-b")
                grid.ask("mg-a")

    def rows_and_dropped(seen):
        rows = sum(len(value) for name, value in seen if name == "rows")
        return rows, sum(value for name, value in seen if name == "dropped")

    seen = rows_of(grid, ask_many, lambda seen: sum(rows_and_dropped(seen)) >= 400, session="mg-b")
    rows, dropped = rows_and_dropped(seen)
    assert rows + dropped == 400
    # While nobody read, no more than a few events' worth waited.
    assert rows > 100
    assert len({row["session"] for name, value in seen if name == "rows" for row in value}) == 1


def test_verdicts_are_told_by_themselves(grid):
    grid.control.put("/sessions/mg-a", json={"steps": [{"error": 503, "retry_after": "2s"}]})
    for _ in range(2):
        grid.ask()
    told = grid.control.get("/sessions/mg-a/verdicts").json()
    assert told == {name: grid.session()[name] for name in ("session", "verdicts")}
    assert [verdict["code"] for verdict in told["verdicts"]] == ["MG310"]
    assert grid.control.get("/sessions/nobody/verdicts").status_code == 404


def test_an_archive_opens_elsewhere(grid):
    grid.ask(**{"x-api-key": "sk-not-for-others"})
    archive = grid.control.get("/sessions/mg-a/exchanges", params={"format": "har"})
    (entry,) = archive.json()["log"]["entries"]
    assert entry["startedDateTime"].startswith("2025-01-01T00:00:")
    assert json.loads(entry["request"]["postData"]["text"]) == HELLO
    assert "You said: Hello" in entry["response"]["content"]["text"]
    assert "sk-not-for-others" not in archive.text
    assert "mg-a" not in archive.text


def test_pages_of_other_origins_are_refused(grid):
    for origin, status in (
        ("https://evil.example", 403),
        (grid.server.control[: -len("/__mockgrid__")], 200),
    ):
        assert grid.control.get("/sessions", headers={"origin": origin}).status_code == status


def test_a_body_must_say_that_it_is_json_and_stay_small(grid):
    put = f"{grid.server.control}/sessions/mg-a"
    assert httpx.put(put, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert httpx.put(put, content=b"{", headers={"content-type": "application/json"}).status_code == 400
    large = b'{"source": "' + b" " * 5_000_000 + b'"}'
    assert httpx.put(put, content=large, headers={"content-type": "application/json"}).status_code == 413


def test_a_request_that_loses_its_key_on_the_way_is_told_of_to_its_session(grid):
    grid.control.put("/sessions/mg-a", json={"scenario": "routed"})
    location = grid.ask().headers["location"]
    lost = httpx.post(httpx.URL(grid.server.url).join(location), json=HELLO)
    assert lost.status_code == 401
    told = grid.session(final="true")
    assert [violation["code"] for violation in told["violations"]] == ["MG103"]
    assert "redirect_dropped_credentials" in [verdict["name"] for verdict in told["verdicts"]]


def test_a_reply_cut_by_a_reset_is_not_whole(grid):
    grid.control.put("/sessions/mg-a", json={"steps": [{"say": "Hi", "fault": "reset"}]})
    body = json.dumps(HELLO).encode()
    with socket.create_connection(("127.0.0.1", grid.server.port)) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer mg-a\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    told = grid.told(wait=1)[0]
    assert (told["whole"], told["ended_by"], told["step"]) == (False, "server", "step 1")


def test_the_report_adds_up_what_sessions_have_come_to(servers):
    grid = Grid(servers(seed=5))
    grid.control.put(
        "/sessions/mg-a",
        json={
            "steps": [
                {"name": "one", "reply": {"error": 503}},
                {"name": "two", "when": {"turn": 9}, "reply": {"say": "x"}},
            ]
        },
    )
    grid.ask()
    grid.ask(body={**HELLO, "temperature": 3})
    grid.control.delete("/sessions/mg-a")
    for _ in range(3):
        grid.ask("mg-b", {**HELLO, "max_token": 3, "max_tokens": 3})
    told = grid.control.get("/report").json()
    grid.close()
    rows = {(row["operation"], row["status"], row["response"]): row["count"] for row in told["rows"]}
    assert rows["createChatCompletion", "503", "application/json"] == 1
    assert rows["createChatCompletion", "422", "application/json"] == 1
    assert rows["createChatCompletion", "200", "application/json"] == 3
    assert rows["createChatCompletion", "402", "application/json"] == 0
    assert [(step["step"], step["count"]) for step in told["steps"]] == [("one", 1), ("two", 0)]
    assert [(found["code"], found["pointer"]) for found in told["violations"]] == [("MG113", "/temperature")]
    assert [(found["code"], found["path"], found["count"]) for found in told["warnings"]] == [
        ("MG140", "max_token", 3),
        ("MG141", "max_tokens", 3),
    ]
    sent = {branch["label"]: branch["sent"] for branch in told["branches"]}
    assert sent["max_tokens"]
    assert not sent["n"]
    read_report(json.dumps(told).encode(), "the server")


def test_the_report_tells_what_clients_were_shown(servers):
    grid = Grid(servers(seed=6))
    replies = [
        {"say": "", "finish": "length"},
        {"refuse": "No.", "fault": {"kind": "slow_headers", "for": "1ms"}},
        {"say": "one two three", "stream": {"fault": "no_done"}},
        {"error": 503},
    ]
    told = []
    for delete in (False, True):
        for key in ("mg-a", "mg-b"):
            assert grid.control.put(f"/sessions/{key}", json={"steps": [{"replies": replies}]}).is_success
            for stream in (False, False, True, True):
                grid.ask(key, {**HELLO, "stream": stream})
            if delete:
                grid.control.delete(f"/sessions/{key}")
        # What open sessions have shown is told of again and again, and counted once.
        told += [grid.control.get("/report").json() for _ in range(2)]
    grid.close()
    counts = [{each["fault"]: each["count"] for each in report["faults"] if each["count"]} for report in told]
    assert counts == [
        dict.fromkeys(("fault=slow_headers", "stream.fault=no_done"), count) for count in (2, 2, 4, 4)
    ]
    for report in told:
        shown = {
            (reply["status"], reply["response"]): {
                part["label"] for part in reply["branches"] if part["shown"]
            }
            for reply in report["replies"]
        }
        assert shown.keys() == {
            ("200", "application/json"),
            ("200", "text/event-stream"),
            ("503", "application/json"),
        }
        whole, stream = shown["200", "application/json"], shown["200", "text/event-stream"]
        assert {"choices[].finish_reason=length", "choices[].message.refusal"} <= whole
        assert "choices[].finish_reason=tool_calls" not in whole
        assert {"choices[].delta.content", "choices[].finish_reason=stop"} <= stream
        assert "choices[].finish_reason=length" not in stream
    read_report(json.dumps(told[0]).encode(), "the server")


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [
        ({"strict": True, "steps": [{"when": {"turn": 5}, "reply": {"say": "x"}}]}, [424] * 4),
        ({"limits": [{"requests": 1, "per": "1h"}]}, [200, 429, 429, 429]),
        ({"balance": {"tokens": 1}}, [200, 402, 402, 402]),
    ],
)
def test_attempts_are_those_of_the_request_though_it_is_refused(grid, scenario, statuses):
    grid.control.put("/sessions/mg-a", json={"steps": scenario})
    for text in ("a", "b", "c", "a"):
        grid.ask(body={"messages": [{"role": "user", "content": text}]})
    told = grid.told()
    assert [one["status"] for one in told] == statuses
    assert [one["attempt"] for one in told] == [1, 1, 1, 2]
    ids = [
        grid.ask(body={"messages": [{"role": "user", "content": text}]}).headers["x-request-id"]
        for text in "de"
    ]
    assert len(set(ids)) == len(ids)


PLAYED = """
limits:
  - {requests: 3, per: 1m}
  - {tokens: 1000, per: 1m, scope: model}
balance: {tokens: 5, top_up: {tokens: 20, after: 2s}}
steps:
  - {name: twice, when: {turn: 1}, replies: [{say: a}, {say: b}], times: 2}
  - {name: rest, when: {turn: 1}, reply: {say: c}, go_to: paid}
"""


def test_it_is_told_how_far_steps_limits_and_balance_have_come(virtual):
    def played():
        return virtual.session("mg-played")["scenario"]

    assert virtual.control.put("/sessions/mg-played", json={"source": PLAYED}).status_code == 200
    before = played()
    assert [(step["replies"], step["next"]) for step in before["steps"]] == [(2, 0), (1, 0)]
    assert [(limit["counts"], limit["left"], limit["model"]) for limit in before["limits"]] == [
        ("requests", 3, None)
    ]
    assert before["balance"] == {"left": 5, "top_up": 20, "due": None}
    assert virtual.ask("mg-played").json()["choices"][0]["message"]["content"] == "a"
    after = played()
    assert after == played()
    assert [(step["given"], step["next"]) for step in after["steps"]] == [(1, 1), (0, 0)]
    assert after["limits"][0] == {**after["limits"][0], "left": 2, "reset": 20.0, "amount": 3, "per": 60.0}
    assert (after["limits"][1]["model"], after["limits"][1]["left"] < 1000) == ("text-prime", True)
    assert (after["balance"]["left"] <= 0, after["balance"]["due"]) == (True, 2.0)
    virtual.control.post("/sessions/mg-played/clock", json={"advance": "60s"})
    assert (played()["balance"]["left"] > 0, played()["limits"][0]["left"]) == (True, 3)
    for _ in range(2):
        virtual.ask("mg-played")
        virtual.control.post("/sessions/mg-played/clock", json={"advance": "60s"})
    assert [step["next"] for step in played()["steps"]] == [None, 0]
    assert played()["state"] == "paid"


def test_a_request_waits_for_no_session_that_is_summed_up():
    caller, ended = Caller(), []
    headers = {"authorization": "Bearer mg-test", "content-type": "application/json"}

    async def ask(method="POST", path="/v1/chat/completions"):
        answer = await caller._call(method, path, json.dumps(HELLO).encode(), headers)
        ended.append((method, answer.status))
        return answer

    async def both():
        for _ in range(2000):
            await ask()
        return await asyncio.gather(ask("GET", "/__mockgrid__/sessions/mg-test"), ask())

    summed, _ = asyncio.run(both())
    assert ended[-2:] == [("POST", 200), ("GET", 200)]
    assert summed.json()["exchanges"]["count"] == 2000


def test_the_head_of_a_feed_ends(grid):
    host, port = grid.control.base_url.host, grid.control.base_url.port
    ask = "{} /__mockgrid__/{} HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall((ask.format("HEAD", "events") + ask.format("GET", "version")).encode())
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2:
            answers += connection.recv(9999)
    assert b"text/event-stream" in answers
