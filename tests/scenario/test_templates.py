import json

import pytest
from chat_view import chat_view
from hypothesis import given
from hypothesis import strategies as st

from mockgrid.contract.security import is_secret_name
from mockgrid.document.document import Document
from mockgrid.scenario.diagnostics import Diagnostics, Node
from mockgrid.scenario.template import Structure, Template

REQUEST = chat_view(
    headers={b"x-team": b"blue\tgreen"},
    body={
        "model": "text-prime",
        "messages": [{"role": "user", "content": 'a "quote"\nand ${model}'}],
        "metadata": {"a/b": "slash", "n": 5, "list": [1, {"x": None}], "": "empty"},
    },
    attempt=3,
)


def read(kind, value):
    diagnostics = Diagnostics(Document(value, "t"))
    found = kind.read(Node(value, "", diagnostics))
    assert diagnostics.findings == ()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi", "Hi"),
        ("${model}", "text-prime"),
        ("<${attempt}>", "<3>"),
        ("${last_user}", 'a "quote"\nand ${model}'),  # what is inserted is not read again
        ("${body:/metadata/n}", "5"),
        ("${body:/metadata/a~1b}", "slash"),
        ("${body:/metadata/}", "empty"),
        ("${body:/metadata/list}", '[1, {"x": null}]'),
        ("${body:/metadata/list/0}${body:/messages/0/role}", "1user"),
        ("${body:/nothing/here}|", "|"),
        ("${header:X-Team}", "blue\tgreen"),
        ("${header:x-none}|", "|"),
        ("$${model}", "${model}"),
        ("$$${model}", "$${model}"),
        ("$5 and $ and {model} and }", "$5 and $ and {model} and }"),
        ("", ""),
    ],
)
def test_a_text_is_filled_from_the_request(text, expected):
    assert read(Template, text).render(REQUEST) == expected


def test_a_structure_is_filled_in_its_texts_only():
    value = {"${model}": ["${model}", {"n": 5, "t": "x ${attempt}", "e": "$${x}"}], "none": None}
    found = read(Structure, value)
    assert found.render(REQUEST) == {
        "${model}": ["text-prime", {"n": 5, "t": "x 3", "e": "${x}"}],
        "none": None,
    }
    assert not found.constant
    assert read(Structure, {"a": 1}).constant


def test_what_is_inserted_into_json_text_is_escaped():
    template = read(Template, '{"q": "${last_user}"}')
    assert json.loads(template.render_json(REQUEST)) == {"q": 'a "quote"\nand ${model}'}
    assert json.loads(read(Template, '{"n": ${attempt}, "m": "${model}"}').sample()) == {"n": 1, "m": "x"}


def test_a_header_stays_one_line():
    assert (
        read(Template, "${last_user}|${header:x-team}").render_line(REQUEST)
        == 'a "quote" and ${model}|blue green'
    )


def test_a_request_without_anything_fills_with_nothing():
    empty = chat_view()
    assert read(Template, "${last_user}${model}${body:/x}${header:x}|${attempt}").render(empty) == "|1"


def test_half_a_surrogate_pair_can_be_sent_on():
    request = chat_view(body={"messages": [{"role": "user", "content": "a\ud800b"}]})
    assert read(Template, "${last_user}").render(request).encode()


@given(st.text())
def test_what_the_user_says_is_inserted_as_it_is(text):
    request = chat_view(body={"messages": [{"role": "user", "content": text}]})
    assert read(Template, "<${last_user}>").render(request) == f"<{text}>"
    assert json.loads(read(Template, '["${last_user}"]').render_json(request)) == [text]


@given(st.text(alphabet="${}abmodel:/ "))
def test_any_text_is_read_or_found_fault_with(text):
    diagnostics = Diagnostics(Document(text, "t"))
    template = Template.read(Node(text, "", diagnostics))
    if not diagnostics.findings:
        template.render(REQUEST)
    assert Template.plain(text).render(REQUEST) == text


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Cookie",
        "set-cookie",
        "X-API-Key",
        "api-key",
        "x-goog-api-key",
        "proxy-authorization",
        "x-auth-token",
        "openai-apikey",
        "x-secret",
        "x-amz-signature",
        "access-key",
    ],
)
def test_credentials_are_known_by_their_names(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["x-request-id", "user-agent", "x-max-tokens", "x-stainless-retry-count", "accept"]
)
def test_other_headers_are_not_credentials(name):
    assert not is_secret_name(name)


def test_what_is_inserted_into_a_header_is_bounded():
    long = chat_view(body={"messages": [{"role": "user", "content": "x" * 100_000}]})
    assert read(Template, "<${last_user}>").render_line(long) == f"<{'x' * 1000}>"


def called(identifier, name, arguments):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


WEATHER = '{"celsius": 3, "sky": ["grey", {"rain": null}]}'
CALLS = [called("a", "get_weather", '{"city": "Oslo", "n": 1}'), called("b", "get_time", "{")]
CONVERSATION = [
    {"role": "user", "content": "the weather in Oslo"},
    {"role": "assistant", "tool_calls": CALLS},
    {"role": "tool", "tool_call_id": "a", "content": WEATHER},
    {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "noon"}]},
    {"role": "assistant", "content": "and?"},
    {"role": "user", "content": "no more"},
]


@pytest.mark.parametrize(
    ("text", "expected", "lacking"),
    [
        ("${tool_result}", "noon", ()),
        ("${tool_result:get_weather#/celsius} °C", "3 °C", ()),
        ("${tool_result:get_weather#/sky/0}", "grey", ()),
        ("${tool_result:get_weather#/sky}", '["grey", {"rain": null}]', ()),
        ("${tool_result:get_weather#}", WEATHER, ()),
        ("${tool_result:get_time}", "noon", ()),
        ("${arguments:get_weather#/city}", "Oslo", ()),
        ("${arguments:get_weather}", '{"city": "Oslo", "n": 1}', ()),
        ("${arguments}", "{", ()),
        ("${tool_result#/a}|", "|", ("${tool_result#/a}",)),
        ("${tool_result:get_weather#/kelvin}|", "|", ("${tool_result:get_weather#/kelvin}",)),
        ("${tool_result:get_weather#/sky/1/rain}|", "|", ("${tool_result:get_weather#/sky/1/rain}",)),
        ("${tool_result:nobody}|", "|", ("${tool_result:nobody}",)),
        ("${arguments:get_time#/a}|", "|", ("${arguments:get_time#/a}",)),
        ("${body:/x}${body:/x}${header:y}|", "|", ("${body:/x}", "${header:y}")),
        ("${body:/messages/0/role}", "user", ()),
    ],
)
def test_results_and_arguments_are_inserted_and_what_is_lacking_is_noted(text, expected, lacking):
    view = chat_view(body={"messages": CONVERSATION})
    assert (read(Template, text).render(view), view.lacking) == (expected, lacking)


def test_texts_with_braces_that_are_no_templates_are_left_alone():
    for text in (
        "{model}",
        "{{x}}",
        "f({a: {last_user: 1}})",
        "$${last_user}",
        "{{}}",
        "{last_users",
        "\\{last_user}",
    ):
        read(Template, text)
