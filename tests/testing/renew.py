"""Writes the texts of failures anew: `python tests/testing/renew.py`, then read the diff."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from testing.failures import FAILURES, text_of

from mockgrid import MockGrid

if __name__ == "__main__":
    with MockGrid() as grid:
        for name in FAILURES:
            path = Path(__file__).with_name("files") / f"{name}.txt"
            path.write_text(text_of(grid, name) + "\n", "utf-8")
