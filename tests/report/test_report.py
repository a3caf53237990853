"""The contract report, its format and its renderings."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import parse_qs, parse_qsl
from xml.dom import minidom

import pytest
from jsonschema import Draft202012Validator
from report.sample import CONTRACT, FILES, HOSTILE, JSON, RENDERINGS, coverage, document, tally

from mockgrid.contract.coverage import Coverage, OtherContractError
from mockgrid.report import Tally, build, fail_under, merge, rendered
from mockgrid.report.document import ReportError, locate, read_report, schema
from mockgrid.report.junit import render_junit
from mockgrid.report.markdown import render_markdown
from mockgrid.report.page import render_html
from mockgrid.report.text import render_text

SIZE = "/components/schemas/Order/properties/size"
PAID = "/paths/~1orders/post/responses/201/content/application~1json/schema/properties/state/enum/1"
EMPTY = build(Coverage(CONTRACT).snapshot(), Tally().as_json())


def everything():
    """A report of a run in which nothing is missing or wrong."""
    found = Coverage(CONTRACT)
    for row in found.snapshot()["rows"]:
        status = {"default": 500, "4XX": 404}.get(row["status"]) or int(row["status"])
        found.observe(row["operation"], row["request"], status, row["response"])
    place = CONTRACT.operation("placeOrder")
    for item in ("tea", "coffee", "<script>"):
        for paper in ("red", "green"):
            body = {"item": item, "count": 1, "size": "L", "gift": {"to": "x", "paper": paper}}
            found.observe_body(place, place.json_body, body)
    return build(found.snapshot(), Tally().as_json())


WHOLE = everything()


# ---------------------------------------------------------------------- the document


@pytest.mark.parametrize("report", [EMPTY, document(), WHOLE, merge(document(), WHOLE)])
def test_documents_obey_the_schema(report):
    validator = Draft202012Validator(json.loads(schema()))
    Draft202012Validator.check_schema(validator.schema)
    assert list(validator.iter_errors(report)) == []
    assert read_report(json.dumps(report).encode(), "x.json") == report


def test_schema_is_complete_and_described():
    published = json.loads(schema())
    assert published["properties"].keys() == document().keys() | {"provider", "servers"}
    lists = {"rows": "row", "branches": "branch", "violations": "violation", "warnings": "warning"}
    lists |= {"verdicts": "verdict", "steps": "step", "replies": "reply", "faults": "fault"}
    for name, part in lists.items():
        for entry in document()[name]:
            assert entry.keys() <= published["$defs"][part]["properties"].keys()
            assert set(published["$defs"][part]["required"]) <= entry.keys()


def test_what_a_provider_broke_is_told_in_every_form_and_adds_up():
    tally = Tally()
    violation = {
        "code": "MG111",
        "pointer": "/3/id",
        "path": "3.id",
        "message": "is missing",
        "contract": "/x",
    }
    tally.provider("placeOrder", 200, violation)
    tally.provider("placeOrder", 200, {**violation, "pointer": "/7/id", "path": "7.id"})
    snapshot = Coverage(CONTRACT).snapshot()
    both = merge(build(snapshot, tally.as_json()), build(snapshot, Tally().as_json()))
    (entry,) = both["provider"]
    part = json.loads(schema())["$defs"]["providerViolation"]
    assert set(part["required"]) == entry.keys() == part["properties"].keys()
    assert (entry["pointer"], entry["path"], entry["count"]) == ("/*/id", "*.id", 2)
    assert both["summary"]["provider"] == 2
    assert read_report(json.dumps(both).encode(), "here") == both
    for form, words in (
        ("text", "2 violations by the provider\n  2 x MG111 200 of placeOrder: *.id is missing\n"),
        ("markdown", "### 2 violations by the provider\n\n| code | operation | status |"),
        ("html", "How the replies of the provider break the contract"),
        ("junit", 'name="MG111 200 /*/id" classname="mockgrid.placeOrder"'),
    ):
        assert words in rendered(both, form)
    assert "provider" not in build(snapshot, Tally().as_json())["summary"]


def test_summary_counts_what_stands_in_the_document():
    summary = document()["summary"]
    assert summary["rows"] == {"declared": 12, "covered": 4, "percent": 33.3, "undeclared": 2}
    assert summary["branches"] == {"declared": 10, "sent": 2, "percent": 20.0}
    assert (summary["violations"], summary["warnings"], summary["verdicts"]) == (5, 2, 2)
    assert summary["steps"] == {"played": 2, "unreached": 1}
    assert summary["replies"] == {"declared": 6, "shown": 2, "percent": 33.3}
    assert summary["faults"] == {"declared": 3, "shown": 1, "percent": 33.3}
    assert document()["contract"]["sha256"] == CONTRACT.sha256


def test_undeclared_rows_are_outside_the_percentage():
    found = Coverage(CONTRACT)
    before = build(found.snapshot(), Tally().as_json())["summary"]["rows"]
    found.observe("placeOrder", JSON, 418, JSON)
    after = build(found.snapshot(), Tally().as_json())["summary"]["rows"]
    assert after == {**before, "undeclared": 1}


def test_verdicts_carry_their_codes():
    codes = {verdict["verdict"]: verdict["code"] for verdict in document()["verdicts"]}
    assert codes == {"retry_after_ignored": "MG310", "something_new": ""}


def test_reports_of_workers_add_up():
    one = build(coverage(3), tally().as_json())
    both = merge(one, build(coverage(2), Tally().as_json()))
    counts = {(row["operation"], row["request"], row["status"]): row["count"] for row in both["rows"]}
    assert counts["listOrders", "", "200"] == 5
    assert both["violations"] == one["violations"]
    assert merge(one, EMPTY) == one == merge(EMPTY, one)
    assert merge(one, WHOLE) == merge(WHOLE, one)
    assert merge(one, WHOLE)["summary"]["rows"]["covered"] == 12


def test_reports_of_different_contracts_do_not_add_up():
    other = {**EMPTY, "contract": {**EMPTY["contract"], "sha256": "0" * 64}}
    with pytest.raises(OtherContractError, match="different contracts"):
        merge(EMPTY, other)


@pytest.mark.parametrize(
    ("report", "percent", "fails"),
    [
        (document(), 33, False),
        (document(), 33.33, False),
        (document(), 33.34, True),
        (document(), 34, True),
        (EMPTY, 0, False),
        (EMPTY, 1, True),
        (WHOLE, 100, False),
    ],
    ids=str,
)
def test_fail_under(report, percent, fails):
    assert fail_under(report, percent) is fails


def test_percentages_are_rounded_down():
    entry = {"operation": "x", "request": "", "response": "", "pointer": ""}
    rows = [{**entry, "status": str(number), "count": int(number > 0)} for number in range(3_000)]
    snapshot = {**Coverage(CONTRACT).snapshot(), "rows": rows, "branches": []}
    report = build(snapshot, Tally().as_json())
    assert report["summary"]["rows"]["percent"] == 99.9
    assert "99.9 % of 3000" in report["summary"]["headline"]
    assert report["summary"]["branches"]["percent"] == 100.0


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (
            EMPTY,
            (
                "Never exercised: all 2 rows of listOrders; all 8 rows of placeOrder; "
                "all 2 rows of dropOrder. 0 % of 12 declared rows are covered."
            ),
        ),
        (WHOLE, "Never exercised: nothing. 100 % of 12 declared rows are covered."),
    ],
    ids=["empty", "whole"],
)
def test_headline(report, expected):
    assert report["summary"]["headline"] == expected


def test_headline_of_a_large_contract_stays_a_line():
    rows = [
        {
            "operation": f"operation{number}",
            "request": "",
            "status": str(status),
            "response": JSON,
            "pointer": "",
            "count": int(status == 100),
        }
        for number in range(50)
        for status in range(100, 150)
    ]
    report = build({**Coverage(CONTRACT).snapshot(), "rows": rows}, Tally().as_json())
    assert len(report["summary"]["headline"]) < 1_200
    assert (
        "and 29 more of operation5; 2156 rows of other operations. 2 % of 2500"
        in report["summary"]["headline"]
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.json: This is not JSON."),
        (b"\xff", "x.json: This is not JSON."),
        (b"[" * 100_000, "x.json: This is not JSON."),
        (b"[]", "x.json: This is not a contract report."),
        (
            b'{"format": "mockgrid.report", "version": 2}',
            "The report has version 2, and this MockGrid reads version 1.",
        ),
        (
            b'{"format": "mockgrid.report", "version": 1}',
            "The report is broken at $: 'mockgrid' is a required",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_report_is_refused(data, message):
    with pytest.raises(ReportError) as caught:
        read_report(data, "x.json")
    assert message in str(caught.value)
    assert caught.value.hint


# ---------------------------------------------------------------------- renderings


@pytest.mark.parametrize("name", RENDERINGS)
def test_renderings_are_as_they_were(name):
    """``python tests/report/sample.py`` writes the files anew."""
    assert RENDERINGS[name](document()) == (FILES / name).read_text("utf-8")


@pytest.mark.parametrize("report", [EMPTY, document(), WHOLE], ids=["empty", "sample", "whole"])
def test_the_first_thing_said_is_what_was_never_exercised(report):
    headline = report["summary"]["headline"]
    assert " ".join(render_text(report).split()).startswith(headline)
    assert render_markdown(report).startswith(f"**{headline}**\n")
    assert minidom.parseString(render_junit(report)).documentElement.getAttribute("name") == headline
    assert (
        page(report).headings[0]
        == f"{report['summary']['rows']['percent']:g} % of 12 declared rows are covered"
    )
    assert page(report).texts.index(headline) < page(report).texts.index("violations")


@pytest.mark.parametrize("width", [0, 60, 100, 200])
def test_text_keeps_its_width_where_words_allow(width):
    report = {**document(), "violations": [], "warnings": [], "verdicts": [], "steps": []}
    lines = render_text(report, width).splitlines()
    assert max(map(len, lines)) <= max(width, 80)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", RENDERINGS)
def test_nothing_unprintable_gets_through(name):
    text = RENDERINGS[name](document())
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    text.encode("utf-8")


def test_long_lists_are_cut_in_text_and_markdown_and_whole_elsewhere():
    many = Tally()
    for number in range(500):
        many.violation("placeOrder", {"code": "MG110", "pointer": f"/x{number}", "message": "is wrong"})
    report = build(Coverage(CONTRACT).snapshot(), many.as_json())
    assert "  and 400 more lines; see the JSON document\n" in render_text(report)
    assert "| and 300 more |  |  |  |  |  |\n" in render_markdown(report)
    assert render_junit(report).count("<failure ") == 500
    assert render_html(report).count(">MG110<") == 500


def test_junit_has_a_case_for_each_row_and_each_fault():
    root = minidom.parseString(render_junit(document())).documentElement
    cases = root.getElementsByTagName("testcase")
    assert int(root.getAttribute("tests")) == len(cases) == 12 + 6 + 3 + 2 + 1
    assert int(root.getAttribute("failures")) == len(root.getElementsByTagName("failure")) == 3 + 2
    assert int(root.getAttribute("skipped")) == len(root.getElementsByTagName("skipped")) == 8 + 4 + 1
    for suite in root.getElementsByTagName("testsuite"):
        assert int(suite.getAttribute("tests")) == len(suite.getElementsByTagName("testcase"))
    assert all(case.getAttribute("name") and case.getAttribute("classname") for case in cases)


def test_junit_cases_have_names_of_their_own():
    found = Tally()
    for message in ("one", "two", "three"):
        found.verdict("gave_up", "s", message)
    root = minidom.parseString(render_junit(build(Coverage(CONTRACT).snapshot(), found.as_json())))
    cases = [case.getAttribute("name") for case in root.getElementsByTagName("testcase")]
    assert cases[-3:] == ["gave_up s", "gave_up s (2)", "gave_up s (3)"]


def test_markdown_tables_are_even_and_hold_no_html_of_others():
    text = render_markdown(document())
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 6
    assert len(widths) == sum(table.count("\n") for table in tables)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    bare = re.sub(r"`[^`]*`", "", text)
    assert re.findall(r"<[^>]*>", bare) == ["<details>", "<summary>", "</summary>", "</details>"]
    assert "@me" not in bare


class Page(HTMLParser):
    """What a browser would find in the page."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.headings, self.scripts, self.texts = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)
        (self.scripts if "script" in self.open else self.texts).append(data)

    def count(self, tag):
        return sum(name == tag for name, _ in self.elements)


def page(report):
    found = Page()
    found.feed(render_html(report))
    found.close()
    assert found.open == []
    return found


def test_page_is_self_contained():
    found = page(document())
    assert [name for name, _ in found.elements if name in ("link", "img", "iframe", "object")] == []
    names = {name for _, attributes in found.elements for name in attributes}
    assert {"src", "style", "srcset", "action"}.isdisjoint(names)
    links = [attributes["href"] for _, attributes in found.elements if "href" in attributes]
    assert all(re.fullmatch(r"#x\d+", link) for link in links)
    assert [name for name in names if name.startswith("on")] == []
    for package, name in (("mockgrid.report", "page.css"), ("mockgrid.page", "style.css")):
        style = files(package).joinpath(name).read_text("utf-8")
        assert style in render_html(document())
        assert "url(" not in style
        assert "@import" not in style


def test_page_leads_to_the_exchanges_where_a_server_has_them():
    report = document()
    locate(report, "http://127.0.0.1:8080/__mockgrid__")
    elements = page(report).elements
    links = [attributes["href"] for name, attributes in elements if name == "a"]
    inside = [link.removeprefix("#") for link in links if link.startswith("#")]
    rows = [attributes["id"] for name, attributes in elements if name == "tr" and "id" in attributes]
    assert len(inside) == 5 + 2
    assert set(inside) == set(rows) == {f"x{number}" for number in range(1, 6)}
    outside = [link for link in links if not link.startswith("#")]
    assert sum("/#/exchange/" in link for link in outside) == 5
    assert "http://127.0.0.1:8080/__mockgrid__/#/exchange/s-10/10" in outside
    counted = [dict(parse_qsl(parse_qs(link.partition("?")[2])["did"][0])) for link in outside if "?" in link]
    row = {"operation": "placeOrder", "request": JSON, "status": "201", "response": JSON}
    for entry in (
        {"kind": "rows", **row},
        {"kind": "rows", "status": "404", "response": JSON},  # of no operation, and without a body
        {"kind": "branches", "operation": "placeOrder", "request": JSON, "pointer": SIZE},
        {"kind": "replies", "operation": "placeOrder", "status": "201", "response": JSON, "pointer": PAID},
        {
            "kind": "violations",
            "code": "MG112",
            "operation": "placeOrder",
            "location": "body",
            "pointer": "/item",
        },
        {"kind": "steps", "scenario": "busy", "step": "two failures", "where": "busy.yaml:4"},
        {"kind": "faults", "fault": "fault=reset"},
    ):
        assert entry in counted
    never = [
        {**row, "kind": "rows", "response": "text/event-stream"},
        {"kind": "faults", "fault": "fault=hang"},
    ]
    assert not any(entry in counted for entry in never)
    assert all(re.fullmatch(r"[\w.:/#%?=~-]+", link) for link in outside)
    locate(other := document(), "http://127.0.0.1:9090/__mockgrid__")
    both = render_html(merge(report, other))
    assert both == render_html(merge(other, report))
    assert re.search(r'>6: <a href="[^"]+">127.0.0.1:8080</a>, <a href="[^"]+">127.0.0.1:9090</a></td>', both)
    for other in (document(), report):
        locate(report, "javascript:alert(1)//")
        assert [link for link in re.findall('<a href="(.*?)"', render_html(other)) if link[0] != "#"] == []


def test_page_shows_what_others_wrote_as_it_is():
    found = page(document())
    assert found.scripts == [files("mockgrid.report").joinpath("page.js").read_text("utf-8")]
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\n", "\\n").replace("\ud800", "\\ud800")
    assert any(shown in text for text in found.texts)
    assert "<b>" in "".join(found.texts)


def test_page_can_be_read_without_seeing_it():
    found = page(document())
    tables = found.count("table")
    assert tables == found.count("caption") == found.count("thead") == 9
    assert all(
        attributes.get("scope") in ("col", "row") for name, attributes in found.elements if name == "th"
    )
    assert ("html", {"lang": "en"}) in found.elements
    assert found.count("h1") == found.count("main") == 1
    assert found.count("label") == found.count("input") == 2


def test_page_allows_only_its_own_style_and_script():
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', render_html(document()))
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'", policy)
