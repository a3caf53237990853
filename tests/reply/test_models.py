"""The list of models, as rich as clients read it."""

import json
from decimal import Decimal

import openai
import pytest
from asgi import Caller

from mockgrid import MockGrid
from mockgrid.errors import DocumentError

OWN = {"id", "object", "created", "owned_by"}


def listed(caller, **more):
    answer = caller.call("GET", "/v1/models", **more)
    assert answer.status == 200
    return {model["id"]: model for model in answer.json()["data"]}


def names(caller, **more):
    return list(listed(caller, **more))


def scripted(**scenario):
    caller = Caller()
    caller.app.operator.script("mg-test", {"steps": {"steps": [], **scenario}})
    return caller


def test_each_instrument_tells_what_it_can_and_costs():
    models = listed(Caller())
    assert len(models) == 20
    for model in models.values():
        assert model.keys() > OWN
        assert {"streaming", "tools"} <= set(model["capabilities"])
        assert {"tools", "max_completion_tokens"} <= set(model["supported_parameters"])
        assert 0 < Decimal(model["pricing"]["prompt"]) < Decimal(model["pricing"]["completion"]) < 1
        assert model["architecture"]["output_modalities"] == ["text"]
    pictures = [
        name for name, model in models.items() if "image" in model["architecture"]["input_modalities"]
    ]
    assert pictures == ["vision-standard", "vision-prime", "vision-max"]


def test_limits_and_served_models_are_told_where_they_are_known():
    models = listed(Caller())
    standard = models["text-standard"]
    assert standard["context_length"] == standard["top_provider"]["context_length"] == 128_000
    assert (standard["max_input_tokens"], standard["max_output_tokens"]) == (120_000, 65_536)
    assert standard["top_provider"]["max_completion_tokens"] == 65_536
    assert standard["served_models"] == ["openai/gpt-oss-120b"]
    assert not {"context_length", "top_provider", "served_models"} & models["glm-latest"].keys()


@pytest.mark.parametrize("name", ["text-prime", "Text-Prime", "Vision-Standard"])
def test_one_is_told_as_it_was_asked_for(name):
    model = Caller().call("GET", f"/v1/models/{name}").json()
    assert model == {**listed(Caller())[name.lower()], "id": name}
    assert Caller().chat(model=name).status == 200


def test_models_of_a_scenario_and_of_a_flag_keep_what_is_known_of_them():
    assert listed(scripted(models=["text-prime", "mine"])) == {
        "text-prime": listed(Caller())["text-prime"],
        "mine": {**listed(Caller(models=("mine",)))["mine"]},
    }
    assert listed(Caller(models=("mine",)))["mine"].keys() == OWN


def test_what_has_no_balance_is_not_listed_to_a_key_and_is_a_402():
    caller = scripted(funded=["Text-Prime", "agent-*"])
    assert names(caller) == ["text-prime", "agent-standard", "agent-prime", "agent-max"]
    assert len(names(caller, key=None)) == len(names(caller, key="mg-other")) == 20
    assert [caller.chat(model=name).status for name in ("TEXT-prime", "agent-max", "nope")] == [200, 200, 404]
    refused = caller.chat(model="glm-latest")
    assert (refused.status, refused.header("x-mockgrid-violations")) == (402, None)
    assert refused.json() == {"errors": {"detail": "There is no token capacity for glm-latest."}}
    assert caller.chat().status == 402  # text-standard


def test_nothing_at_all_may_be_funded():
    caller = scripted(funded=[])
    assert (names(caller), caller.chat().status) == ([], 402)


def test_prices_count_for_nothing_in_what_replies_are_drawn_from(tmp_path):
    overlay = tmp_path / "prices.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Prices, version: '1'}\nactions:\n  - target: $\n    update:\n"
        "      x-mockgrid: {catalogue: {models: {text-prime: {pricing: {prompt: '1'}}, mine: {x: 1}}}}\n"
    )
    dearer = Caller(overlays=(str(overlay),))
    assert listed(dearer)["text-prime"]["pricing"]["prompt"] == "1"
    assert listed(dearer)["mine"]["x"] == 1
    assert dearer.app.contract.sha256 == Caller().app.contract.sha256
    assert dearer.chat().body == Caller().chat().body


@pytest.mark.parametrize("wrong", ["3", "{models: [a]}", "{models: {a: b}}", "{every: 1}"])
def test_a_catalogue_that_is_none_is_told_with_its_place(tmp_path, wrong):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(
        "overlay: 1.0.0\ninfo: {title: Mine, version: '1'}\nactions:\n"
        "  - {target: $.x-mockgrid.catalogue, remove: true}\n"
        f"  - {{target: $, update: {{x-mockgrid: {{catalogue: {wrong}}}}}}}\n"
    )
    with pytest.raises(DocumentError, match="mapping"):
        Caller(overlays=(str(overlay),))


def test_the_official_client_reads_them():
    with MockGrid() as grid, openai.OpenAI(base_url=grid.base_url, api_key=grid.api_key) as client:
        models = {model.id: model for model in client.models.list()}
        assert models["text-standard"].served_models == ["openai/gpt-oss-120b"]
        assert client.models.retrieve("Text-Prime").context_length == 196_608


def test_a_model_that_is_not_known_is_wrong_where_the_request_names_it():
    caller = Caller()
    for answer, place in (
        (caller.call("GET", "/v1/models/nope"), ("path", "path.model")),
        (caller.chat(model="nope"), ("body", "model")),
    ):
        (violation,) = json.loads(answer.header("x-mockgrid-violations"))
        assert (answer.status, violation["code"], violation["location"], violation["path"]) == (
            404,
            "MG126",
            *place,
        )
