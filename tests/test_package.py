import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest

import mockgrid

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "mockgrid").rglob("*.py"))

MOST_NAMES = 12

# What a machine, rather than the project, has: its folders, and the addresses that it installs from.
FOREIGN = re.compile(
    rb"(?<![\w.-])/(?:root|work|home/\w+|Users/\w+|opt/pypi|opt/wheels|tmp/mg)/"
    rb"|--(?:extra-)?index-url|--find-links|--trusted-host"
    rb'|"resolved": |^registry *=',
    re.MULTILINE,
)


def project_files() -> list[Path]:
    """All files that are in the project, or would be with the next commit; none where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    found = [ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name]
    return [path for path in found if path.is_file()]


FILES = project_files()


def in_a_fresh_interpreter(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_version_has_one_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "mockgrid/__init__.py"
    assert metadata.version("mockgrid") == mockgrid.__version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)", changes, re.MULTILINE)[0] == mockgrid.__version__


def test_package_is_typed_and_on_the_path_as_a_command():
    assert (resources.files("mockgrid") / "py.typed").is_file()
    command = metadata.distribution("mockgrid").entry_points.select(group="console_scripts", name="mockgrid")
    assert [entry.value for entry in command] == ["mockgrid.cli:main"]


def test_public_names_are_few_and_cost_nothing_to_import():
    code = "import mockgrid; print(*getattr(mockgrid, '__all__', [n for n in dir(mockgrid) if n[0] != '_']))"
    assert len(in_a_fresh_interpreter(code).split()) <= MOST_NAMES
    loaded = in_a_fresh_interpreter("import mockgrid, sys; print(*sorted(sys.modules))").split()
    assert {"click", "jsonschema", "orjson", "starlette", "uvicorn", "yaml"}.isdisjoint(loaded)


def test_every_module_says_what_it_is():
    texts = {path: path.read_text("utf-8") for path in MODULES}
    silent = [path for path, text in texts.items() if text and not text.startswith(('"""', 'r"""'))]
    assert silent == []


@pytest.mark.skipif(not FILES, reason="needs git, and a clone")
def test_nothing_of_a_machine_is_in_the_project():
    found = {
        str(path.relative_to(ROOT)): match[0].decode()
        for path in FILES
        if path != Path(__file__) and (match := FOREIGN.search(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.skipif(not FILES, reason="needs git, and a clone")
def test_lock_files_hold_hashes_and_no_addresses():
    locks = {path for path in FILES if path.parent.name == "requirements" and path.suffix == ".txt"}
    assert {ROOT / "requirements/lint.txt", ROOT / "requirements/test.txt"} <= locks
    for path in locks:
        assert "://" not in path.read_text("utf-8"), path
    for name in ("lint.txt", "test.txt"):
        lock = (ROOT / "requirements" / name).read_text("utf-8")
        pinned = re.findall(r"^[a-z0-9]\S+==.*$", lock, re.MULTILINE)
        assert pinned
        assert all(line.endswith(" \\") for line in pinned), "a release without a hash"
