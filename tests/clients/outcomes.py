"""Runs a suite of checks inside a client's own environment, and reads what came of each check."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from environments import HERE, node, node_environment, python_environment

SUITES = HERE / "suites"
GUIDE = HERE.parents[1] / "docs/clients.md"
SUITE_SECONDS = 480
TABLE_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """One check: ``report`` is what the client's own test runner said of it, empty when it passed."""

    name: str
    report: str


Runner = Callable[[str, str, str, Path], list[Outcome]]
# The name of a call, and the URL and the key of its session.
Call = tuple[str, str, str]


def run_python(suite: str, environment: str, url: str, home: Path) -> list[Outcome]:
    """Runs ``suites/<suite>/check_*.py`` with the pytest of that environment."""
    command = [
        *(str(python_environment(environment)), "-m", "pytest", "-c", str(SUITES / "pytest.ini")),
        *("--rootdir", str(SUITES), "--confcutdir", str(SUITES), "-p", "no:cacheprovider"),
        *("--junitxml", str(home / "outcomes.xml"), str(SUITES / suite)),
    ]
    return _outcomes(command, environment, url, home)


def run_node(suite: str, environment: str, url: str, home: Path) -> list[Outcome]:
    """Runs ``suites/<suite>/check_*.mjs`` with Node's test runner, beside that environment's packages."""
    # A module finds its packages by where it lies, so the checks are laid beside the packages.
    (home / "node_modules").symlink_to(node_environment(environment) / "node_modules")
    for file in [SUITES / "session.mjs", *filter(Path.is_file, sorted((SUITES / suite).iterdir()))]:
        (home / file.name).write_bytes(file.read_bytes())
    command = [
        *(node(), "--import", "./session.mjs", "--test", "--test-concurrency=1"),
        *("--test-reporter=junit", f"--test-reporter-destination={home / 'outcomes.xml'}"),
        *(file.name for file in sorted(home.glob("check_*.mjs"))),
    ]
    return _outcomes(command, environment, url, home)


def raised_in_python(suite: str, environment: str, calls: list[Call], home: Path) -> list[str | None]:
    """What each of these calls of ``suites/<suite>/calls.py`` raises, as ``suites/table.py`` tells it."""
    command = [
        str(python_environment(environment)),
        str(SUITES / "table.py"),
        str(SUITES / suite / "calls.py"),
    ]
    return _raised(command, environment, calls, home)


def raised_in_node(suite: str, environment: str, calls: list[Call], home: Path) -> list[str | None]:
    """What each of these calls of ``suites/<suite>/calls.mjs`` throws, as ``suites/table.mjs`` tells it."""
    (home / "node_modules").symlink_to(node_environment(environment) / "node_modules")
    for file in (SUITES / "session.mjs", SUITES / "table.mjs", SUITES / suite / "calls.mjs"):
        (home / file.name).write_bytes(file.read_bytes())
    return _raised([node(), "--import", "./session.mjs", "table.mjs"], environment, calls, home)


def _raised(command: list[str], environment: str, calls: list[Call], home: Path) -> list[str | None]:
    done = subprocess.run(
        command,
        input=json.dumps(calls),
        cwd=home,
        env=_isolated(environment, "", home),
        check=False,
        capture_output=True,
        text=True,
        timeout=TABLE_SECONDS,
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}"
    answers: list[str | None] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _outcomes(command: list[str], environment: str, url: str, home: Path) -> list[Outcome]:
    output = home / "output.txt"
    with output.open("wb") as told:
        try:
            ended = subprocess.run(
                command,
                cwd=home,
                env=_isolated(environment, url, home),
                check=False,
                stdout=told,
                stderr=subprocess.STDOUT,
                timeout=SUITE_SECONDS,
            ).returncode
        except subprocess.TimeoutExpired:
            ended = None
    report = home / "outcomes.xml"
    outcomes = list(_read(report)) if report.is_file() and ended is not None else []
    if not outcomes or (ended != 0) != any(outcome.report for outcome in outcomes):
        how = f"was stopped after {SUITE_SECONDS} s" if ended is None else f"ended with {ended}"
        text = output.read_text(errors="replace")
        outcomes.append(Outcome("the run itself", f"{' '.join(command)} {how}:\n{text}"))
    return outcomes


def _read(report: Path) -> Iterator[Outcome]:
    for case in ET.parse(report).iter("testcase"):
        # A skipped check proves nothing, so it counts as failed.
        told = [
            f"{part.get('message', '')}\n{part.text or ''}"
            for part in case
            if part.tag in {"failure", "error", "skipped"}
        ]
        yield Outcome(case.get("name", "?"), "\n".join(told))


def _isolated(environment: str, url: str, home: Path) -> dict[str, str]:
    """The variables of a check's process: no key, proxy or setting of the caller's, and no telemetry."""
    return {
        "PATH": os.environ["PATH"],
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "NO_PROXY": "127.0.0.1",
        "MOCKGRID_URL": url,
        # Where sessions are scripted, if another server stands before it.
        "MOCKGRID_CONTROL": os.environ.get("MOCKGRID_CONTROL", url),
        "MOCKGRID_CLIENT": environment,
        "MOCKGRID_GUIDE": str(GUIDE),
        "ANONYMIZED_TELEMETRY": "false",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "LANGSMITH_TRACING": "false",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "LLM_USER_PATH": str(home / "llm"),
        "NLTK_DATA": str(home),
    }
