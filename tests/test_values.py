"""What the values of settings may look like."""

from dataclasses import fields
from pathlib import Path

import pytest

from mockgrid.errors import StartError
from mockgrid.settings import SETTINGS, Settings, read_setting
from mockgrid.values import Duration, Size


@pytest.mark.parametrize(
    "size", ["", "MiB", "-1", "1 TiBs", "0", "1e3", "\u0661", 0, 0.5, float("inf"), True, None]
)
def test_size_that_is_none(size):
    with pytest.raises(StartError, match="is not a size"):
        Size().read(size)


@pytest.mark.parametrize(
    ("given", "size"),
    [("1000", 1000), ("1.5kib", 1536), ("2 MB", 2_000_000), ("7b", 7), (64, 64), (1e6, 1_000_000)],
)
def test_size(given, size):
    assert Size().read(given) == size


@pytest.mark.parametrize("time", ["5 sec", "-1s", "", 0, -0.5, float("inf"), float("nan"), False])
def test_time_that_is_none(time):
    with pytest.raises(StartError, match="is not a time"):
        Duration().read(time)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("30", 30), ("250ms", 0.25), ("1.5 s", 1.5), ("2m", 120), (3, 3), (0.00001, 0.00001)],
)
def test_duration(given, seconds):
    assert Duration().read(given) == seconds


def test_every_setting_has_a_kind_that_its_default_is_of():
    defaults = {field.name: field.default for field in fields(Settings)}
    assert list(SETTINGS) == list(defaults)
    assert {name: read_setting(name, defaults[name]) for name in SETTINGS} == defaults


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("overlays", Path("a b.yaml"), ("a b.yaml",)),
        ("scenarios", ["one", Path("two")], ("one", "two")),
        ("models", "gpt-4o,agent-*", ("gpt-4o", "agent-*")),
        ("models", ["a,b", "c"], ("a", "b", "c")),
        ("api_keys", {"mine"}, ("mine",)),
        ("document", Path("pets.yaml"), "pets.yaml"),
        ("base_path", "/v1", "/v1"),
        ("clock", " Virtual ", "virtual"),
        ("port", "0", 0),
        ("shutdown_timeout", 0, 0),
    ],
)
def test_a_setting_is_read_as_it_is_held(name, given, value):
    assert read_setting(name, given) == value


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("clock", "virtul", "'virtul' is not fixed, real or virtual. Did you mean virtual?"),
        ("port", None, "None is not a whole number from 0 to 65535."),
        ("seed", True, "True is not a whole number from 0 up."),
        ("seed", 1.5, "1.5 is not a whole number from 0 up."),
        ("strict", "no", "'no' is not True or False."),
        ("host", 5, "5 is not text."),
        ("models", 5, "5 is not text."),
        ("scenarios", [5], "5 is not text."),
        ("overlays", {"a": 1}, "{'a': 1} is not text."),
        ("api_keys", ["a b"], "A key has no spaces and no control characters."),
        ("base_path", 1, "1 is not a path such as /v1."),
    ],
)
def test_a_value_that_a_setting_cannot_have(name, given, message):
    with pytest.raises(StartError) as raised:
        read_setting(name, given)
    assert str(raised.value) == message
