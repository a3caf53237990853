"""docs/page.md speaks of the panels that there are, and its pictures are there, small, light and dark."""

import re

import pytest
from docs.reader import ROOT

pytestmark = pytest.mark.once

PAGE = (ROOT / "docs/page.md").read_text("utf-8")
PANELS = (ROOT / "mockgrid/page/panels.js").read_text("utf-8")
MOST_BYTES = 150_000
SHOWN = re.compile(r'(?:srcset|src)="((?:docs/)?page/[^"]+)"')


def test_each_panel_has_a_heading_in_the_order_of_the_navigation():
    titles = re.findall(r'^  \{.*\btitle: "([^"]+)"', PANELS, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert len(titles) > 4
    assert [heading for heading in headings if heading in titles] == titles


@pytest.mark.parametrize("page", ["README.md", "docs/page.md"])
def test_pictures_are_small_and_both_light_and_dark(page):
    file = ROOT / page
    pictures = SHOWN.findall(file.read_text("utf-8"))
    assert pictures
    for dark, light in zip(pictures[::2], pictures[1::2], strict=True):
        assert dark.replace("-dark", "-light") == light
        for name in (dark, light):
            assert (file.parent / name).stat().st_size < MOST_BYTES
