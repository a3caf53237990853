"""Bytes that are seldom asked for again."""

from __future__ import annotations

import zlib
from typing import Final

__all__ = ["Packed"]

_SHORT: Final = 64 * 1024
_FAST: Final = 1


class Packed:
    """Keeps bytes, many of them in a tenth of their room.

    Args:
        content: they.
    """

    __slots__ = ("_kept", "_whole")

    def __init__(self, content: bytes) -> None:
        self._whole = len(content) <= _SHORT
        self._kept = content if self._whole else zlib.compress(content, _FAST)

    @property
    def content(self) -> bytes:
        """The bytes as they were."""
        return self._kept if self._whole else zlib.decompress(self._kept)
