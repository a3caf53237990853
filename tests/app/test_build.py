"""From settings to an application."""

import pytest

from mockgrid.app.build import load_contract
from mockgrid.errors import DocumentError
from mockgrid.settings import Settings


@pytest.mark.parametrize("text", ["steps: []", "limits: [{requests: 1, per: 1s}]", "# Mine.\nscenario: mine"])
def test_a_scenario_is_no_contract(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError) as raised:
        load_contract(Settings(document=str(path)))
    line = 2 if text.startswith("#") else 1
    assert str(raised.value) == (
        f"{path}:{line}:1: this is a scenario; an OpenAPI document was expected. "
        f"To play it, give its folder: --scenarios {tmp_path}."
    )


@pytest.mark.parametrize(
    "text", ["paths: {}\nlimits: {}", "info: {}\nsteps: []", "x-mine: {}", "description: It is mine."]
)
def test_a_contract_without_its_first_line_is_no_scenario(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match="the field openapi is missing"):
        load_contract(Settings(document=str(path)))
