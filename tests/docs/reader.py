"""The blocks of a page, and a reader who does what they say."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest

ROOT = Path(__file__).parents[2]
BINARIES = Path(sys.executable).parent
SECONDS = 120

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: ``place`` is its section, its language, and its number among these in the section."""

    place: tuple[str, str, int]
    text: str


def blocks(page: str) -> dict[tuple[str, str, int], Block]:
    """Return the fenced blocks of a page, such as `README.md`, by their places."""
    found: dict[tuple[str, str, int], Block] = {}
    for section in re.split(r"^## ", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE):
        heading = section.partition("\n")[0]
        for language, text in _FENCED.findall(section):
            number = 1 + sum(place[:2] == (heading, language) for place in found)
            found[heading, language, number] = Block((heading, language, number), text)
    return found


class Reader:
    """Does what a page says, in an empty folder, with the commands of this environment.

    Args:
        home: the folder.
        port: stands for 8080, which others may take.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        # So that `.venv/bin/mockgrid` is this environment's.
        (home / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        (home / "petstore.yaml").write_bytes((ROOT / "tests/documents/petstore.yaml").read_bytes())
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MOCKGRID_")},
            "PATH": f"{BINARIES}{os.pathsep}{os.environ['PATH']}",
            "MOCKGRID_PORT": str(port),
            "NO_PROXY": "127.0.0.1",
            "PYTHONIOENCODING": "utf-8",
        }

    def at_port(self, text: str) -> str:
        return text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")

    def shell(self, command: str) -> str:
        """What a command prints; it has to succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.at_port(command)],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    @contextmanager
    def running(self, command: str) -> Iterator[str]:
        """Runs a server and yields the line it prints when it is ready; it has to stop when told to."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {self.at_port(command)}"],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        patience = Timer(SECONDS, process.kill)
        patience.start()
        try:
            ready = process.stdout.readline().decode()
            patience.cancel()
            yield ready or pytest.fail(process.communicate(timeout=SECONDS)[1].decode(), pytrace=False)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=SECONDS)
            assert (process.returncode, out) == (0, b""), err.decode()
            assert b"Traceback" not in err, err.decode()
        finally:
            patience.cancel()
            process.kill()
            process.communicate()
