import os

import pytest

from mockgrid.server.log import Sink
from mockgrid.server.workers.lines import Lines


class Slow(Sink):
    """Takes so many lines at a time."""

    def __init__(self, most):
        self.most, self.taken = most, []

    def write(self, lines):
        self.taken += lines[: self.most]
        return min(self.most, len(lines))


@pytest.fixture
def pipes():
    made = [os.pipe() for _ in range(2)]
    yield made
    for pipe in made:
        for end in pipe:
            os.close(end)


def test_lines_of_two_writers_stay_whole_and_in_order(pipes):
    (one, to_one), (two, to_two) = pipes
    sink = Slow(100)
    lines = Lines(sink)
    for pipe, writing, text in [
        (one, to_one, b"a1\na"),
        (two, to_two, b"b"),
        (one, to_one, b"2\n"),
        (two, to_two, b"1\n"),
    ]:
        os.write(writing, text)
        assert lines.read(pipe)
    assert sink.taken == [b"a1\n", b"a2\n", b"b1\n"]


def test_what_the_stream_does_not_take_waits(pipes):
    (reading, writing), _ = pipes
    sink = Slow(1)
    lines = Lines(sink)
    os.write(writing, b"1\n2\n3\n")
    lines.read(reading)
    assert lines.waiting
    lines.write()
    lines.write()
    assert (sink.taken, lines.waiting) == ([b"1\n", b"2\n", b"3\n"], False)


def test_what_a_writer_has_begun_is_told_at_its_end():
    reading, writing = os.pipe()
    sink = Slow(100)
    lines = Lines(sink)
    os.write(writing, b"whole\nand the res")
    assert lines.read(reading)
    os.close(writing)
    assert not lines.read(reading)
    os.close(reading)
    assert sink.taken == [b"whole\n", b"and the res"]
