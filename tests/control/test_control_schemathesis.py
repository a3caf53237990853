"""Schemathesis finds nothing on the control interface either."""

import pytest
from schemathesis_run import generated

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

pytestmark = pytest.mark.once


def test_nothing_is_found(tmp_path):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        cases, shown = generated(
            f"{server.control}/openapi.json",
            tmp_path,
            "--exclude-path=/events",  # it has no end, as it says
            "--max-examples=40",
        )
    assert cases > 300, shown
