import atexit
import os
import random
import shutil
import socket
import tempfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# What a run is told by the place where it runs is no part of what the tests judge: pytest shows summaries in
# full where CI is set, clients ask a proxy, and every setting of MockGrid may be a variable.
PLACE = ("CI", "BUILD_NUMBER", "GITHUB_", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "COLUMNS", "LINES")
TOOLS = ("MOCKGRID_", "OPENAI_", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
for name in list(os.environ):
    if name.upper().startswith((*TOOLS, *PROXIES)) or name.startswith(PLACE):
        del os.environ[name]

# Compiled documents go to a folder of the run's own, and with it.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="mockgrid-tests-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

# How long an example takes depends on the machine; new ones would blame the change at hand for what is old.
# To look for new ones: --hypothesis-profile=default
settings.register_profile(
    "mockgrid", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("mockgrid")
# Nor may it depend on what ran before: Hypothesis draws constants out of the modules that are loaded by now.
providers.is_local_module_file = lambda _path: False


@pytest.fixture
def free_port():
    """One of those that no system hands out to whoever takes any: it is free until the test takes it."""
    for port in random.Random().sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")
