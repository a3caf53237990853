"""Text with positions: YAML, JSON and bundles of both as plain data that knows where each part stands."""

from __future__ import annotations

import os
from pathlib import Path

ENDINGS = (".yaml", ".yml", ".json")
"""Of the names of files that hold documents, such as contracts and scenarios."""


def is_path(text: str) -> bool:
    """Tell whether a text is the path of such a file, and no name."""
    return "/" in text or os.sep in text or Path(text).suffix.lower() in ENDINGS


def is_document(path: Path) -> bool:
    """Tell whether a file of a directory is one that is read where the directory is named."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()
