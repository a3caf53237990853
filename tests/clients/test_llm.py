from outcomes import run_python


def test_llm(check):
    check(run_python, "llm", "llm")
