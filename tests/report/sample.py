"""A report with something of everything; ``python tests/report/sample.py`` writes its renderings anew."""

from __future__ import annotations

import json
from pathlib import Path

from mockgrid.contract.contract import Contract
from mockgrid.contract.coverage import Coverage
from mockgrid.contract.reply_coverage import ReplyCoverage
from mockgrid.document.document import Document
from mockgrid.report import Tally, build
from mockgrid.report.junit import render_junit
from mockgrid.report.markdown import render_markdown
from mockgrid.report.page import render_html
from mockgrid.report.tally import place
from mockgrid.report.text import render_text
from mockgrid.schema.warnings import field_warnings

FILES = Path(__file__).with_name("files")
JSON = "application/json"
ORDERED = {
    "type": "object",
    "required": ["state"],
    "properties": {
        "state": {"enum": ["open", "paid", "<script>"]},
        "note": {"type": "string", "readOnly": True},
        "secret": {"type": "string", "writeOnly": True},
        "bill": {"type": "object", "properties": {"sum": {"type": "integer"}}},
    },
}
HOSTILE = "<script>alert(1)</script> ]]> | `x` **b** \x1b[31m\n\ud800 @me"


def media(*names):
    return {"content": {name: {} for name in names}}


CONTRACT = Contract(
    Document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Shop <b>", "version": "2.1"},
            "paths": {
                "/orders": {
                    "post": {
                        "operationId": "placeOrder",
                        "requestBody": {
                            "required": True,
                            "content": {
                                JSON: {"schema": {"$ref": "#/components/schemas/Order"}},
                                "application/xml": {},
                            },
                        },
                        "responses": {
                            "201": {
                                "content": {
                                    JSON: {"schema": ORDERED},
                                    "text/event-stream": {"schema": ORDERED},
                                }
                            },
                            "422": media(JSON),
                            "503": media(JSON),
                        },
                    },
                    "get": {"operationId": "listOrders", "responses": {"200": media(JSON), "default": {}}},
                },
                "/orders/{id}": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "delete": {"operationId": "dropOrder", "responses": {"204": {}, "4XX": media(JSON)}},
                },
            },
            "components": {
                "schemas": {
                    "Order": {
                        "type": "object",
                        "required": ["item"],
                        "properties": {
                            "item": {"enum": ["tea", "coffee", "<script>"]},
                            "count": {"type": "integer", "maximum": 9},
                            "size": {"type": "string", "deprecated": True},
                            "gift": {
                                "type": "object",
                                "properties": {
                                    "to": {"type": "string"},
                                    "paper": {"enum": ["red", "green"]},
                                },
                            },
                        },
                    }
                }
            },
        },
        "shop.json",
    )
)
PLACE = CONTRACT.operation("placeOrder")


def coverage(times=1):
    """What was covered, with some exchanges that many times."""
    found = Coverage(CONTRACT)
    for _ in range(times):
        found.observe("placeOrder", JSON, 201, f"{JSON}; charset=utf-8")
        found.observe("listOrders", "", 200, JSON)
    found.observe("placeOrder", JSON, 422, JSON)
    found.observe("placeOrder", JSON, 418, "")
    found.observe("dropOrder", "", 204, "")
    found.observe(None, "", 404, JSON)
    found.observe_body(PLACE, PLACE.json_body, {"item": "tea", "size": "L"})
    return found.snapshot()


def replies(*bodies):
    """What was shown of replies to orders."""
    found = ReplyCoverage(CONTRACT)
    for body in bodies:
        learn = found.lesson(PLACE, 201, f"{JSON}; charset=utf-8", {})
        if learn is not None:
            learn([body])
    return list(found.entries())


def tally():
    """What went wrong."""
    found = Tally()
    schema = PLACE.json_body.schema
    for count in (10, 11):
        for violation in schema.explain({"item": "te", "count": count}):
            found.violation(
                "placeOrder",
                violation.as_json(),
                f"s-{count}",
                place(f"s-{count}", f"test_it.py::test_{count}", count, "POST /orders", 422),
            )
    found.violation(
        None,
        {"code": "MG118", "pointer": f"/{HOSTILE}", "message": HOSTILE, "contract": "/x"},
        HOSTILE,
        place(HOSTILE, HOSTILE, 1, HOSTILE, 404),
    )
    for remark in field_warnings(schema, {"item": "tea", "size": "L", "cuont": 1}):
        found.warning("placeOrder", remark)
    found.verdict(
        "retry_after_ignored",
        "s-10",
        "503 asked for 2 s; the next came after 0.4 s.",
        [3, 4],
        places=[place("s-10", "test_it.py::test_10", number, "POST /orders", 503) for number in (3, 4)],
    )
    found.verdict("something_new", HOSTILE, HOSTILE, ["x"])
    found.step("busy", "two failures", "busy.yaml:4", 2)
    found.step("busy", HOSTILE, "busy.yaml:9")
    found.fault("fault=reset", 2)
    found.fault("fault=hang")
    found.fault("stream.fault=no_done")
    found.drop(exchanges=12, violations=1)
    return found


def document():
    """The report."""
    return {
        **build(coverage(3), tally().as_json(), replies({"state": "paid", "note": "x"}, {})),
        "mockgrid": "0",
    }


RENDERINGS = {
    "report.txt": lambda report: render_text(report, 90),
    "report.md": render_markdown,
    "report.xml": render_junit,
    "report.html": render_html,
    "report.json": lambda report: json.dumps(report, indent=2) + "\n",
}

if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    for name, render in RENDERINGS.items():
        (FILES / name).write_text(render(document()), "utf-8", newline="\n")
