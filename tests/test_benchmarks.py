"""The race and its guard, as far as they are not run here: what they count, and what they draw."""

import asyncio
import importlib
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mockgrid import MockGrid

pytestmark = pytest.mark.once

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_the_guard_counts_rows_of_the_race_and_has_a_figure_for_each(benchmark):
    names = [row.name.strip() for row in benchmark("rows").ROWS]
    counted = benchmark("instructions").COUNTED_ROWS
    assert len(set(names)) == len(names)
    assert set(counted) <= set(names)
    for figures in json.loads((BENCHMARKS / "instructions.json").read_text()).values():
        assert figures.keys() == set(counted)


@pytest.mark.parametrize("name", ["a completion, 2 messages", "2,000 keys in turn", "a stream, by event"])
def test_the_load_counts_each_reply_once(benchmark, name):
    row = next(row for row in benchmark("rows").ROWS if row.name.strip() == name)
    load = benchmark("load")
    with MockGrid() as grid:
        port = int(grid.base_url.split(":")[2].partition("/")[0])
        target = load.Target(
            "127.0.0.1", port, "/v1/chat/completions", row.body, row.key, row.header, row.numbers
        )
        loaded = load.load(target, 0.3, 4)
        (answered,) = (row["count"] for row in grid.report()["rows"] if row["count"])
    # Those under way at the end are answered, and not counted.
    assert 4 < loaded.replies <= answered <= loaded.replies + 4
    # The server is in the same process here, so that both count.
    assert loaded.busy > 0


def test_the_picture_has_a_bar_for_all_who_can_do_a_row(benchmark):
    picture = benchmark("picture")
    both = {"MockGrid": {"median": 1.5}, "slow": {"median": 0.2}, "best": {"median": 2}}
    alone = {"MockGrid": {"median": 0.5}, "Starlette, constant": {"median": 1}}
    rows = [{"name": "both", "figures": both}, {"name": "  <alone>", "figures": alone}]
    result = {"rows": rows, "machine": {"processor": "a & b", "cores": 2, "python": "3.11.7"}}
    drawn = [ET.fromstring(picture.picture(result, theme)) for theme in picture.THEMES]
    for tree in drawn:
        texts = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
        assert {"MockGrid 1.50", "best 2.00", "MockGrid 0.50", "<alone>"} <= set(texts)
        assert len(list(tree.iter("{http://www.w3.org/2000/svg}rect"))) == 3
    colours = [{rect.get("fill") for rect in tree.iter("{http://www.w3.org/2000/svg}rect")} for tree in drawn]
    assert colours[0].isdisjoint(colours[1])


def test_the_stages_of_a_request_are_met_once_each_and_left_as_they_were(benchmark):
    stages = benchmark("stages")
    row = next(row for row in stages.ROWS if row.name.strip() == "each conversation new")
    functions = [getattr(owner, attribute) for owner, attribute, _ in stages.STAGES]
    clock = stages.Clock()
    assert asyncio.run(stages.stages(row, clock, 5, 5)) > 0
    names = [*(name for *_, name in stages.STAGES), "hold it to the schema"]
    assert {name: len(taken) for name, taken in clock.taken.items()} == dict.fromkeys(names, 5)
    assert [getattr(owner, attribute) for owner, attribute, _ in stages.STAGES] == functions
