"""Replicas, and the proxies before them."""

from contextlib import ExitStack
from typing import NamedTuple

import pytest
from deploy.fleet import PROXIES, replica


class Fleet(NamedTuple):
    """Ports: of the replicas, and of each proxy before them."""

    replicas: list[int]
    proxies: dict[str, int]


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    """Three replicas behind both proxies, for all tests that leave them as they are."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        ports = [stack.enter_context(replica(folder)) for _ in range(3)]
        yield Fleet(
            ports, {name: stack.enter_context(proxy(folder, ports)) for name, proxy in PROXIES.items()}
        )


@pytest.fixture(params=PROXIES)
def kind(request):
    """Which proxy."""
    return request.param


@pytest.fixture
def port(fleet, kind):
    """Where a proxy listens."""
    return fleet.proxies[kind]
