"""What of the container can be held without an engine; `.ci/docker` holds the rest with one."""

import json
import os
import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import mockgrid
from mockgrid.cli.serve import serve
from mockgrid.scenario.library import load_library
from mockgrid.settings import Settings

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/container.md").read_text("utf-8")
# The nightly job asks a provider, and starts no server.
EXAMPLES = sorted({*(ROOT / "docs/ci").iterdir()} - {ROOT / "docs/ci/github-drift.yaml"})
IMAGE = f"registry.example.com/mockgrid:{mockgrid.__version__}"
HARDENED = {"--read-only", "--cap-drop ALL", "--security-opt no-new-privileges"}
HEALTH = "/__mockgrid__/health"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, comments left out and continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line)]


INSTRUCTIONS = instructions()
STAGES = [number for number, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"]
FINAL = INSTRUCTIONS[STAGES[-1] :]


def only(name: str) -> str:
    """What the last stage says by an instruction that it has once."""
    (found,) = [rest for other, rest in FINAL if other == name]
    return found


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for name, rest in FINAL if name == "ENV" for pair in rest.split())


def variables() -> set[str]:
    return {str(param.envvar) for param in serve.params if param.envvar}


def load(path: Path) -> list:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def test_image_has_two_stages_on_a_base_that_can_be_chosen():
    arguments = dict(rest.split("=", 1) for name, rest in INSTRUCTIONS[: STAGES[0]] if name == "ARG")
    assert arguments["BUILDER"] == "${BASE}"
    assert re.fullmatch(r"python:3\.\d+-slim", arguments["BASE"])
    assert [INSTRUCTIONS[stage][1] for stage in STAGES] == ["${BUILDER} AS build", "${BASE}"]


def test_image_needs_no_buildkit():
    assert not (ROOT / "Dockerfile").read_text("utf-8").lower().startswith("# syntax")
    assert [rest for _, rest in INSTRUCTIONS if "<<" in rest or re.match(r"--(mount|link|chmod)", rest)] == []
    assert "--start-interval" not in only("HEALTHCHECK")


def test_image_runs_the_server_as_nobody_in_particular():
    user, group = map(int, only("USER").split(":"))
    assert user >= 1000
    assert group >= 1000
    # Whatever runs when the image is built needs to write.
    assert [name for name, _ in FINAL].index("USER") > max(
        number for number, (name, _) in enumerate(FINAL) if name in {"COPY", "RUN", "WORKDIR"}
    )


def test_image_starts_the_server_itself_and_not_a_shell():
    assert json.loads(only("ENTRYPOINT")) == ["mockgrid"]
    assert json.loads(only("CMD")) == ["serve"]
    assert "STOPSIGNAL" not in dict(FINAL)


def test_image_listens_where_its_health_check_asks():
    told = environment()
    assert told["MOCKGRID_HOST"] == "0.0.0.0"
    assert only("EXPOSE") == told["MOCKGRID_PORT"]
    assert only("HEALTHCHECK").endswith(
        'CMD exec mockgrid wait "http://127.0.0.1:${MOCKGRID_PORT}" --timeout 2s'
    )
    assert only("WORKDIR") == told["MOCKGRID_SCENARIOS"] == "/scenarios"
    assert {name for name in told if name.startswith("MOCKGRID_")} <= variables()


def test_image_is_labelled():
    labels = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', only("LABEL")))
    assert set(labels) == {"title", "description", "licenses", "version", "revision", "base.name"}
    arguments = dict(rest.split("=", 1) for name, rest in FINAL if name == "ARG" and "=" in rest)
    assert arguments["VERSION"] == mockgrid.__version__
    assert labels["version"] == "${VERSION}"


def test_image_is_built_from_what_is_in_the_context():
    wanted = {
        source
        for name, rest in INSTRUCTIONS
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == wanted
    assert next(line for line in lines if line and line[0] not in "#!") == "*"
    assert [name for name in wanted if not (ROOT / name).exists()] == []


def test_image_locks_what_the_package_needs_as_the_tests_do():
    locked = dict(
        re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements/runtime.txt").read_text("utf-8"), re.MULTILINE)
    )
    tested = (ROOT / "requirements/test.txt").read_text("utf-8")
    requirements = mockgrid_requirements()
    assert {requirement.name for requirement in requirements} <= set(locked)
    assert all(requirement.specifier.contains(locked[requirement.name]) for requirement in requirements)
    assert [name for name, version in locked.items() if f"\n{name}=={version} " not in f"\n{tested}"] == []


def mockgrid_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def test_guide_has_every_variable_and_no_other():
    section = GUIDE.partition("## Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    documented = re.findall(r"`(MOCKGRID_\w+)`", "\n".join(rows))
    assert sorted(documented) == sorted(variables())
    # One for each setting but the time that a stop takes.
    assert len(documented) == len(fields(Settings)) - 1
    bold = set(re.findall(r"\*\*`(MOCKGRID_\w+)`\*\*", section))
    assert bold == {name for name in environment() if name.startswith("MOCKGRID_")}


def test_guide_has_every_build_argument():
    documented = set(re.findall(r"`([A-Z_]+)`", GUIDE.partition("## Building it elsewhere")[2]))
    assert {rest.partition("=")[0] for name, rest in INSTRUCTIONS if name == "ARG"} <= documented


def test_guide_links_lead_to_files():
    targets = re.findall(r"\]\(([^)#:]+)\)", GUIDE)
    assert {f"ci/{path.name}" for path in EXAMPLES} <= set(targets)
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


def test_compose_hardens_and_checks():
    ((service,),) = [file["services"].values() for file in load(ROOT / "compose.yaml")]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["./scenarios:/scenarios:ro"]
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert service["healthcheck"]["test"][:3] == ["CMD", "mockgrid", "wait"]
    assert set(service["environment"]) <= variables()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_uses_the_image_of_this_version_and_known_variables(path):
    text = path.read_text("utf-8")
    assert load(path)
    assert set(re.findall(r"[\w.-]+/mockgrid:[\w.]+", text)) == {IMAGE}
    # Clients of the server read its address.
    assert set(re.findall(r"MOCKGRID_\w+", text)) <= {*variables(), "MOCKGRID_URL"}
    assert set(re.findall(r"/__mockgrid__/\w+", text)) <= {HEALTH}


def test_github_example_hardens_both_servers():
    (workflow,) = load(ROOT / "docs/ci/github-actions.yaml")
    service = workflow["jobs"]["test-with-pytest"]["services"]["mockgrid"]
    started = workflow["jobs"]["test-with-scenarios"]["steps"][1]["run"]
    for options in (service["options"], started):
        assert [option for option in HARDENED if option not in options] == []
    for job in workflow["jobs"].values():
        assert "http://127.0.0.1:8080/v1" in job["env"].values()


def test_gitlab_example_asks_its_service():
    (pipeline,) = load(ROOT / "docs/ci/gitlab-ci.yaml")
    ((service,),) = [job["services"] for job in pipeline.values()]
    address = pipeline["test"]["variables"]["MOCKGRID_URL"]
    assert address == f"http://{service['alias']}:8080/v1"


def test_kubernetes_example_probes_and_hardens():
    scenarios, deployment, service = load(ROOT / "docs/ci/kubernetes.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": HEALTH, "port": container["ports"][0]["name"]}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert deployment["spec"]["replicas"] == 1
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert pod["volumes"][0]["configMap"]["name"] == scenarios["metadata"]["name"]


def test_kubernetes_example_has_scenarios_that_play(tmp_path):
    scenarios = load(ROOT / "docs/ci/kubernetes.yaml")[0]["data"]
    for name, text in scenarios.items():
        (tmp_path / name).write_text(text, "utf-8")
    library = load_library([tmp_path])
    assert library.findings == ()
    assert sorted(library.scenarios) == sorted(Path(name).stem for name in scenarios)


def test_gate_builds_the_image_and_can_be_told_not_to():
    assert os.access(ROOT / ".ci/docker", os.X_OK)
    done = subprocess.run(
        [ROOT / ".ci/docker"],
        env={**os.environ, "MOCKGRID_SKIP_DOCKER": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.startswith("Skipped")
    gate = (ROOT / ".ci/run").read_text("utf-8")
    assert re.search(r"^stage_container\(\) {\n(  .*\n)*  \.ci/docker\n}", gate, re.MULTILINE)
