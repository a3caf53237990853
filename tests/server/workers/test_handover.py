"""Connections that go from worker to worker, in every state that they can be in."""

import json
import random
import socket
import struct
import time
from pathlib import Path

import pytest
from server.workers.fleet import chat, key_of, post, read_all, read_one, said
from waiting import within

# Whichever worker accepts a connection, three of these four belong elsewhere.
COUNTING = [key_of(worker, prefix="mg.counting.") for worker in range(4)]
LINGER_NOT = struct.pack("ii", 1, 0)


@pytest.fixture
def connection(shared):
    with shared.connect() as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield opened


def keys(salt):
    return [key_of(worker, prefix="mg.counting.", salt=salt) for worker in range(4)]


def test_large_bodies_arrive_in_pieces_after_the_head(connection):
    for key in keys("large"):
        text = "x" * 700_000
        raw = chat(key, text)
        head, end, body = raw.partition(b"\r\n\r\n")
        connection.sendall(head + end + body[:3])
        time.sleep(0.01)
        connection.sendall(body[3:300_000])
        time.sleep(0.01)
        connection.sendall(body[300_000:])
        assert said(read_one(connection)) == f"{text} 1"


def test_large_bodies_come_with_the_head(connection):
    for key in keys("glued"):
        text = "x" * 700_000
        connection.sendall(chat(key, text))
        assert said(read_one(connection)) == f"{text} 1"


@pytest.mark.parametrize("seed", range(6))
def test_requests_cut_anywhere_are_whole_where_they_arrive(shared, connection, seed):
    """Heads, chunks, blank lines in bodies, and blank lines between requests, each cut at random."""
    chance = random.Random(seed)
    forms = [chat, chunked] + [blank_line_first] * ("h11" not in shared.kind)  # h11 takes none there
    raw, expected = b"", []
    for number in range(24):
        key = chance.choice(keys(f"cut{seed}-{number}"))
        text = chance.choice(["", "\r\n\r\n", "\n\n\r\n", "GET / HTTP/1.1\r\n\r\n"]) + f"{number}"
        raw += chance.choice(forms)(key, text)
        expected.append(f"{text} 1")
    at = 0
    while at < len(raw):
        size = chance.choice([1, 2, 3, 40, 200, 900])
        connection.sendall(raw[at : at + size])
        at += size
        if chance.random() < 0.2:
            time.sleep(0.0005)
    assert [said(read_one(connection)) for _ in expected] == expected


def chunked(key, text):
    value = {"model": "text-prime", "messages": [{"role": "user", "content": text}]}
    # Indented, so that blank lines stand in the chunks themselves.
    body = json.dumps(value, indent=1).replace("\n", "\n\r\n").encode()
    pieces = [body[at : at + 19] for at in range(0, len(body), 19)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    head = post(key, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + chunks + b"0\r\nX-Trailer: yes\r\n\r\n"


def blank_line_first(key, text):
    return b"\r\n" + chat(key, text)


def test_expect_100_continue_is_answered_by_the_owner(connection):
    for key in keys("expecting"):
        head, end, body = chat(key, extra=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        connection.sendall(head + end)
        assert connection.recv(25, socket.MSG_WAITALL) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert said(read_one(connection)) == "Hello 1"


def test_http_1_0_ends_with_its_reply(shared):
    for key in keys("old"):
        with shared.connect() as connection:
            connection.sendall(chat(key, version=b"1.0"))
            assert read_all(connection).endswith(b"}")


def test_client_that_has_closed_its_sending_side_is_answered(shared):
    for first in keys("half"):
        with shared.connect() as connection:
            others = b"".join(chat(key, "two") for key in keys("half2" + first))
            connection.sendall(chat(first, "one") + others)
            connection.shutdown(socket.SHUT_WR)
            found = read_all(connection)
            assert found.count(b"HTTP/1.1 200 OK") == 5


def test_replies_that_are_read_slowly_come_before_the_connection_leaves(shared):
    """What the first worker has written and not sent would be lost, or be overtaken."""
    large = "y" * 600_000
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", shared.port))
        connection.settimeout(60)
        sent = [(key, f"{large}{number}") for number, key in enumerate(keys("slow") * 2)]
        for number, (key, text) in enumerate(sent):
            connection.sendall(chat(key, text))
            if number:
                time.sleep(0.02)
                assert said(read_one(connection)).startswith(sent[number - 1][1])
        assert said(read_one(connection)).startswith(sent[-1][1])


@pytest.mark.parametrize("scenario", ["resetting", "resetting-late"])
def test_resets_after_a_handover_are_resets(shared, scenario):
    for worker in range(4):
        with shared.connect() as connection:
            for key in keys("before" + scenario):
                connection.sendall(chat(key))
                assert read_one(connection).status == 200
            connection.sendall(chat(key_of(worker, prefix=f"mg.{scenario}."), stream=True))
            with pytest.raises(ConnectionResetError):
                read_all(connection)


@pytest.mark.parametrize("ending", ["closed", "reset"])
def test_clients_that_leave_while_they_are_handed_over_do_no_harm(shared, ending):
    for number in range(60):
        with shared.connect() as connection:
            if ending == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            connection.sendall(chat(key_of(number % 4, salt=f"leaving{ending}"), stream=True))
    assert within(30, lambda: shared.ask("/health")[0] == 200)
    for key in keys("after" + ending):
        with shared.connect() as connection:
            connection.sendall(chat(key))
            assert said(read_one(connection)) == "Hello 1"


def test_what_is_no_request_is_refused_by_whoever_reads_it(connection):
    for key in keys("garbage"):
        connection.sendall(chat(key))
        assert read_one(connection).status == 200
    connection.sendall(b"GARBAGE\r\n\r\n")
    assert read_all(connection).startswith(b"HTTP/1.1 400 ")


def test_large_heads_are_refused_as_they_are_by_one_process(shared):
    with shared.connect() as connection:
        connection.sendall(chat("mg-x", extra=b"X-Large: %s\r\n" % (b"x" * 70_000)))
        assert connection.recv(13) == b"HTTP/1.1 431 "


def descriptors(pids):
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def test_a_thousand_handovers_leave_no_descriptor_behind(shared):
    def hand_over(times):
        with shared.connect() as connection:
            for number in range(times):
                connection.sendall(chat(COUNTING[number % 4]))
                assert read_one(connection).status == 200

    hand_over(8)
    pids = [shared.process.pid, *shared.pids()]
    before = descriptors(pids)
    hand_over(1_000)
    assert within(30, lambda: descriptors(pids) <= before)  # what is closed is closed a little later
