from outcomes import run_python


def test_litellm(check):
    check(run_python, "litellm", "litellm")
