"""MockGrid without pytest's help."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from testing.client import HELLO, Client
from waiting import within

from mockgrid import MockGrid, RemoteGrid
from mockgrid.errors import StartError

ROOT = Path(__file__).parents[2]


def test_it_is_a_session_of_its_own_server():
    with MockGrid() as grid, Client(grid) as client:
        grid.play([{"error": 503, "retry_after": "10ms"}, {"say": "Hello"}])
        assert [client.ask().status_code for _ in range(2)] == [503, 200]
        assert [exchange.status for exchange in grid.exchanges] == [503, 200]
        grid.check()


def test_its_keys_are_the_same_each_time():
    keys = []
    for _ in range(2):
        with MockGrid() as grid:
            keys.append([grid.api_key, grid.session("one").api_key, grid.session("one").api_key])
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3


def test_settings_are_those_of_the_server(tmp_path):
    tmp_path.joinpath("own.yaml").write_text("steps: [{reply: {error: 404}}]")
    settings = {"scenarios": tmp_path, "error_shape": "both", "models": ["mine"], "seed": 7}
    with MockGrid(**settings) as grid, Client(grid) as client:
        grid.play("own")
        assert client.ask().json().keys() == {"errors", "error"}
        assert grid.settings.models == ("mine",)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("clok", "Did you mean clock?"),
        ("overlay", "Did you mean overlays?"),
        ("contract", "Did you mean document?"),
        ("nothing", "Known: document, host, port"),
    ],
)
def test_a_setting_that_is_none_is_told(name, hint):
    with pytest.raises(StartError, match=f"MockGrid has no setting '{name}'") as raised:
        MockGrid(**{name: 1})
    assert hint in str(raised.value)


def test_a_setting_without_its_name_is_told():
    with pytest.raises(StartError, match=r"takes settings, each with its name\. A document is one"):
        MockGrid("petstore.yaml")


def test_settings_may_be_given_as_to_the_command_line():
    given = {"max_body": "20MiB", "session_idle": "1h", "request_timeout": "500ms", "port": "0", "seed": "7"}
    with MockGrid(**given, models="mine, yours") as grid, Client(grid) as client:
        assert client.ask(model="yours").status_code == 200
        settings = grid.settings
    assert (settings.max_body, settings.session_idle, settings.request_timeout) == (20 * 2**20, 3600, 0.5)
    assert (settings.port, settings.seed, settings.models) == (0, 7, ("mine", "yours"))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("clock", "virtul", "clock: 'virtul' is not fixed, real or virtual. Did you mean virtual?"),
        ("error_shape", "bth", "error_shape: 'bth' is not vendor, both or openai. Did you mean both?"),
        ("request_timeout", "5 sec", "request_timeout: '5 sec' is not a time such as 500ms, 30s or 2m."),
        ("port", "abc", "port: 'abc' is not a whole number from 0 to 65535."),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_told(name, value, message):
    with pytest.raises(StartError) as raised:
        MockGrid(**{name: value})
    assert str(raised.value) == message


def test_a_document_of_your_own_is_served(tmp_path):
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "/api"}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {"/pets": {"get": {"operationId": "pets", "responses": {"200": {"description": "All"}}}}},
    }
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(document))
    with MockGrid(document=path) as grid, Client(grid) as client:
        assert grid.base_url.endswith("/api")
        assert client.get("/pets").status_code == 200
        assert grid.last.operation == "pets"


@pytest.fixture
def pets(tmp_path):
    """A document in which one operation wants no credential, and two want different ones."""
    path = tmp_path / "pets.json"
    described = {"200": {"description": "All"}}
    schemes = {
        "token": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "x-key"},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "components": {"securitySchemes": schemes},
        "paths": {
            "/open": {"get": {"responses": described}},
            "/token": {"get": {"responses": described, "security": [{"token": []}]}},
            "/key": {"get": {"responses": described, "security": [{"key": []}]}},
        },
    }
    path.write_text(json.dumps(document))
    return path


def test_a_key_that_is_not_asked_for_tells_whose_request_it_is(pets):
    with MockGrid(document=pets) as grid, Client(grid) as client:
        assert client.get("/open").status_code == 200
        assert [exchange.request.path for exchange in grid.exchanges] == ["/open"]
        for count, headers in ((1, {}), (2, {"x-mockgrid-session": grid.api_key})):
            assert httpx.get(f"{grid.base_url}/open", headers=headers, trust_env=False).status_code == 200
            assert len(grid.exchanges) == count


@pytest.mark.parametrize(
    ("place", "name"), [("header", "X-Pet"), ("header", "X-Api-Key"), ("query", "pet"), ("cookie", "pet")]
)
def test_a_key_that_is_not_asked_for_counts_wherever_the_document_has_keys(tmp_path, place, name):
    described = {"200": {"description": "All"}}
    path = tmp_path / "pets.json"
    path.write_text(
        json.dumps(
            {
                "openapi": "3.0.3",
                "info": {"title": "Pets", "version": "1"},
                "components": {"securitySchemes": {"key": {"type": "apiKey", "in": place, "name": name}}},
                "paths": {
                    "/open": {"get": {"responses": described}},
                    "/key": {"get": {"responses": described, "security": [{"key": []}]}},
                },
            }
        )
    )
    with MockGrid(document=path) as grid, httpx.Client(base_url=grid.base_url, trust_env=False) as client:
        sent = {"header": {"headers": {name: grid.api_key}}, "query": {"params": {name: grid.api_key}}}
        sent["cookie"] = {"headers": {"cookie": f"{name}={grid.api_key}"}}
        grid.play([{"when": {"operation": "GET /open"}, "reply": {"error": 503, "contract": "off"}}])
        assert client.get("/key", **sent[place]).status_code == 200
        assert client.get("/open", **sent[place]).status_code == 503
        assert [exchange.request.path for exchange in grid.exchanges] == ["/key", "/open"]
        assert grid.api_key not in str(grid.last.request.headers) + grid.last.request.query


def test_what_plays_is_for_operations_that_want_no_credential_too():
    with MockGrid() as grid, Client(grid) as client:
        grid.play([{"when": {"operation": "listModels"}, "reply": {"error": 500}}])
        assert client.get("/models").status_code == 500
        assert grid.last.operation == "listModels"


def test_a_credential_for_one_operation_is_none_for_another(pets):
    with MockGrid(document=pets) as grid, Client(grid) as client:
        assert client.get("/token").status_code == 200
        assert client.get("/key").status_code == 401
        assert client.get("/key", headers={"x-key": "mg-other"}).status_code == 200


def test_what_does_not_run_says_so():
    grid = MockGrid()
    for ask in (lambda: grid.base_url, lambda: grid.exchanges, lambda: grid.app, grid.session):
        with pytest.raises(StartError, match="does not run"):
            ask()
    assert not hasattr(grid, "nothing")
    grid.stop()
    with grid:
        session = grid.session()
    with pytest.raises(StartError, match="does not run"):
        _ = grid.api_key
    with pytest.raises(Exception, match="This MockGrid has stopped"):
        _ = session.exchanges


@pytest.mark.parametrize("grid", [MockGrid(), RemoteGrid("http://127.0.0.1:9")])
def test_what_does_not_run_is_called_by_its_name(grid):
    name = type(grid).__name__
    with pytest.raises(
        StartError, match=rf"^This {name} does not run\. Use it as `with {name}\(…\) as grid:`"
    ):
        _ = grid.base_url


def test_it_may_be_started_again():
    grid = MockGrid()
    for _ in range(2):
        assert grid.start() is grid.start()
        with Client(grid) as client:
            assert client.ask().status_code == 200
        assert len(grid.exchanges) == 1
        grid.stop()
        grid.stop()


def test_coroutines_may_use_it():
    async def ask():
        async with (
            MockGrid() as grid,
            httpx.AsyncClient(base_url=grid.base_url, trust_env=False) as client,
        ):
            headers = {"authorization": f"Bearer {grid.api_key}"}
            asking = asyncio.create_task(
                client.post("/chat/completions", headers=headers, json={"messages": HELLO})
            )
            exchanges = await grid.wait_for_async(1)
            assert (await asking).json()["choices"][0]["message"]["content"] == exchanges[0].text
            # On the loop's own thread, as in a notebook.
            with MockGrid() as other:
                assert other.exchanges == []

    asyncio.run(ask())


def test_a_client_that_is_left_open_does_not_hold_up_the_end():
    async def leave():
        async with MockGrid(shutdown_timeout=60) as grid:
            client = httpx.AsyncClient(base_url=grid.base_url, trust_env=False)
            await client.get("/models")
        await client.aclose()

    asyncio.run(asyncio.wait_for(leave(), 30))


def test_the_application_is_called_within_the_process():
    async def ask():
        async with MockGrid() as grid:
            transport = httpx.ASGITransport(grid.app)
            headers = {"authorization": f"Bearer {grid.api_key}"}
            async with httpx.AsyncClient(
                transport=transport, base_url=grid.base_url, headers=headers
            ) as client:
                replies = await asyncio.gather(
                    *(client.post("/chat/completions", json={"messages": HELLO}) for _ in range(8))
                )
                streamed = await client.post("/chat/completions", json={"messages": HELLO, "stream": True})
                broken = await client.post("/chat/completions", json={"messages": []})
            assert {reply.status_code for reply in replies} == {200}
            assert streamed.text.endswith("data: [DONE]\n\n")
            assert broken.status_code == 422
            assert len(grid.exchanges) == 10
            assert [found.code for found in grid.violations] == ["MG114"]

    asyncio.run(ask())


def test_a_call_within_the_process_may_be_cancelled():
    async def ask():
        async with MockGrid() as grid:
            grid.play({"say": "Hello", "delay": "30s"})
            transport = httpx.ASGITransport(grid.app)
            headers = {"authorization": f"Bearer {grid.api_key}"}
            async with httpx.AsyncClient(
                transport=transport, base_url=grid.base_url, headers=headers
            ) as client:
                asking = asyncio.create_task(client.post("/chat/completions", json={"messages": HELLO}))
                assert await asyncio.to_thread(within, 30, lambda: grid.exchanges)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
            assert (await grid.wait_for_async(1))[0].ended_by is not None

    asyncio.run(ask())


LEAKS = """
import asyncio, gc, os, threading, warnings
from mockgrid import MockGrid

async def use():
    async with MockGrid() as grid:
        await grid.wait_for_async(0)
        port = int(grid.base_url.rpartition(":")[2].removesuffix("/v1"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await writer.wait_closed()
    return len(asyncio.all_tasks())

def state():
    gc.collect()
    return threading.active_count(), len(os.listdir("/proc/self/fd"))

with MockGrid() as grid:
    grid.exchanges
before = state()
for _ in range(50):
    with MockGrid() as grid:
        grid.session("one").play({"say": "Hello"})
        grid.exchanges
    assert asyncio.run(use()) == 1
print(before, state())
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files where Linux lists them")
def test_a_hundred_leave_no_thread_socket_or_task_behind():
    command = [sys.executable, "-W", "error", "-c", LEAKS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    before, _, after = done.stdout.strip().partition(") (")
    assert f"{before})" == f"({after}"


def test_two_do_not_meet():
    with MockGrid() as one, MockGrid() as other, Client(one) as client:
        client.ask()
        assert (len(one.exchanges), len(other.exchanges)) == (1, 0)


def test_the_report_tells_what_was_exercised(grid, client):
    client.ask()
    rows = grid.report()["rows"]
    assert any(row["operation"] == "createChatCompletion" and row["count"] for row in rows)


def test_runs_that_share_a_server_have_other_keys(server):
    with RemoteGrid(server.base_url) as one, RemoteGrid(server.base_url) as other:
        assert one.session("same").api_key != other.session("same").api_key


def test_threads_of_a_test_may_share_a_session(session):
    def ask():
        with Client(session) as client:
            client.ask()
            _ = session.exchanges

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(session.wait_for(8)) == 8
