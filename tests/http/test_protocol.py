import json
import socket
import ssl
import time

import pytest
from raw_http import connect, exchange, read_all, responses
from waiting import within

from mockgrid.app.build import build_app
from mockgrid.http.incoming import origin_form
from mockgrid.settings import Settings

CLOSE = b"Host: x\r\nConnection: close\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

MALFORMED = {
    "garbage": b"\x00\x01\x02\x03\r\n\r\n",
    "text": b"hello world\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "http2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version unknown": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "version 2": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "version of 1991": b"GET /\r\nHost: x\r\n\r\n",
    "method with NUL": b"GE\x00T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in the path": b"GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    "not ASCII in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "space in the path": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "header without colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "empty header name": b"GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n",
    "connect": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "relative target": b"GET v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
    "length not a number": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
    "length negative": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "length with sign": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
    "length beyond 64 bits": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "chunks twice": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunks not last": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "encoding unknown": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\nab",
    "chunk size not hexadecimal": CHUNKED + b"xyz\r\n",
    "chunk size beyond 64 bits": CHUNKED + b"fffffffffffffffffffff\r\n",
    "chunk without its end": CHUNKED + b"2\r\nabcdef\r\n",
}

CUT = {
    "in the method": b"GE",
    "in the target": b"GET /v1",
    "in the headers": b"POST / HTTP/1.1\r\nHost: x\r\nContent-",
    "before the body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
    "in the body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
    "in a chunk": CHUNKED + b"5\r\nab",
    "before the last chunk": CHUNKED + b"2\r\nab\r\n",
}

FLOODS = {
    "request line": (b"GET /", b"a"),
    "header name": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a"),
    "header value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"a"),
    "headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n"),
    "trailers": (CHUNKED + b"2\r\nab\r\n0\r\n", b"A: b\r\n"),
    "trailer value": (CHUNKED + b"2\r\nab\r\n0\r\nA: ", b"a"),
    "chunk extension": (CHUNKED + b"2;a=", b"a"),
}

ANSWERED = {
    "websocket": (
        (
            b"GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ),
        "/chat",
    ),
    "h2c": (
        (
            b"GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
        ),
        "/v1",
    ),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n" + CLOSE + b"\r\n", "/*"),
    "absolute": (b"GET http://proxied.example:99/v1/x?a=1 HTTP/1.1\r\n" + CLOSE + b"\r\n", "/v1/x"),
    "absolute without path": (b"GET http://proxied.example HTTP/1.1\r\n" + CLOSE + b"\r\n", "/"),
    "absolute, query only": (b"GET http://proxied.example?a=1 HTTP/1.1\r\n" + CLOSE + b"\r\n", "/"),
    "double slash": (b"GET //evil.example/x HTTP/1.1\r\n" + CLOSE + b"\r\n", "//evil.example/x"),
    "encoded NUL": (b"GET /a%00b HTTP/1.1\r\n" + CLOSE + b"\r\n", "/a\x00b"),
    "bad percent": (b"GET /%zz%ff HTTP/1.1\r\n" + CLOSE + b"\r\n", "/%zz\ufffd"),
    "dots": (b"GET /../../etc/passwd HTTP/1.1\r\n" + CLOSE + b"\r\n", "/../../etc/passwd"),
    "long": (b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n", "/" + "a" * 60_000),
    "blank lines first": (b"\r\n\r\nGET /x HTTP/1.1\r\n" + CLOSE + b"\r\n", "/x"),
    "many methods": (b"PROPFIND /x HTTP/1.1\r\n" + CLOSE + b"\r\n", "/x"),
    "chunked": (
        b"POST /x HTTP/1.1\r\n"
        + CLOSE
        + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nT: x\r\n\r\n",
        "/x",
    ),
    "http 1.0": (b"GET /x HTTP/1.0\r\n\r\n", "/x"),
}


def only_error(found, status):
    assert [response.status for response in found] == [status]
    (response,) = found
    assert response.headers["content-type"] == "application/json"
    assert response.headers["connection"] == "close"
    assert response.headers["x-request-id"].startswith("req_")
    assert "date" not in response.headers
    assert "server" not in response.headers
    detail = json.loads(response.body)["errors"]["detail"]
    assert detail.endswith(".")
    return detail


def alive(server):
    (response,) = exchange(server.port, b"GET /alive HTTP/1.1\r\n" + CLOSE + b"\r\n")
    assert json.loads(response.body)["path"] == "/alive"


def test_malformed_gets_one_json_error(serve, capfd):
    server = serve()
    for name, raw in MALFORMED.items():
        detail = only_error(exchange(server.port, raw), 400)
        assert "not valid HTTP" in detail, name
    alive(server)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("first", [b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_tls_is_told_that_this_port_speaks_http(starts, first):
    server = starts(build_app(Settings(port=0, log="off")))
    detail = only_error(exchange(server.port, first), 400)
    assert "TLS arrived, and this port speaks plain HTTP; give the client a base URL with http://" in detail


def test_http2_is_told_that_this_port_speaks_http11(starts):
    server = starts(build_app(Settings(port=0, log="off")))
    detail = only_error(exchange(server.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)), 400)
    assert "HTTP/2 arrived, and this port speaks HTTP/1.1" in detail


def test_the_log_says_why_what_arrived_was_no_request(starts, capfd):
    server = starts(build_app(Settings(port=0, log="text")))
    with connect(server.port) as client, pytest.raises(ssl.SSLError, match=r"(?i)wrong.version|record layer"):
        ssl.create_default_context().wrap_socket(client, server_hostname="localhost")
    exchange(server.port, b"nonsense\r\n\r\n")
    server.stop()
    tls, nonsense = capfd.readouterr().err.splitlines()
    assert tls.startswith("- - 400 0.0ms The request is not valid HTTP: TLS arrived")
    assert nonsense.startswith("- - 400 0.0ms The request is not valid HTTP: ")


def test_both_length_and_chunks_are_never_two_requests(serve):
    both = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    only_error(exchange(serve().port, both, finish=True), 400)


@pytest.mark.parametrize("codings", [b"gzip, chunked", b"gzip\r\nTransfer-Encoding: chunked"])
def test_a_coding_that_is_not_undone_is_not_implemented(serve, codings):
    raw = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %b\r\n\r\n0\r\n\r\n" % codings
    assert "chunked alone" in only_error(exchange(serve().port, raw), 501)


@pytest.mark.parametrize("name", CUT)
def test_cut_request_gets_one_json_error(serve, name):
    server = serve()
    assert "before the request was complete" in only_error(exchange(server.port, CUT[name], finish=True), 400)
    alive(server)


@pytest.mark.parametrize("name", FLOODS)
def test_flood_is_refused_early_and_readably(serve, name):
    server = serve(max_headers=16_384)
    start, piece = FLOODS[name]
    with connect(server.port) as connection:
        connection.sendall(start)
        block = piece * (65_536 // len(piece))
        for _ in range(64):  # 4 MiB: a client that writes first and reads then is not reset on the way
            connection.sendall(block)
        found = responses(read_all(connection))
    assert "16384 bytes" in only_error(found, 431)
    alive(server)


def test_head_over_the_limit_in_one_piece_is_refused_and_below_it_is_not(serve):
    server = serve(max_headers=2000)
    request = b"GET /x HTTP/1.1\r\n" + CLOSE + b"A: %s\r\n\r\n"
    only_error(exchange(server.port, request % (b"a" * 2000)), 431)
    assert exchange(server.port, request % (b"a" * 1800))[0].status == 200


@pytest.mark.parametrize("frame", [b"%s", b"3e8\r\n%s\r\n"])
def test_body_in_many_pieces_is_not_a_large_head(serve, frame):
    server = serve(max_headers=2000)
    framing = b"Transfer-Encoding: chunked" if b"3e8" in frame else b"Content-Length: 10000"
    with connect(server.port) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\n" + CLOSE + framing + b"\r\n\r\n")
        for _ in range(10):
            time.sleep(0.01)
            connection.sendall(frame % (b"a" * 1000))
        if b"3e8" in frame:
            connection.sendall(b"0\r\n\r\n")
        (response,) = responses(read_all(connection))
    assert len(json.loads(response.body)["body"]) == 10_000


def test_request_byte_by_byte_is_a_request(serve):
    raw = b"POST /x?a=1 HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    with connect(serve().port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in raw:
            connection.sendall(bytes([byte]))
        (response,) = responses(read_all(connection))
    assert json.loads(response.body)["body"] == "ab"


def test_large_body_is_not_a_large_head(serve):
    server = serve(max_headers=2000)
    body = b"a" * 100_000
    head = b"POST /x HTTP/1.1\r\n" + CLOSE + b"Content-Length: %d\r\n\r\n" % len(body)
    assert len(json.loads(exchange(server.port, head + body)[0].body)["body"]) == len(body)
    chunks = b"".join(b"1\r\na\r\n" for _ in range(5000))
    head = b"POST /x HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    assert len(json.loads(exchange(server.port, head + chunks + b"0\r\n\r\n")[0].body)["body"]) == 5000


@pytest.mark.parametrize("name", ANSWERED)
def test_unusual_request_is_answered_by_the_application(serve, capfd, name):
    raw, path = ANSWERED[name]
    (response,) = exchange(serve().port, raw, finish=True)
    assert response.status == 200
    assert json.loads(response.body)["path"] == path
    assert capfd.readouterr() == ("", "")


def test_request_after_one_that_would_upgrade_is_answered(serve):
    upgrade = b"GET /%d HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    raw = upgrade % 1 + upgrade % 2 + b"GET /3 HTTP/1.1\r\n" + CLOSE + b"\r\n"
    found = exchange(serve().port, raw)
    assert [json.loads(response.body)["path"] for response in found] == ["/1", "/2", "/3"]


@pytest.mark.parametrize("pieces", ["one", "head and body", "many"])
@pytest.mark.parametrize("chunked", [False, True])
def test_request_that_offers_an_upgrade_keeps_its_body(serve, chunked, pieces):
    server = serve()
    body = b"5\r\nhello\r\n0\r\n\r\n" if chunked else b"hello"
    framing = b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: 5\r\n"
    head = (
        b"POST /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" + framing + b"\r\n"
    )
    after = b"GET /after HTTP/1.1\r\n" + CLOSE + b"\r\n"
    parts = {
        "one": [head + body + after],
        "head and body": [head, body + after],
        "many": [head, body[:3], body[3:], after],
    }[pieces]
    with connect(server.port) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.02)
        found = responses(read_all(connection))
    assert [response.status for response in found] == [200, 200]
    assert b"hello" in found[0].body


UPGRADE = (
    b"POST /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 33\r\n\r\n"
    b"GET /smuggled HTTP/1.1\r\nHost: x\r\n"
)


def test_an_offer_to_upgrade_is_seen_however_its_head_is_split(serve, echo):
    server = serve()
    after = b"GET /after HTTP/1.1\r\n" + CLOSE + b"\r\n"
    for place in range(1, len(UPGRADE), 3):
        with connect(server.port) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(UPGRADE[:place])
            time.sleep(0.002)
            connection.sendall(UPGRADE[place:] + after)
            found = responses(read_all(connection))
        assert [response.status for response in found] == [200, 200], place
        assert b"/smuggled" in found[0].body
    assert set(echo.asked) == {"/up", "/after"}


def test_trailers_do_not_become_headers(serve):
    (response,) = exchange(serve().port, ANSWERED["chunked"][0])
    assert json.loads(response.body)["headers"] == ["connection", "host", "transfer-encoding"]


def test_pipelined_requests_are_answered_in_order(serve):
    raw = b"".join(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % name for name in (b"slow", b"a", b"slow", b"b"))
    found = exchange(serve().port, raw + b"GET /last HTTP/1.1\r\n" + CLOSE + b"\r\n")
    paths = [json.loads(response.body)["path"] for response in found]
    assert paths == ["/slow", "/a", "/slow", "/b", "/last"]


def test_garbage_behind_a_running_reply_waits_for_its_turn(serve):
    found = exchange(serve().port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n\x00\x01\x02\r\n\r\n")
    assert [response.status for response in found] == [200, 400]
    assert json.loads(found[0].body)["path"] == "/slow"


def test_broken_body_behind_a_running_reply_waits_for_its_turn(serve):
    first = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    found = exchange(serve().port, first + CHUNKED + b"zz\r\n")
    assert [response.status for response in found] == [200, 400]


def test_broken_body_is_a_lost_client_to_the_application(serve, echo):
    server = serve()
    with connect(server.port) as connection:
        connection.sendall(CHUNKED + b"2\r\nab\r\n")
        assert within(30, lambda: echo.asked == ["/"])
        connection.sendall(b"zz\r\n")
        only_error(responses(read_all(connection)), 400)
    alive(server)
    assert echo.disconnects == ["/"]


def test_broken_body_after_the_reply_gets_no_second_reply(serve):
    server = serve()
    with connect(server.port) as connection:
        connection.sendall(
            b"POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
        )
        reply = connection.recv(65536)
        connection.sendall(b"zz\r\n")
        assert [response.status for response in responses(reply + read_all(connection))] == [413]
    alive(server)


def test_slow_head_times_out_in_json(serve):
    server = serve(header_timeout=0.5)
    with connect(server.port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(3):
            time.sleep(0.01)
            connection.sendall(b"A: b\r\n")
        assert "0.5 seconds" in only_error(responses(read_all(connection)), 408)


def test_slow_second_head_times_out_too(serve):
    server = serve(header_timeout=0.5)
    with connect(server.port) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        connection.sendall(b"GET /y HT")
        assert [response.status for response in responses(read_all(connection))] == [200, 408]


def test_silent_connection_is_just_closed(serve):
    server = serve(header_timeout=0.1)
    with connect(server.port) as connection:
        assert read_all(connection) == b""


def test_head_timer_does_not_touch_a_slow_reply_or_a_slow_body(serve):
    server = serve(header_timeout=1)  # the head has to come within it
    with connect(server.port) as connection:
        connection.sendall(b"POST /slow HTTP/1.1\r\n" + CLOSE + b"Content-Length: 2\r\n\r\n")
        time.sleep(1.2)
        connection.sendall(b"ab")
        assert [response.status for response in responses(read_all(connection))] == [200]


def test_idle_connection_outlives_the_head_timer(serve):
    server = serve(header_timeout=1, keep_alive=60)  # each head has to come within the first
    request = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(server.port) as connection:
        for _ in range(2):
            connection.sendall(request)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(1.2)


def test_keep_alive_time_is_honoured(serve):
    server = serve(keep_alive=0.1)
    with connect(server.port) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        assert [response.status for response in responses(read_all(connection))] == [200]
        assert time.monotonic() - started < 20


def test_expect_continue(serve):
    server = serve()
    with connect(server.port) as connection:
        head = b"POST /x HTTP/1.1\r\n" + CLOSE + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"ab")
        (response,) = responses(read_all(connection))
        assert json.loads(response.body)["body"] == "ab"


def test_client_that_half_closes_still_gets_its_reply(serve):
    (response,) = exchange(serve().port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", finish=True)
    assert response.status == 200


def test_client_that_leaves_is_noticed(serve, echo):
    server = serve()
    connection = connect(server.port)
    connection.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
    connection.close()
    assert within(30, lambda: echo.disconnects == ["/upload"])


def test_stream_to_http_1_0_has_no_chunks(serve):
    with connect(serve().port) as connection:
        connection.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body == b"".join(b"data: %d\n\n" % n for n in range(5)) + b"data: [DONE]\n\n"


def test_application_that_crashes_is_logged_once_with_its_traceback(serve, capfd):
    server = serve()
    assert exchange(server.port, b"GET /crash HTTP/1.1\r\n" + CLOSE + b"\r\n")[0].status == 500
    alive(server)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("mockgrid: error: Exception in ASGI application\n")
    assert err.endswith("RuntimeError: a defect\n")
    assert err.count("Traceback") == 1


def test_error_bodies_come_from_the_application(serve, echo):
    echo.error_body = lambda failure, _: (418, [(b"content-type", b"text/x")], failure.encode())
    (response,) = exchange(serve().port, b"nonsense\r\n\r\n")
    assert (response.status, response.headers["content-type"], response.body) == (
        418,
        "text/x",
        b"malformed_body",
    )


@pytest.mark.parametrize("target", [b"host:443", b"v1/models", b"", b"a b://x", b"://x", b"?a"])
def test_target_without_a_path(target):
    with pytest.raises(ValueError, match="target"):
        origin_form(target)


def test_reset_by_the_client_is_silent(serve, capfd):
    server = serve()
    connection = connect(server.port)
    connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
    time.sleep(0.4)
    alive(server)
    assert capfd.readouterr() == ("", "")
