"""The places that grow from numbers are those that reading every value finds."""

from contextlib import suppress
from pathlib import Path

import pytest

from mockgrid.document.mistakes import Mistakes
from mockgrid.document.yaml_mistakes import NotYamlError
from mockgrid.document.yaml_places import yaml_places
from mockgrid.document.yaml_reader import YamlReader

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
FILES = [
    *(ROOT / "openapi").glob("*.yaml"),
    *(ROOT / "scenarios").glob("*.yaml"),
    *(ROOT / "tests" / "documents").rglob("*.yaml"),
]
TEXTS = {
    "a lone scalar": "a",
    "alias of a mapping": "a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n",
    "alias of a scalar and of a key": "&k a: &x 1\nc: *x\nd: *k\n",
    "an anchor given twice": "a: &x {b: 1}\nc: *x\nd: &x [2]\ne: *x\n",
    "merged": "a: &x {b: 1, c: {d: 2}}\ne:\n  <<: *x\n  c: 3\nf:\n  g: 1\n  <<: [*x, {h: 4}]\n",
    "merged over what is merged": "a: &x {b: 1}\nc: &y\n  <<: *x\n  d: 2\ne: {<<: *y}\n",
    "quoted merge": "a: {'<<': {b: 1}}\n",
    "equal keys": "a: {b: 1}\na: {c: [2]}\n",
    "several lines": "a: |\n  b\n  c\nd:\n- - e\n  - {f: g}\n-\n",
    "a second document": "a: {b: 1}\n---\nc: 2\n",
    "an alias inside what it repeats": "a: &x {b: *x, c: [*x]}\n",
    "an alias to nothing": "a: *x\nb: 1\n",
}


def tree(mapped):
    inside = mapped.inside
    if isinstance(inside, dict):
        below = {name: tree(each) for name, each in inside.items()}
    else:
        below = None if inside is None else [tree(each) for each in inside]
    return mapped.position, mapped.key, below


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_of_a_text(text):
    every = YamlReader(text, "a.yaml", Mistakes(strict=False), keep_positions=True)
    assert tree(yaml_places(text, "a.yaml")) == tree(every.source_map())


def test_of_all_files():
    for file in FILES:
        text = file.read_text(encoding="utf-8", errors="replace").replace("\t", " ")
        every = YamlReader(text, file.name, Mistakes(strict=False), keep_positions=True)
        with suppress(NotYamlError):  # some of the mistakes are just that
            places = tree(every.source_map())
            assert tree(yaml_places(text, file.name)) == places, file
