from outcomes import run_python


def test_llama_index(check):
    check(run_python, "llama_index", "llama-index")
