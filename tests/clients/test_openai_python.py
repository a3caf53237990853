import pytest
from outcomes import run_python


@pytest.mark.parametrize("environment", ["openai-2", "openai-3"])
def test_openai_python(check, environment):
    check(run_python, "openai_python", environment)
