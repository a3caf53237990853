import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.preferences import Preferences, PreferError, read_prefer


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Preferences()),
        ([""], Preferences()),
        (["code=404"], Preferences(code=404)),
        (["code = 404"], Preferences(code=404)),
        (['Code="429"'], Preferences(code=429)),
        (["example=missing"], Preferences(example="missing")),
        (['example="not \\"found\\", at all"'], Preferences(example='not "found", at all')),
        (["dynamic=true"], Preferences(dynamic=True)),
        (["code=4xx"], Preferences(code="4XX")),
        (["code=Default"], Preferences(code="default")),
        (["seed=42, dynamic"], Preferences(dynamic=True, seed="42")),
        (["dynamic=FALSE"], Preferences()),
        (["dynamic"], Preferences(dynamic=True)),
        (["code=404, example=a"], Preferences(404, "a")),
        (["code=404; example=a"], Preferences(404, "a")),
        (["code=404 example=a dynamic=true"], Preferences(404, "a", dynamic=True)),
        (["code=404", "example=a"], Preferences(404, "a")),
        (["code=404, code=500"], Preferences(404)),
        (["return=minimal, respond-async, wait=100; foo=bar, code=200"], Preferences(200)),
        (["barcode=1 code-x=2"], Preferences()),
    ],
)
def test_what_is_read(headers, expected):
    assert read_prefer(headers) == expected


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            "code=abc",
            "the code 'abc'; a status from 200 to 599, a range such as 4XX, or default",
        ),
        ("code=6XX", "the code '6XX'"),
        ("code=4X", "the code '4X'"),
        ("seed=", "a seed without a value"),
        ("code=", "the code ''"),
        ("code", "the code ''"),
        ("code=100", "the code '100'"),
        ("code=600", "the code '600'"),
        ("code=٤٠٤", "the code"),
        ("code=4040", "the code '4040'"),
        ("example=", "an example without a name"),
        ('example=""', "an example without a name"),
        ("dynamic=yes", "dynamic='yes'; true or false was expected"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_one_sentence(header, words):
    with pytest.raises(PreferError) as raised:
        read_prefer([header])
    assert words in raised.value.message
    assert raised.value.message.endswith(".")


@given(st.lists(st.text(st.sampled_from('codexampl=, ;"\\4t')), max_size=3))
def test_any_header_is_read_or_refused(headers):
    with contextlib.suppress(PreferError):
        assert isinstance(read_prefer(headers), Preferences)
