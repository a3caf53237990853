"""What a test may allow."""

import pytest

from mockgrid.errors import MockgridError
from mockgrid.schema.violation import FieldWarning, Violation
from mockgrid.session.records import Summary, Unmatched, UnusedStep, Verdict
from mockgrid.testing.tolerances import Tolerances

ALL = Summary(
    violations=(Violation("MG112", "a", ""), Violation("MG113", "b", "")),
    warnings=(FieldWarning("MG140", "/c", "c", ""), FieldWarning("MG141", "/d", "d", "")),
    unmatched=(Unmatched("", ()),),
    unused_steps=(UnusedStep("s", "t", "w"),),
    verdicts=(Verdict("MG310", "retry_after_ignored", "", (1,)),),
    dropped_violations=1,
)


def left(**words):
    found = Tolerances().changed(words).left(ALL)
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
    assert not Tolerances().left(Summary())
    assert ALL


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"allow_unusde": True},
            "'allow_unusde' is nothing that a test can allow. Did you mean allow_unused?",
        ),
        (
            {"scenario": "tool-loop"},
            'The scenario is the first argument, without a name. Write mockgrid("tool-loop"),',
        ),
        ({"retries": True}, "'retries' is nothing that a test can allow. Known: allow_violations,"),
        ({"allow_unused": 1}, "allow_unused is True or False, not 1."),
        ({"allow_violations": []}, 'allow_violations is True, False, or codes such as ["MG113"], not [].'),
        (
            {"allow_violations": ["temperature"]},
            "allow_violations has 'temperature', which is no code such as MG113.",
        ),
        (
            {"allow_violations": "MG199"},
            "allow_violations has 'MG199', which is no code such as MG113. Did you mean",
        ),
        ({"allow_violations": ["MG113", 113]}, "allow_violations has 113, which is no code such as MG113."),
        (
            {"allow_violations": [["MG113"]]},
            "allow_violations has ['MG113'], which is no code such as MG113.",
        ),
        (
            {"allow_violations": ["mg113"]},
            "allow_violations has 'mg113', which is no code. Did you mean MG113?",
        ),
        (
            {"allow_violations": "out_of_range"},
            "allow_violations has 'out_of_range', which is no code. Did you mean MG113?",
        ),
        (
            {"allow_violations": ["MG311"]},
            (
                "allow_violations has 'MG311', which is no violation of the contract: a retry that cannot "
                "succeed. A verdict fails a test only where resilient=True."
            ),
        ),
        (
            {"allow_violations": ["MG305"]},
            (
                "allow_violations has 'MG305', which is no violation of the contract: a request "
                "that no step of a strict scenario answers. It is allowed by allow_unmatched=True."
            ),
        ),
        (
            {"allow_violations": ["MG140"]},
            (
                "allow_violations has 'MG140', which is no violation of the contract: a field that "
                "the contract does not know (warning). Name it in allow_warnings."
            ),
        ),
        (
            {"allow_violations": ["MG210"]},
            (
                "allow_violations has 'MG210', which is no violation of the contract: a scenario "
                "file that is not strict YAML."
            ),
        ),
        (
            {"allow_warnings": ["MG113"]},
            (
                "allow_warnings has 'MG113', which is no warning: a number that is too small or too "
                "large. Name it in allow_violations."
            ),
        ),
        (
            {"allow_warnings": ["MG149"]},
            "allow_warnings has 'MG149', which is no code such as MG140. Did you mean MG140?",
        ),
    ],
)
def test_what_cannot_be_allowed_is_told(words, message):
    with pytest.raises(MockgridError) as raised:
        Tolerances().changed(words)
    assert str(raised.value).startswith(message)
