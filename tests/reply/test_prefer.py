import contextlib
from urllib.parse import quote

import pytest
from asgi import Caller
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.reply.preferences import Preferences, PreferError, prefers_of, read_prefer


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


@given(st.text(min_size=1, max_size=20))
def test_a_query_prefers_whatever_a_header_can(name):
    query = f"a=__b&__code=4XX&__example={quote(name, safe='')}&__other=1&__dynamic=".encode()
    found = read_prefer(prefers_of(None, query))
    assert found == Preferences("4XX", name.encode("utf-8", "replace").decode(), dynamic=True)


def test_the_header_counts_before_the_query():
    assert read_prefer(prefers_of(b"code=404", b"__code=500&__seed=7")) == Preferences(404, seed="7")
    assert prefers_of(None, b"__nothing=1&a__code=2") == []


@pytest.mark.parametrize(
    ("prefer", "misspelt"),
    [
        ("exampel=missing", "exampel"),
        ("CODES=404, wait=3, return=minimal", "codes"),
        ("dynamic=true, code=200, count=exact, respond-async", ""),
        ("speed=fast, coder=x, codec=opus", ""),
        ("se-ed=4", "se-ed"),
    ],
)
def test_a_preference_that_is_misspelt_is_told_and_refuses_nothing(prefer, misspelt):
    caller = Caller()
    assert caller.call("GET", "/v1/models", headers={"prefer": prefer}).status == 200
    (told,) = caller.call("GET", "/__mockgrid__/sessions/mg-test/exchanges").json()["exchanges"]
    warned = [(each["code"], each["path"], each["message"].split()[0]) for each in told.get("warnings", ())]
    assert warned == ([("MG143", "header.prefer", misspelt)] if misspelt else [])
