"""What a test may allow."""

import pytest

from mockgrid.errors import MockgridError
from mockgrid.testing.allowance import Allowance
from mockgrid.testing.summary import Summary, Unmatched, UnusedStep, Verdict
from mockgrid.testing.violation import Remark, Violation

ALL = Summary(
    violations=(Violation("MG112", "a", ""), Violation("MG113", "b", "")),
    warnings=(Remark("MG140", "c", ""), Remark("MG141", "d", "")),
    unmatched=(Unmatched("", ()),),
    unused_steps=(UnusedStep("s", "t", "w"),),
    verdicts=(Verdict("MG310", "retry_after_ignored", "", (1,)),),
    dropped_violations=1,
)


def left(**words):
    found = Allowance().changed(words).left(ALL)
    return [
        *(one.code for one in (*found.violations, *found.warnings, *found.verdicts)),
        *(type(one).__name__ for one in (*found.unmatched, *found.unused_steps)),
        *["dropped"] * found.dropped_violations,
    ]


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ({}, ["MG112", "MG113", "Unmatched", "UnusedStep", "dropped"]),
        ({"allow_violations": True}, ["Unmatched", "UnusedStep"]),
        ({"allow_violations": "MG112"}, ["MG113", "Unmatched", "UnusedStep", "dropped"]),
        ({"allow_violations": ("MG112", "MG113"), "allow_unused": True}, ["Unmatched", "dropped"]),
        ({"allow_violations": True, "allow_unmatched": True}, ["UnusedStep"]),
        ({"allow_violations": True, "allow_warnings": {"MG141"}}, ["MG140", "Unmatched", "UnusedStep"]),
        ({"allow_violations": True, "resilient": True}, ["MG310", "Unmatched", "UnusedStep"]),
    ],
)
def test_what_is_not_allowed_is_left(words, counts):
    assert sorted(left(**words)) == sorted(counts)


def test_nothing_is_left_of_nothing():
    assert not Allowance().left(Summary())
    assert ALL


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"allow_unusde": True},
            "'allow_unusde' is nothing that a test can allow. Did you mean allow_unused?",
        ),
        ({"retries": True}, "'retries' is nothing that a test can allow. Known: allow_violations,"),
        ({"allow_unused": 1}, "allow_unused is True or False, not 1."),
        ({"allow_violations": []}, 'allow_violations is True, False, or codes such as ["MG113"], not [].'),
        ({"allow_violations": ["temperature"]}, "allow_violations has 'temperature', which is no code"),
    ],
)
def test_what_cannot_be_allowed_is_told(words, message):
    with pytest.raises(MockgridError) as raised:
        Allowance().changed(words)
    assert str(raised.value).startswith(message)
