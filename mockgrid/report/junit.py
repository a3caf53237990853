"""The report as JUnit XML: a case for each declared row, each branch of a reply and what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mockgrid.report.wording import (
    breach_of,
    first_seen,
    operation_of,
    printable,
    reply_branches,
    seen_in,
    unreached,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from mockgrid.findings import Finding
    from mockgrid.report.document import Document

_COUNTS: Final = ("tests", "failures", "errors", "skipped")


def render_junit(document: Document) -> str:
    """Return the report as XML: what was never exercised or shown is skipped, what broke has failed."""
    root = Element("testsuites", name=printable(document["summary"]["headline"]))
    declared = [row for row in document["rows"] if row["state"] != "undeclared"]
    _suite(root, "rows", declared, _row, document)
    if document["replies"]:
        _suite(root, "replies", reply_branches(document), _branch, document)
    _suite(root, "violations", document["violations"], _violation, document)
    if "provider" in document:
        _suite(root, "provider", document["provider"], _provider, document)
    _suite(root, "verdicts", document["verdicts"], _verdict, document)
    _suite(root, "steps", unreached(document), _step, document)
    for name in _COUNTS:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    return _written(root)


def render_cases(
    title: str, cases: Iterable[tuple[str, Iterable[Finding]]], unable: Container[str] = ()
) -> str:
    """Return XML with a case for each thing that was looked at, which has failed by what was found in it.

    Args:
        title: of the whole.
        cases: the names of these things, each with its findings; notes are none that a case fails by.
        unable: codes of findings that kept from looking: errors, where others are failures.
    """
    root = Element("testsuites", name=printable(title))
    suite = SubElement(root, "testsuite", name="mockgrid.verify")
    for name, findings in cases:
        group, _, label = name.rpartition(", ")
        case = _case(suite, label, group or "verify")
        for finding in findings:
            if finding.severity != "note":
                kind, message = printable(finding.code), printable(finding.message)
                tag = "error" if finding.code in unable else "failure"
                SubElement(case, tag, type=kind, message=message).text = printable(str(finding))
    _number(suite)
    _total(suite)
    for name in _COUNTS:
        root.set(name, suite.get(name, "0"))
    return _written(root)


def _written(root: Element) -> str:
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _total(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _suite(
    root: Element,
    name: str,
    entries: list[dict[str, Any]],
    write: Callable[[Element, dict[str, Any]], None],
    document: Document,
) -> None:
    suite = SubElement(root, "testsuite", name=f"mockgrid.{name}")
    properties = SubElement(suite, "properties")
    contract = document["contract"]
    for key in ("title", "version", "sha256"):
        SubElement(properties, "property", name=f"contract.{key}", value=printable(contract[key]))
    for entry in entries:
        write(suite, entry)
    _number(suite)
    _total(suite)


def _number(suite: Element) -> None:
    """Give cases of the same name numbers: some readers keep one of a name."""
    names: Counter[tuple[str | None, str | None]] = Counter()
    for case in suite.findall("testcase"):
        key = (case.get("classname"), case.get("name"))
        names[key] += 1
        if names[key] > 1:
            case.set("name", f"{key[1]} ({names[key]})")


def _case(suite: Element, name: str, group: str) -> Element:
    group = printable(f"mockgrid.{group}")
    return SubElement(suite, "testcase", name=printable(name), classname=group, time="0")


def _row(suite: Element, row: dict[str, Any]) -> None:
    request = f" to {row['request']}" if row["request"] else ""
    answer = f" {row['response']}" if row["response"] else ""
    case = _case(suite, f"{row['status']}{answer}{request}", operation_of(row))
    if row["state"] == "never_exercised":
        SubElement(case, "skipped", message="MG301: never exercised")


def _branch(suite: Element, branch: dict[str, Any]) -> None:
    case = _case(suite, f"{branch['request']} {branch['label']}", operation_of(branch))
    if not branch["shown"]:
        SubElement(case, "skipped", message="never shown")


def _violation(suite: Element, entry: dict[str, Any]) -> None:
    where = f"{entry['location']} {entry['pointer'] or '/'}"
    case = _case(suite, f"{entry['code']} {where}", operation_of(entry))
    times = f" ({entry['count']} times)" if entry["count"] > 1 else ""
    message = f"{where} {entry['message']}{times}"
    failure = SubElement(case, "failure", type=printable(entry["code"]), message=printable(message))
    failure.text = printable(f"seen in: {first_seen(entry)}; contract: {entry['contract']}")


def _provider(suite: Element, entry: dict[str, Any]) -> None:
    case = _case(suite, f"{entry['code']} {entry['status']} {entry['pointer'] or '/'}", operation_of(entry))
    failure = SubElement(case, "failure", type=printable(entry["code"]), message=printable(breach_of(entry)))
    failure.text = printable(f"count: {entry['count']}; contract: {entry['contract']}")


def _verdict(suite: Element, entry: dict[str, Any]) -> None:
    case = _case(suite, f"{entry['verdict']} {entry['session']}", "conduct")
    kind = printable(entry["code"] or entry["verdict"])
    failure = SubElement(case, "failure", type=kind, message=printable(entry["message"]))
    failure.text = printable(f"seen in: {'; '.join(seen_in(entry))}")


def _step(suite: Element, entry: dict[str, Any]) -> None:
    case = _case(suite, entry["step"], f"scenario.{entry['scenario']}")
    SubElement(case, "skipped", message=printable(f"MG304: never reached ({entry['where']})"))
