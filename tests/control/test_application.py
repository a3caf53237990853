"""The Starlette application: under other servers, in process, and mounted in another application."""

import asyncio
import threading

import httpx
import pytest
import uvicorn
from control.in_process import KINDS, client_of
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import mockgrid
from mockgrid.errors import StartError

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
KEY = {"authorization": "Bearer mg-a"}


def mounted():
    """An application of one's own, with MockGrid below a prefix."""

    async def home(_request):
        return PlainTextResponse("home")

    return Starlette(routes=[Route("/", home), Mount("/fake grid", app=mockgrid.create_app())])


@pytest.fixture(params=["", "/fake%20grid"])
def prefix(request):
    return request.param


@pytest.fixture(params=KINDS)
def client(request, prefix):
    with client_of(mounted() if prefix else mockgrid.create_app(), request.param) as client:
        yield client


def test_api_contract_and_control_interface_answer(client, prefix):
    answer = client.post(f"{prefix}/v1/chat/completions", json=HELLO, headers=KEY)
    assert answer.json()["choices"][0]["message"]["content"] == "You said: Hello"
    assert client.get(f"{prefix}/openapi.json").json()["openapi"] == "3.0.3"
    assert client.get(f"{prefix}/__mockgrid__/health").json() == {"status": "ready"}
    index = client.get(f"{prefix}/__mockgrid__").json()
    assert index["links"]["sessions"] == f"{prefix}/__mockgrid__/sessions"
    assert client.get(index["links"]["sessions"]).json()["sessions"][0]["exchanges"] == 1
    (exchange,) = client.get(f"{prefix}/__mockgrid__/sessions/mg-a/exchanges").json()["exchanges"]
    assert (exchange["status"], exchange["request"]["path"]) == (200, "/v1/chat/completions")


def test_what_is_nothing_else_is_the_apis_to_refuse(client, prefix):
    answer = client.get(f"{prefix}/v1/nope", headers=KEY)
    assert answer.status_code == 404
    assert f"No such path: {prefix}/v1/nope." in answer.text
    refused = client.post(f"{prefix}/__mockgrid__/version")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    missing = client.get(f"{prefix}/__mockgrid__/nope")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/json")


def test_streams_scripts_and_verdicts_work(client, prefix):
    place = f"{prefix}/__mockgrid__/sessions/mg-a"
    steps = [{"error": 400}, {"say": "Hi", "stream": {"pace": {"per_token": "1ms"}}}]
    assert client.put(f"{place}/steps", json={"steps": steps}).status_code == 200
    body = {**HELLO, "stream": True}
    statuses = [
        client.post(f"{prefix}/v1/chat/completions", json=body, headers=KEY).status_code for _ in range(2)
    ]
    assert statuses == [400, 200]
    told = client.get(place, params={"final": "true"}).json()
    assert [verdict["name"] for verdict in told["verdicts"]] == ["retried_non_retryable"]
    assert client.get(f"{place}/exchanges").json()["exchanges"][1]["reply"]["chunks"]


@pytest.mark.parametrize("fault", ["reset", "cut_body", "garbage"])
def test_what_asgi_has_no_words_for_says_so(fault):
    async def ask():
        transport = httpx.ASGITransport(mounted())
        async with httpx.AsyncClient(transport=transport, base_url="http://here/fake%20grid") as client:
            steps = [{"say": "One two", "fault": {"kind": fault}}]
            answer = await client.put("/__mockgrid__/sessions/mg-a", json={"steps": steps})
            assert answer.status_code == 200, answer.text
            with pytest.raises(ConnectionResetError):
                await client.post("/v1/chat/completions", json=HELLO, headers=KEY)
            return (await client.get("/__mockgrid__/sessions/mg-a/exchanges")).json()["exchanges"]

    (exchange,) = asyncio.run(ask())
    assert exchange["degraded"].endswith("said by an exception; only MockGrid's own server does it")
    assert exchange["whole"] is False


@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_plain_uvicorn_runs_it(parser, free_port):
    config = uvicorn.Config(
        mockgrid.create_app(), port=free_port, http=parser, log_config=None, lifespan="on", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{free_port}",
            trust_env=False,
            transport=httpx.HTTPTransport(retries=20),
        ) as client:
            assert client.post("/v1/chat/completions", json=HELLO, headers=KEY).status_code == 200
            name = "tests%2Ftest_it.py"
            assert client.put(f"/__mockgrid__/sessions/{name}").status_code == 200
            assert client.get(f"/__mockgrid__/sessions/{name}").status_code == 200
    finally:
        server.should_exit = True
        thread.join()


def shut_down_after(app, call):
    """Run an application's lifespan around a call of a client."""

    async def run():
        async with app.router.lifespan_context(app):
            await asyncio.to_thread(call)

    asyncio.run(run())


def test_shutting_down_writes_the_rest_of_the_log(capfd):
    app = mockgrid.create_app(log="text")
    with client_of(app) as client:
        shut_down_after(app, lambda: client.post("/v1/chat/completions", json=HELLO, headers=KEY))
    assert "POST /v1/chat/completions 200" in capfd.readouterr().err


def test_shutting_down_ends_the_watching(tmp_path):
    app = mockgrid.create_app(scenarios=[tmp_path], watch=True)
    watching = [thread for thread in threading.enumerate() if thread.name == "mockgrid-watch"]
    assert watching
    shut_down_after(app, lambda: None)
    for thread in watching:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_a_setting_that_is_not_known_is_refused():
    with pytest.raises(StartError, match=r"no setting 'sede'\. Did you mean seed\?"):
        mockgrid.create_app(sede=1)
