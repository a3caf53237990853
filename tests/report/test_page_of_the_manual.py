"""The page about the report: what it names exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

from asgi import Caller

from mockgrid.cli.report import report
from mockgrid.findings.codes import codes
from mockgrid.report.text import render_text
from mockgrid.session.turns import all_at_once

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
    assert named == [(code.code, code.name) for code in codes().values() if "MG310" <= code.code < "MG400"]


def test_what_clients_were_shown(tmp_path):
    (tmp_path / "cut.yaml").write_text("steps: [{reply: {auto: true, stream: {fault: no_done}}}]\n", "utf-8")
    caller = Caller(scenarios=(str(tmp_path),))
    caller.chat("one two three", max_completion_tokens=1)
    caller.call(key="mg.cut.1", body={"messages": [{"role": "user", "content": "Hello"}], "stream": True})
    made = caller.app.recorder.report(caller.app.sessions, dropped=0, dropped_violations=0)
    example = TEXT.partition("## What clients were shown")[2].partition("```text\n")[2].partition("```")[0]
    parts = [re.escape(part) for part in re.split(r" *…\n", example)]
    assert re.search(".*".join(parts), render_text(all_at_once(made)), re.DOTALL)
