import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.scenario.duration import duration_mistake, seconds, share, share_mistake


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20ms", 0.02), ("1.5s", 1.5), ("2m", 120), ("1h", 3600), ("0s", 0), ("0.1ms", 0.0001), ("007s", 7)],
)
def test_a_duration_is_seconds(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "5 s", "s", "-1s", "1,5s", ".5s", "5S", "1m30s", "1e3s", "5s\n", "5µs", "1234567890s"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        seconds(text)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (5, "Write 5s or 5ms."),
        (0.5, "Write 0.5s or 0.5ms."),
        ("5", "Write 5s or 5ms."),
        ("5 s", "Write 5s."),
        ("5S", "Write 5s."),
        (".5s", "Write 0.5s."),
        ("1,5 sec.", "Write 1.5s."),
        ("3 minutes", "Write 3m."),
        ("2hrs", "Write 2h."),
        ("10msec", "Write 10ms."),
        ("5d", "The units are ms, s, m and h."),
        ("-1s", "Write 0s for no time at all."),
        ("1m30s", "Write one number and one unit: 20ms, 1.5s, 2m or 1h."),
        (True, "Write a number and a unit: 20ms, 1.5s, 2m or 1h."),
        ("1234567890s", "Write at most nine digits before and after the point."),
    ],
)
def test_a_mistake_says_what_was_meant(value, hint):
    assert duration_mistake(value)[1] == hint


@given(st.text() | st.integers() | st.floats())
def test_any_value_has_its_mistake_said(value):
    message, hint = duration_mistake(value)
    assert message
    assert hint
    assert all(share_mistake(value))


@pytest.mark.parametrize(("text", "expected"), [("20%", 0.2), ("0%", 0), ("100%", 1), ("12.5%", 0.125)])
def test_a_share_is_a_part_of_one(text, expected):
    assert share(text) == expected


@pytest.mark.parametrize("text", ["20", "101%", "-5%", "20 %", "100.1%", "%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        share(text)
