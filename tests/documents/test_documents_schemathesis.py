"""Schemathesis, with all its checks and phases, finds nothing on documents of every kind of parameter.

They declare what a broken request gets, which schemathesis asks for. Left out are those of which it takes a
request for broken that is written, byte for byte, as a valid one is: a list of one in a label or a form (and
the item alone), an object under the empty name, a part of an object that another field could be, and one that
differs in its fragment, which no client sends.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from schemathesis_run import generated

from mockgrid.app.build import build_app
from mockgrid.document.document import read_document
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
FEATURES = (
    *("body-optional", "cookie", "header-array", "header-object", "path-encoded-slash", "path-precedence"),
    *(
        "path-suffix",
        "query-allow-empty",
        "query-any-of",
        "query-boolean",
        "query-brackets",
        "query-deep-object",
    ),
    *("query-json", "query-name-with-brackets", "query-nullable", "query-object-exploded"),
    *("query-object-joined", "query-pipe-delimited", "schema-free-form"),
)


def features():
    """Return one document with the paths of several, each below the name of its own."""
    paths = {}
    for name in FEATURES:
        data = read_document(HERE / "corpus" / "features" / f"{name}.yaml").data
        assert "components" not in data
        for path, item in data["paths"].items():
            paths[f"/{name}{path}"] = item
            for operation in item.values():
                operation["responses"]["default"] = {"description": "It was not valid."}
    return {"openapi": "3.0.3", "info": {"title": "Features", "version": "1"}, "paths": paths}


def parameters():
    return read_document(HERE / "parameters.yaml").data


@pytest.mark.parametrize(("document", "examples"), [(parameters, 8), (features, 3)])
def test_nothing_is_found(document, examples, tmp_path):
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document()))
    settings = Settings(port=0, log="off", document=str(path), strict_document=True)
    with start_in_thread(build_app(settings), settings) as server:
        url = f"http://127.0.0.1:{server.port}/openapi.json"
        cases, shown = generated(url, tmp_path, f"--max-examples={examples}")
    assert cases > 200, shown
