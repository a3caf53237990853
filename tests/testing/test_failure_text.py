"""What a failing test shows, against texts that people have read; `renew.py` writes them anew."""

from pathlib import Path

import pytest
from testing.failures import FAILURES, text_of

FILES = Path(__file__).with_name("files")


@pytest.mark.parametrize("name", FAILURES)
def test_the_text_is_the_one_that_people_have_read(grid, name):
    assert text_of(grid, name) + "\n" == FILES.joinpath(f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", FAILURES)
def test_the_text_fits_into_80_columns_but_for_the_headline(server, name):
    _, *lines = text_of(server, name).splitlines()
    assert [line for line in lines if len(line) > 80] == []
