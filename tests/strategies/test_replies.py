"""What strategies draw is sound, by a validator that is not MockGrid's, and leaves nothing out."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from mockgrid.document.yaml import load
from mockgrid.errors import ExtraError, MockgridError
from mockgrid.reply.checking import Checking
from mockgrid.reply.delivery.form import data_of
from mockgrid.scenario.loading import build
from mockgrid.schema.inventory import listed_values, speaking_of
from mockgrid.schema.members import admits_null
from mockgrid.strategies import errors, replies, scenario_text, sequences, streams, wild
from mockgrid.strategies.choosing import DrawnChooser
from mockgrid.strategies.target import target_of
from mockgrid.strategies.wild import WILD

pytestmark = pytest.mark.once
DOCUMENTS = Path(__file__).parents[1] / "documents"
CONTRACT = target_of(None, None).contract
CHAT = CONTRACT.operation("createChatCompletion")
CHECKING = Checking(CONTRACT)
ALL = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
MANY = settings(max_examples=200, **ALL)
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
REGISTRY = Registry().with_resource("urn:contract", DRAFT4.create_resource(CONTRACT.document.data))


@cache
def independent(at):
    return OAS30Validator({"$ref": f"urn:contract#{at}"}, registry=REGISTRY)


KINDS = ({}, {"tools": TOOLS, "stream_options": {"include_usage": True}})


def sent(reply, kinds=KINDS):
    """What a reply is to requests, whole and as a stream: status, media type, and each JSON value."""
    scripted = build([reply], where="drawn").steps[0].replies[0]
    for body, _ in CHECKING._samples(CHAT, scripted):
        for more in kinds:
            made = CHECKING._composed(CHAT, scripted, {**body, **more})
            if made.events is None:
                yield made.status, "application/json", orjson.loads(made.body)
            else:
                for event in made.events:
                    if data_of(event) != b"[DONE]":
                        yield made.status, "text/event-stream", orjson.loads(data_of(event))


@MANY
@given(st.one_of(replies(document=CONTRACT), streams(document=CONTRACT)))
def test_every_valid_reply_obeys_the_contract(reply):
    for status, name, value in sent(reply):
        media = CHAT.responses[str(status)].media[name]
        assert [error.message for error in independent(media.schema.at).iter_errors(value)] == []


@MANY
@given(sequences(document=CONTRACT, faults=True, wild=True))
def test_what_is_drawn_is_written_read_again_and_sound(drawn):
    text = scenario_text(drawn, comment="What happened.\nAnd where.")
    assert text.startswith("# What happened.\n# And where.\nsteps:\n")
    data = load(text, name="drawn.yaml").data
    step = data["steps"][0]
    assert step.get("replies", [step.get("reply")]) == drawn
    scenario = build(data, where="drawn.yaml")
    assert [finding for finding in CHECKING.findings(scenario) if finding.severity == "error"] == []


class Seen:
    """What values have had under each path: absent, null, and texts."""

    def __init__(self):
        self.keys, self.values = {}, {}

    def note(self, value, path=""):
        if isinstance(value, dict):
            self.keys.setdefault(path, set()).add(frozenset(value))
            for name, item in value.items():
                self.note(item, f"{path}.{name}")
        elif isinstance(value, list):
            for item in value:
                self.note(item, f"{path}[]")
        elif value is None or (isinstance(value, str) and len(value) < 20):
            self.values.setdefault(path, set()).add(value)

    def missing(self, schema, path=""):
        for node in speaking_of(schema):
            yield from self.missing(node.get("items"), f"{path}[]") if "items" in node else ()
            for name, part in node.get("properties", {}).items():
                inside = f"{path}.{name}"
                yield from self.lacking(part, inside, path, name, required=name in node.get("required", ()))
                yield from self.missing(part, inside)

    def lacking(self, part, inside, path, name, *, required):
        held = [name in keys for keys in self.keys.get(path, ())]
        if True not in held:
            yield f"{inside} is never there"
        if not required and False not in held:
            yield f"{inside} is always there"
        wanted = [value for node in speaking_of(part) for value, _ in listed_values(node)]
        wanted += [None] * admits_null(part)
        yield from (
            f"{inside} is never {value}" for value in wanted if value not in self.values.get(inside, ())
        )


def test_every_branch_of_the_response_and_of_a_chunk_is_drawn():
    seen = {"application/json": Seen(), "text/event-stream": Seen()}

    @settings(max_examples=5_000, phases=[Phase.generate], derandomize=True, **ALL)
    @given(replies(document=CONTRACT))
    def look(reply):
        for _, name, value in sent(reply, KINDS[bool(seen["application/json"].keys) :]):
            seen[name].note(value)

    look()
    missing = {
        name: list(seen[name].missing(CHAT.responses["200"].media[name].schema.schema)) for name in seen
    }
    # A whole reply's list of tiers has no null; what is drawn is both whole and a stream.
    assert missing == {"application/json": [], "text/event-stream": [".service_tier is never None"]}


@cache
def target(document, operation):
    return target_of(operation, contract(document))


@cache
def contract(document):
    names = [operation for operation in (None,) if document is None]
    if names:
        return CONTRACT
    path = DOCUMENTS / document
    first = "zzz"
    try:
        return target_of(first, path).contract
    except MockgridError as error:
        listed = str(error)
    name = listed.partition("It has ")[2].partition(",")[0].rstrip(".…")
    return target_of(name, path).contract


@pytest.mark.parametrize("document", ["petstore.yaml", "everything-3.1.yaml", "fastapi.json"])
def test_any_operation_gets_each_status_and_media_type(document):
    whole = contract(document)
    checking = Checking(whole)
    seen = {operation.id: set() for operation in whole.operations}
    drawn = {
        operation.id: st.one_of(replies(operation.id, whole), errors(operation.id, whole))
        for operation in whole.operations
    }

    @settings(max_examples=25 * len(drawn), phases=[Phase.generate], derandomize=True, **ALL)
    @given(st.data())
    def look(data):
        name = data.draw(st.sampled_from(sorted(drawn)))
        reply = data.draw(drawn[name])
        text = scenario_text([reply], operation=name)
        scenario = build(load(text, name="drawn.yaml").data, where="drawn.yaml")
        findings = [finding for finding in checking.findings(scenario) if finding.severity == "error"]
        if "auto" not in reply:  # where nothing satisfies a schema, the server makes what can be
            assert findings == [], text
        error = reply.get("error")
        seen[name].add(error["status"] if isinstance(error, dict) else error or reply.get("status", 200))

    look()
    for operation in whole.operations:
        declared = {
            int(status)
            for status, response in operation.responses.items()
            if status.isdecimal() and response.media
        }
        assert declared <= seen[operation.id], operation.id


@pytest.mark.parametrize("kind", [replies, streams, sequences])
def test_hardly_a_reply_is_drawn_twice_and_each_is_of_few_choices(kind, monkeypatch):
    """Each choice costs Hypothesis as much as all else that is done for a reply."""
    seen, choices = [], []
    value = DrawnChooser.value
    monkeypatch.setattr(DrawnChooser, "value", lambda *given: choices.append(1) or value(*given))

    @seed(3)
    @settings(max_examples=400, phases=[Phase.generate], **ALL)
    @given(kind(document=CONTRACT))
    def look(drawn):
        seen.append(str(drawn))

    look()
    assert len(set(seen)) > 0.97 * len(seen)
    assert len(choices) < 7.5 * len(seen)


def digest(number):
    drawn = []

    @seed(number)
    @settings(max_examples=60, phases=[Phase.generate], **ALL)
    @given(sequences(document=CONTRACT, faults=True))
    def look(listed):
        drawn.append(scenario_text(listed))

    look()
    return hashlib.sha256("".join(drawn).encode()).hexdigest()


def digest_elsewhere(number, hashes):
    """In a process of its own: Hypothesis also draws constants of modules that others have loaded here."""
    code = (
        f"import sys; sys.path[:0] = sys.argv[1:]; from test_replies import digest; print(digest({number}))"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONHASHSEED": hashes}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_same_seed_draws_the_same_whatever_the_hashes():
    assert digest_elsewhere(7, "77") == digest_elsewhere(7, "5") != digest_elsewhere(8, "5")


def test_an_operation_is_named_as_people_do():
    for name in ("createChatCompletion", "POST /chat/completions", "post /v1/chat/completions", None):
        assert target_of(name, CONTRACT).operation.id == "createChatCompletion"


def test_what_is_not_known_is_told_in_a_sentence():
    with pytest.raises(
        MockgridError, match=r"has no operation 'createChat'\. Did you mean createChatCompletion\?"
    ):
        replies("createChat")
    with pytest.raises(MockgridError, match=r"called 'no-choice'\. Did you mean no-choices\?"):
        wild("no-choice")
    assert all(WILD.values())


@pytest.mark.parametrize("name", WILD)
@settings(max_examples=1, **ALL)
@given(data=st.data())
def test_what_is_wild_is_off_the_contract_where_it_breaks_it(name, data):
    drawn = data.draw(wild(name))
    kept = {key: value for key, value in drawn.items() if key != "contract"}
    try:
        sound = not CHECKING.findings(build([kept], where=name))
    except MockgridError:
        sound = False
    assert sound is ("contract" not in drawn)
    assert CHECKING.findings(build([drawn], where=name)) == []


def test_without_hypothesis_each_entry_says_so():
    code = "import sys; sys.modules['hypothesis'] = None; import mockgrid"
    for entry in ("import mockgrid.strategies", "mockgrid.any_reply"):
        done = subprocess.run(
            [sys.executable, "-c", f"{code}; {entry}"], capture_output=True, text=True, check=False
        )
        last = done.stderr.strip().splitlines()[-1]
        assert "needs Hypothesis, which is not installed. Install MockGrid with its extra `fuzz`" in last
    assert issubclass(ExtraError, ImportError)
