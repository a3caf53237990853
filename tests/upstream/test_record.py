"""`mockgrid record`: all goes to the provider, and a scenario of it is in a file, whatever ends it."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from recording.test_secrets import Vault, exchange, sent, shown
from upstream.conftest import COMPLETION
from upstream.hostile_provider import CLOSE, LAST, HostileProvider, chunk, reply, stream_head
from upstream.raw_client import Received, ask, eventually, request
from upstream.test_held import DONE, event

from mockgrid import MockGrid

pytestmark = pytest.mark.once

JSON = "content-type: application/json"
KEY = "sk-of-the-client-0123456789"


def chat(text, **more):
    body = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}).encode()
    return request(body, JSON, f"authorization: Bearer {KEY}")


@contextmanager
def recording(provider, output, *arguments, environment=(), reads=True):
    command = [
        sys.executable,
        "-m",
        "mockgrid",
        "record",
        "--upstream",
        provider.url,
        "--output",
        str(output),
    ]
    command += ["--port", "0", "--ready", "json", "--log", "off", *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **dict(environment)},
    ) as process:
        try:
            if reads:
                process.url = json.loads(process.stdout.readline())["url"]
            yield process
        finally:
            process.kill()


def ended(process, number):
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    return process.returncode, told


def replayed(output, *requests):
    """What a MockGrid that plays the file answers, each without what sending adds."""
    with MockGrid(scenarios=str(output), scenario=output.stem) as grid:
        return [ask(grid.base_url, each.replace(KEY.encode(), grid.api_key.encode())) for each in requests]


def meaning(received: Received):
    """What a client makes of a reply, however its JSON is spaced."""
    body = received.body
    if dict(received.headers).get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    lines = [line.removeprefix(b"data: ") for line in body.splitlines() if line]
    values = [json.loads(line) if line[:1] == b"{" else line for line in lines]
    headers = {
        name: value for name, value in received.headers if name in {"retry-after", "x-ratelimit-remaining"}
    }
    return received.status, received.end, headers, values


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_recorded_is_played_again(tmp_path, number):
    output = tmp_path / "recorded.yaml"
    with HostileProvider(reply(COMPLETION)) as provider, recording(provider, output) as process:
        sent = []

        def through(raw, *script):
            provider.script = script
            sent.append((raw, ask(process.url, raw)))

        through(chat("one"), reply(COMPLETION, "x-ratelimit-remaining: 7"))
        through(
            chat("two", stream=True),
            stream_head(),
            chunk(event() + event()),
            0.1,
            chunk(event(choices=[]) + DONE),
            LAST,
        )
        through(
            chat("three"), reply(b'{"errors": {"detail": "Slow down."}}', "retry-after: 2", status="429 X")
        )
        through(chat("four", stream=True), stream_head(), chunk(event()), CLOSE)
        through(chat("five"), reply(gzip.compress(COMPLETION), "content-encoding: gzip"))
        code, told = ended(process, number)
    assert code == 0
    assert told == f"mockgrid: 5 of 5 exchanges are in {output}, in 5 steps.\n"
    answers = replayed(output, *(raw for raw, _ in sent))
    for (_, recorded), answer in zip(sent, answers, strict=True):
        assert meaning(recorded) == meaning(answer)
    check = [sys.executable, "-m", "mockgrid", "check", str(output)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "1 scenario: nothing found.\n")


def test_a_crash_loses_nothing_that_was_written_and_leaves_no_half_a_file(tmp_path):
    output = tmp_path / "recorded.yaml"
    broken = []
    with HostileProvider(reply(COMPLETION)) as provider, recording(provider, output) as process:
        done = threading.Event()

        def look():
            while not done.is_set():
                if output.exists() and not output.read_text("utf-8").endswith("\n"):
                    broken.append(output.read_text("utf-8"))
                time.sleep(0.002)

        looking = threading.Thread(target=look)
        looking.start()
        for number in range(5):
            ask(process.url, chat(f"number {number}"))
        eventually(output.exists)
        first = output.read_text("utf-8")
        for number in range(5, 10):
            ask(process.url, chat(f"number {number}"))
        eventually(lambda: output.read_text("utf-8") != first)
        process.kill()
        done.set()
        looking.join()
    assert broken == []
    answers = replayed(output, *(chat(f"number {number}") for number in range(10)))
    assert [each.status for each in answers] == [200] * 10
    assert list(tmp_path.iterdir()) == [output]


def test_everything_goes_to_the_provider_whatever_the_key_says(tmp_path):
    output = tmp_path / "recorded.yaml"
    with HostileProvider(reply(COMPLETION)) as provider, recording(provider, output) as process:
        for key in ("mg.out-of-credit.x", "mg.no-such-scenario.x", "mg-x"):
            through = ask(process.url, chat("Hello").replace(KEY.encode(), key.encode()))
            assert (through.status, through.header("x-mockgrid-step")) == (200, ["(forwarded)"])
        assert ask(process.url, request(b"{nope", JSON)).status == 200
        assert ask(process.url, request(b"{}", JSON, target="/v1/embeddings")).status == 200
        assert len(provider.requests) == 5
        code, told = ended(process, signal.SIGINT)
    assert code == 0
    assert f"mockgrid: 3 of 5 exchanges are in {output}, in 1 step." in told.splitlines()


def test_no_secret_reaches_the_file(tmp_path):
    output = tmp_path / "recorded.yaml"
    ours = "sk-of-the-provider-9876543210"
    said = json.dumps(
        {**json.loads(COMPLETION), "id": f"{ours} {KEY}", "api_key": "hidden-by-its-name"}
    ).encode()
    with (
        HostileProvider(reply(said, "set-cookie: session=very-secret-cookie", f"x-key: {ours}")) as provider,
        recording(
            provider,
            output,
            "--upstream-key-env",
            "PROVIDER_KEY",
            "--scrub",
            "Lovelace",
            environment={"PROVIDER_KEY": ours}.items(),
        ) as process,
    ):
        ask(process.url, chat(f"My name is Lovelace, my key {KEY}"))
        code, told = ended(process, signal.SIGTERM)
    assert code == 0
    assert "mockgrid: --scrub Lovelace: 1 taken out" in told.splitlines()
    text = output.read_text("utf-8") + told.replace("--scrub Lovelace", "")
    for secret in (ours, KEY, "hidden-by-its-name", "very-secret-cookie", "Lovelace"):
        assert secret not in text


def test_none_of_ten_thousand_secrets_is_in_the_file_the_journal_the_report_or_the_log(tmp_path):
    output, vault = tmp_path / "recorded.yaml", Vault(8)
    planted = []
    while len(planted) < 112:
        planted.append(exchange(vault, len(planted)))
    # Others are cut by the events of streams.
    assert len(shown(sent(planted), vault.given)) >= 10_000

    async def answer(provider, writer):
        given = planted[len(provider.requests) - 1].reply
        head = [b"HTTP/1.1 %d Odd" % given.status, *(b"%b: %b" % header for header in given.headers)]
        writer.write(b"\r\n".join([*head, b"transfer-encoding: chunked", b"", b""]))
        writer.write(b"".join(chunk(piece) for _, piece in given.chunks) + LAST)

    with HostileProvider(answer) as provider, recording(provider, output, "--log", "json") as process:
        for each in planted:
            lines = [f"{name.decode()}: {value.decode('latin-1')}" for name, value in each.request.headers]
            lines.append("x-mockgrid-session: mine")
            raw = request(each.request.body, *lines, target=each.request.target)
            assert ask(process.url, raw).body == each.reply.body
        control = f"{process.url.removesuffix('v1')}__mockgrid__"
        paths = "sessions/mine/exchanges", "sessions", "report"
        told = [urlopen(f"{control}/{path}", timeout=30).read().decode() for path in paths]
        code, log = ended(process, signal.SIGINT)
    assert code == 0
    written = output.read_text("utf-8")
    assert written.count("- {method: POST") == len(planted)
    assert len(json.loads(told[0])["exchanges"]) == len(planted)
    assert log.count("\n") > len(planted)
    assert shown("\n".join((written, *told, log)), vault.given) == set()


def test_a_reply_that_is_too_large_is_forwarded_and_not_recorded(tmp_path):
    output = tmp_path / "recorded.yaml"
    with HostileProvider() as provider, recording(provider, output, "--max-body", "2000") as process:
        for size in (1999, 2000, 2001):  # of which the last piece goes beyond the limit, or all is in one
            for script in (
                (stream_head(), chunk(b":" * (size - 2)), 0.05, chunk(b"\n\n"), LAST),
                (reply(b"x" * size),),
            ):
                provider.script = script
                assert len(ask(process.url, chat(f"{size} {len(script)}")).body) == size
        code, told = ended(process, signal.SIGINT)
    assert code == 0
    assert (
        told.count("a reply to POST /v1/chat/completions has more than --max-body, and is not recorded") == 2
    )
    assert " of 4 exchanges are in " in told


def test_where_nothing_was_recorded_there_is_no_file(tmp_path):
    output = tmp_path / "recorded.yaml"
    with HostileProvider(reply(COMPLETION)) as provider, recording(provider, output) as process:
        code, told = ended(process, signal.SIGTERM)
    assert (code, told) == (0, f"mockgrid: Nothing was recorded, so there is no {output}.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "there.yaml"], "--output: There is 'there.yaml' already. Name another, or add --force"),
        (
            ["--output", "no/there.yaml"],
            "--output: 'no/there.yaml' cannot be written: No such file or directory.",
        ),
        (["--output", "x.yaml", "--scrub", "/x"], "--scrub: /x is no /pattern/"),
        (["--output", "x.yaml", "--scrub", ""], "--scrub: The text is empty"),
        (["--output", "x.yaml", "--scrub", "/(/"], "/(/ is not a regular expression"),
        ([], "--output is missing."),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_recorded(tmp_path, arguments, words):
    (tmp_path / "there.yaml").write_text("steps: []\n")
    command = [sys.executable, "-m", "mockgrid", "record", "--upstream", "http://localhost:1", "--port", "0"]
    done = subprocess.run(
        [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "there.yaml").read_text() == "steps: []\n"


def test_without_a_provider_there_is_nothing_to_record(tmp_path):
    command = [sys.executable, "-m", "mockgrid", "record", "--output", str(tmp_path / "x.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "The provider is missing: mockgrid record --upstream URL --output FILE." in done.stderr


def test_its_ready_line_names_the_provider_and_the_file(tmp_path):
    output = tmp_path / "x.yaml"
    with (
        HostileProvider() as provider,
        recording(provider, output, "--ready", "text", reads=False) as process,
    ):
        line = process.stdout.readline()
    assert line.startswith(f"MockGrid records {provider.url} in {output} at http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_alone(tmp_path):
    with HostileProvider() as provider, recording(provider, tmp_path / "x.yaml") as process:
        port = process.url.split(":")[2].partition("/")[0]
        command = [sys.executable, "-m", "mockgrid", "record", "--upstream", provider.url, "--port", port]
        command += ["--output", str(tmp_path / "y.yaml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"mockgrid: Port {port} ")
    assert done.stderr.count("\n") == 1
