from collections.abc import Iterator

import pytest
from docs.reader import Reader


@pytest.fixture
def reader(tmp_path, free_port) -> Reader:
    return Reader(tmp_path, free_port)


@pytest.fixture
def served(reader) -> Iterator[Reader]:
    """A reader who has started the server."""
    with reader.running("mockgrid serve"):
        yield reader
