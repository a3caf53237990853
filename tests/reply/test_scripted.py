"""Errors that scenarios script: made once where they always say the same, and never shared by mistake."""

import json
from pathlib import Path

import pytest
from asgi import Caller

from mockgrid.errors import DocumentError
from mockgrid.session.har import har


@pytest.fixture
def play(tmp_path):
    def write(text, **settings):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        return Caller(scenarios=(str(tmp_path),), scenario="mine", **settings)

    return write


def details(answers):
    return [answer.json()["errors"]["detail"] for answer in answers]


def test_an_error_is_the_same_each_time(play):
    caller = play("steps: [{reply: {error: {status: 429, detail: Slow down}}}]")
    first, second = caller.chat(), caller.chat()
    assert first.body == second.body == b'{"errors":{"detail":"Slow down"}}'
    assert first.header("x-request-id") != second.header("x-request-id")


def test_but_for_what_the_request_puts_in(play):
    caller = play("steps: [{reply: {error: {status: 429, detail: 'Slow, ${last_user}'}}}]")
    assert details([caller.chat("one"), caller.chat("two")]) == ["Slow, one", "Slow, two"]
    listed = play("steps: [{reply: {error: {status: 422, detail: {model: ['is ${model}']}}, contract: off}}]")
    assert b"is text-max" in listed.chat(model="text-max").body
    assert b"is text-prime" in listed.chat(model="text-prime").body


def test_what_one_reply_adds_no_other_has(play):
    caller = play(
        "steps:\n"
        "  - {replies: [{error: 503, retry_after: 1s, headers: {x-a: b}}, {error: 503}], then: cycle}\n"
    )
    answers = [caller.chat() for _ in range(4)]
    assert [answer.header("retry-after") for answer in answers][::2] == ["1", "1"]
    assert [answer.header("x-a") for answer in answers] == ["b", None, "b", None]


def test_each_step_keeps_its_own(play):
    caller = play("steps: [{replies: [{error: 500}, {error: {status: 500, detail: x}}, {error: 402}]}]")
    answers = [caller.chat() for _ in range(4)]
    assert [answer.status for answer in answers] == [500, 500, 402, 402]
    assert details(answers)[1] == "x"
    assert details(answers)[2:] == [details(answers)[2]] * 2


def test_a_status_takes_the_place_of_the_forms_own(play):
    assert play("steps: [{reply: {say: x, status: 202, contract: off}}]").chat().status == 202
    assert play("steps: [{reply: {body: x, status: 202, contract: off}}]").chat().status == 202


@pytest.mark.parametrize("form", ["auto: true", "say: x", "json: {}", "refuse: x", "call: {f: {}}"])
def test_every_form_may_say_why_it_ends_and_what_it_thought(play, form):
    choice = play(f"steps: [{{reply: {{{form}, finish: length, think: Hm}}}}]").chat().json()["choices"][0]
    assert (choice["finish_reason"], choice["message"]["reasoning_content"]) == ("length", "Hm")


def test_a_call_may_come_with_text(play):
    message = (
        play("steps: [{reply: {say: One moment., call: {f: {}}}}]").chat().json()["choices"][0]["message"]
    )
    assert message["content"] == "One moment."
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["f"]


COUNTS = {
    "prompt_tokens": 1001,
    "completion_tokens": 1002,
    "total_tokens": 1003,
    "reasoning_tokens": 1004,
    "cached_tokens": 1005,
}


def counts(usage):
    found = {name: usage[name] for name in COUNTS if name in usage}
    found["reasoning_tokens"] = usage["completion_tokens_details"]["reasoning_tokens"]
    found["cached_tokens"] = usage["prompt_tokens_details"]["cached_tokens"]
    return found


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", COUNTS)
def test_each_count_of_usage_may_be_given(play, name, stream):
    caller = play(f"steps: [{{reply: {{say: x, usage: {{{name}: {COUNTS[name]}}}}}}}, {{reply: {{say: x}}}}]")
    asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = caller.chat(**asked)
    usage = answer.chunks()[-1]["usage"] if stream else answer.json()["usage"]
    counted = counts(play("steps: [{reply: {say: x}}]").chat().json()["usage"])
    expected = {**counted, name: COUNTS[name]}
    if name != "total_tokens":
        expected["total_tokens"] = expected["prompt_tokens"] + expected["completion_tokens"]
    assert counts(usage) == expected


def test_usage_may_be_left_out(play):
    caller = play("steps: [{reply: {say: x, usage: off, contract: off}}]")
    assert caller.chat().json().get("usage") is None
    chunks = caller.chat(stream=True, stream_options={"include_usage": True}).chunks()
    assert all(chunk.get("usage") is None for chunk in chunks)


@pytest.mark.parametrize(
    ("chunks", "pieces"),
    [
        ("word", ["It", " is", " sunshiny", " in", " Oslo."]),
        ("{chars: 9}", ["It is sun", "shiny in ", "Oslo."]),
        ('["It is sunshiny", " in Oslo."]', ["It is sunshiny", " in Oslo."]),
    ],
)
def test_chunks_are_cut_as_written(play, chunks, pieces):
    caller = play(f"steps: [{{reply: {{say: It is sunshiny in Oslo., stream: {{chunks: {chunks}}}}}}}]")
    deltas = [chunk["choices"][0]["delta"] for chunk in caller.chat(stream=True).chunks()]
    assert [delta["content"] for delta in deltas if delta.get("content")] == pieces


@pytest.mark.parametrize("name", ["code", "type", "param"])
def test_an_error_says_what_is_written(play, name):
    caller = play(f"steps: [{{reply: {{error: {{status: 503, {name}: mine}}}}}}]", error_shape="openai")
    assert caller.chat().json()["error"][name] == "mine"


def test_a_body_that_is_no_json_is_told(play):
    with pytest.raises(DocumentError, match="The body breaks the contract"):
        play("steps: [{reply: {body: x, headers: {content-type: application/json}}}]")


def test_a_header_takes_the_place_of_another(play):
    caller = play("steps: [{reply: {say: x, headers: {content-type: text/x, x-a: [b, c]}, contract: off}}]")
    answer = caller.chat()
    assert [value for name, value in answer.headers if name == "content-type"] == ["text/x"]
    assert [value for name, value in answer.headers if name == "x-a"] == ["b", "c"]


PETSTORE = str(Path(__file__).parents[1] / "documents" / "petstore.yaml")


@pytest.mark.parametrize(("name", "pet"), [("cat", "Tom"), ("dog", "Rex")])
def test_an_example_of_the_contract(play, name, pet):
    text = f"steps: [{{when: {{operation: addPet}}, reply: {{example: {name}, status: 201}}}}]"
    answer = play(text, document=PETSTORE).call(path="/v3/pets", body={"id": 1, "name": "Ada"})
    assert (answer.status, answer.json()["name"]) == (201, pet)


def sent(answer, header):
    return [value for name, value in answer.headers if name == header]


@pytest.mark.parametrize("header", ["x-request-id", "X-MockGrid-Step", "content-type", "retry-after"])
@pytest.mark.parametrize(("written", "expected"), [("null", []), ("mine", ["mine"]), ("[a, b]", ["a", "b"])])
@pytest.mark.parametrize("form", ["say: x", "say: x, delay: 1ms", "error: 503, retry_after: 1s"])
def test_a_script_decides_every_header_that_it_names(play, header, written, expected, form):
    caller = play(
        f"steps: [{{reply: {{{form}, headers: {{{header}: {written}}}, contract: off}}}}]", clock="virtual"
    )
    others = [name for name in ("x-request-id", "x-mockgrid-step", "content-type") if name != header.lower()]
    for stream in (False, True):
        answer = caller.chat(stream=stream)
        assert sent(answer, header.lower()) == expected
        assert [len(sent(answer, name)) for name in others] == [1] * len(others)


def test_a_reply_without_a_request_id_is_in_the_journal_with_its_step(play):
    caller = play("steps: [{reply: {say: x, headers: {x-request-id: null, x-mockgrid-step: null}}}]")
    caller.chat()
    (exchange,) = next(iter(caller.app.sessions)).journal
    assert (exchange.answer.step, exchange.answer.status) == ("step 1", 200)


def test_headers_are_latin_1_a_byte_for_each_character(play):
    headers = "{x-city: Zürich °, x-back: '${last_user}', x-sent: '${header:x-a}'}"
    caller = play(f"steps: [{{reply: {{say: x, headers: {headers}}}}}]")
    body = {"messages": [{"role": "user", "content": "für 日本"}]}
    answer = caller.call(body=body, headers={"x-a": "ÿ"})
    assert [answer.header(name) for name in ("x-city", "x-back", "x-sent")] == ["Zürich °", "für ??", "ÿ"]
    session = next(iter(caller.app.sessions))
    (entry,) = har(session, caller.app.operator._teller)["log"]["entries"]
    assert {"name": "x-city", "value": "Zürich °"} in entry["response"]["headers"]


def test_an_address_holds_ascii_alone(play):
    answer = play("steps: [{reply: {redirect: '/möge%20?a=${last_user}'}}]").chat("ß")
    assert answer.header("location") == "/m%C3%B6ge%20?a=%C3%9F"


ORDERS = """\
openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses:
        "200": {description: all, content: {application/json: {schema: {type: array}}}}
        "400": {description: bad}
        "503": {description: busy}
        "429":
          description: slow
          content:
            application/json:
              schema:
                type: object
                required: [error]
                properties:
                  error:
                    type: object
                    required: [code, message]
                    properties: {code: {type: integer}, message: {type: string}}
"""


@pytest.fixture
def orders(tmp_path, play):
    """Plays a reply of listOrders."""
    document = tmp_path / "contracts" / "orders.yaml"
    document.parent.mkdir()
    document.write_text(ORDERS, "utf-8")

    def write(reply):
        return play(f"steps: [{{when: {{operation: listOrders}}, reply: {reply}}}]", document=str(document))

    return write


def reported(caller):
    """The statuses of the rows of a report that have a count, each with what the report says of it."""
    rows = caller.app.operator.report()["rows"]
    return [(row["status"], row["state"]) for row in rows if row["count"]]


@pytest.mark.parametrize("reply", ["{error: 503}", "{status: 503, auto: true}", '{status: 503, body: ""}'])
def test_an_error_that_is_declared_without_a_body_has_none(orders, reply):
    caller = orders(reply)
    answer = caller.call("GET", "/orders")
    assert (answer.status, answer.body, answer.header("content-type")) == (503, b"", None)
    assert reported(caller) == [("503", "covered")]


def test_what_the_server_refuses_is_told_in_a_body_and_counts_as_declared(orders):
    caller = orders("{error: 503}")
    answer = caller.call("GET", "/orders?limit=x")
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["path"] == "query.limit"
    assert reported(caller) == [("400", "covered")]


def test_a_status_beside_auto_is_answered_as_it_is_declared(orders):
    answer = orders("{status: 429, auto: true}").call("GET", "/orders")
    assert (answer.status, list(answer.json())) == (429, ["error"])


@pytest.mark.parametrize("code", ["44", "'44'"])
def test_a_code_is_a_number_where_the_contract_wants_one(orders, code):
    answer = orders(f"{{error: {{status: 429, code: {code}, detail: Slow}}}}").call("GET", "/orders")
    assert answer.json()["error"] == {"code": 44, "message": "Slow"}


def test_a_code_is_a_text_where_the_contract_wants_one(play):
    answer = play("steps: [{reply: {error: {status: 503, code: 44}}}]").chat()
    assert answer.json()["error"]["code"] == "44"


def test_what_is_inserted_into_arguments_given_as_text_leaves_them_json(play):
    said = 'a "quoted" word\nand more'
    steps = 'steps: [{{reply: {{call: {{find: \'{{"q": "${{last_user}}"}}\'}}{}}}}}]'
    call = play(steps.format("")).chat(said).json()["choices"][0]["message"]["tool_calls"][0]["function"]
    assert json.loads(call["arguments"]) == {"q": said}
    raw = play(steps.format(", contract: off")).chat(said).json()["choices"][0]["message"]["tool_calls"][0]
    assert raw["function"]["arguments"] == f'{{"q": "{said}"}}'


@pytest.fixture
def documented(tmp_path, play):
    """Plays a reply to the one operation of a document, whose success has this content."""

    def write(reply, content):
        document = tmp_path / "contracts" / "one.json"
        document.parent.mkdir(parents=True, exist_ok=True)
        responses = {"200": {"description": "", "content": content}}
        paths = {"/x": {"get": {"operationId": "x", "responses": responses}}}
        document.write_text(
            json.dumps({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths})
        )
        return play(f"steps: [{{when: {{operation: x}}, reply: {reply}}}]", document=str(document))

    return write


@pytest.mark.parametrize(
    ("declared", "reply", "content_type", "body"),
    [
        ("application/xml", "{body: <a/>}", "application/xml", "<a/>"),
        ("application/xml", "{body: {a: 5}}", "application/xml", "<root><a>5</a></root>"),
        ("application/x-ndjson", "{body: [{a: 1}, {a: 2}]}", "application/x-ndjson", '{"a":1}\n{"a":2}\n'),
        ("application/x-ndjson", "{body: '{}'}", "application/x-ndjson", "{}"),
        ("application/vnd.x+json", "{body: {a: 1}}", "application/vnd.x+json", '{"a":1}'),
        ("text/csv", '{body: "a,b"}', "text/csv; charset=utf-8", "a,b"),
        ("application/octet-stream", "{body: bytes}", "application/octet-stream", "bytes"),
        ("text/event-stream", '{body: "data: 1\\n\\n"}', "text/event-stream; charset=utf-8", "data: 1\n\n"),
        ("*/*", "{body: {a: 1}}", "application/json", '{"a":1}'),
        ("*/*", "{body: a}", "text/plain; charset=utf-8", "a"),
    ],
)
def test_a_body_is_of_the_type_that_is_declared(documented, declared, reply, content_type, body):
    answer = documented(reply, {declared: {}}).call("GET", "/x")
    assert answer.header("content-type") == content_type
    assert answer.body.decode().endswith(body)


def test_of_several_types_the_client_has_the_one_that_it_likes(documented):
    caller = documented("{body: x}", {"application/xml": {}, "text/csv": {}})
    likes = {"text/csv": "text/csv; charset=utf-8", "application/xml": "application/xml"}
    for accept, sent in likes.items():
        answer = caller.call("GET", "/x", headers={"accept": accept})
        assert answer.header("content-type") == sent


@pytest.mark.parametrize(
    ("declared", "reply"), [("application/json", "{body: x}"), ("text/plain", "{body: [1]}")]
)
def test_but_no_text_is_json_and_what_has_its_type_keeps_it(documented, declared, reply):
    if declared == "application/json":
        with pytest.raises(
            DocumentError, match=r"declares application/json for 200; this reply is text/plain"
        ):
            documented(reply, {declared: {}})
    else:
        answer = documented(reply, {declared: {}}).call("GET", "/x")
        assert (answer.header("content-type"), answer.body) == ("text/plain; charset=utf-8", b"[1]")


def test_a_fault_counts_each_event_of_a_stream_that_has_no_opening(documented):
    content = {"text/event-stream": {"example": [{"a": 1}, {"a": 2}]}}
    for after in (0, 1):
        fault = f"{{auto: true, stream: {{fault: {{kind: duplicate_chunk, after: {after}}}}}}}"
        answer = documented(fault, content).call("GET", "/x")
        assert answer.body.decode().split("\n\n")[:-1] == ['data: {"a":1}', 'data: {"a":1}', 'data: {"a":2}']
