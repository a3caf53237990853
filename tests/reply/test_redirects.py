"""Where redirects lead."""

import pytest
from asgi import CHAT, Caller


@pytest.fixture
def located(tmp_path):
    """Where a request is sent, by the host and the text that it has."""

    def location(to, host="127.0.0.1:8080", text="Hi"):
        (tmp_path / "mine.yaml").write_text(f"steps: [{{reply: {{redirect: {to}}}}}]", "utf-8")
        caller = Caller(scenarios=(str(tmp_path),), scenario="mine")
        answer = caller.call(body={"messages": [{"role": "user", "content": text}]}, headers={"host": host})
        assert (answer.status, answer.body) == (307, b"")
        return answer.header("location")

    return location


@pytest.mark.parametrize(
    ("host", "other"),
    [
        ("127.0.0.1:8080", "localhost:8080"),
        ("localhost:8080", "127.0.0.1:8080"),
        ("localhost", "127.0.0.1"),
        ("mockgrid:80", "localhost:80"),
        ("[::1]:8080", "localhost:8080"),
        ("[::1]", "localhost"),
        ("", "localhost"),
    ],
)
def test_another_host_is_this_one_under_its_other_name(located, host, other):
    assert located("other", host).startswith(f"http://{other}/r{CHAT}?token=")
    assert located("same", host).startswith(f"/r{CHAT}?token=")


@pytest.mark.parametrize("to", ["/r/v1/elsewhere?token=1", "https://supplier.example/v1"])
def test_any_place_may_be_given(located, to):
    assert located(f'"{to}"') == to


@pytest.mark.parametrize("to", ["same", "other"])
def test_a_token_belongs_to_a_request(located, to):
    assert located(to) == located(to)
    assert located(to) != located(to, text="Hello")
