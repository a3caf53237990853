"""What went wrong, added up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mockgrid.report import Tally
from mockgrid.report.tally import merge, place
from mockgrid.schema.warnings import FieldWarning


def violation(pointer="/messages/0/role", message="must be a string", code="MG110"):
    return {"code": code, "location": "body", "pointer": pointer, "message": message, "contract": "/x"}


def test_what_stands_at_different_indices_is_one():
    tally = Tally()
    for number in range(12):
        tally.violation("chat", violation(f"/messages/{number}/content/{number}/3d"), f"s{number}")
        tally.warning("chat", FieldWarning("MG140", f"/tools/{number}", f"tools.{number}", "is not known"))
    found = tally.as_json()
    assert [(entry["pointer"], entry["count"]) for entry in found["violations"]] == [
        ("/messages/*/content/*/3d", 12)
    ]
    assert [(entry["pointer"], entry["path"], entry["count"]) for entry in found["warnings"]] == [
        ("/tools/*", "tools.*", 12)
    ]


def test_the_example_does_not_depend_on_which_came_first():
    one, other = Tally(), Tally()
    seen = [("got 9", "b"), ("got 3", "c"), ("got 3", "a")]
    for message, session in seen:
        one.violation("chat", violation(message=message), session)
    for message, session in reversed(seen):
        other.violation("chat", violation(message=message), session)
    assert one.as_json() == other.as_json()
    assert (one.as_json()["violations"][0]["message"], one.as_json()["violations"][0]["session"]) == (
        "got 3",
        "a",
    )


def test_the_first_places_are_kept_in_whatever_order_they_came():
    one, other = Tally(), Tally()
    for number in range(1, 31):
        for tally, exchange in ((one, number), (other, 31 - number)):
            tally.violation(
                "chat", violation(), "s-1", place("s-1", f"test_{exchange % 2}", exchange, "POST /x", 422)
            )
    assert one.as_json() == other.as_json()
    (entry,) = one.as_json()["violations"]
    assert [(place["label"], place["exchange"]) for place in entry["places"]] == [
        ("test_0", exchange) for exchange in range(2, 21, 2)
    ]
    assert merge(one.as_json(), other.as_json())["violations"] == [{**entry, "count": 60}]


def test_no_operation_and_other_places_are_told_apart():
    tally = Tally()
    tally.violation(None, violation())
    tally.violation("chat", violation())
    tally.violation("chat", {**violation(), "location": "query"})
    assert [(entry["operation"], entry["location"]) for entry in tally.as_json()["violations"]] == [
        (None, "body"),
        ("chat", "body"),
        ("chat", "query"),
    ]


def test_steps_that_any_worker_reached_are_reached():
    one, other = Tally(), Tally()
    one.step("s", "first", "s.yaml:3", 1)
    one.step("s", "second", "s.yaml:5")
    other.step("s", "first", "s.yaml:3")
    other.step("s", "third", "s.yaml:9")
    other.step("s", "third", "s.yaml:9", 2)
    found = merge(one.as_json(), other.as_json())["steps"]
    assert [(step["step"], step["count"]) for step in found] == [("first", 1), ("second", 0), ("third", 2)]


def test_lists_are_bounded_and_what_is_dropped_is_counted():
    tally, other = Tally(), Tally()
    for number in range(1_500):
        tally.violation("chat", violation(f"/x{number}"))
        tally.violation("chat", violation(f"/x{number}"))
        other.violation("chat", violation(f"/y{number}"))
    tally.verdict("gave_up", "x" * 9_999, "x" * 9_999)
    found = tally.as_json()
    assert sum(entry["count"] for entry in found["violations"]) + found["dropped"]["violations"] == 3_000
    assert len(found["violations"]) == 1_000
    assert len(found["verdicts"][0]["session"]) < 1_000
    both = merge(found, other.as_json())
    assert len(both["violations"]) == 1_000
    assert sum(entry["count"] for entry in both["violations"]) + both["dropped"]["violations"] == 4_500


def test_what_finds_room_does_not_depend_on_the_order_nor_on_the_process():
    numbers = [number * 7 % 2_500 for number in range(2_500)]
    alone, backwards, odd, even = Tally(), Tally(), Tally(), Tally()
    for number in (*numbers, *numbers[:50]):
        alone.verdict("gave_up", f"s{number}", "said", [number])
        (odd if number % 2 else even).verdict("gave_up", f"s{number}", "said", [number])
        alone.warning("chat", FieldWarning("MG140", f"/x{number}", f"x{number}", "is not known"), 3)
        (odd if number % 2 else even).warning(
            "chat", FieldWarning("MG140", f"/x{number}", f"x{number}", "is not known"), 3
        )
    for number in (*reversed(numbers), *numbers[:50]):
        backwards.verdict("gave_up", f"s{number}", "said", [number])
        backwards.warning("chat", FieldWarning("MG140", f"/x{number}", f"x{number}", "is not known"), 3)
    found = alone.as_json()
    assert found["verdicts"][0]["session"] == "s0"
    assert found["verdicts"][1]["session"] == "s1"
    assert len(found["verdicts"]) == len(found["warnings"]) == 1_000
    assert sum(entry["count"] for entry in found["warnings"]) + found["dropped"]["warnings"] == 3 * 2_550
    assert found == backwards.as_json() == merge(odd.as_json(), even.as_json())


tallies = st.lists(
    st.tuples(
        st.sampled_from(["violation", "remark", "verdict", "step", "drop"]),
        st.sampled_from("ab"),
        st.sampled_from("ab"),
        st.integers(0, 3),
    ),
    max_size=12,
).map(lambda entries: filled(entries).as_json())


def filled(entries):
    tally = Tally()
    for kind, one, other, number in entries:
        if kind == "violation":
            tally.violation(
                one,
                violation(f"/{other}/{number}", f"got {number}"),
                f"s{other}",
                place(f"s{other}", one, number, "", 422),
            )
        elif kind == "remark":
            tally.warning(one, FieldWarning("MG140", f"/{other}", other, f"got {number}"))
        elif kind == "verdict":
            tally.verdict(one, other, "said", [number])
        elif kind == "step":
            tally.step(one, other, "x:1", number)
        else:
            tally.drop(exchanges=number, violations=1)
    return tally


@settings(deadline=None)
@given(tallies, tallies, tallies)
def test_tallies_add_up_in_any_order(a, b, c):
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, Tally().as_json()) == a
