"""Schemathesis, with all its checks and phases, finds nothing on the contract as served."""

from __future__ import annotations

from pathlib import Path

import pytest
from schemathesis_run import generated

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

DOCUMENTS = Path(__file__).parents[1] / "documents"


@pytest.mark.parametrize("query", ["", "?sse=checkable"])
def test_nothing_is_found(query, tmp_path):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        cases, shown = generated(
            f"http://127.0.0.1:{server.port}/openapi.json{query}",
            tmp_path,
            "--header=Authorization: Bearer mg-schemathesis",
            "--max-examples=60",
        )
    assert cases > 500, shown
    assert "3 selected / 3 total" in shown
