"""The hardships of benchmarks/hard, small and quick, and reports that find no space."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from report.sample import FILES

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
HARD = ROOT / "benchmarks" / "hard"
OLD = b"an older report"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

resource = pytest.importorskip("resource")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
@pytest.mark.parametrize(
    "hardship", ["idle", "vanish", "trickle", "restart", "pause", "disk", "clock", "soak"]
)
def test_hardship(hardship):
    """Prints what happened, and exits with 1 where something should not have happened."""
    command = [sys.executable, str(HARD), "--size", "small", hardship]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert len(done.stdout.splitlines()) == 3


def test_what_is_cut_is_told_from_what_is_whole():
    """The judge of the hardships itself: of all beginnings of a reply, none passes for the reply."""
    wire = module("wire")
    for raw in (
        b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}',
        HEAD + b"8\r\ndata: {}\r\n2\r\n\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n",
    ):
        assert wire.read(raw).ended()
        assert [end for end in range(len(raw)) if wire.read(raw[:end]).ended()] == []


def test_a_stream_without_its_last_mark_is_no_whole_one():
    wire = module("wire")
    found = wire.read(HEAD + b"a\r\ndata: {}\n\n\r\n0\r\n\r\n")
    assert (found.whole, found.ended()) == (True, False)


def test_a_report_that_finds_no_space_leaves_the_older_one(tmp_path):
    target = tmp_path / "report.html"
    target.write_bytes(OLD)
    code, err = report("--output", str(target), space=1000)
    assert (code, err) == (2, f"mockgrid: {target}: The report cannot be written: file too large.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert target.read_bytes() == OLD


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
@pytest.mark.parametrize("to_file", [True, False])
def test_a_full_device_is_told_in_one_sentence(to_file):
    with Path("/dev/full").open("wb") as full:
        code, err = report(*(["--output", "/dev/full"] if to_file else []), stdout=full)
    where = "/dev/full" if to_file else "standard output"
    assert (code, err) == (2, f"mockgrid: {where}: The report cannot be written: no space left on device.\n")


def test_a_report_keeps_the_mode_of_the_file_and_the_link_to_it(tmp_path):
    target, link = tmp_path / "report.html", tmp_path / "link.html"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to(target.name)
    assert report("--output", str(link)) == (0, "")
    assert link.is_symlink()
    assert (target.stat().st_mode & 0o777, target.read_bytes()[:9]) == (0o640, b"<!doctype")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "report.html"]


def report(*arguments, space=None, stdout=subprocess.PIPE):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (space, space))

    command = [sys.executable, "-m", "mockgrid", "report", str(FILES / "report.json"), "--format", "html"]
    done = subprocess.run(
        [*command, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
        preexec_fn=limit if space else None,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def module(name):
    """A module of the folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"hard_{name}", HARD / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found  # a dataclass looks there
    spec.loader.exec_module(found)
    return found
