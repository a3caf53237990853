import subprocess

import pytest
from server.workers.fleet import fleet

# What is asked of these is told apart by keys, so one server serves the tests of a module.
SCENARIOS = {
    "replenishing": """
        steps:
          - name: fifty times out of credit
            replies: [FIFTY, {say: Paid}]
    """.replace("FIFTY", ", ".join(["{error: 503}"] * 50)),
    "counting": """
        steps:
          - name: counts
            reply: {say: "${last_user} ${attempt}"}
    """,
    "resetting": """
        steps:
          - name: resets
            reply: {auto: true, fault: reset}
    """,
    "resetting-late": """
        steps:
          - name: resets after two chunks
            reply:
              say: one two three four
              stream: {chunks: word, fault: {kind: reset, after: 2}}
    """,
    "pacing": """
        steps:
          - name: takes its time
            reply: {say: one two three four five six, stream: {chunks: word, pace: {per_token: 60ms}}}
    """,
    "stalling": """
        steps:
          - name: stops in the middle
            reply: {say: one two three, stream: {chunks: word, fault: {kind: stall, after: 2, for: 60s}}}
    """,
}  # fmt: skip


@pytest.fixture(scope="session")
def scenarios(tmp_path_factory):
    directory = tmp_path_factory.mktemp("scenarios")
    for name, text in SCENARIOS.items():
        (directory / f"{name}.yaml").write_text(text)
    return str(directory)


@pytest.fixture(scope="module", params=["uvloop and httptools", "asyncio and h11"])
def shared(request, scenarios):
    """Four workers that no test harms."""
    without = "" if request.param.startswith("uvloop") else "uvloop httptools"
    with fleet("--scenarios", scenarios, "--log", "off", without=without, stderr=None) as running:
        running.kind = request.param
        yield running


@pytest.fixture
def start(scenarios):
    """Starts workers that a test may harm."""
    started = []

    def begin(*arguments, stderr=subprocess.PIPE, **how):
        one = fleet("--scenarios", scenarios, *arguments, stderr=stderr, **how)
        started.append(one)
        return one.__enter__()

    yield begin
    for one in started:
        one.__exit__(None, None, None)
