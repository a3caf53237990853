"""What is drawn for a client: by its operation, and what its user has asked for."""

import pytest

from mockgrid.fuzz.examples import examples
from mockgrid.fuzz.search import Search
from mockgrid.strategies.target import target_of
from mockgrid.strategies.wild import WILD, wild_replies

pytestmark = pytest.mark.once


def tried(runs, operation="createChatCompletion", **kinds):
    seen = []
    drawn = examples(target_of(None, None).contract, [operation], **kinds)
    Search(drawn, lambda example: seen.extend(example.replies)).run(runs, 0)
    return seen


@pytest.mark.parametrize("faults", [False, True])
def test_what_is_wild_and_asked_for_comes_among_the_first(faults):
    names = ["empty-body", "no-choices"]
    seen = tried(20, wild=names, faults=faults)
    assert all(reply in seen for reply in wild_replies(names))
    assert any(reply not in wild_replies([]) for reply in seen)
    seen = tried(200, wild=[], faults=faults)
    assert all(reply in seen for reply in wild_replies([]))


def test_an_operation_that_gives_no_chat_gets_what_any_may_give():
    wild = wild_replies([], speaks=False)
    assert 0 < len(wild) < len(WILD)
    seen = [reply for reply in tried(40, "listModels", wild=[]) if reply in wild]
    assert len(seen) == len(wild)
    assert all("body" in reply and reply["contract"] == "off" for reply in seen)
    assert wild_replies(["no-choices"], speaks=False) == []
