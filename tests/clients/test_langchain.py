from outcomes import run_python


def test_langchain(check):
    check(run_python, "langchain", "langchain")
