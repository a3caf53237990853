"""The live page's files: who gets them in place of JSON, with what headers, and who may have them."""

import asyncio
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import asgi
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import mockgrid

TESTS = Path(__file__).parents[1]
INDEX = "/__mockgrid__/"
FILE = "/__mockgrid__/page/main.js"
BROWSER = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html,application/xml;q=0.9,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "text/html, */*",
    "application/json;q=0.5, text/html;q=0.6",
)
OTHERS = (
    None,
    "",
    "*/*",
    "application/json",
    "application/json, text/plain, */*",
    "application/json, text/html;q=0.9",
    "text/html;q=0, */*;q=0.1",
    "text/html;q=0.3, application/json;q=0.4",
    "text/event-stream",
    "no header at all;",
)
ELSEWHERE = "10.0.0.7"
PUBLIC = "evil.example:8080"


def ask(  # noqa: PLR0913 - what a call can have
    path, accept=BROWSER[0], *, client="127.0.0.1", root="", method="GET", headers=None, **settings
):
    app = mockgrid.create_app(**settings)
    if root:
        app = Starlette(routes=[Mount(root, app)])
    sent = {"accept": accept, "host": "localhost:8080", **(headers or {})}
    return Caller(app, client).request(
        method, path, {name: value for name, value in sent.items() if value is not None}
    )


class Caller:
    """Somebody at an address, who sends no header but those given."""

    def __init__(self, app, client):
        self.transport = httpx.ASGITransport(app, client=(client, 1))

    def request(self, method, path, headers):
        request = httpx.Request(method, httpx.URL("http://x", raw_path=path.encode()), headers=headers)
        return asyncio.run(self._request(request))

    async def _request(self, request):
        answer = await self.transport.handle_async_request(request)
        await answer.aread()
        return answer


@pytest.mark.parametrize("accept", BROWSER)
def test_browsers_get_the_page(accept):
    answer = ask(INDEX, accept)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", OTHERS)
@pytest.mark.parametrize("path", [INDEX, INDEX[:-1]])
def test_all_others_get_json_as_ever(accept, path):
    answer = ask(path, accept)
    assert answer.content == ask(INDEX, "application/json").content
    assert answer.json()["name"] == "MockGrid control interface"
    assert set(answer.headers) == {"content-type", "content-length", "x-request-id"}


@pytest.mark.parametrize("root", ["", "/fake"])
@pytest.mark.parametrize(("path", "place"), [("/", "__mockgrid__/"), (INDEX[:-1], "__mockgrid__/")])
def test_a_browser_is_led_to_it_by_a_relative_address(root, path, place):
    answer = ask(f"{root}{path}", root=root)
    assert (answer.status_code, answer.headers["location"]) == (307, place)


@pytest.mark.parametrize(("method", "accept"), [("GET", "*/*"), ("POST", BROWSER[0]), ("DELETE", BROWSER[0])])
def test_the_root_is_the_apis_for_everybody_else(method, accept):
    assert ask("/", accept, method=method).status_code == 404


def test_who_is_led_to_it_is_counted_nowhere():
    caller = asgi.Caller()
    answer = caller.call("GET", "/", headers={"accept": BROWSER[0]})
    assert (answer.status, answer.header("location")) == (307, "__mockgrid__/")
    assert (len(caller.app.sessions), caller.app.recorder.counts) == (0, {})
    assert caller.call("HEAD", "/", headers={"accept": BROWSER[0]}).status == 307


def test_a_root_that_the_contract_has_is_the_contracts(tmp_path):
    document = tmp_path / "api.yaml"
    document.write_text(
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /:\n    get:\n      responses:\n"
        "        '200': {description: Home, content: {text/html: {example: Home}}}\n"
    )
    answer = ask("/", document=str(document))
    assert (answer.status_code, answer.text) == (200, "Home")


@pytest.mark.parametrize("path", [INDEX, FILE])
def test_policy_and_caching(path):
    answer = ask(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'none'"
    sources = {name: value for name, value in policy.items() if name.endswith("-src")}
    assert set(sources.values()) == {"'none'", "'self'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    # The next version's server is asked again, and answers with its own.
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        same = ask(path, headers={"if-none-match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert ask(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name", ["none.js", "..%2fcli%2fserve.py", "../control/access.py", "%2e%2e", "index.htm", "Main.js", ""]
)
def test_what_is_no_file_of_the_page_is_not_given(name):
    assert ask(f"/__mockgrid__/page/{name}").status_code == 404


def test_every_file_is_given_with_its_kind_and_holds_nothing_inline():
    kinds = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}
    names = [file.name for file in (files("mockgrid") / "page").iterdir()]
    assert "index.html" in names
    for name in names:
        answer = ask(f"/__mockgrid__/page/{name}", "*/*")
        assert answer.headers["content-type"].partition(";")[0] == kinds[name.rpartition(".")[2]]
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"\b(inner|outer|adjacent)HTML|document\.write|<script>|<style|style=", answer.text, re.IGNORECASE
        )


# Where a caller is, which Host and which token it names, and which there is; then what files and data do.
ACCESS = [
    (("127.0.0.1", "localhost", None, None), 200, 200),
    (("127.0.0.1", "localhost", None, "secret"), 200, 200),
    ((ELSEWHERE, "mockgrid:8080", None, None), 403, 403),
    ((ELSEWHERE, "mockgrid:8080", None, "secret"), 200, 403),
    ((ELSEWHERE, "mockgrid:8080", "secret", "secret"), 200, 200),
    (("127.0.0.1", PUBLIC, None, None), 403, 403),
    (("127.0.0.1", PUBLIC, None, "secret"), 200, 403),
    (("127.0.0.1", PUBLIC, "secret", "secret"), 200, 200),
]


@pytest.mark.parametrize(("caller", "of_files", "of_data"), ACCESS)
def test_files_need_no_token_and_data_does(caller, of_files, of_data):
    client, host, token, control_token = caller
    headers = {"host": host}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    asked = {"client": client, "headers": headers, "control_token": control_token}
    assert ask(INDEX, **asked).status_code == of_files
    assert ask(FILE, **asked).status_code == of_files
    for path in ("sessions", "version", "report", ""):
        answer = ask(f"/__mockgrid__/{path}", "application/json", **asked)
        assert answer.status_code == of_data


@pytest.mark.parametrize("path", [INDEX, FILE, "/__mockgrid__/version"])
def test_pages_of_other_origins_get_nothing(path):
    assert ask(path, headers={"origin": "http://evil.example"}).status_code == 403
    assert ask(path, headers={"origin": "http://localhost:8080"}).status_code == 200


# What a browser says of who asks, by which method, and whether that is answered though the Host is another.
ASKED = [
    ("GET", "same-origin", "cors", "empty", True),
    ("POST", "same-origin", "cors", "empty", True),
    ("GET", "none", "navigate", "document", True),
    ("GET", "cross-site", "navigate", "document", True),
    ("POST", "cross-site", "navigate", "document", False),
    ("GET", "cross-site", "navigate", "iframe", False),
    ("GET", "cross-site", "no-cors", "image", False),
    ("GET", "same-site", "no-cors", "script", False),
    ("GET", "same-site", "cors", "empty", False),
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_what_a_browser_says_of_who_asks_counts_and_no_more_than_the_token(asked):
    method, site, mode, kind, admitted = asked
    caller = Caller(mockgrid.create_app(control_token="secret"), "127.0.0.1")
    path = "/__mockgrid__/sessions/mg-a/reset" if method == "POST" else "/__mockgrid__/version"
    usual = 404 if method == "POST" else 200
    headers = {
        "host": "localhost:8080",
        "sec-fetch-site": site,
        "sec-fetch-mode": mode,
        "sec-fetch-dest": kind,
    }
    headers |= {"origin": "http://mock.example"} if mode == "cors" or method == "POST" else {}
    assert caller.request(method, path, headers).status_code == (usual if admitted else 403)
    headers["authorization"] = "Bearer secret"
    assert caller.request(method, path, headers).status_code == usual


@pytest.mark.parametrize(
    ("client", "host", "more"),
    [
        (ELSEWHERE, "mockgrid:8080", {}),
        (ELSEWHERE, "mockgrid:8080", {"sec-fetch-site": "cross-site"}),
        (ELSEWHERE, "mockgrid:8080", {"origin": "http://evil.example"}),
        ("127.0.0.1", PUBLIC, {}),
    ],
)
def test_wrong_tokens_are_counted_wherever_one_is_needed(client, host, more):
    caller = Caller(mockgrid.create_app(control_token="secret"), client)

    def status(token, host=host):
        headers = {"host": host, "authorization": f"Bearer {token}", **more}
        return caller.request("GET", "/__mockgrid__/version", headers).status_code

    assert [status("wrong") for _ in range(11)] == [403] * 10 + [429]
    assert status("secret") == 429
    assert status("none", "localhost") == (200 if client == "127.0.0.1" else 429)


def test_who_brings_no_token_is_not_shut_out_for_having_tried_wrong_ones():
    caller = Caller(mockgrid.create_app(control_token="secret"), ELSEWHERE)

    def statuses(times, **headers):
        answers = [caller.request("GET", "/__mockgrid__/version", headers) for _ in range(times)]
        return [answer.status_code for answer in answers]

    assert statuses(20) == [403] * 20
    assert statuses(1, authorization="Bearer secret") == [200]
    assert statuses(11, authorization="Bearer wrong") == [403] * 10 + [429]


def test_nothing_of_the_page_is_loaded_until_somebody_looks():
    code = (
        "import sys; from asgi import Caller\n"
        "caller = Caller()\n"
        "caller.chat(); caller.call('GET', '/__mockgrid__/'); caller.call('GET', '/__mockgrid__/sessions')\n"
        "print('mockgrid.control.page' in sys.modules)\n"
        "caller.call('GET', '/__mockgrid__/', headers={'accept': 'text/html'})\n"
        "print('mockgrid.control.page' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]
