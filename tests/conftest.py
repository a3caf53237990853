import random
import socket
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on the machine; new ones would blame the change at hand for what is old.
# To look for new ones: --hypothesis-profile=default
settings.register_profile(
    "mockgrid", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("mockgrid")


@pytest.fixture
def free_port():
    """One of those that no system hands out to whoever takes any: it is free until the test takes it."""
    for port in random.Random().sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")
