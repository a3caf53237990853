"""The manifests: valid for every release that is maintained, and in accord with what they refer to."""

import json
import re
import subprocess

import pytest
import yaml
from deploy.fleet import DEPLOY, ROOT
from environments import python_environment

MANIFESTS = [DEPLOY / "kubernetes.yaml", ROOT / "docs/ci/kubernetes.yaml"]
RELEASES = ["1.31", "1.34", "1.37"]
VALIDATE = """
import json, sys
import kubernetes_validate

documents, releases = json.load(sys.stdin)
for release in releases:
    for document in documents:
        try:
            kubernetes_validate.validate(document, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            print(release, document["kind"], document["metadata"]["name"], list(error.path), error.message)
"""


def documents(path):
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def complaints(manifest):
    """What the schemas of Kubernetes say against some documents."""
    python = python_environment("kubernetes", ROOT / "tests/deploy/requirements.txt")
    told = subprocess.run(
        [python, "-W", "ignore", "-c", VALIDATE],
        input=json.dumps([manifest, RELEASES]),
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.splitlines()


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_manifests_are_valid(path):
    assert complaints(documents(path)) == []


def test_a_mistake_would_be_noticed():
    manifest = documents(DEPLOY / "kubernetes.yaml")
    workload = next(document for document in manifest if document["kind"] == "StatefulSet")
    workload["spec"]["replicsa"] = workload["spec"].pop("replicas")
    assert [complaint.split(" ")[:3] for complaint in complaints([workload])] == [
        [release, "StatefulSet", "mockgrid"] for release in RELEASES
    ]


@pytest.fixture(scope="module")
def parts():
    """The documents by kind and name."""
    return {(d["kind"], d["metadata"]["name"]): d for d in documents(DEPLOY / "kubernetes.yaml")}


def test_there_are_as_many_replicas_as_the_proxy_has_servers(parts):
    count = parts["StatefulSet", "mockgrid"]["spec"]["replicas"]
    variables = [f"MOCKGRID_{index}" for index in range(count)]
    pod = parts["Deployment", "mockgrid-proxy"]["spec"]["template"]["spec"]
    for container in (*pod["initContainers"], *pod["containers"]):
        values = {entry["name"]: entry.get("value") for entry in container["env"]}
        # Kubernetes fills in only what was named before.
        assert list(values)[-count:] == variables
        for index, name in enumerate(variables):
            host = f"mockgrid-{index}.mockgrid-replicas.$(NAMESPACE).svc.cluster.local"
            assert values[name] == f"{host}:8080"
    assert pod["initContainers"][0]["args"][: count + 1] == ["wait", *(f"$({name})" for name in variables)]
    servers = re.findall(
        r"^    server (\S+) \"\$\{(MOCKGRID_\d+)-", (DEPLOY / "haproxy.cfg").read_text(), re.MULTILINE
    )
    assert servers == [(f"mockgrid-{index}", name) for index, name in enumerate(variables)]
    assert parts["StatefulSet", "mockgrid"]["spec"]["serviceName"] == "mockgrid-replicas"


def test_services_select_pods_and_ports_that_are_there(parts):
    pods = [d["spec"]["template"] for (kind, _), d in parts.items() if kind in {"StatefulSet", "Deployment"}]
    for (kind, _), service in parts.items():
        if kind != "Service":
            continue
        chosen = [pod for pod in pods if pod["metadata"]["labels"] == service["spec"]["selector"]]
        assert len(chosen) == 1
        ports = {port["name"]: port["containerPort"] for port in chosen[0]["spec"]["containers"][0]["ports"]}
        assert [ports[port["targetPort"]] for port in service["spec"]["ports"]] == [8080]


def test_what_is_mounted_is_made(parts):
    told = (DEPLOY / "kubernetes.yaml").read_text()
    made = {name for kind, name in parts if kind == "ConfigMap"}
    made |= set(re.findall(r"^# +kubectl create configmap (\S+) ", told, re.MULTILINE))
    for (kind, _), part in parts.items():
        if kind in {"StatefulSet", "Deployment"}:
            pod = part["spec"]["template"]["spec"]
            volumes = {volume["name"]: volume["configMap"]["name"] for volume in pod["volumes"]}
            assert set(volumes.values()) <= made
            assert [mount["name"] for mount in pod["containers"][0]["volumeMounts"]] == list(volumes)
