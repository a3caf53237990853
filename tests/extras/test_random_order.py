"""The fixture under pytest-randomly; ``.ci/run`` runs this where that is installed."""

from testing.suites import suite

pytest_plugins = ["pytester"]


def test_the_order_of_tests_does_not_matter(pytester):
    pytester.makepyfile(
        test_it=suite(
            """
        @pytest.mark.parametrize("number", range(12))
        def test_it(mockgrid, number):
            mockgrid.play([{"error": 503}, {"say": str(number)}])
            assert [ask(mockgrid).status_code for _ in range(2)] == [503, 200]
            assert mockgrid.last.text == str(number)
        """
        )
    )
    for seed in ("1", "2"):  # in processes of their own: pytester forgets what half a server has imported
        pytester.runpytest_subprocess("-p", "no:xdist", f"--randomly-seed={seed}").assert_outcomes(passed=12)
