"""The command, against a provider in another process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from drift.asked import contract, questions
from drift.provider import PLANTED
from drift.recordings import SINCE, text_of

from mockgrid.cli import main
from mockgrid.drift.judge import DriftJudge
from mockgrid.drift.verification import Verification
from mockgrid.recording.exchange import RecordedExchange

TESTS = Path(__file__).parents[1]
KEY = "sk-very-secret-0123456789"


@pytest.fixture(scope="module")
def provider():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    command = [sys.executable, "-m", "drift.planting"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture
def verify(provider, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def run(mode, *arguments):
        code = main(["verify", "--against", f"{provider}/{quote(mode)}/v1", *arguments])
        out, err = capsys.readouterr()
        assert KEY not in out + err
        assert "Traceback" not in out + err
        return code, out, err

    return run


def findings(out):
    report = json.loads(out)
    return {(each["code"], each["party"]) for each in report["findings"]}


@pytest.mark.once
@pytest.mark.parametrize("name", PLANTED)
def test_each_change_is_found_on_the_wire(verify, name):
    planted = PLANTED[name]
    operation = planted.title.partition(",")[0]
    code, out, _ = verify(name, "--operation", operation, "--format", "json")
    assert code == 1
    assert (planted.code, planted.party) in findings(out)


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [
        "no fingerprint",
        "no cached tokens",
        "models without a price",
        "a chunk without a fingerprint",
        "calls in chunks without a type",
        "details null",
        "errors listed",
        "ids of chunks",
    ],
)
def test_each_change_since_a_recording_is_found_on_the_wire(verify, tmp_path, name):
    planted = SINCE[name]
    question, scenario = questions()[planted.title], tmp_path / "recorded.yaml"
    scenario.write_text(text_of(RecordedExchange(question.request, question.expected)), "utf-8")
    assert verify("plain", str(scenario))[:2] == (0, "1 request: nothing found.\n")
    code, out, _ = verify(name, str(scenario), "--format", "json")
    assert code == 1
    assert (planted.code, planted.party) in findings(out)


def test_a_provider_as_the_fake_has_not_drifted(verify):
    code, out, err = verify("plain")
    assert (code, out) == (0, "18 requests: nothing found.\n")
    assert re.fullmatch(
        r"mockgrid: 18 requests, at most 1,119 tokens, to http://127\.0\.0\.1:\d+/plain/v1\n", err
    )


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("@slow", "error MG441: listModels: the provider's reply takes longer than 0.3 s"),
        ("@cut", "error MG442: listModels: the provider's reply is cut: the provider closed the connection"),
        ("@endless", "error MG443: listModels: the provider's reply is larger than 8 MiB"),
        ("@down", "error MG446: listModels: the provider answers 503: it does not serve this now"),
        ("@untaken", "error MG448: listModels: the provider answers 401: it does not take the key"),
        (
            "@mangled",
            "error MG412: listModels: the body of the provider's reply cannot be read: it is not valid gzip",
        ),
        ("@limited", "error MG445: listModels: the provider answers 429: it limits the rate"),
        ("@elsewhere", "error MG401: listModels: the provider answers 307, and listModels declares"),
    ],
)
def test_what_a_provider_does_wrong_is_one_sentence(verify, mode, says):
    timeout = "0.3s" if mode == "@slow" else "30s"
    code, out, err = verify(mode, "--operation", "listModels", "--timeout", timeout)
    lines = out.splitlines()
    unverified = mode in ("@down", "@untaken", "@limited")
    assert (code, err.count("\n")) == (1 + unverified, 1)  # what is sent
    assert any(says in line for line in lines), out
    assert len(lines) <= 3 + unverified
    assert ("error MG449: The provider could not be verified: none of " in lines[-2]) == unverified


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("@closed", "closed the connection without a reply."),
        ("@garbage", "answers what is no HTTP"),
    ],
)
def test_a_provider_without_a_reply_is_no_drift(verify, mode, says):
    code, out, err = verify(mode)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 2


def test_one_that_is_not_there(capsys):
    assert main(["verify", "--against", "http://127.0.0.1:1/v1"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[1].startswith(
        "mockgrid: The provider at http://127.0.0.1:1 cannot be reached: Connection refused."
    )


def test_a_provider_that_limits_the_rate_is_asked_once_more_and_then_left_alone(verify):
    code, out, _ = verify("@limited")
    assert code == 2
    assert out.endswith("18 requests, at most 1,119 tokens were planned; 17 were not sent.\n")


@pytest.mark.parametrize("mode", ["@limited", "@down", "@untaken"])
@pytest.mark.parametrize("operation", ["createChatCompletion", "retrieveModel"])
def test_where_nothing_could_be_compared_each_format_says_so(verify, mode, operation):
    asked = ("--operation", operation, "--no-strict")
    says = "The provider could not be verified: none of "
    code, out, _ = verify(mode, *asked, "--format", "json")
    report = json.loads(out)
    codes = {each["code"] for each in report["findings"]}
    assert (code, len(codes), codes - {"MG445", "MG446", "MG448"}) == (2, 2, {"MG449"})
    assert any(each["message"].startswith(says) for each in report["findings"])
    code, out, _ = verify(mode, *asked, "--format", "junit")
    assert (code, 'failures="0"' in out, "<failure" in out) == (2, True, False)
    assert f'<error type="MG449" message="{says}' in out
    code, out, _ = verify(mode, *asked, "--format", "github")
    assert (code, f"::error title=MG449::{says}" in out) == (2, True)


@pytest.mark.parametrize(
    ("others", "this", "unverified"),
    [
        (200, 429, "1 of 3 replies could be compared, and nothing has drifted in those."),
        (200, 503, "2 of 3 replies could be compared, and nothing has drifted in those."),
        (200, 401, ""),  # it takes the key for others
        (200, 500, ""),
        (418, 503, ""),
        (401, 401, "none of 3 replies could be compared."),
        (500, 500, "none of 3 replies could be compared."),
        (503, 429, "none of 3 replies could be compared."),
    ],
)
def test_whether_a_provider_was_verified(others, this, unverified):
    asked = [
        question
        for question in questions().values()
        if question.title in ("listModels", "retrieveModel", "retrieveModel, of nothing that there is")
    ]

    class Sent:
        async def reply(self, question):
            status = this if question.title == "retrieveModel" else others
            return question.expected if status == 200 else replace(question.expected, status=status)

    verification = Verification(Sent(), DriftJudge(contract()))
    asyncio.run(verification.run(asked))
    assert verification.unverified.removeprefix("The provider could not be verified: ") == unverified


@pytest.mark.parametrize("mode", ["@once", "@gzip"])
def test_a_provider_that_only_comes_later_or_in_gzip_has_not_drifted(verify, mode):
    assert verify(mode)[:2] == (0, "18 requests: nothing found.\n")


def test_after_three_failures_the_rest_is_not_sent(verify):
    _, out, _ = verify("@down")
    assert out.endswith("15 were not sent.\n")


def test_a_redirect_to_the_same_provider_is_followed(verify):
    assert verify("@moved")[0] == 0


def test_the_key_is_never_told(verify):
    code, out, _ = verify("@echo", "--format", "json")
    assert code == 1
    assert "[redacted]" in out


def test_a_budget_is_held_to_before_anything_is_sent(capsys):
    nowhere = ["verify", "--against", "http://127.0.0.1:1/v1"]
    assert main([*nowhere, "--budget", "requests=3,tokens=100"]) == 2
    assert capsys.readouterr().err == (
        "mockgrid: What is to be sent is more than --budget allows: 18 requests (at most 3) and 1,119 tokens "
        "(at most 100); nothing was sent. "
        "Say --budget requests=18,tokens=1119, or name fewer scenarios or operations.\n"
    )
    assert main([*nowhere, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "POST /v1/chat/completions: createChatCompletion, whole (at most 87 tokens)"
    assert lines[-1] == "18 requests, at most 1,119 tokens; nothing was sent."


@pytest.mark.parametrize("budget", ["", "x", "requests", "tokens=-1", "requests=1,requests=2"])
def test_what_is_no_budget(capsys, budget):
    assert main(["verify", "--against", "http://127.0.0.1:1/v1", "--budget", budget]) == 2
    assert "is not a budget such as requests=40,tokens=20000." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name the provider with --against URL, or a newer contract with --contract."),
        (["--against", "nowhere"], "'nowhere' is not a URL such as https://api.example.com/v1."),
        (["--against", "http://127.0.0.1:1", "--key-env", "NO_SUCH"], "The variable 'NO_SUCH' is not set"),
        (["--against", "http://127.0.0.1:1", "--operation", "listModel"], "Did you mean listModels?"),
        (["--against", "http://127.0.0.1:1", "--from", "x.yaml"], "--from goes with --contract"),
        (["--against", "http://127.0.0.1:1", "--operation", "listModels", "x"], "leave one of them out."),
        (["--against", "http://127.0.0.1:1", "no.yaml"], "There is no file or directory 'no.yaml'."),
    ],
)
def test_misuse(capsys, arguments, says):
    assert main(["verify", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_scenario_is_verified_step_by_step(verify, tmp_path):
    scenario = tmp_path / "weather.yaml"
    scenario.write_text(
        "steps:\n"
        "  - when: {model: gone-model}\n"
        "    reply: {error: 404}\n"
        "  - reply: {error: 429, retry_after: 1s}\n",
        "utf-8",
    )
    code, out, _ = verify("@down", str(scenario), "--dry-run")
    assert code == 0
    assert out.splitlines() == [
        "POST /v1/chat/completions: weather, step 1 (at most 1,016 tokens)",
        f"{scenario}:4:5: note: Not asked: step 2: no request brings about 429 by itself.",
        "1 request, at most 1,016 tokens; nothing was sent.",
    ]


def test_a_provider_that_is_not_there_is_an_annotation_too(capsys):
    arguments = ["verify", "--against", "http://127.0.0.1:1/v1", "--format"]
    assert main([*arguments, "github"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("::error::The provider at http://127.0.0.1:1 cannot be reached")
    assert out.removeprefix("::error::").strip() in err
    assert main([*arguments, "github", "nowhere"]) == 2
    assert capsys.readouterr().out == "::error::There is no file or directory 'nowhere'.\n"
    assert main([*arguments, "text"]) == 2
    assert capsys.readouterr().out == ""


def test_junit_and_annotations(verify):
    code, out, _ = verify("no id", "--format", "junit")
    assert code == 1
    assert '<testsuites name="18 requests: 1 error." tests="18" failures="1" errors="0" skipped="0">' in out
    assert '<failure type="MG406" message="createChatCompletion, whole: the provider' in out
    _, out, _ = verify("no id", "--format", "github")
    assert out.startswith("::error title=MG406::createChatCompletion, whole: ")
