"""A 404 says what is served, nearest first, and what to do in place of calling what an API lacks."""

import asyncio
import time

import httpx
import pytest
from asgi import Caller
from starlette.applications import Starlette
from starlette.routing import Mount

import mockgrid
from mockgrid.contract.contract import Contract
from mockgrid.document.document import Document

ALL = "Served: POST /v1/chat/completions, GET /v1/models, GET /v1/models/{model}."
# A word of the advice on each path that clients of OpenAI's and Anthropic's APIs call.
ADVICE = {
    "responses": "use_responses_api=False in LangChain",
    "completions": "in place of text-completion-openai/MODEL in LiteLLM",
    "messages": "@ai-sdk/openai-compatible",
    "embeddings": "mockgrid serve --overlay embeddings.yaml",
    "moderations": "mockgrid serve --overlay moderations.yaml",
}


@pytest.fixture(scope="module")
def caller():
    return Caller()


def detail(caller, path, method="POST"):
    answer = caller.call(method, path, body={} if method == "POST" else None)
    assert answer.status == 404
    return answer.json()["errors"]["detail"]


@pytest.mark.parametrize("base", ["", "/v1", "/v1/v1", "/V1", "/openai/v1", "/v2"])
@pytest.mark.parametrize("name", ADVICE)
@pytest.mark.parametrize("below", ["", "/x_1", "/x_1/input_items", "/"])
def test_what_to_do_instead_is_said_under_any_base_path(caller, base, name, below):
    message = detail(caller, f"{base}/{name}{below}")
    assert message.startswith(f"No such path: {base}/{name}{below}. This ")
    assert ADVICE[name] in message
    assert message.endswith(ALL)
    assert "Did you mean" not in message


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions/x/messages", "/v1/models/a/responses", "/nothing/like/it"]
)
def test_what_is_far_from_all_is_told_what_there_is(caller, path):
    message = detail(caller, path, "GET")
    assert message.startswith(f"No such path: {path}. Served: ")
    served = message.partition("Served: ")[2].rstrip(".").split(", ")
    assert sorted(served) == sorted(ALL[len("Served: ") : -1].split(", "))


def test_the_nearest_is_named_first(caller):
    message = detail(caller, "/v1/model", "GET")
    assert "Did you mean /v1/models? Served: GET /v1/models, POST" in message


def of_paths(paths):
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    items = {
        path: {method: {"parameters": parameters * ("{" in path)} for method in methods.split()}
        for path, methods in paths.items()
    }
    return Caller.serving(Contract(Document({"openapi": "3.1.0", "paths": items}, "api.json")))


def test_of_many_operations_those_are_named_that_have_most_in_common():
    caller = of_paths({f"/things/{name}": "get" for name in "abcdefgh"} | {"/people/{id}/pets": "get put"})
    message = caller.call("GET", "/pets/of/people").json()["detail"]
    assert "Served: GET /people/{id}/pets, PUT /people/{id}/pets, GET /things/a, " in message
    assert message.endswith(" and 4 more (GET /openapi.json has all).")


def test_a_large_document_tells_in_no_time():
    caller = of_paths({f"/a{n}/b/{{id}}/c{n % 7}": "get post" for n in range(1500)})
    began = time.process_time()
    for _ in range(10):
        assert caller.call("GET", "/a7/b/1/d").status == 404
    assert time.process_time() - began < 2


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/v1", "/v1/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_the_root_breaks_nothing(path, method):
    caller = Caller()
    answer = caller.call(method, path)
    assert (answer.status, answer.header("x-mockgrid-violations")) == (404, None)
    assert caller.app.recorder.violations == {}
    assert caller.call("POST", path, body={}).header("x-mockgrid-violations")


def test_a_mounted_application_says_paths_as_they_are_called():
    application = Starlette(routes=[Mount("/fake grid", app=mockgrid.create_app())])

    async def ask(method, path):
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://here/fake%20grid") as client:
            headers = {"authorization": "Bearer mg-a"}
            answer = await client.request(
                method, path, headers=headers, json={} if method == "POST" else None
            )
            return answer if answer.status_code < 400 else answer.json()["errors"]["detail"]

    def said(method, path):
        return asyncio.run(ask(method, path))

    assert said("POST", "/v1/chat/completion").startswith(
        "No such path: /fake%20grid/v1/chat/completion. Did you mean /fake%20grid/v1/chat/completions? "
        "Served: POST /fake%20grid/v1/chat/completions, "
    )
    assert said("DELETE", "/v1/models") == "DELETE is not allowed on /fake%20grid/v1/models; allowed: GET."
    assert "/fake%20grid/__mockgrid__/openapi.json" in said("GET", "/__mockgrid__/nope")
    document = said("GET", "/openapi.json").json()
    assert document["servers"][0]["url"] == "/fake%20grid/v1"
    assert said("GET", "/v1/models/text-prime").json()["id"] == "text-prime"


def test_a_redirect_leads_back_below_the_prefix():
    application = Starlette(routes=[Mount("/fake", app=mockgrid.create_app())])

    async def ask():
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://here/fake") as client:
            steps = [{"redirect": "same"}, {"say": "Hi"}]
            await client.put("/__mockgrid__/sessions/mg-a", json={"steps": steps})
            return await client.post(
                "/v1/chat/completions",
                json={"messages": [{"role": "user", "content": "Hello"}]},
                headers={"authorization": "Bearer mg-a"},
                follow_redirects=True,
            )

    answer = asyncio.run(ask())
    assert answer.json()["choices"][0]["message"]["content"] == "Hi"


def test_a_model_that_is_not_known_is_told_which_are(caller):
    chat = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    message = caller.call(body=chat).json()["errors"]["detail"]
    known = [model["id"] for model in caller.call("GET", "/v1/models").json()["data"]]
    assert message == (
        f"Model not found: gpt-4o. Known are {', '.join(known[:8])} and {len(known) - 8} more "
        "(GET /v1/models lists them); `mockgrid serve --models NAME,…`, "
        "or pytest's `--mockgrid-models`, names others."
    )
    assert caller.call("GET", "/v1/models/gpt-4o").json()["errors"]["detail"] == message


def test_models_that_others_name_are_those_that_are_told():
    caller = Caller(models=("gpt-*",))
    assert "Known are gpt-* (GET" in caller.call("GET", "/v1/models/claude").json()["errors"]["detail"]
    with mockgrid.MockGrid() as grid:
        session = grid.session("mg-own")
        session.play({"models": ["mine-1"], "steps": [{"reply": {"say": "Hi"}}]})
        body = {"model": "mine-2", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(
            f"{grid.base_url}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {session.api_key}"},
            trust_env=False,
        )
        assert answer.json()["errors"]["detail"].endswith(
            "Did you mean mine-1? Known are mine-1 (GET /v1/models lists them); "
            "the scenario's `models:` names others."
        )
