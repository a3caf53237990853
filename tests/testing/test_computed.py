"""Replies that a test's function makes of the request."""

import re

import httpx
import pytest

from mockgrid import MockGrid
from mockgrid.testing.error import PlayError
from mockgrid.testing.remote_grid import RemoteGrid


@pytest.fixture(scope="module")
def grid():
    with MockGrid() as running:
        yield running


def ask(grid, text="Hi", **body):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": text}], **body}
    headers = {"authorization": f"Bearer {grid.api_key}"}
    return httpx.post(f"{grid.base_url}/chat/completions", json=body, headers=headers)


def said(response):
    return response.json()["choices"][0]["message"]["content"]


def test_a_reply_is_made_of_the_request(grid):
    grid.play(lambda request: {"say": f"{request.model}: {request.last_user} ({request.body['seed']})"})
    assert said(ask(grid, "one", seed=7)) == "text-prime: one (7)"
    assert said(ask(grid, "two", seed=8)) == "text-prime: two (8)"
    streamed = ask(grid, "three", seed=9, stream=True).text
    assert "".join(re.findall(r'"content":"([^"]*)"', streamed)) == "text-prime: three (9)"
    assert grid.failures == []


def test_a_function_may_do_as_it_likes_with_the_request_which_may_come_again(grid):
    def answer(request):
        said = request.messages[0].pop("content")
        request.body.clear()
        return {"say": said}

    grid.play(answer)
    assert [said(ask(grid, "again")) for _ in range(5)] == ["again"] * 5


def test_a_function_may_look_at_a_request_of_any_depth_that_is_admitted():
    with MockGrid(max_depth=2_000) as grid:
        grid.play(lambda request: {"say": "read" if request.body["deep"] else "nothing"})
        body = f'{{"messages": [{{"role": "user", "content": "Hi"}}], "deep": {"[" * 900}{"]" * 900}}}'
        headers = {"authorization": f"Bearer {grid.api_key}", "content-type": "application/json"}
        assert said(httpx.post(f"{grid.base_url}/chat/completions", content=body, headers=headers)) == "read"


def test_one_of_several_replies_is_made(grid):
    grid.play([{"say": "first"}, lambda _: {"error": 429, "retry_after": "1s"}, {"say": "${last_user}"}])
    replies = [ask(grid, "Hi") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 429, 200, 200]
    assert replies[1].headers["retry-after"] == "1"
    assert said(replies[3]) == "Hi"


def test_a_step_may_have_one_and_it_may_lead_to_a_state(grid):
    steps = [
        {"when": {"state": "paid"}, "reply": {"say": "paid"}},
        {"replies": [lambda request: {"call": {"pay": {"turn": request.turn}}, "go_to": "paid"}]},
    ]
    grid.play({"steps": steps})
    assert ask(grid).json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"turn":1}'
    assert said(ask(grid)) == "paid"


def test_another_operation_may_have_one(grid):
    grid.play({"steps": [{"when": {"operation": "listModels"}, "reply": lambda _: {"error": 503}}]})
    headers = {"authorization": f"Bearer {grid.api_key}"}
    assert httpx.get(f"{grid.base_url}/models", headers=headers).status_code == 503


@pytest.mark.parametrize(
    ("function", "detail"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda _: {"sya": "x"}, r"MG211: `sya` is not a key that is known here\. Did you mean say\?"),
        (lambda _: {"body": 3}, "MG201: The body breaks the contract"),
        (lambda _: None, "MG212: `reply` must be a mapping, got nothing"),
        (lambda _: {"say": "${x}"}, "MG218"),
        (lambda _: {"say": object()}, "MG212: A value of type object cannot stand here"),
        (lambda _: print, "MG212: A function stands where no reply does"),
    ],
)
def test_what_is_wrong_with_it_is_kept_for_the_test_and_told_to_the_client(grid, function, detail):
    grid.failures.clear()
    grid.play(function)
    response = ask(grid)
    (failure,) = grid.failures
    assert (response.status_code, response.headers["x-should-retry"]) == (500, "false")
    told = response.json()["errors"]["detail"]
    assert told == f"The reply could not be computed: {type(failure).__name__}: {failure}"
    assert re.search(detail, told)
    grid.failures.clear()


@pytest.mark.parametrize(
    "played", [[{"say": lambda _: 1}], {"steps": [{"when": len, "reply": {"say": "x"}}]}]
)
def test_a_function_stands_in_place_of_a_reply_alone(grid, played):
    with pytest.raises(PlayError, match="MG212: A function stands where no reply does"):
        grid.play(played)


def test_a_server_elsewhere_computes_nothing(grid):
    remote = RemoteGrid(grid.base_url)
    with remote, pytest.raises(PlayError, match="computed by a server in the test's own process alone"):
        remote.play(lambda _: {"say": "x"})


TEST = """
import httpx

def ask(mockgrid):
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"authorization": f"Bearer {mockgrid.api_key}"}
    return httpx.post(f"{mockgrid.base_url}/chat/completions", json=body, headers=headers)

def reply(request):
    return {"say": request.body["nothing"]}

def test_that_passes_by_itself(mockgrid):
    mockgrid.play(reply)
    ask(mockgrid)

def test_that_fails_by_itself(mockgrid):
    mockgrid.play(reply)
    assert ask(mockgrid).status_code == 200

def test_that_has_no_part_in_it(mockgrid):
    mockgrid.play(lambda request: {"say": "x"})
    assert ask(mockgrid).status_code == 200
"""


def test_its_errors_are_the_tests(pytester):
    pytester.makepyfile(TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*KeyError: 'nothing'", "*assert 500 == 200*"])
    assert str(result.stdout).count('return {"say": request.body["nothing"]}') >= 2
    assert "mockgrid/" not in str(result.stdout)  # no line of ours is shown


def test_what_it_makes_wrong_is_told_in_a_sentence(pytester):
    pytester.makepyfile(TEST.replace('{"say": request.body["nothing"]}', '{"sya": "x"}'))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=2)
    sentence = "#/sya: MG211: `sya` is not a key that is known here. Did you mean say?"
    assert [line for line in result.stdout.lines if line.endswith(sentence) and "Failed" not in line]
    assert "Traceback" not in str(result.stdout)


def test_a_function_may_end_its_test(pytester):
    pytester.makepyfile(
        TEST.partition("def reply")[0]
        + """
import pytest

def test_that_is_failed(mockgrid):
    mockgrid.play(lambda request: pytest.fail("not this"))
    assert ask(mockgrid).status_code == 500

def test_that_exits(mockgrid):
    mockgrid.play(lambda request: exit(3))
    assert ask(mockgrid).status_code == 500

def test_after_them(mockgrid):
    mockgrid.play({"say": "x"})
    assert ask(mockgrid).status_code == 200
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*not this*"])
    result.assert_outcomes(passed=1, failed=2)
