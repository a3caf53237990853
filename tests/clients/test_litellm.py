import pytest
from docs.reader import blocks
from outcomes import run_python

OVERLAY = blocks("docs/providers.md")["A conversation that is too long", "yaml", 1].text


def test_litellm(check):
    check(run_python, "litellm", "litellm")


class TestTooLong:
    """With the overlay by which a conversation can be too long."""

    @pytest.fixture
    def url(self, serving, tmp_path):
        overlay = tmp_path / "too_long.yaml"
        overlay.write_text(OVERLAY, "utf-8")
        with serving("--overlay", str(overlay)) as address:
            yield address

    def test_litellm_knows_a_conversation_that_is_too_long(self, check):
        check(run_python, "litellm_too_long", "litellm")
