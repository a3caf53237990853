"""One state for each session, whichever worker accepts its clients."""

import asyncio
import json
import random
from collections import Counter

from server.raw_http import responses
from server.workers.fleet import Connection, chat, key_of, read_all, read_one, said

from mockgrid.session.sessions import session_name


def test_a_hundred_clients_consume_each_reply_once_and_fill_one_journal(shared):
    key = "mg.replenishing.hundred"

    async def client(connection, number):
        return (await connection.ask(chat(key, f"client {number}"))).status

    async def hundred():
        connections = await asyncio.gather(*(Connection.open(shared.port) for _ in range(100)))
        statuses = await asyncio.gather(*(client(one, number) for number, one in enumerate(connections)))
        await asyncio.gather(*(connection.close() for connection in connections))
        return Counter(statuses)

    assert asyncio.run(hundred()) == {503: 50, 200: 50}
    for _ in range(5):  # from any connection
        status, told = shared.ask(f"/sessions/{key}/exchanges")
        assert (status, told["count"]) == (200, 100)
        assert [one["number"] for one in told["exchanges"]] == list(range(1, 101))
        asked = Counter(one["request"]["body"]["messages"][0]["content"] for one in told["exchanges"])
        assert asked == {f"client {number}": 1 for number in range(100)}
        assert [one["status"] for one in told["exchanges"]] == [503] * 50 + [200] * 50


def test_thousands_of_interleavings_never_show_the_state_of_another_session(shared):
    """Forty clients, each with its key, share sixteen connections, and each sees its own count alone."""
    chance = random.Random(7)

    async def client(name, pool, order):
        for attempt, choice in enumerate(order, 1):
            connection, turn = pool[choice]
            async with turn:
                found = await connection.ask(chat(f"mg.counting.{name}", f"I am {name}"))
            assert said(found) == f"I am {name} {attempt}"

    async def all_of_them():
        pool = [(await Connection.open(shared.port), asyncio.Lock()) for _ in range(16)]
        orders = [[chance.randrange(16) for _ in range(60)] for _ in range(40)]
        await asyncio.gather(*(client(f"c{number}", pool, order) for number, order in enumerate(orders)))
        for connection, _ in pool:
            await connection.close()

    asyncio.run(all_of_them())
    _, listed = shared.ask("/sessions")
    counts = {one["session"]: one["exchanges"] for one in listed["sessions"]}
    assert len(counts) == len(listed["sessions"])  # no session is in two workers
    assert all(counts[session_name(f"mg.counting.c{number}")] == 60 for number in range(40))


def test_pipelined_requests_of_many_sessions_are_answered_in_order(shared):
    keys = [key_of(number % 4, prefix="mg.counting.", salt="p") for number in range(40)]
    raw = b"".join(chat(key, f"number {number}") for number, key in enumerate(keys))
    with shared.connect() as connection:
        connection.sendall(raw)
        found = [said(read_one(connection)) for _ in keys]
    assert found == [f"number {number} 1" for number in range(40)]


def test_the_last_request_of_a_connection_takes_no_reply_from_those_before(shared):
    key = key_of(0, salt="last")
    raw = chat(key, "first") + chat(key, "second") + chat(key, "third", extra=b"Connection: close\r\n")
    with shared.connect() as connection:
        connection.sendall(raw)
        found = [said(response) for response in responses(read_all(connection))]
    assert found == ["You said: first", "You said: second", "You said: third"]


def test_sessions_are_named_by_headers_too(shared):
    for number in range(12):
        named = b"X-MockGrid-Session: suite %d\r\nX-MockGrid-Scenario: counting\r\n" % number
        with shared.connect() as connection:
            for attempt in range(1, 4):
                connection.sendall(chat("mg-any", "again", extra=named))
                assert said(read_one(connection)) == f"again {attempt}"


def test_a_key_in_the_wrong_place_is_told_in_the_journal_of_that_key(shared):
    for worker in range(4):
        key = key_of(worker, salt="misplaced")
        misplaced = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\n" % key.encode()
        misplaced += b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        counts = []
        for opened in (False, True):
            with shared.connect() as connection:
                connection.sendall((chat(key) if opened else b"") + misplaced)
                assert b"HTTP/1.1 401 " in read_all(connection)
            counts.append(shared.ask("/sessions/s-anonymous")[1]["exchanges"]["count"])
        assert counts == [worker + 1, worker + 1]
        assert shared.ask(f"/sessions/{key}")[1]["exchanges"]["count"] == 2


def test_a_request_that_loses_its_key_on_a_redirect_is_told_in_the_journal_of_that_key(shared):
    for worker in range(4):
        key = key_of(worker, prefix="mg.routed.", salt="lost")
        with shared.connect() as connection:
            connection.sendall(chat(key))
            location = read_one(connection).headers["location"]
        path = "/r/" + location.partition("/r/")[2]
        kept = b"Authorization: Bearer %s\r\n" % key.encode()
        lost = chat(key).replace(b"/v1/chat/completions", path.encode(), 1).replace(kept, b"")
        with shared.connect() as connection:
            connection.sendall(lost)
            assert read_one(connection).status == 401
        told = shared.ask(f"/sessions/{key}/exchanges")[1]["exchanges"]
        assert [exchange["status"] for exchange in told] == [307, 401]


def test_operators_reach_each_session_from_any_connection(shared):
    for worker in range(4):
        key = key_of(worker, salt="operated")
        steps = {"steps": [{"say": "As the operator said."}]}
        with shared.connect() as connection:
            for name in (key, f"suite-{worker}"):
                status, opened = shared.ask(f"/sessions/{name}", "PUT", steps)
                assert (status, opened["exchanges"]["count"]) == (200, 0)
            connection.sendall(chat(key))
            assert said(read_one(connection)) == "As the operator said."
            connection.sendall(chat("mg-other", extra=b"X-MockGrid-Session: suite-%d\r\n" % worker))
            assert said(read_one(connection)) == "As the operator said."
        for name in (key, f"suite-{worker}", session_name(key)):
            asked = {"session": name, "request": {"messages": [{"role": "user", "content": "Hi"}]}}
            assert shared.ask("/explain", "POST", asked)[0] == 200
            assert shared.ask(f"/sessions/{name}")[1]["exchanges"]["count"] == 1
        assert shared.ask(f"/sessions/{key}/reset", "POST")[1]["exchanges"]["count"] == 0
        assert shared.ask(f"/sessions/{key}", "DELETE") == (204, None)
        assert shared.ask(f"/sessions/{key}")[0] == 404
    asked = {"session": "mg-nobody", "request": {"messages": []}}
    assert shared.ask("/explain", "POST", asked)[0] == 404


def test_events_of_all_workers_come_in_one_feed(shared):
    keys = [key_of(worker, salt="watched") for worker in range(4)]
    with shared.connect() as feed:
        feed.sendall(b"GET /__mockgrid__/events HTTP/1.0\r\nHost: x\r\n\r\n")
        seen = b""
        while b"\n\n" not in seen.partition(b"\r\n\r\n")[2]:
            seen += feed.recv(65536)
        # The feed of each other worker begins a moment later: ask until all have been seen.
        sessions = set()
        while sessions != {session_name(key) for key in keys}:
            for key in keys:
                with shared.connect() as connection:
                    connection.sendall(chat(key))
                    read_one(connection)
            seen += feed.recv(65536)
            events = [event for event in seen.split(b"\n\n") if event.startswith(b"event: exchange")]
            told = [json.loads(event.partition(b"data: ")[2]) for event in events if event.endswith(b"}")]
            sessions = {one["session"] for one in told}
