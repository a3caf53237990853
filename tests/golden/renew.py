"""Writes the golden files anew: ``python tests/golden/renew.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from cases import FOLDER, answers, requests  # noqa: E402 - the path above makes it importable

if __name__ == "__main__":
    (FOLDER / "files").mkdir(exist_ok=True)
    for name in requests():
        for file, data in answers(name).items():
            (FOLDER / "files" / file).write_bytes(data)
