"""The tables of docs/scenarios.md, made from the schema; run as a program, it renews them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scenarios.md"
SCHEMA = json.loads((ROOT / "mockgrid" / "scenario" / "scenario.schema.json").read_text("utf-8"))
# Each table by the definitions that it shows, the empty one being the whole.
TABLES = {
    "scenario": ("",),
    "step": ("step",),
    "when": ("when",),
    "matcher": ("textMatchers", "number"),
    "reply": ("reply",),
    "choice": ("choice",),
    "event": ("event",),
    "stream": ("stream",),
    "pace": ("pace",),
    "delay": ("delay",),
    "limit": ("limit",),
    "balance": ("balance",),
}
OWN = {name for names in TABLES.values() for name in names if name}
WORDS = ("equals", "contains", "matches", "glob", "one_of", "not", "exists", "above", "below", "schema")
_MARKED = r"(<!-- keys: {} -->\n).*?(<!-- end -->)"


def table(name):
    """The lines of one table."""
    seen = {}
    for definition in TABLES[name]:
        for key, node in keys(SCHEMA["definitions"][definition] if definition else SCHEMA):
            seen.setdefault(key, node)
    lines = [
        f"| `{key}` | {node['description']} | `{shown(key, node['examples'][0])}` |"
        for key, node in seen.items()
    ]
    return "\n".join(["| key | what it says | for example |", "|---|---|---|", *lines])


def keys(node, inside=""):
    """The keys of an object, and of the objects in it that have no table of their own, with dots between."""
    for part in (node, *node.get("anyOf", ())):
        for key, value in part.get("properties", {}).items():
            if key in WORDS and _in_when(inside):
                continue
            yield inside + key, value
            if value.get("$ref", "").rpartition("/")[2] not in OWN:
                yield from keys(value, f"{inside}{key}.")


def shown(key, example):
    """An example as YAML, on one line."""
    text = yaml.safe_dump(
        {key.rpartition(".")[2]: example},
        default_flow_style=True,
        width=10_000,
        allow_unicode=True,
        sort_keys=False,
    )
    return text.strip()[1:-1]


def renewed(text):
    """The page with all its tables as the schema has them."""
    for name in TABLES:
        pattern = re.compile(_MARKED.format(name), re.DOTALL)
        text = pattern.sub(lambda found, name=name: f"{found[1]}\n{table(name)}\n\n{found[2]}", text)
    return text


def _in_when(inside):
    return inside in {"any_message.", "response_format."}


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
