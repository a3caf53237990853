"""Real schemas, as pydantic, zod and people write them, must get a value: refusing is no answer to these."""

import json
import time
from pathlib import Path

import jsonschema
import pytest

from mockgrid.schema.generate import CompiledSchema

CORPUS = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CORPUS)
def test_real_schema_gets_valid_values(name):
    schema = CORPUS[name]
    judge = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)(schema)
    compiled = CompiledSchema(schema)
    for seed in range(12):
        judge.validate(compiled.value(f"seed {seed}", text="It is 3 °C in Oslo."))


@pytest.mark.parametrize("name", CORPUS)
def test_real_schema_is_quick(name):
    schema = CORPUS[name]
    best = 1.0
    for turn in range(5):
        start = time.thread_time()
        CompiledSchema(schema).value(str(turn))
        best = min(best, time.thread_time() - start)
    assert best < 0.015  # about 1 ms on an idle machine


@pytest.mark.parametrize("name", ["pydantic Person", "pydantic Zoo", "pydantic Pat", "all formats"])
def test_different_seeds_give_different_values(name):
    compiled = CompiledSchema(CORPUS[name])
    assert len({json.dumps(compiled.value(str(seed))) for seed in range(20)}) > 15


def test_formats_are_honoured():
    schema = CORPUS["all formats"]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    judge = jsonschema.Draft202012Validator(schema, format_checker=checker)
    compiled = CompiledSchema(schema)
    for seed in range(50):
        judge.validate(compiled.value(str(seed)))
