"""`mockgrid fuzz`: clients that are commands of any kind."""

import gc
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import within

from mockgrid import cli
from mockgrid.document.yaml import load
from mockgrid.fuzz.progress import Progress

pytestmark = pytest.mark.once
PYTHON = [sys.executable, "-I", "-S"]
"""Starts soon."""

ASK = """\
import http.client, json, os, sys, time
from urllib.parse import urlsplit

def ask(**more):
    base = urlsplit(os.environ["OPENAI_BASE_URL"])
    connection = http.client.HTTPConnection(base.hostname, base.port)
    body = {"model": "text-prime", "messages": [{"role": "user", "content": "Hi"}], **more}
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}
    connection.request("POST", base.path + "/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())["choices"][0]["message"]

"""
CARELESS = f"{ASK}print(ask()[1]['content'].strip())\n"
CAREFUL = f"{ASK}print(ask()[1]['content'])\n"
LINE = CARELESS.count("\n")
SERVICE = f"""{ASK}
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import traceback

class Chat(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        try:
            text, status = ask()[1]["content"].strip(), 200
        except AttributeError:
            traceback.print_exc()
            text, status = "sorry", 500
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())
    do_POST = do_GET

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Chat).serve_forever()
"""


@pytest.fixture
def fuzz(tmp_path, monkeypatch, capfd):
    """Fuzzes a client, given as its code, in a directory of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(tmp_path / "hypothesis"))

    def run(code, *flags, arguments=()):
        (tmp_path / "client.py").write_text(code, "utf-8")
        ended = cli.main(["fuzz", *flags, "--", *PYTHON, "client.py", *arguments])
        return (ended, *capfd.readouterr())

    return run


def test_what_breaks_a_client_is_shrunk_written_and_played_again(fuzz, tmp_path):
    code, output, errors = fuzz(CARELESS, "--runs", "25")
    assert code == 1
    assert re.search(r"^\d+ examples, [\d.]+ a second, 1 distinct failure \(seed 0\)$", output, re.MULTILINE)
    mistake = f"exit code 1: AttributeError at client.py:{LINE}"
    file = Path("mockgrid-fuzz", f"attributeerror-at-client-py-{LINE}.yaml")
    assert output.endswith(f'\n\n{mistake}\n  {{"refuse": ""}}\n  {file}\n')
    assert re.search(rf"^mockgrid: example \d+: {re.escape(mistake)}$", errors, re.MULTILINE)
    text = file.read_text("utf-8")
    assert text.startswith("# Found by `mockgrid fuzz` (seed 0, example ")
    assert f"\n# The client fails by {mistake}.\n" in text
    assert "\n#   AttributeError: 'NoneType' object has no attribute 'strip'\n" in text
    again = f"mockgrid fuzz --replay {file} -- {' '.join(PYTHON)} client.py"
    assert f"\n# Again: {again}\n" in text
    assert load(text, name="it").data == {"steps": [{"reply": {"refuse": ""}}]}
    # Hypothesis keeps there what it works out once in a process.
    assert {path.name for path in tmp_path.iterdir()} - {"hypothesis"} == {"client.py", "mockgrid-fuzz"}

    code, output, _ = fuzz(CARELESS, "--replay", str(file))
    assert code == 1
    assert output.endswith(f"The client fails at {tmp_path / file}, by {mistake}.\n")
    code, output, _ = fuzz(CAREFUL, "--replay", str(file))
    assert (code, output) == (0, f"The client survives {tmp_path / file}.\n")


def test_a_client_that_survives_is_told_so(fuzz):
    code, output, _ = fuzz(CAREFUL, "--runs", "10", "--seed", "3")
    assert code == 0
    assert re.fullmatch(r"\d+ examples, [\d.]+ a second, 0 distinct failures \(seed 3\)\n", output)
    assert not Path("mockgrid-fuzz").exists()


def test_a_hang_is_a_failure(fuzz):
    hangs = f"{ASK}if ask()[1]['content'] is None: time.sleep(60)\n"
    code, output, _ = fuzz(hangs, "--runs", "25", "--timeout", "1.5s", "--output", "out")
    assert (code, output.split("\n\n")[1].splitlines()[0]) == (1, "no end within 1.5 s")
    text = Path("out/no-end-within-1-5-s.yaml").read_text("utf-8")
    assert "mockgrid fuzz --timeout 1500ms --replay out/no-end-within-1-5-s.yaml -- " in text


def test_a_request_that_breaks_the_contract_is_a_failure(fuzz):
    breaks = f"""{ASK}
if ask()[1]["content"] is None:
    try: ask(temperature="hot")
    except KeyError: pass
"""
    code, output, _ = fuzz(breaks, "--runs", "20")
    found, reply, file = output.split("\n\n")[1].splitlines()
    assert (code, found) == (1, "a request that breaks the contract: MG110 at temperature")
    assert reply == '  {"refuse": ""}'
    assert "The client broke the contract" in Path(file.strip()).read_text("utf-8")


def test_what_is_allowed_is_no_failure(fuzz):
    gives_up = f"{ASK}status, message = ask()\nsys.exit(3 if message['content'] is None else 0)\n"
    assert fuzz(gives_up, "--runs", "25")[0] == 1
    assert fuzz(gives_up, "--runs", "25", "--allow", "3")[0] == 0


def test_another_operation_of_another_document(fuzz, tmp_path):
    (tmp_path / "pets.yaml").write_text(
        """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: /api}]
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        "200":
          description: All pets.
          content:
            application/json:
              schema:
                type: array
                minItems: 1
                items: {type: object, required: [name], properties: {name: {type: string}}}
""",
        "utf-8",
    )
    client = """\
import json, os, urllib.request
key = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/pets", headers=key)
pets = json.load(urllib.request.urlopen(request))
print(pets[0]["name"].encode("ascii"))
"""
    code, output, _ = fuzz(client, "--contract", "pets.yaml", "--runs", "15")
    found, _, file = output.split("\n\n")[1].splitlines()
    assert (code, found) == (1, "exit code 1: UnicodeEncodeError at client.py:5")
    text = Path(file.strip()).read_text("utf-8")
    assert "mockgrid fuzz --contract pets.yaml --replay" in text
    assert load(text, name="it").data["steps"][0]["when"] == {"operation": "listPets"}


def test_a_service_that_keeps_running_is_called(fuzz, free_port):
    url = f"http://127.0.0.1:{free_port}/chat"
    flags = ["--keep-running", "--call", url, "--data", '{"text": "Hi"}', "--runs", "40"]
    code, output, _ = fuzz(SERVICE, *flags, arguments=[str(free_port)])
    assert code == 1
    found, reply, file = output.split("\n\n")[1].splitlines()
    assert re.fullmatch(r"status 500: AttributeError at client\.py:\d+", found)
    assert reply == '  {"refuse": ""}'
    again = f"""--keep-running --call {url} --data '{{"text": "Hi"}}' --replay"""
    assert again in Path(file.strip()).read_text("utf-8")
    assert fuzz(SERVICE, *flags[:-2], "--allow", "500", "--runs", "20", arguments=[str(free_port)])[0] == 0


def test_a_service_that_ends_is_started_again(fuzz, free_port):
    ends = SERVICE.replace("traceback.print_exc()", "os._exit(7)")
    flags = ["--keep-running", "--call", f"http://127.0.0.1:{free_port}/chat", "--runs", "20"]
    code, output, _ = fuzz(ends, *flags, arguments=[str(free_port)])
    assert (code, output.split("\n\n")[1].splitlines()[:2]) == (1, ["exit code 7", '  {"refuse": ""}'])


BAD = [
    (
        "",
        "",
        "The client sends the server no request with the key that it was given. It is to take its base URL",
    ),
    (
        ASK.replace("OPENAI_API_KEY", "HOME") + "try: ask()\nexcept KeyError: pass\n",
        "",
        "The client sends the server no request with the key that it was given. It is to take its base URL",
    ),
    (f"{CAREFUL}time.sleep(0.5)", "--timeout 0.2s", "Even for the plainest reply the client takes "),
    (
        CAREFUL,
        "--operation listModel",
        "Consumption API has no operation 'listModel'. Did you mean listModels?",
    ),
    (CAREFUL, "--seed many", "--seed: 'many' is not a whole number from 0 up."),
    (CAREFUL, "--runs 0", "--runs: '0' is not a whole number from 1 up."),
    (
        CAREFUL,
        "--wild no-choice",
        "There is nothing wild that is called 'no-choice'. Did you mean no-choices?",
    ),
    (
        CAREFUL,
        "--allow MG1",
        "'MG1' is no exit code, HTTP status or code of a finding that could be allowed.",
    ),
    (CAREFUL, "--call http://127.0.0.1:1", "--keep-running and --call URL go together."),
    (CAREFUL, "--data {}", "--data is the body of --call URL."),
    (CAREFUL, "--keep-running --call ftp://x", "--call: 'ftp://x' is no URL such as http"),
    (CAREFUL, "--keep-running --call http://x:y", "--call: 'http://x:y' is no URL: "),
    (
        "import sys; sys.exit('no port')",
        "--keep-running --call http://127.0.0.1:1",
        "The service has ended, by exit code 1 and no port, before it answered at http://127.0.0.1:1.",
    ),
    (CAREFUL, "--replay gone.yaml", "--replay: File "),
    (CAREFUL, "--contract gone.yaml", "gone.yaml: "),
    (CAREFUL, "--output client.py/found", "--output: In 'client.py/found' no file can be written: "),
    (CAREFUL, "--output /proc/found/it", "--output: In '/proc/found/it' no file can be written: "),
]


@pytest.mark.parametrize(("code", "flags", "sentence"), BAD)
def test_bad_use_is_one_sentence(fuzz, code, flags, sentence):
    ended, output, errors = fuzz(code, *flags.split())
    assert (ended, output) == (2, "")
    assert errors.startswith(f"mockgrid: {sentence}")
    assert errors.count("\n") == 1


def test_of_many_mistakes_in_what_is_played_again_the_first_is_told(fuzz, tmp_path):
    (tmp_path / "it.yaml").write_text("steps:\n  - reply: {sya: Hello, dealy: 1s}\nstrikt: true\n", "utf-8")
    ended, output, errors = fuzz(CAREFUL, "--replay", "it.yaml")
    assert (ended, output) == (2, "")
    first = "it.yaml:2:13: error MG211: `sya` is not a key that is known here. Did you mean say?"
    assert errors.endswith(f"{first} (2 more; `mockgrid check {tmp_path / 'it.yaml'}` tells all.)\n")


def test_a_service_that_is_there_before_it_is_started_is_another(fuzz, free_port):
    with socket.create_server(("127.0.0.1", free_port)):
        ended, output, errors = fuzz(
            CAREFUL, "--keep-running", "--call", f"http://127.0.0.1:{free_port}/chat"
        )
    assert (ended, output) == (2, "")
    sentence = "something answers before the service is started. End what was started before, or have "
    assert errors.startswith(f"mockgrid: At http://127.0.0.1:{free_port}/chat {sentence}")
    assert errors.count("\n") == 1


def test_a_call_may_have_any_path(fuzz, free_port):
    url = f"http://127.0.0.1:{free_port}/chat with ü?text=a%20b"
    code, _, _ = fuzz(SERVICE, "--keep-running", "--call", url, "--runs", "1", arguments=[str(free_port)])
    assert code == 0


def test_what_a_service_prints_that_ends_at_once_is_shown(fuzz):
    code = "import sys; print('No config at all.\\nLooked in /etc and ~.', file=sys.stderr); sys.exit(3)"
    ended, output, errors = fuzz(code, "--keep-running", "--call", "http://127.0.0.1:1")
    assert (ended, output) == (2, "")
    first, second, sentence = errors.splitlines()
    assert (first, second) == ("No config at all.", "Looked in /etc and ~.")
    assert sentence.startswith("mockgrid: The service has ended, by exit code 3 and Looked in /etc and ~., ")


def test_what_a_client_prints_that_fails_at_the_plainest_reply_is_shown(fuzz):
    code, output, errors = fuzz("import sys; print('no', file=sys.stderr); sys.exit('no key')")
    assert (code, output) == (2, "")
    sentence = (
        "mockgrid: The client fails even for the plainest reply, by exit code 1: no key. Have it do its work "
    )
    assert errors == f"no\nno key\n{sentence}against `mockgrid serve` first.\n"


def test_a_command_that_is_not_there_is_one_sentence(capfd):
    assert cli.main(["fuzz", "--", "nowhere-to-be-seen"]) == 2
    assert (
        capfd.readouterr().err
        == "mockgrid: There is no command 'nowhere-to-be-seen'. Is it installed, and on the PATH?\n"
    )
    assert cli.main(["fuzz", "--runs", "3"]) == 2
    assert capfd.readouterr().err.startswith(
        "mockgrid: The client's command is missing: mockgrid fuzz -- python"
    )


def test_without_hypothesis_one_line_says_what_is_missing(tmp_path):
    code = "import sys; sys.modules['hypothesis'] = None; from mockgrid.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "fuzz", "--", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'mockgrid[fuzz]', or pip install '.[fuzz]' in a clone." in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_found_is_told_when_it_is_stopped(tmp_path, number):
    (tmp_path / "client.py").write_text(f"{CARELESS}time.sleep(0.05)\n", "utf-8")
    command = [
        sys.executable,
        "-m",
        "mockgrid",
        "fuzz",
        "--runs",
        "100000",
        "--",
        *PYTHON,
        "client.py",
        "is-mine",
    ]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        first = process.stderr.readline()
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    # Whichever failure came first.
    what = re.fullmatch(
        r"mockgrid: example \d+: (exit code 1: (?:Key|Attribute)Error at client\.py:\d+)\n", first
    )[1]
    assert process.returncode == 1
    assert f"\n\n{what}\n" in output
    assert list((tmp_path / "mockgrid-fuzz").iterdir())
    assert within(5, lambda: not running(tmp_path))


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_comes_while_python_collects_is_not_lost(fuzz, monkeypatch):
    usual, sent = signal.getsignal(signal.SIGINT), []

    def collecting(*_):
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and not sent and signal.getsignal(signal.SIGINT) is not usual:
            sent.append(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "__call__", lambda *_: gc.collect())
    gc.callbacks.append(collecting)
    try:
        code, output, _ = fuzz(CAREFUL, "--runs", "20")
    finally:
        gc.callbacks.remove(collecting)
    assert (code, sent) == (130, [signal.SIGINT])
    assert re.match(r"\d examples?, ", output)


def running(folder):
    """The clients that still run in a folder."""
    return [
        process
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and is_client(process, folder)
    ]


def is_client(process, folder):
    try:
        return b"is-mine" in (process / "cmdline").read_bytes() and (process / "cwd").readlink() == folder
    except OSError:
        return False
