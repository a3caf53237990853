import json
import subprocess
import sys
from pathlib import Path

import mockgrid.scenario

SHIPPED = Path(mockgrid.scenario.__file__).with_name("scenario.schema.json")


def test_schema_is_the_shipped_file_byte_for_byte():
    done = subprocess.run(
        [sys.executable, "-m", "mockgrid", "schema"], capture_output=True, timeout=60, check=True
    )
    assert done.stdout == SHIPPED.read_bytes()
    assert done.stderr == b""
    assert json.loads(done.stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"
