"""The page about the report: what it names exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

from mockgrid.cli.report import report
from mockgrid.findings.codes import codes

TEXT = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")


def test_flags():
    flags = {flag for parameter in report.params for flag in parameter.opts if flag.startswith("--")}
    assert set(re.findall(r"--[a-z][a-z-]+", TEXT)) == flags


def test_formats_and_states():
    (form,) = (parameter for parameter in report.params if parameter.name == "form")
    named = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert named == [
        *form.type.kind.words[:2],
        "junit",
        "html",
        "json",
        "covered",
        "never_exercised",
        "undeclared",
    ]


def test_verdicts():
    named = re.findall(r"^\| (MG\d+) \| `(\w+)` \|", TEXT, re.MULTILINE)
    assert named == [(code.code, code.name) for code in codes().values() if code.code >= "MG310"]
