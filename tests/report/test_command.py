"""``mockgrid report``."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from report.sample import FILES, RENDERINGS, coverage, document

from mockgrid import cli
from mockgrid.report import Tally, build
from mockgrid.report.document import schema
from mockgrid.report.text import render_text


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Authorization")))
        allowed = server.token is None or self.headers.get("Authorization") == f"Bearer {server.token}"
        status = server.status if allowed else 403
        self.send_response(status)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    """Answers every GET with the sample report, and keeps what was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.asked, found.status, found.token = [], 200, None
        found.body = json.dumps(document()).encode()
        found.url = f"http://127.0.0.1:{found.server_port}"
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in ("MOCKGRID_URL", "MOCKGRID_CONTROL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capfdbinary):
    """Runs the command: exit code, stdout, stderr."""

    def run(*arguments):
        code = cli.main(["report", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


FORMATS = {"text": "report.txt", "markdown": "report.md", "junit": "report.xml", "html": "report.html"}


@pytest.mark.parametrize("form", FORMATS)
def test_formats(run, server, form):
    code, out, err = run("--url", server.url, "--format", form)
    assert (code, err) == (0, "")
    if form == "html":  # the server may still have the exchanges
        out = re.sub(
            rf'<a href="{server.url}/__mockgrid__/#/(?:exchange|journal)[^"]+">(.*?)</a>', r"\1", out
        )
    if form != "text":  # whose width is another
        assert out == RENDERINGS[FORMATS[form]](document())
    assert out.splitlines()[0]


def test_json_is_the_document_and_can_be_read_again(run, server, tmp_path):
    assert run("--url", server.url, "--output", "a.json") == (0, "", "")
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == document()
    assert run("a.json", "--format", "markdown")[1] == RENDERINGS["report.md"](document())


@pytest.mark.parametrize("name", [*FORMATS.values(), "REPORT.MD", "report", "report.log"])
def test_the_ending_of_the_output_says_its_form(run, tmp_path, name):
    assert run(FILES / "report.json", "--output", name) == (0, "", "")
    written = tmp_path.joinpath(name).read_text("utf-8")
    forms = {**RENDERINGS, "report.txt": render_text}
    assert written == forms.get(name.lower(), render_text)(document())


@pytest.mark.parametrize("name", ["r.pdf", "r.JSN", "a.b/c.docx", "r.json.gz"])
def test_an_ending_that_is_none_is_refused_before_a_server_is_asked(run, server, tmp_path, name):
    code, out, err = run("--url", server.url, "--output", name)
    assert (code, out) == (2, "")
    ending = "." + name.rpartition(".")[2]
    endings = ".json, .md, .html, .xml, .txt, .log"
    assert err == f"mockgrid: {name}: No report is written as {ending}; the endings are {endings}.\n"
    assert server.asked == []
    assert not tmp_path.joinpath(name).exists()
    assert run("--url", server.url, "--output", "r.pdf", "--format", "html") == (0, "", "")


def test_a_form_that_is_asked_for_is_that_of_the_output_whatever_it_ends_with(run, tmp_path):
    run(FILES / "report.json", "--output", "a.html", "--format", "markdown")
    assert tmp_path.joinpath("a.html").read_text("utf-8") == RENDERINGS["report.md"](document())


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/__mockgrid__", "/__mockgrid__/health"])
def test_url_may_be_that_of_the_api(run, server, path):
    assert run("--url", server.url + path)[0] == 0
    assert server.asked == [("/__mockgrid__/report", None)]


def test_url_needs_no_scheme_and_may_have_a_prefix(run, server):
    assert run("--url", f"127.0.0.1:{server.server_port}/inner/__mockgrid__/")[0] == 0
    assert server.asked == [("/inner/__mockgrid__/report", None)]
    assert run("--url", server.server_port)[0] == 0


def test_token(run, server, monkeypatch):
    server.token = "secret"
    code, out, err = run("--url", server.url)
    assert (code, out) == (2, "")
    assert err == (
        f"mockgrid: The server needs a control token: it answers 403 at {server.url}/__mockgrid__/report. "
        "Give the token that it was started with: --control-token, or MOCKGRID_CONTROL_TOKEN.\n"
    )
    assert "refuses the control token" in run("--url", server.url, "--control-token", "wrong")[2]
    assert run("--url", server.url, "--control-token", "secret")[0] == 0
    code, _, err = run("--url", server.url, "--control-token", "secret\n")
    assert (code, "secret" in err) == (2, False)
    monkeypatch.setenv("MOCKGRID_CONTROL_TOKEN", "secret")
    assert run("--url", server.url)[0] == 0


def test_several_are_added_up(run, server, tmp_path):
    (tmp_path / "other.json").write_text(json.dumps(build(coverage(4), Tally().as_json())))
    code, out, _ = run("--url", server.url, "--url", server.url, "other.json", "--format", "json")
    rows = json.loads(out)["rows"]
    assert (code, max(row["count"] for row in rows)) == (0, 3 + 3 + 4)


def test_reports_of_other_contracts_are_not_added_up(run, tmp_path):
    other = {**document(), "contract": {"title": "x", "version": "1", "sha256": "0" * 64}}
    (tmp_path / "other.json").write_text(json.dumps(other))
    code, out, err = run(FILES / "report.json", "other.json")
    assert (code, out) == (2, "")
    assert "The results are of different contracts: Shop <b> 2.1 (" in err


def test_fail_under(run):
    file = FILES / "report.json"
    assert run(file, "--fail-under", 33)[0] == 0
    code, out, err = run(file, "--fail-under", 34)
    assert (code, err) == (1, "mockgrid: 33.3 % of the declared rows are covered, less than 34 %.\n")
    assert out == run(file)[1]


def test_server_of_the_environment_is_asked_only_where_no_file_is_named(run, server, monkeypatch):
    monkeypatch.setenv("MOCKGRID_URL", server.url)
    assert run(FILES / "report.json")[0] == 0
    assert server.asked == []
    assert run()[0] == 0
    assert len(server.asked) == 1


def test_schema(run):
    assert run("--schema") == (0, schema().decode(), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name a server with --url, or the files of reports."),
        (("missing.json",), "missing.json: The report cannot be read: no such file or directory."),
        (("--url", "http://"), "--url: 'http://' is not a URL such as http://127.0.0.1:8080."),
        (("--url", "http://127.0.0.1:1"), "There is no report at http://127.0.0.1:1: connection refused."),
        ((FILES / "report.md",), "report.md: This is not JSON."),
        ((FILES / "report.json", "--format", "xml"), "'xml' is not text, markdown, json, junit or html."),
        (
            (FILES / "report.json", "--fail-under", "101"),
            "'101' is not a whole number from 0 to 100. It is a perc",
        ),
        ((FILES / "report.json", "--fail-under", "0.8"), "from 0 to 100. It is a percentage: 80 for 80 %."),
        ((FILES / "report.json", "--output", "a/b"), "a/b: The report cannot be written: no such file"),
    ],
    ids=str,
)
def test_mistakes_are_one_sentence(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("mockgrid: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b"", "There is no report: the server answers 404 at"),
        (421, b"", "It is a proxy; name each replica behind it with a --url of its own."),
        (500, b"", "Its log may say why."),
        (200, b"<html>", "/__mockgrid__/report: This is not JSON."),
    ],
    ids=str,
)
def test_servers_without_a_report(run, server, status, body, message):
    server.status, server.body = status, body
    code, _, err = run("--url", server.url)
    assert code == 2
    assert message in err
