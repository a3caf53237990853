import io

import pytest
from hypothesis import strategies as st

from mockgrid.fuzz import progress as progressing
from mockgrid.fuzz.example import DrawnExample
from mockgrid.fuzz.failure import ClientFailure
from mockgrid.fuzz.progress import Progress
from mockgrid.fuzz.search import Search

pytestmark = pytest.mark.once
EXAMPLES = st.integers(0, 1000).map(lambda number: DrawnExample([{"say": str(number)}]))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def written(monkeypatch):
    """What is written while a client is tried that fails in one way, as if much time passed."""
    monkeypatch.setattr(progressing, "_OFTEN", 0.0)
    monkeypatch.setattr(progressing, "_SELDOM", 0.0)

    def run(stream):
        progress = Progress(stream)
        failure = ClientFailure("exit code 1")
        search = Search(EXAMPLES, lambda example: failure if len(str(example)) > 12 else None, progress)
        search.run(20, 0)
        progress.end()
        return stream.getvalue()

    return run


def test_a_line_changes_on_a_terminal(written):
    first, *later = written(Terminal()).split("\r\x1b[K")[1:]
    assert first.startswith("1 example, ")
    assert [text for text in later if text.endswith("\n")] == ["mockgrid: example 2: exit code 1\n"]
    assert later[-2].endswith(" a second, 1 distinct failure")
    assert later[-1] == "", "it is gone in the end"


def test_lines_stay_elsewhere(written):
    lines = written(io.StringIO()).splitlines()
    assert all(line.startswith("mockgrid: ") and line.isprintable() for line in lines)
    assert "mockgrid: example 2: exit code 1" in lines
