import pytest
from outcomes import run_node


@pytest.mark.parametrize("environment", ["openai-node-6", "openai-node-7"])
def test_openai_node(check, environment):
    check(run_node, "openai_node", environment)
