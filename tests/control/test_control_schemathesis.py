"""Schemathesis finds nothing on the control interface either."""

import httpx
import pytest
from schemathesis_run import generated

from mockgrid.app.build import build_app
from mockgrid.http.server import start_in_thread
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

LONG, SHORT = '"default":"5s"', '"default":"50ms"'


def test_nothing_is_found(tmp_path):
    settings = Settings(port=0, log="off")
    with start_in_thread(build_app(settings), settings) as server:
        text = httpx.get(f"{server.control}/openapi.json", trust_env=False).text
        # Whoever names no timeout waits for five seconds, and schemathesis names none three times.
        assert text.count(LONG) == 1
        document = tmp_path / "openapi.json"
        document.write_text(text.replace(LONG, SHORT), "utf-8")
        cases, shown = generated(
            str(document),
            tmp_path,
            f"--url={server.control}",
            "--exclude-path=/events",  # it has no end, as it says
            "--max-examples=40",
        )
    assert cases > 300, shown
