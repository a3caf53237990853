"""A folder of compiled documents, for the starts that follow.

It is a help and never a condition: where it cannot be read or written, documents are compiled as without it.
What it holds is data, of which nothing is run, and is used as far as it is whole.
"""

from __future__ import annotations

import os
import re
import sys
import zlib
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from stat import S_ISREG
from time import time
from typing import Final, NamedTuple

__all__ = ["Cache"]

MOST_BYTES: Final = 128 * 2**20
"""What the folder may hold; what was used longest ago goes first."""

_LARGEST_ENTRY: Final = 256 * 2**20  # uncompressed
_ENDING: Final = ".mockgrid"
_ASIDE: Final = ".aside"
# What others have in the folder is theirs.
_NAME: Final = re.compile(r"[0-9a-f]{64}(?:\.[0-9a-f]{16}\.aside|\.mockgrid)")
_FORGOTTEN: Final = 3600  # seconds, after which what was written aside belongs to nobody any more
_FAST: Final = 1
_UNFOLLOWED: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Cache(NamedTuple):
    """A folder with an entry for each key, a SHA-256 in hexadecimal digits.

    Args:
        folder: which need not be there; None keeps nothing.
    """

    folder: Path | None

    @classmethod
    def at(cls, folder: str | None) -> Cache:
        """Return the one in a folder, else where the environment or the platform has it."""
        try:
            named = folder or os.environ.get("MOCKGRID_CACHE_DIR") or _usual()
            return cls(Path(named).expanduser().absolute())
        except (OSError, RuntimeError):  # nobody's home, or no folder to be in
            return cls(None)

    def read(self, key: str) -> bytes | None:
        """Return an entry; None where there is none that is whole."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}{_ENDING}"
        with suppress(OSError, ValueError, zlib.error), open(path, "rb", opener=_own) as file:
            reading = zlib.decompressobj()
            content = reading.decompress(file.read(), _LARGEST_ENTRY)
            with suppress(OSError):
                os.utime(path)  # it was of use
            return content if reading.eof else None
        return None

    def write(self, key: str, content: bytes) -> None:
        """Keep an entry: whoever reads it meanwhile sees all of it, or none."""
        if self.folder is None or len(content) > _LARGEST_ENTRY:
            return
        aside = self.folder / f"{key}.{os.urandom(8).hex()}{_ASIDE}"
        with suppress(OSError, ValueError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _UNFOLLOWED, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(zlib.compress(content, _FAST))
                aside.replace(self.folder / f"{key}{_ENDING}")
            finally:
                aside.unlink(missing_ok=True)
            self._make_room(self.folder)

    @staticmethod
    def _make_room(folder: Path) -> None:
        entries: list[tuple[float, int, Path]] = []
        for file in folder.iterdir():
            if not _NAME.fullmatch(file.name):
                continue
            with suppress(FileNotFoundError):  # others make room as well
                status = file.lstat()
                if file.suffix == _ENDING:
                    entries.append((status.st_mtime, status.st_size, file))
                elif time() - status.st_mtime > _FORGOTTEN:
                    file.unlink()
        entries.sort(reverse=True)
        for total, (_, _, file) in zip(accumulate(size for _, size, _ in entries), entries, strict=True):
            if total > MOST_BYTES:
                file.unlink(missing_ok=True)


def _usual() -> Path:
    """Where the user's platform has such folders.

    Raises:
        RuntimeError: the user has no home.
    """
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "mockgrid/cache"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given / "mockgrid"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mockgrid"


def _own(path: str, flags: int) -> int:
    """Open a file of this user's.

    Raises:
        OSError: it is another's, no file, or not there.
    """
    descriptor = os.open(path, flags | _UNFOLLOWED)
    status = os.fstat(descriptor)
    if not S_ISREG(status.st_mode) or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
        os.close(descriptor)
        raise PermissionError(path)
    return descriptor
