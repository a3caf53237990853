"""Holds the golden files without a test runner, for other Pythons and hash seeds."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from cases import FOLDER, answers, requests  # noqa: E402 - the path above makes it importable

if __name__ == "__main__":
    wrong = [
        file
        for name in requests()
        for file, data in answers(name).items()
        if (FOLDER / "files" / file).read_bytes() != data
    ]
    print(f"Python {sys.version.split()[0]}: {2 * len(requests())} golden files, {len(wrong)} differ {wrong}")  # noqa: T201
    sys.exit(bool(wrong))
