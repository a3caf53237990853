import os
import socket

import pytest
from waiting import open_descriptors

from mockgrid.server.workers.parcel import Box, Parcel


@pytest.fixture
def box():
    made = Box.make()
    yield made
    made.close()


@pytest.fixture
def ends():
    near, far = socket.socketpair()
    yield near, far
    near.close()
    far.close()


@pytest.mark.parametrize("size", [0, 1, 32 * 1024, 32 * 1024 + 1, 3_000_000])
def test_what_is_sent_arrives_with_its_connection(box, ends, size):
    near, far = ends
    sent = Parcel(os.urandom(size), ("s-one", "s-two~x"), internal=True)
    before = open_descriptors()
    assert box.put(sent, far.fileno())
    parcel, connection = box.take()
    with connection:
        assert parcel == sent
        connection.send(b"by the copy")
        assert near.recv(100) == b"by the copy"
        assert not connection.getblocking()
    assert open_descriptors() == before


def test_closing_the_original_says_nothing_on_the_connection(box, ends):
    near, far = ends
    box.put(Parcel(b""), far.fileno())
    far.close()
    near.setblocking(False)
    with pytest.raises(BlockingIOError):
        near.recv(1)
    _, connection = box.take()
    connection.close()
    assert near.recv(1) == b""


def test_full_box_takes_no_more_until_it_is_emptied(box, ends):
    count = 0
    while box.put(Parcel(b"x" * 1000), ends[1].fileno()):
        count += 1
        assert count < 10_000
    assert count
    for _ in range(count):
        box.take()[1].close()
    assert box.take() is None
    assert box.put(Parcel(b""), ends[1].fileno())
