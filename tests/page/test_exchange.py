"""An exchange: what was sent and answered, what is wrong with it and where, and the reply's way over time."""

import re
import subprocess
import threading
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import expect

from mockgrid.session.session import session_name

NASTY = "<img src=x onerror=alert(1)> javascript:alert(1) 'it''s' \"$HOME\" `id` \\n \n \u202egnp.exe \u0000"


def place_of(key, number=1):
    return f"#/exchange/{session_name(key)}/{number}"


def go(tab, key="mg-a", number=1):
    page = tab.go(place_of(key, number))
    page.wait_for_selector(".sides")
    return page


def ask_badly(ask, key="mg-a"):
    ask(key, temperature=9, n="x", seed=12345678901234567, messages=[{"role": "user"}])


def stream_of(grid, ask, say="One two three four five six", **stream):
    """Have a stream played and read, whatever becomes of it; gives its key."""
    session = grid.session("a stream")
    session.play([{"say": say, "stream": stream}])
    with suppress(httpx.HTTPError):
        ask(session.api_key, stream=True)
    return session.api_key


def test_what_is_wrong_is_marked_where_it_stands(tab, ask):
    ask_badly(ask)
    page = go(tab)
    request = page.get_by_role("region", name="Request")
    marks = request.locator("[data-pointers]")
    assert [mark.split("MG")[1][:3] for mark in marks.all_inner_texts()] == ["111", "113", "110"]
    page.get_by_role("button", name="temperature").click()
    expect(marks.nth(1)).to_be_focused()
    assert marks.nth(1).inner_text().startswith('"temperature": 9')
    expect(request).to_contain_text('"seed": 12345678901234567')
    expect(page.get_by_role("region", name="Reply")).to_contain_text("must be at most 2, got 9")
    expect(page.get_by_role("region", name="Summary")).to_contain_text("createChatCompletion")
    request.get_by_text("8 headers").click()
    expect(request.get_by_text("[redacted]")).to_be_visible()
    assert "mg-a" not in page.content()


def test_a_way_from_the_journal_and_to_its_neighbours(tab, ask):
    for _ in range(2):
        ask()
    page = tab.go("#/journal")
    page.locator(".lines a").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Exchange")).to_be_focused()
    assert page.url.endswith(place_of("mg-a", 2))
    page.get_by_role("link", name="the one before").click()
    expect(page.get_by_role("link", name="the one before")).to_have_count(0)
    page.get_by_role("link", name="the one after").click()
    expect(page.get_by_role("link", name="the one before")).to_be_visible()
    expect(page.get_by_role("link", name="the one after")).to_have_count(0)
    page.get_by_role("region", name="Summary").get_by_role("link", name="mg-…").click()
    expect(page.locator(".lines [role=row]")).to_have_count(2)
    tab.expected.append("status of 404")
    tab.go(place_of("mg-a", 3))
    expect(page.get_by_role("alert")).to_have_text("There is no exchange 3 in this session.")


def test_what_it_proves_leads_to_the_other_exchanges(tab, grid, ask):
    session = grid.session("tests/test_it.py::test_it")
    session.play([{"error": 503, "retry_after": "2s"}, {"say": "Hello"}])
    for _ in range(2):
        ask(session.api_key)
    page = go(tab, session.api_key, 2)
    expect(page.get_by_role("region", name="Summary")).to_contain_text("tests/test_it.py::test_it")
    verdicts = page.get_by_role("region", name="Verdicts").first
    expect(verdicts).to_contain_text("MG310")
    verdicts.get_by_role("link", name="1").click()
    expect(page.locator(".call")).to_contain_text("503")
    expect(verdicts.get_by_role("link", name="2")).to_be_visible()


def chunks_of(page):
    return [
        row.all_inner_texts()
        for row in (each.locator("td") for each in page.locator(".stream tbody tr").all())
    ]


def test_a_stream_has_a_timeline(tab, grid, ask):
    key = stream_of(grid, ask, pace={"per_token": "20ms"}, fault={"kind": "disconnect", "after": 3})
    page = go(tab, key)
    rows = chunks_of(page)
    assert rows[-1][-1] == "Fault: disconnect"
    assert [row[0] for row in rows[:-1]] == ["1", "2", "3", "4"]
    due = [float(row[1].removesuffix(" ms")) for row in rows[:-1]]
    assert due == sorted(due)
    assert due[-1] > 30
    assert "late" in rows[-2][2] or "on time" in rows[-2][2]
    expect(page.locator(".stream dd").last).to_have_text("One two thre")
    expect(page.locator(".stream")).to_contain_text("Ended by the server after")
    expect(page.locator(".stream")).to_contain_text("not whole. Its fault was stream.fault=disconnect.")
    page.locator(".stream summary").nth(1).click()
    expect(page.locator(".stream pre").nth(1)).to_contain_text('data: {"id":')


# Before which row a fault stands, of a stream whose first chunk has the role; what it says is like a fault.
FAULTS = [
    ({"kind": "malformed_json", "after": 2}, 3),
    ({"kind": "cut_utf8", "after": 2}, 3),
    ({"kind": "garbage", "after": 2}, 3),
    ({"kind": "duplicate_chunk", "after": 2}, 3),
    ({"kind": "error_event", "after": 2}, 3),
    ({"kind": "stall", "after": 2, "for": "300ms"}, 3),
    ({"kind": "reset", "after": 2}, None),
    ({"kind": "no_done"}, None),
    ({"kind": "no_finish"}, -2),
    ({"kind": "disconnect", "after": 0}, None),
    ({"kind": "duplicate_chunk", "after": 4}, 5),
    ({"kind": "cut_utf8", "after": 3}, 4),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0]["kind"])
def test_where_a_fault_struck(tab, grid, ask, fault):
    options, before = fault
    say = "ha ha ha \ufffd ha ha"
    key = stream_of(grid, ask, say, newline="crlf", comments={"every": 1, "text": "data: x"}, fault=options)
    rows = chunks_of(go(tab, key))
    place = [row[-1] for row in rows].index(f"Fault: {options['kind']}")
    assert place == range(len(rows))[-1 if before is None else before]


# Where faults strike that are not of a stream, and who ended the reply.
EARLY = [
    ({"kind": "reset"}, "before the head", "Ended by the server after"),
    ({"kind": "empty"}, "before the head", "Ended by the server after"),
    ({"kind": "hang"}, "before the head", "Ended by the client, which left after"),
    ({"kind": "garbage"}, "in place of the head", "Ended by the server after"),
    ({"kind": "cut_body", "after": 0}, "after the head", "Ended by the server after"),
    ({"kind": "slow_headers", "for": "20ms"}, "in the head", "Ended by the server after"),
    ({"kind": "wrong_length", "length": -5}, "in the head", "Ended by the server after"),
]


def test_where_a_fault_struck_before_the_body(tab, grid, client):
    session = grid.session("early")
    session.play([{"say": "Hi", "fault": fault} for fault, *_ in EARLY])
    sent = {"json": {"messages": [{"role": "user", "content": "Hi"}]}}
    sent["headers"] = {"authorization": f"Bearer {session.api_key}"}
    for number, (fault, where, ended) in enumerate(EARLY, 1):
        with suppress(httpx.HTTPError):
            client.post(f"{grid.base_url}/chat/completions", timeout=0.5, **sent)
        stream = go(tab, session.api_key, number).locator(".stream")
        expect(stream.locator("tbody tr").first).to_have_text(
            re.compile(f"^{where}\\s*Fault: {fault['kind']}$")
        )
        expect(stream).to_contain_text(ended)


def test_a_stream_of_thousands_of_chunks_is_shown_in_parts(tab, grid, client):
    session = grid.session("long")
    session.play(
        [{"say": "ab " * 2000, "stream": {"coalesce": 1, "fault": {"kind": "disconnect", "after": 1990}}}]
    )
    sent = {"json": {"messages": [{"role": "user", "content": "Hi"}], "stream": True}}
    sent["headers"] = {"authorization": f"Bearer {session.api_key}"}
    with suppress(httpx.HTTPError):
        client.post(f"{grid.base_url}/chat/completions", **sent)
    page = go(tab, session.api_key)
    chunks = page.locator(".stream tbody tr")
    assert chunks.count() == 302
    assert chunks.last.inner_text().strip() == "Fault: disconnect"
    more = page.get_by_role("button", name="more chunks")
    hidden = int(more.inner_text().split()[0])
    assert hidden > 1000
    more.click()
    expect(chunks).to_have_count(301 + hidden)
    expect(page.locator(".stream dd").filter(has_text="ab ab")).to_have_count(1)


def test_who_left(tab, grid, client):
    session = grid.session("left")
    session.play([{"say": "One two three", "stream": {"pace": {"per_token": "1h"}}}])
    sent = {"json": {"messages": [{"role": "user", "content": "Hi"}], "stream": True}}
    sent["headers"] = {"authorization": f"Bearer {session.api_key}"}
    with client.stream("POST", f"{grid.base_url}/chat/completions", **sent) as reply:
        next(reply.iter_bytes())
        page = go(tab, session.api_key)
        expect(page.locator(".stream")).to_contain_text("It is under way.")
    expect(page.locator(".stream")).to_contain_text("Ended by the client, which left after")


def test_what_is_unfolded_stays_so_while_a_stream_goes_on(tab, grid, client):
    session = grid.session("long")
    session.play([{"say": "One two " * 500, "stream": {"pace": {"per_token": "300ms"}}}])
    sent = {"json": {"messages": [{"role": "user", "content": "Hi"}], "stream": True}}
    sent["headers"] = {"authorization": f"Bearer {session.api_key}"}
    with client.stream("POST", f"{grid.base_url}/chat/completions", **sent) as reply:
        next(reply.iter_bytes())
        page = go(tab, session.api_key)
        headers = page.get_by_role("region", name="Request").locator("summary").filter(has_text="headers")
        headers.click()
        count = page.locator(".stream tbody tr").count()
        expect(page.locator(".stream tbody tr")).not_to_have_count(count)
        expect(headers).to_be_focused()
        expect(page.get_by_role("table").filter(has_text="[redacted]")).to_be_visible()
    expect(page.locator(".stream")).to_contain_text("not whole.")


def test_a_reply_that_is_waited_for_comes(tab, grid, ask):
    session = grid.session("slow")
    session.play([{"say": "Late", "delay": "3s"}])
    asking = threading.Thread(target=ask, args=(session.api_key,))
    asking.start()
    page = tab.go("#/journal")
    page.locator(".lines a").click()
    expect(page.get_by_role("region", name="Summary")).to_contain_text("under way")
    expect(page.get_by_role("region", name="Reply")).to_contain_text('"Late"')
    asking.join()


JSON = {"content-type": "application/json"}
REQUESTS = [
    ("POST", "/v1/chat/completions", JSON, {"messages": [{"role": "user", "content": NASTY}], "seed": 2**60}),
    ("POST", "/v1/chat/completions", JSON, b'{"messages": [\'\\ud800 @x'),
    ("POST", "/v1/chat/completions", {"content-type": "application/octet-stream"}, b"\xff\x00'@"),
    ("POST", "/v1/chat/completions", JSON, b'"a text"'),
    (
        "PUT",
        "/v1/it's/[1-3]/{a,b}/%2e?q=a%20b&q=[1]&$x='",
        {"x-odd": "a'b\"c", "x-none": ""},
        b"@/etc/passwd",
    ),
    (
        "POST",
        "/v1/chat/completions",
        JSON,
        b'{"b": 1.50,\n "a": "\\u00e9", "10":1e5,"9":-0, "c":"\xc3\xa9"} ',
    ),
    ("POST", "/v1/chat/completions", JSON, b'{"10":1,"9":{"__proto__":[]}}'),
    ("POST", "/v1/chat/completions", {"content-type": "text/plain"}, "a\0b \U0001f600 \r\n'".encode()),
    ("POST", "/v1/chat/completions", JSON, {"messages": [{"role": "user", "content": "'\xe9" * 99_999}]}),
    (
        "POST",
        "/v1/files?a='b'",
        {"content-type": 'multipart/form-data; boundary="a\'b"', "x-odd": b"caf\xe9 '\xff\x80' \\n %s"},
        b"--a'b\r\ncontent-disposition: form-data; name=f; filename=\xc3\xa9\r\n\r\n\x00\xff\r\n--a'b--\r\n",
    ),
    ("GET", "/v1/models", {}, b""),
    ("GET", "/v1/models/org%2Fa%20name%3fof%23it", {}, b""),
]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_copied_as_curl_it_is_the_same_request(tab, client, number):
    method, path, headers, body = REQUESTS[number]
    sent = {"json": body} if isinstance(body, dict) else {"content": body or None}
    request = client.build_request(
        method, tab.origin, headers={"authorization": "Bearer mg-a", **headers}, **sent
    )
    request.url = request.url.copy_with(raw_path=path.encode())
    client.put(f"{tab.origin}/__mockgrid__/sessions/mg-a")  # else nobody knows whose a strange path is
    client.send(request)
    page = go(tab)
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    assert "mg-a" not in command
    environment = {"API_KEY": "mg-a", "PATH": "/usr/bin:/bin"}
    script = f"{command} --silent --noproxy '*'\n".encode()
    subprocess.run(["sh", "-e"], input=script, env=environment, check=True, capture_output=True)
    first, second = client.get(f"{tab.origin}/__mockgrid__/sessions/mg-a/exchanges").json()["exchanges"]
    for name in ("method", "path", "raw_path", "query", "body", "text", "bytes"):
        assert first["request"].get(name) == second["request"].get(name), name
    assert first["request"].get("base64") == second["request"].get("base64")
    kept = {"content-type", "x-odd", "x-none", "authorization"}
    assert {name: first["request"]["headers"].get(name) for name in kept} == {
        name: second["request"]["headers"].get(name) for name in kept
    }


def test_it_opens_in_the_playground(tab, ask):
    ask(messages=[{"role": "user", "content": "Take this along"}])
    page = go(tab)
    page.get_by_role("link", name="Open in the playground").click()
    expect(page.get_by_role("heading", name="Playground")).to_be_visible()
    expect(page.get_by_role("textbox", name="Message 1")).to_have_value("Take this along")


def test_hostile_texts_stay_texts(tab, grid, ask, client):
    ask(messages=[{"role": "user", "content": NASTY + "x" * 2**20}], user="<script>alert(1)</script>")
    page = go(tab)
    request = page.get_by_role("region", name="Request")
    expect(request).to_contain_text("<img src=x onerror=alert(1)> javascript:alert(1)")
    expect(request).to_contain_text("\\u202egnp.exe")
    assert page.locator("main img, main script, main a[href^='javascript']").count() == 0
    assert page.evaluate("document.querySelector('main').textContent.length") < 20_000
    tab.check()
    request.get_by_role("button", name="Show all").click()
    expect(request.get_by_role("button", name="Show all")).to_have_count(0)
    assert page.evaluate("document.querySelector('main').textContent.length") > 2**20
    headers = {"authorization": "Bearer mg-a", "content-type": "application/json"}
    client.post(f"{grid.base_url}/chat/completions", content=b'{"user": "\\ud800<b>"', headers=headers)
    page = go(tab, number=2)
    expect(page.get_by_role("region", name="Request")).to_contain_text('{"user": "\\ud800<b>"')


def test_long_lists_and_deep_ones_unfold_as_they_are_asked_for(tab, ask):
    deep = {"at": 5000}
    for _ in range(30):
        deep = {"in": deep}
    ask(metadata={"list": list(range(1000)), "deep": deep})
    page = go(tab)
    request = page.get_by_role("region", name="Request")
    assert request.locator(".literal").count() < 50
    request.locator("summary").filter(has_text="1000 items").click()
    expect(request.get_by_role("button", name="900 more")).to_be_visible()
    request.get_by_role("button", name="900 more").click()
    expect(request.get_by_role("button", name="800 more")).to_be_visible()


def test_what_is_wrong_far_down_a_long_list_shows_no_more_of_it(tab, ask):
    stop = [str(number) for number in range(5000)]
    stop[4000] = {}
    ask(stop=stop)
    page = go(tab)
    request = page.get_by_role("region", name="Request")
    expect(request.locator(".marked .marked")).to_contain_text("{}MG110")
    expect(request.get_by_role("button", name="3900 more")).to_be_visible()
    assert request.locator(".string").count() < 300


@pytest.fixture
def busy(grid, ask):
    key = stream_of(grid, ask, pace={"per_token": "5ms"}, fault={"kind": "malformed_json", "after": 2})
    ask_badly(ask, key)
    return key


def test_it_looks_right(looked_at, busy):
    for number in (1, 2):
        go(looked_at, busy, number)
        looked_at.check()


PIECES = [
    ('{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}', [["content", "Hi"]]),
    (
        '{"choices": [{"delta": {"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]}}]}',
        [["tool_calls1.function.arguments", "{"]],
    ),
    (
        '{"choices": [null, {"delta": "x", "finish_reason": "stop"}]}',
        [["choice 1, delta", "x"], ["choice 1, finish", "stop"]],
    ),
    ('{"choices": 5}', []),
    ('{"choices": "text"}', []),
    ('[{"choices": []}]', []),
    ("null", []),
    ("no JSON", []),
    ("[DONE]", []),
]


def test_what_an_event_says_is_known_whatever_it_holds(tab):
    told = tab.go("#/journal").evaluate(
        "async all => { const {pieces} = await import('./page/event_stream.js'); return all.map(pieces); }",
        [data for data, _ in PIECES],
    )
    assert told == [said for _, said in PIECES]
