"""API keys."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mockgrid.testing.grid import SessionKeys


@given(st.lists(st.text()), st.text(max_size=4))
def test_no_key_is_given_twice_and_all_are_the_same_each_time(names, run):
    keys, again = SessionKeys(run), SessionKeys(run)
    given_keys = [keys.key(name) for name in names]
    assert len(set(given_keys)) == len(given_keys)
    assert [again.key(name) for name in names] == given_keys
    assert all(re.fullmatch(r"mg-[0-9a-f]{12}-[1-9][0-9]*", key) for key in given_keys)


def test_runs_that_share_a_server_have_other_keys():
    assert SessionKeys("gw0").key("test") != SessionKeys("gw1").key("test")
