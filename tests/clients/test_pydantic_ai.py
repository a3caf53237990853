from outcomes import run_python


def test_pydantic_ai(check):
    check(run_python, "pydantic_ai", "pydantic-ai")
