"""The line that says on a terminal what a command is at."""

import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from waiting import within

from mockgrid.cli import under_way
from mockgrid.cli.under_way import UnderWay

pytestmark = pytest.mark.once

PETSTORE = Path(__file__).parent / "documents" / "petstore.yaml"


class Screen:
    """A terminal that keeps what is written."""

    def __init__(self, *, is_terminal=True):
        self.text = ""
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def shows(self, text):
        assert within(30, lambda: text in self.text)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(under_way, "_SOON", 0.01)
    monkeypatch.setattr(under_way, "_OFTEN", 0.01)


@pytest.mark.usefixtures("at_once")
def test_it_is_shown_and_goes():
    screen = Screen()
    with UnderWay(screen) as line:
        line.at("reading a.yaml")
        screen.shows("mockgrid: reading a.yaml, 0 s")
        line.at("checking \x1b[31m" + "a" * 200)
        screen.shows("checking ?[31m" + "a" * 40)
    assert screen.text.endswith("\r\x1b[K")
    assert len(max(re.split("\r", screen.text), key=len)) < 90


@pytest.mark.usefixtures("at_once")
def test_there_is_none_but_on_a_terminal():
    screen = Screen(is_terminal=False)
    with UnderWay(screen) as line:
        line.at("reading a.yaml")
        time.sleep(0.1)
    assert screen.text == ""


def test_what_is_done_soon_is_not_told():
    screen = Screen()
    with UnderWay(screen) as line:
        line.at("reading a.yaml")
    assert screen.text == ""


def test_it_is_gone_before_an_error_is_told(at_once):  # noqa: ARG001 (it is patched)
    screen = Screen()
    line = UnderWay(screen)
    line.at("reading a.yaml")
    with suppress(ValueError), line:
        screen.shows("reading a.yaml")
        raise ValueError
    assert screen.text.endswith("\r\x1b[K")


def test_check_has_it_on_stderr(at_once):  # noqa: ARG001 (the same)
    """In a terminal of its own: stdout, which is none, has the findings alone."""
    master, slave = pty.openpty()
    code = (
        "from mockgrid.cli import main, under_way; under_way._SOON = 0; under_way._OFTEN = 0.001;"
        f"main(['check', {str(PETSTORE)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=slave, check=False)
    os.close(slave)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert re.search(r"mockgrid: (reading|checking) petstore\.yaml", shown)
    assert b"mockgrid:" not in done.stdout
    assert b"1 contract" in done.stdout
