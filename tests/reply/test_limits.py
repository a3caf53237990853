"""What limits do to requests, and what replies tell of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import openai
import pytest
from asgi import Caller
from waiting import within

from mockgrid import MockGrid
from mockgrid.errors import DocumentError
from mockgrid.http.asgi import CutError
from mockgrid.session.limits import duration

HELLO = [{"role": "user", "content": "Hello there"}]


def playing(limits, *replies, settings=None, **scenario):
    caller = Caller("mg-test", clock="virtual", **(settings or {}))
    steps = [{"replies": list(replies or ({"auto": True},))}]
    script = {"limits": limits, "steps": steps, **scenario}
    caller.app.operator.script("mg-test", {"steps": script})
    return caller


def told(answer, *beginnings):
    return {name: value for name, value in answer.headers if name.startswith(beginnings)}


def overlaid(tmp_path, headers):
    """A document with the headers of an API of one's own."""
    overlay = tmp_path / "mine.overlay.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Mine, version: '1'}\nactions:\n"
        f"  - {{target: $, update: {{x-mockgrid: {{limit_headers: {headers}}}}}}}\n"
    )
    return {"overlays": (str(overlay),)}


class AtOnce:
    """Clients of one key that stay in a reply until they are let go."""

    def __init__(self, grid):
        self.grid = grid
        self.client = openai.OpenAI(base_url=grid.base_url, api_key=grid.api_key, max_retries=0)
        self.go_on = threading.Event()
        self.refused = None

    def stream(self, model="text-prime"):
        with self.client.chat.completions.create(model=model, messages=HELLO, stream=True) as stream:
            next(iter(stream))
            self.go_on.wait(30)

    def status(self, model="text-prime"):
        try:
            self.client.chat.completions.create(model=model, messages=HELLO)
        except openai.RateLimitError as error:
            self.refused = error
            return 429
        return 200


@pytest.fixture
def at_once():
    with MockGrid() as grid:
        yield AtOnce(grid)


STREAMED = {
    "when": {"stream": True},
    "reply": {"say": "Hello there", "stream": {"pace": {"per_token": "30s"}}},
}


def test_so_many_at_once_and_one_more_when_one_has_ended(at_once):
    at_once.grid.play({"limits": [{"concurrent": 3}], "steps": [STREAMED]})
    with ThreadPoolExecutor() as pool:
        streams = [pool.submit(at_once.stream) for _ in range(3)]
        assert within(10, lambda: len(at_once.grid.exchanges) == 3)
        assert [at_once.status() for _ in range(2)] == [429, 429]
        assert at_once.refused.body == {"errors": {"detail": "Too many requests. Try again later."}}
        assert "retry-after" not in at_once.refused.response.headers
        at_once.go_on.set()
        for stream in streams:
            stream.result()
    assert within(10, lambda: at_once.status() == 200)  # the server has to hear that they have left
    assert at_once.status() == 200


def test_each_model_may_have_its_own(at_once):
    at_once.grid.play({"limits": [{"concurrent": 1, "scope": "model"}], "steps": [STREAMED]})
    with ThreadPoolExecutor() as pool:
        stream = pool.submit(at_once.stream)
        assert within(10, lambda: len(at_once.grid.exchanges) == 1)
        assert (at_once.status(), at_once.status("text-max")) == (429, 200)
        at_once.go_on.set()
        stream.result()


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"reply": {"error": 503}}, 503),
        ({"reply": {"body": "x", "contract": "off"}}, 200),
        ({"reply": {"example": "none", "contract": "off"}}, 400),  # no such example can be sent
        ({"reply": {"say": "a", "stream": {"fault": "disconnect"}}}, 200),
        ({"when": {"turn": 9}, "reply": {"say": "a"}}, 424),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_has_ended_however_it_did_takes_no_room(step, status, stream):
    caller = playing([{"concurrent": 1}], strict=True, steps=[step])
    with suppress(CutError):
        assert [caller.chat(stream=stream).status for _ in range(2)] == [status] * 2
    with suppress(CutError):
        assert caller.chat(stream=stream).status == status


def test_the_free_tier():
    caller = Caller("mg.free-tier.a", clock="virtual")
    assert [caller.chat().status for _ in range(101)] == [200] * 100 + [429]
    last = caller.chat()
    assert last.header("retry-after") == "864"
    assert told(last, "x-ratelimit", "ratelimit") == {}


def test_headers_count_down_as_openai_does():
    caller = playing([{"requests": 3, "per": "1m"}, {"tokens": 1000, "per": "1m"}], limit_headers="openai")
    answers = [caller.chat() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    used = [answer.json()["usage"]["total_tokens"] for answer in answers[:3]]
    assert [answer.header("x-ratelimit-remaining-requests") for answer in answers] == ["2", "1", "0", "0"]
    left = [1000 - sum(used[:count]) for count in (1, 2, 3, 3)]
    assert [answer.header("x-ratelimit-remaining-tokens") for answer in answers] == list(map(str, left))
    assert {answer.header("x-ratelimit-limit-requests") for answer in answers} == {"3"}
    assert {answer.header("x-ratelimit-limit-tokens") for answer in answers} == {"1000"}
    assert [answer.header("x-ratelimit-reset-requests") for answer in answers] == [
        "20s",
        "40s",
        "1m0s",
        "1m0s",
    ]
    assert answers[3].header("retry-after") == "20"
    caller.app.operator.move_clock("mg-test", {"advance": "20s"})
    again = caller.chat()
    assert (again.status, again.header("x-ratelimit-remaining-requests")) == (200, "0")


def test_headers_of_the_draft_name_each_limit():
    limits = [{"requests": 3, "per": "1m"}, {"requests": 100, "per": "24h"}, {"tokens": 1000, "per": "500ms"}]
    caller = playing([*limits, {"concurrent": 5, "scope": "model"}], limit_headers="ietf")
    first = caller.chat()
    tokens = 1000 - first.json()["usage"]["total_tokens"]
    assert told(first, "ratelimit") == {
        "ratelimit-policy": '"requests-per-60s";q=3;w=60, "requests-per-86400s";q=100;w=86400, '
        '"tokens-per-1s";q=1000;qu="tokens";w=1, "concurrent-by-model";q=5;qu="concurrent-requests"',
        "ratelimit": '"requests-per-60s";r=2;t=20, "requests-per-86400s";r=99;t=864, '
        f'"tokens-per-1s";r={tokens};t=1, "concurrent-by-model";r=4',
    }


def test_refusals_and_errors_tell_how_limits_stand_too():
    limits = [{"requests": 5, "per": "1m"}]
    caller = playing(limits, {"error": 503}, {"say": "Hello"}, limit_headers="openai")
    remaining = "x-ratelimit-remaining-requests"
    assert (caller.chat().header(remaining), caller.chat().header(remaining)) == ("4", "3")
    broken = caller.chat(temperature=3)
    assert (broken.status, broken.header(remaining)) == (422, "3")
    unknown = caller.chat(model="nope")
    assert (unknown.status, unknown.header(remaining)) == (404, "3")
    assert caller.chat(stream=True).header(remaining) == "2"
    assert caller.call("GET", "/v1/models").header(remaining) is None
    assert caller.call("POST", "/v1/nope", {}).header(remaining) is None


def test_the_nearer_limit_of_two_is_told():
    caller = playing([{"requests": 2, "per": "1m"}, {"requests": 9, "per": "1h"}], limit_headers="openai")
    assert [caller.chat().header("x-ratelimit-limit-requests") for _ in range(2)] == ["2", "2"]


def test_what_a_step_sends_itself_is_sent_once():
    reply = {
        "say": "a",
        "headers": {"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": None},
    }
    headers = told(
        playing([{"requests": 5, "per": "1m"}], reply, limit_headers="openai").chat(), "x-ratelimit"
    )
    assert headers == {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12s"}


def test_an_overlay_names_the_style_and_a_scenario_may_take_another(tmp_path):
    settings = overlaid(tmp_path, "openai")
    limits = [{"requests": 5, "per": "1m"}]
    assert playing(limits, settings=settings).chat().header("x-ratelimit-limit-requests") == "5"
    assert told(playing(limits, settings=settings, limit_headers="none").chat(), "x-ratelimit") == {}


def test_an_overlay_has_headers_of_its_own(tmp_path):
    mine = "{requests: {X-Left: '${remaining} of ${limit}', X-All: ['${name}=${remaining}']}}"
    settings = overlaid(tmp_path, mine)
    answer = playing([{"requests": 5, "per": "1m"}, {"requests": 9, "per": "1h"}], settings=settings).chat()
    assert (answer.header("x-left"), answer.header("x-all")) == (
        "4 of 5",
        "requests-per-60s=4, requests-per-3600s=8",
    )


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ("openai2", "Did you mean openai?"),
        ("[a]", "a mapping"),
        ("{request: {a: b}}", "Did you mean requests?"),
        ("{requests: {'a b': '1'}}", "'a b' is not a header's name"),
        ("{requests: {a: '${left}'}}", "'${left}' stands for nothing"),
        ("{requests: {a: 1}}", "text"),
        ('{requests: {a: "${limit}\\r\\nx-injected: 1"}}', r"no header can hold '\r'"),
        ("{requests: {a: ['${name} €']}}", "no header can hold '€'"),
        ("{requests: {Content-Length: '5'}}", "'Content-Length' is decided by what is sent"),
        ("{tokens: {transfer-encoding: chunked}}", "'transfer-encoding' is decided by what is sent"),
    ],
)
def test_what_an_overlay_has_wrong_is_told_with_its_place(tmp_path, headers, said):
    with pytest.raises(DocumentError) as raised:
        Caller("mg-test", **overlaid(tmp_path, headers))
    assert said in str(raised.value)
    assert "mine.overlay.yaml:4:" in str(raised.value.where)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.012, "12ms"),
        (0.0001, "1ms"),
        (1, "1s"),
        (8.64, "8.64s"),
        (83, "1m23s"),
        (360, "6m0s"),
        (3602, "1h0m2s"),
    ],
)
def test_durations_read_as_go_writes_them(seconds, text):
    assert duration(seconds) == text


def test_a_client_reads_them():
    with MockGrid() as grid:
        grid.play({"limits": [{"requests": 3, "per": "1m"}], "limit_headers": "openai", "steps": []})
        client = openai.OpenAI(base_url=grid.base_url, api_key=grid.api_key)
        raw = client.chat.completions.with_raw_response.create(model="text-prime", messages=HELLO)
        assert raw.headers["x-ratelimit-remaining-requests"] == "2"
