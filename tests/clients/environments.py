"""Where the clients live: an isolated environment for each family, built on first use.

The families want different releases of the same packages, so none is installed beside MockGrid. A Python
family is a virtual environment made from ``requirements/<name>.txt``; a Node family is a ``node_modules``
made from ``node/<name>/package-lock.json``. Both lie in ``.cache/clients/<name>`` with a stamp of what they
were made from: as long as the stamp is right, a run takes them as they are.

``uv`` installs what Python families need, for pip takes minutes to unpack what the larger ones share.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"
BUILD_SECONDS = 300
UV = "uv==0.13.9"


class EnvironmentMissingError(Exception):
    """An environment cannot be built here; the message says what to install."""


def python_environment(name: str, requirements: Path | None = None) -> Path:
    """The interpreter of the virtual environment that holds ``requirements/<name>.txt``, or another file."""
    requirements = requirements or HERE / "requirements" / f"{name}.txt"

    def build(home: Path) -> None:
        _run([sys.executable, "-m", "venv", "--without-pip", str(home)])
        # The files name every release, so there is nothing to resolve: the resolver would only be slower, and
        # would refuse the clients whose certificates are a day newer than the index has them.
        install = [str(_uv()), "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)]
        _run([*install, "--python", str(_interpreter(home))])

    return _interpreter(_environment(name, build, requirements.read_bytes(), sys.version.encode()))


def node_environment(name: str) -> Path:
    """The folder whose ``node_modules`` is what ``node/<name>/package-lock.json`` says."""
    node()
    npm = shutil.which("npm")
    if npm is None:
        raise EnvironmentMissingError("npm is not on the PATH, and the checks of the Node clients need it.")
    files = [HERE / "node" / name / file for file in ("package.json", "package-lock.json")]

    def build(home: Path) -> None:
        for file in files:
            shutil.copy(file, home)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=home)

    return _environment(name, build, *(file.read_bytes() for file in files))


def node() -> str:
    """The ``node`` to run, at least version 20."""
    found = shutil.which("node")
    if found is None:
        raise EnvironmentMissingError(
            "node is not on the PATH: install Node 20 or newer for the Node clients."
        )
    version = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < 20:
        raise EnvironmentMissingError(f"{found} is {version}: the Node clients need Node 20 or newer.")
    return found


def _environment(name: str, build: Callable[[Path], None], *made_from: bytes) -> Path:
    home = CACHE / name
    stamp = home / ".made-from"
    digest = hashlib.sha256(b"\0".join(made_from)).hexdigest()
    CACHE.mkdir(parents=True, exist_ok=True)
    # Several suites may want it at once.
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == digest:
            return home
        # Built aside and moved when whole, so a build that was cut short is never taken for a finished one.
        aside = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=CACHE))
        try:
            build(aside)
            (aside / stamp.name).write_text(digest)
            shutil.rmtree(home, ignore_errors=True)
            aside.rename(home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return home


def _uv() -> Path:
    def build(home: Path) -> None:
        _run([sys.executable, "-m", "venv", str(home)])
        _run([str(_interpreter(home)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV])

    return _interpreter(_environment("uv", build, UV.encode())).with_name("uv")


def _interpreter(home: Path) -> Path:
    return home / "bin/python"


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
    )
    if done.returncode:
        raise EnvironmentMissingError(f"`{' '.join(command)}` failed with {done.returncode}:\n{done.stdout}")


def main() -> None:
    """Build those that are missing, so that no test has to wait for its own."""
    for file in sorted((HERE / "requirements").glob("*.txt")):
        python_environment(file.stem)
    for folder in sorted((HERE / "node").iterdir()):
        node_environment(folder.name)


if __name__ == "__main__":
    main()
