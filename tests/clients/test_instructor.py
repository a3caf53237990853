from outcomes import run_python


def test_instructor(check):
    check(run_python, "instructor", "instructor")
