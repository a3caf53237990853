"""The page about embeddings: its overlays are served as it says, and its example prints what it shows."""

import json
import re

import pytest
from docs.reader import blocks

pytestmark = pytest.mark.once

BLOCKS = blocks("docs/embeddings.md")
TOP = next(heading for heading, _, _ in BLOCKS if "Embeddings" in heading)
OTHER = "Any other operation"


def test_the_clients_vectors_are_as_shown(reader):
    (reader.home / "embeddings.yaml").write_text(BLOCKS[TOP, "yaml", 1].text, "utf-8")
    example = BLOCKS[TOP, "python", 1].text
    (reader.home / "example.py").write_text(reader.at_port(example), "utf-8")
    with reader.running(BLOCKS[TOP, "sh", 1].text.strip()):
        assert reader.shell("python example.py").splitlines() == re.findall(r"print\(.*\)  # (.+)", example)


def test_both_overlays_are_served_together(reader):
    for name, place in (("embeddings", (TOP, "yaml", 1)), ("moderations", (OTHER, "yaml", 1))):
        (reader.home / f"{name}.yaml").write_text(BLOCKS[place].text, "utf-8")
    call = "curl -sS -H 'Authorization: Bearer mg-a' -H 'Content-Type: application/json'"
    with reader.running("mockgrid serve --overlay embeddings.yaml --overlay moderations.yaml"):
        answer = reader.shell(f'{call} http://127.0.0.1:8080/v1/moderations -d \'{{"input": "hi"}}\'')
        assert json.loads(answer)["results"][0]["flagged"] is False
        models = json.loads(reader.shell(f"{call} http://127.0.0.1:8080/v1/models"))["data"]
        assert "text-embedding-3-small" in [model["id"] for model in models]
