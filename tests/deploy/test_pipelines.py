"""The action and the pipelines of docs/ci: valid, and run to their end as a runner runs them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from deploy.fleet import ROOT
from environments import python_environment

CI = ROOT / "docs/ci"
SCHEMAS = {
    ROOT / "action.yml": "vendor.github-actions",
    CI / "github-actions.yaml": "vendor.github-workflows",
    CI / "github-drift.yaml": "vendor.github-workflows",
    CI / "gitlab-ci.yaml": "vendor.gitlab-ci",
}
SCENARIO = "steps:\n  - reply: {say: Hello from the job.}\n"
TESTS = """\
import openai
import pytest


@pytest.mark.mockgrid([{"say": "Hello"}])
def test_the_answer(mockgrid):
    client = openai.OpenAI(base_url=mockgrid.base_url, api_key=mockgrid.api_key)
    asked = {"model": "text-prime", "messages": [{"role": "user", "content": "Hello?"}]}
    assert client.chat.completions.create(**asked).choices[0].message.content == "Hello"
    assert len(list(client.chat.completions.create(**asked, stream=True))) > 1
    assert [model.id for model in client.models.list()]
"""
ASK = """\
#!/usr/bin/env python3
import json, os
from urllib.request import Request, urlopen

def ask(path, **body):
    head = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    return urlopen(Request(os.environ["OPENAI_BASE_URL"] + path, data, head)).read().decode()

messages = [{"role": "user", "content": "Hello?"}]
assert "Hello from the job." in ask("/chat/completions", messages=messages)
assert "[DONE]" in ask("/chat/completions", messages=messages, stream=True)
assert "text-prime" in ask("/models")
"""


def loaded(path):
    return yaml.safe_load(path.read_text("utf-8"))


ACTION = loaded(ROOT / "action.yml")


def complaints(path, schema):
    """What the schemas that ship with check-jsonschema say against a file."""
    python = python_environment("check-jsonschema", ROOT / "tests/deploy/check-jsonschema.txt")
    command = [python, "-m", "check_jsonschema", "--output-format", "json", "--builtin-schema", schema, path]
    told = json.loads(subprocess.run(command, capture_output=True, check=False, text=True).stdout)
    assert not told.get("parse_errors"), told
    return told["errors"]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_it_is_valid_and_a_mistake_would_be_noticed(path, tmp_path):
    assert complaints(path, SCHEMAS[path]) == []
    wrong = tmp_path / path.name
    wrong.write_text(
        re.sub("^( +)(shell|runs-on|script):", r"\1other:", path.read_text("utf-8"), flags=re.MULTILINE)
    )
    assert complaints(wrong, SCHEMAS[path])


@dataclass
class Runner:
    """Runs steps as GitHub's runner does, in a folder and with the variables that it sets."""

    home: Path
    temporary: Path
    env: dict = field(default_factory=dict)
    outputs: dict = field(default_factory=dict)
    failed: bool = False
    numbers: count = field(default_factory=count)

    def __post_init__(self):
        self.workspace.mkdir()
        self.summary.touch()

    @property
    def workspace(self):
        return self.home / "work"

    @property
    def summary(self):
        return self.home / "summary"

    def value(self, text, inputs):
        """A text with its expressions filled in; the few that the action and the examples have."""
        known = {"github.action_path": str(ROOT), "github.run_id": "7", "toJSON(inputs)": json.dumps(inputs)}
        known |= {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {f"steps.start.outputs.{name}": value for name, value in self.outputs.items()}
        known |= {"secrets.PROVIDER_KEY": "mg-nightly", "github.token": "token"}
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], str(text))

    def wanted(self, condition, inputs):
        compared = re.sub(r"inputs\.(\w+)", lambda found: repr(inputs[found[1]]), condition or "True")
        compared = re.sub(
            r"steps\.\w+\.outputs\.(\w+)", lambda found: repr(self.outputs.get(found[1], "")), compared
        )
        # Without a word on failures, a step wants all before it to have passed.
        unsaid = "always()" not in compared and "failure()" not in compared
        compared = compared.replace("always()", "True").replace("failure()", str(self.failed))
        return not (unsaid and self.failed) and eval(compared.replace("&&", "and"))

    def run(self, step, inputs=None):
        """Run a step that has a script; give what it printed."""
        inputs = inputs or {}
        if not self.wanted(step.get("if"), inputs):
            return ""
        number = next(self.numbers)
        files = {name: self.home / f"{name}-{number}" for name in ("GITHUB_OUTPUT", "GITHUB_ENV")}
        for file in files.values():
            file.touch()
        script = self.home / f"script-{number}.sh"
        script.write_text(self.value(step["run"], inputs), "utf-8")
        variables = {name: self.value(value, inputs) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.workspace,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "CI": "true", "GITHUB_ACTIONS": "true"}
            | {"RUNNER_TEMP": str(self.temporary), "GITHUB_WORKSPACE": str(self.workspace)}
            | {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_", "UV_"))}
            | {"GITHUB_STEP_SUMMARY": str(self.summary)}
            | {name: str(file) for name, file in files.items()}
            | self.env
            | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.failed = self.failed or done.returncode != 0
        self.env |= pairs(files["GITHUB_ENV"])
        if step.get("id"):
            self.outputs |= pairs(files["GITHUB_OUTPUT"])
        return done.stdout

    def use(self, **given):
        """Run the action with these inputs."""
        assert set(given) <= set(ACTION["inputs"])
        inputs = {name: str(known.get("default", "")) for name, known in ACTION["inputs"].items()} | given
        # Within an action, only its own steps count as failed.
        before, self.failed = self.failed, False
        told = "".join(self.run(step, inputs) for step in ACTION["runs"]["steps"])
        self.failed |= before
        return told

    def job(self, job):
        """Run a job's steps in turn, those of the action among them."""
        self.env |= {name: self.value(value, {}) for name, value in job.get("env", {}).items()}
        for step in job["steps"]:
            if "run" in step:
                self.run(step)
            elif step["uses"].startswith("example/mockgrid@") and self.wanted(step.get("if"), {}):
                self.use(**{name: str(value) for name, value in step["with"].items()})

    def stop(self):
        """End what the action started, as the runner does."""
        if "pid" in self.outputs:
            os.kill(int(self.outputs["pid"]), signal.SIGTERM)


def pairs(file):
    return dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """The runner's folder for what ends with a job; all jobs here share what the action installs."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def runner(tmp_path, temporary):
    runner = Runner(tmp_path, temporary)
    yield runner
    runner.stop()


@pytest.fixture
def project(runner):
    """What a checkout brings: scenarios, and a script that asks once."""
    (runner.workspace / "scenarios").mkdir()
    (runner.workspace / "scenarios/first.yaml").write_text(SCENARIO, "utf-8")
    script = runner.workspace / "run-your-tests"
    script.write_text(ASK, "utf-8")
    script.chmod(0o755)
    return runner.workspace


def models(url):
    with urlopen(Request(f"{url}/models", headers={"Authorization": "Bearer mg-x"})) as answer:
        return [model["id"] for model in json.load(answer)["data"]]


def test_the_action_starts_waits_and_reports(runner, project):
    told = runner.use(scenarios="scenarios", port="0", strict="true", models="a,b")
    assert not runner.failed, told
    url = runner.outputs["url"]
    assert {
        name: runner.value(known["value"], {}) for name, known in ACTION["outputs"].items()
    } == runner.outputs
    assert runner.env["MOCKGRID_URL"] == url
    assert told == f"MockGrid answers at {url}.\n"
    assert models(url) == ["a", "b"]
    assert "Never exercised: " in runner.use(command="report", output="told.json", **{"fail-under": "0"})
    assert not runner.failed
    assert runner.summary.read_text("utf-8").startswith("**Never exercised: ")
    assert json.loads((project / "told.json").read_text("utf-8"))["summary"]["rows"]["percent"] > 0
    runner.use(command="report", format="junit", output="told", url=url, **{"control-token": "t"})
    assert (project / "told").read_text("utf-8").startswith("<?xml")
    runner.use(command="report", **{"fail-under": "100"})
    assert runner.failed


def test_the_action_says_why_there_is_no_server(runner):
    assert runner.use(scenarios="nowhere") == "mockgrid: nowhere: MG210: There is no such directory.\n"
    assert runner.failed
    assert runner.outputs == {}


def test_the_action_knows_two_commands(runner):
    assert "::error::MockGrid's command is 'start' or 'report', not 'strat'." in runner.use(command="strat")
    assert runner.failed


def test_what_the_job_says_holds_where_the_action_is_told_nothing(runner):
    runner.env |= {"MOCKGRID_MODELS": "mine", "MOCKGRID_SEED": "7"}
    runner.use(port="0", seed="8")
    with urlopen(
        Request(f"{runner.outputs['url']}/models", headers={"Authorization": "Bearer mg-x"})
    ) as answer:
        assert [model["id"] for model in json.load(answer)["data"]] == ["mine"]


def test_the_example_with_the_action_runs_to_its_end(runner, project):
    job = loaded(CI / "github-actions.yaml")["jobs"]["test-with-the-action"]
    port = elsewhere(job)
    runner.job(job)
    assert not runner.failed
    assert f":{port}/v1" in runner.outputs["url"]
    assert "Never exercised" in runner.summary.read_text("utf-8")
    assert (project / "mockgrid.html").exists()


def test_the_example_reports_of_tests_that_failed(runner, project):
    job = loaded(CI / "github-actions.yaml")["jobs"]["test-with-the-action"]
    elsewhere(job)
    (project / "run-your-tests").write_text("#!/bin/sh\nexit 1\n")
    runner.job(job)
    assert runner.failed
    assert "Never exercised" in runner.summary.read_text("utf-8")


GH = """\
#!/bin/sh
echo "gh $*" >>gh.txt
test "$2" = list && cat issue.txt || cp drift.txt told.txt
"""


@pytest.mark.parametrize(
    ("shape", "issue", "called"),
    [
        ("vendor", "", []),
        ("outage", "", []),
        ("no package", "", []),
        ("openai", "", ["list", "create --title The provider has drifted --body-file drift.txt"]),
        ("openai", "7", ["list", "comment 7 --body-file drift.txt"]),
    ],
)
def test_the_nightly_example_opens_an_issue_where_the_provider_has_drifted(
    runner, tested, shape, issue, called
):
    job = loaded(CI / "github-drift.yaml")["jobs"]["verify"]
    (install,) = (step for step in job["steps"] if step.get("run", "").startswith("pip install"))
    install["run"] = "false" if shape == "no package" else "true"
    (tested / "scenarios").mkdir()
    (tested / "scenarios/gone.yaml").write_text(
        "steps: [{when: {model: gone}, reply: {error: 404}}]\n", "utf-8"
    )
    (tested / "issue.txt").write_text(issue, "utf-8")
    (tested / "gh").write_text(GH, "utf-8")
    (tested / "gh").chmod(0o755)
    runner.env["PATH"] = f"{tested}:{runner.env['PATH']}"
    with service(tested, {"MOCKGRID_ERROR_SHAPE": shape} if shape in {"vendor", "openai"} else {}) as port:
        job["env"]["PROVIDER_URL"] = f"http://127.0.0.1:{1 if shape == 'outage' else port}/v1"
        runner.job(job)
    calls = (tested / "gh.txt").read_text("utf-8").splitlines() if (tested / "gh.txt").exists() else []
    assert runner.failed == (shape != "vendor")
    assert [call.startswith(f"gh issue {begins}") for call, begins in zip(calls, called, strict=True)] == [
        True for _ in called
    ]
    if called:
        assert "title=MG411::gone, step 1: " in (tested / "told.txt").read_text("utf-8")


def elsewhere(job):
    """Let a job use a port that is free here; give it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    job["env"] = {name: value.replace("8080", str(port)) for name, value in job["env"].items()}
    job["steps"][1].setdefault("with", {})["port"] = port
    return port


@contextmanager
def service(folder, variables):
    """The service container of an example, as a server with its variables; gives its port."""
    log = folder / "service.txt"
    command = [sys.executable, "-m", "mockgrid", "serve", "--port", "0", "--ready", "json"]
    with log.open("wb") as output:
        started = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=output)
    with started:
        try:
            yield json.loads(started.stdout.readline())["port"]
        finally:
            started.terminate()


@pytest.fixture
def tested(runner):
    """A project with a test that uses the fixture, and the programs of an environment that has MockGrid."""
    (runner.workspace / "test_client.py").write_text(TESTS, "utf-8")
    runner.env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return runner.workspace


def test_the_example_with_pytest_runs_to_its_end(runner, tested):
    job = loaded(CI / "github-actions.yaml")["jobs"]["test-with-pytest"]
    job["steps"] = [step for step in job["steps"] if not step.get("run", "").startswith("pip install")]
    variables = job["services"]["mockgrid"]["env"]
    assert job["env"]["MOCKGRID_CONTROL_TOKEN"] == variables["MOCKGRID_CONTROL_TOKEN"]
    with service(tested, {name: runner.value(value, {}) for name, value in variables.items()}) as port:
        job["env"]["MOCKGRID_URL"] = job["env"]["MOCKGRID_URL"].replace("8080", str(port))
        runner.job(job)
    assert not runner.failed
    assert "Never exercised" in runner.summary.read_text("utf-8")


def test_the_example_of_gitlab_runs_to_its_end(runner, tested):
    job = loaded(CI / "gitlab-ci.yaml")["test"]
    variables = {name: value.replace("$CI_PIPELINE_ID", "7") for name, value in job["variables"].items()}
    with service(tested, variables) as port:
        address = variables["MOCKGRID_URL"].replace(
            f"{job['services'][0]['alias']}:8080", f"127.0.0.1:{port}"
        )
        runner.env |= variables | {"MOCKGRID_URL": address}
        lines = [line for line in job["script"] if not line.startswith("pip install")]
        told = runner.run({"run": "\n".join(lines)})
        assert not runner.failed, told
        told += runner.run({"if": "always()", "run": "\n".join(job["after_script"])})
    percent = re.findall(job["coverage"].strip("/"), told)
    assert percent
    assert all(float(re.search(r"\d+(\.\d+)?", found)[0]) > 10 for found in percent)
    made = [*job["artifacts"]["paths"], *job["artifacts"]["reports"]["junit"]]
    assert [name for name in made if not (tested / name).stat().st_size] == []
    assert "test_the_answer" in (tested / "tests.xml").read_text("utf-8")
