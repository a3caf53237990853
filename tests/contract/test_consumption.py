"""The contract that ships: what was published, unchanged, and what the overlay makes of it."""

import hashlib
import json
import subprocess
import sys
import time

import pytest

from mockgrid.data import bundled
from mockgrid.document.document import read_document
from mockgrid.document.overlay import apply
from mockgrid.document.pointer import resolve
from mockgrid.errors import DocumentError

PUBLISHED = "94fdab92859135db2c2854293fb68bc231f68d2279fea9ecd5877bcf62a0fc2a"
METHODS = ("get", "post")


@pytest.fixture(scope="module")
def published():
    return read_document(bundled("openapi") / "consumption.yaml")


@pytest.fixture(scope="module")
def overlaid(published):
    return apply(published, read_document(bundled("openapi") / "consumption.overlay.yaml"))


@pytest.fixture(scope="module")
def effective(overlaid):
    return overlaid.document.data


def walk(value):
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def operations(data):
    for path, item in data["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_the_contract_is_the_one_that_was_published(published):
    canonical = json.dumps(published.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == PUBLISHED


def test_the_overlay_changes_nothing_that_was_published(published, effective):
    def kept(old, new, at):
        if isinstance(old, dict):
            for key in old:
                kept(old[key], new[key], f"{at}/{key}")
        elif isinstance(old, list):
            assert new[: len(old)] == old, at
        else:
            assert new == old, at

    kept(published.data, effective, "")


def test_every_action_of_the_overlay_finds_its_target(overlaid):
    assert overlaid.warnings == ()


def test_every_reference_leads_somewhere(effective):
    for value in walk(effective):
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            resolve(effective, value["$ref"])


def test_operations(effective):
    assert [
        (path, method, op["operationId"], op["x-mockgrid"]) for path, method, op in operations(effective)
    ] == [
        ("/chat/completions", "post", "createChatCompletion", {"behaviour": "chat-completions"}),
        ("/models", "get", "listModels", {"behaviour": "models"}),
        ("/models/{model}", "get", "retrieveModel", {"behaviour": "models"}),
    ]
    assert [op.get("security") for _, _, op in operations(effective)] == [None, [], []]
    declared = {tag["name"] for tag in effective["tags"]}
    assert {tag for _, _, op in operations(effective) for tag in op["tags"]} == declared


def test_responses(effective):
    found = {op["operationId"]: sorted(op["responses"]) for _, _, op in operations(effective)}
    every = ["405", "408", "431", "500"]
    chat = ["200", "307", "400", "401", "402", "404", "413", "415", "422", "429", "503"]
    assert found == {
        "createChatCompletion": sorted(chat + every),
        "listModels": sorted(["200", *every]),
        "retrieveModel": sorted(["200", "404", *every]),
    }


def test_headers(effective):
    expected = {
        "307": "Location",
        "401": "WWW-Authenticate",
        "405": "Allow",
        "429": "Retry-After",
        "503": "Retry-After",
    }
    for _, _, operation in operations(effective):
        for status, response in operation["responses"].items():
            names = {"x-request-id"} | ({expected[status]} if status in expected else set())
            assert set(response["headers"]) == names, status


def test_error_bodies(effective):
    for _, _, operation in operations(effective):
        for status, response in operation["responses"].items():
            if status >= "400":
                name = "BalanceError" if status == "503" else "ErrorResponse"
                schema = {"$ref": f"#/components/schemas/{name}"}
                assert response["content"] == {"application/json": {"schema": schema}}, status


def test_the_stream(effective):
    content = effective["paths"]["/chat/completions"]["post"]["responses"]["200"]["content"]
    assert list(content) == ["application/json", "text/event-stream"]
    schema = resolve(effective, content["text/event-stream"]["schema"]["$ref"])
    assert list(schema["properties"]) == [
        *(
            "id",
            "object",
            "created",
            "model",
            "service_tier",
            "system_fingerprint",
            "choices",
            "usage",
            "obfuscation",
        )
    ]
    usage = {
        key: value
        for key, value in schema["properties"]["usage"].items()
        if key not in ("nullable", "description")
    }
    assert usage == effective["components"]["schemas"]["CompletionUsage"]
    choice = effective["components"]["schemas"]["ChatCompletionChunkChoice"]
    assert list(choice["properties"]) == ["index", "delta", "logprobs", "finish_reason"]
    message = effective["components"]["schemas"]["ChatCompletionResponseMessage"]
    assert {"reasoning_content", "annotations"} <= set(message["properties"])
    assert message["required"] == ["role"]


def test_models(effective):
    models = effective["x-mockgrid"]["models"]
    tiers = [f"{kind}-{tier}" for kind in ("text", "code", "agent") for tier in ("standard", "prime", "max")]
    assert set(tiers) < set(models["known"])
    assert len(models["known"]) == 17
    assert models["default"] in models["known"]
    assert models["known"]["text-standard"] == {
        "context": 128_000,
        "input": 120_000,
        "output": 65_536,
        "floors": {"tokens_per_second": 100, "first_token": "1.32s"},
    }
    for limits in models["known"].values():
        assert set(limits) <= {"context", "input", "output", "floors"}


def test_failures(effective):
    errors = effective["x-mockgrid"]["errors"]
    statuses = {name: failure["status"] for name, failure in errors["failures"].items()}
    assert statuses == {
        "unknown_path": 404,
        "method_not_allowed": 405,
        "unauthorized": 401,
        "body_too_large": 413,
        "unsupported_media_type": 415,
        "malformed_body": 400,
        "request_timeout": 408,
        "headers_too_large": 431,
        "wrong_type": 400,
        "invalid_request": 422,
        "unknown_model": 404,
        "rate_limited": 429,
        "insufficient_balance": 402,
        "balance_replenishing": 503,
        "internal": 500,
        "overloaded": 503,
        "no_step": 424,
    }
    assert {failure["shape"] for failure in errors["failures"].values()} <= set(errors["shapes"])
    assert all(failure["type"] and failure["code"] for failure in errors["failures"].values())
    policy = effective["x-mockgrid"]["retry_policy"]
    assert {str(status) for status in statuses.values()} <= set(policy)
    assert sorted(status for status, rule in policy.items() if rule["may_retry"]) == [
        *("307", "402", "408", "429", "500", "503")
    ]


def test_places_lead_into_both_files(overlaid):
    document = overlaid.document
    assert "consumption.yaml:" in document.where("/paths/~1chat~1completions/post/responses/503/content")
    assert "consumption.overlay.yaml:" in document.where(
        "/paths/~1chat~1completions/post/responses/503/headers"
    )
    assert "consumption.overlay.yaml:" in document.where("/x-mockgrid/keys")


def test_the_contract_is_read_within_its_time():
    def seconds():
        start = time.thread_time()
        read_document(bundled("openapi") / "consumption.yaml")
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 0.04


def test_the_shipped_overlay_does_without_the_jsonpath_package():
    code = """
import sys
from mockgrid.document.document import read_document
from mockgrid.document.overlay import apply
from mockgrid.data import bundled
files = bundled("openapi")
apply(read_document(files / "consumption.yaml"), read_document(files / "consumption.overlay.yaml"))
sys.exit("jsonpath" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_installation_without_its_files_says_so():
    with pytest.raises(DocumentError, match="lacks its 'nothing' files"):
        bundled("nothing")
