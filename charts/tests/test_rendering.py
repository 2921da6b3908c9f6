"""What helm makes of each chart with each file of values."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from jsonschema import Draft202012Validator

from .rendering import (
    CASES,
    CHARTS,
    FOR_KUBERNETES,
    Case,
    Renderer,
    containers,
    environment,
    name_of,
    pod_templates,
)

# Of other people's definitions, which kubernetes-validate does not know.
FOREIGN_GROUPS = (
    "monitoring.coreos.com/",
    "keda.sh/",
    "gateway.networking.k8s.io/",
    "kopf.dev/",
    "data-center.ccatobservatory.org/",
)
RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}

by_case = pytest.mark.parametrize("case", CASES, ids=str)


def newest_minors(count: int) -> list[str]:
    versions = {
        tuple(int(part) for part in folder.name.split("-")[0].lstrip("v").split(".")[:2])
        for folder in schema_folders()
    }
    return [f"{major}.{minor}" for major, minor in sorted(versions)[-count:]]


def schema_folders() -> list[Any]:
    return [
        it
        for it in files(kubernetes_validate).joinpath("kubernetes-json-schema").iterdir()
        if it.name.endswith("-strict")
    ]


@by_case
def test_renders(case: Case, renderer: Renderer) -> None:
    assert renderer.case(case) or case.chart == "ccat-common"


@pytest.mark.parametrize("version", newest_minors(4))
@by_case
def test_objects_are_strictly_valid(case: Case, version: str, renderer: Renderer) -> None:
    for item in renderer.case(case):
        if not item["apiVersion"].startswith(FOREIGN_GROUPS):
            validate(json.dumps(item), version)


@cache
def validate(item: str, version: str) -> None:
    """Validate an object; most are the same in several renders."""
    kubernetes_validate.validate(json.loads(item), version, strict=True)


@pytest.fixture(scope="module", autouse=True)
def schemas_read_once() -> Iterator[None]:
    """The validator reads all definitions of a version again for each object."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents)
        )
        yield


@by_case
def test_lint_finds_nothing(case: Case, renderer: Renderer) -> None:
    outcome = renderer.helm(
        "lint",
        "--strict",
        "--quiet",
        *FOR_KUBERNETES,
        str(renderer.folder / case.chart),
        "--values",
        str(case.values),
    )
    assert outcome.status == 0, outcome.output + outcome.error


@by_case
def test_names_are_unique_and_short(case: Case, renderer: Renderer) -> None:
    names = [(item["apiVersion"], item["kind"], item["metadata"]["name"]) for item in renderer.case(case)]
    assert sorted(set(names)) == sorted(names)
    assert [name for _, kind, name in names if len(name) > 63] == []


@by_case
def test_objects_are_labelled(case: Case, renderer: Renderer) -> None:
    for item in renderer.case(case):
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "data-center", name_of(item)
        assert labels["app.kubernetes.io/part-of"] == "ccat-data-center", name_of(item)
        assert labels["app.kubernetes.io/version"] == "0.1.0", name_of(item)
        assert all(re.fullmatch(r"[\w.-]{0,63}", value) for value in labels.values()), name_of(item)


@by_case
def test_pods_do_not_change_with_the_version_of_the_chart(case: Case, renderer: Renderer) -> None:
    """Or a new version would start everything anew, the database of a development site among it."""
    for name, template in pod_templates(renderer.case(case)):
        labels = template["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "ccat-data-center", name
        if not name.startswith("Pod"):  # made anew each time
            assert not {"helm.sh/chart", "app.kubernetes.io/version"} & labels.keys(), name


@by_case
def test_pods_are_restricted(case: Case, renderer: Renderer) -> None:
    for name, template in pod_templates(renderer.case(case)):
        spec = template["spec"]
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] > 0, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        for volume in spec.get("volumes", []):
            assert (volume.keys() - {"name"}) <= RESTRICTED_VOLUMES, name
        for container in containers(template):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, name
            assert own["readOnlyRootFilesystem"] is True, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert own.get("runAsNonRoot") is True, name


@by_case
def test_pods_say_what_they_need(case: Case, renderer: Renderer) -> None:
    for name, template in pod_templates(renderer.case(case)):
        for container in containers(template):
            resources = container["resources"]
            assert resources["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in resources["limits"], name
            assert container["imagePullPolicy"], name
            assert ":" in container["image"].rpartition("/")[2], name
        assert {"name": "temporary", "mountPath": "/tmp"} in containers(template)[0]["volumeMounts"], name


@by_case
def test_pods_end_in_good_order(case: Case, renderer: Renderer) -> None:
    for name, template in pod_templates(renderer.case(case)):
        # A worker hands its work back within 10 s; a server goes on for 5 s, until the word has spread.
        assert template["spec"]["terminationGracePeriodSeconds"] >= 30, name


@by_case
def test_only_what_talks_to_the_api_server_has_a_token(case: Case, renderer: Renderer) -> None:
    objects = renderer.case(case)
    with_token = {
        name for name, template in pod_templates(objects) if template["spec"]["automountServiceAccountToken"]
    }
    allowed = {
        "Deployment/data-center-operator",
        "Deployment/data-center-ccat-operator",
        "Job/data-center-crds",
        "Job/data-center-ccat-crds",
    }
    assert with_token <= allowed
    assert all(
        item["automountServiceAccountToken"] is False for item in objects if item["kind"] == "ServiceAccount"
    )


@by_case
def test_servers_are_probed_and_spread(case: Case, renderer: Renderer) -> None:
    for item in renderer.case(case):
        if item["kind"] not in {"Deployment", "StatefulSet"}:
            continue
        spec = item["spec"]["template"]["spec"]
        for container in spec["containers"]:
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name_of(item)
            ports = {port["name"] for port in container["ports"]}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                for way in ("httpGet", "tcpSocket"):
                    if way in container[probe]:
                        assert container[probe][way]["port"] in ports, name_of(item)
        (spread, *_) = spec["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"] == item["spec"]["selector"]["matchLabels"], name_of(
            item
        )


@by_case
def test_service_links_are_off(case: Case, renderer: Renderer) -> None:
    """Or CCAT_OPS_DB_API_SERVICE_HOST would be in the environment: a setting that our programs refuse."""
    for name, template in pod_templates(renderer.case(case)):
        assert template["spec"]["enableServiceLinks"] is False, name


@by_case
def test_volumes_and_mounts_belong_together(case: Case, renderer: Renderer) -> None:
    for name, template in pod_templates(renderer.case(case)):
        volumes = [volume["name"] for volume in template["spec"].get("volumes", [])]
        assert len(set(volumes)) == len(volumes), name
        claimed = {"data"} if name.startswith("StatefulSet") else set()
        mounted = {mount["name"] for container in containers(template) for mount in container["volumeMounts"]}
        assert mounted == set(volumes) | claimed, name


@by_case
def test_services_and_policies_select_pods(case: Case, renderer: Renderer) -> None:
    objects = renderer.case(case)
    pods = [(name, template["metadata"]["labels"], template) for name, template in pod_templates(objects)]

    def selected(labels: dict[str, str]) -> list[tuple[str, Any]]:
        return [(name, template) for name, has, template in pods if labels.items() <= has.items()]

    for item in objects:
        if item["kind"] == "Service":
            ((_, template),) = selected(item["spec"]["selector"])
            ports = {port["name"] for container in containers(template) for port in container["ports"]}
            assert {port["targetPort"] for port in item["spec"]["ports"]} <= ports, name_of(item)
        if item["kind"] == "PodDisruptionBudget":
            assert len(selected(item["spec"]["selector"]["matchLabels"])) == 1, name_of(item)
        if item["kind"] == "PodMonitor":
            assert len(selected(item["spec"]["selector"]["matchLabels"])) == 1, name_of(item)


@by_case
def test_each_pod_is_closed_and_has_its_ways(case: Case, renderer: Renderer) -> None:
    objects = renderer.case(case)
    policies = [item for item in objects if item["kind"] == "NetworkPolicy"]
    for name, template in pod_templates(objects):
        labels = template["metadata"]["labels"]
        own = [
            policy
            for policy in policies
            if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
            and "app.kubernetes.io/name" in policy["spec"]["podSelector"]["matchLabels"]
        ]
        assert len(own) == 1, name
        assert set(own[0]["spec"]["policyTypes"]) == {"Ingress", "Egress"}, name
        opened = {
            port["containerPort"] for container in containers(template) for port in container.get("ports", [])
        }
        let_in = {port["port"] for rule in own[0]["spec"].get("ingress", []) for port in rule["ports"]}
        assert let_in <= opened, name
    if case.chart == "data-center":
        (closed,) = [
            policy for policy in policies if policy["metadata"]["name"] == "data-center-default-deny"
        ]
        assert closed["spec"] == {
            "podSelector": {"matchLabels": {"app.kubernetes.io/instance": "data-center"}},
            "policyTypes": ["Ingress", "Egress"],
        }


@by_case
def test_secrets_are_only_named(case: Case, renderer: Renderer) -> None:
    objects = renderer.case(case)
    secrets = [item for item in objects if item["kind"] == "Secret"]
    development = {"app.kubernetes.io/name": "dev-services"}
    assert [
        name_of(item) for item in secrets if not development.items() <= item["metadata"]["labels"].items()
    ] == []
    others = yaml.safe_dump([item for item in objects if item["kind"] != "Secret"])
    assert set(re.findall(r"://[^/\s\"']*:[^/\s\"']+@", others)) <= {"://USER:PASSWORD@"}  # in descriptions
    for name, template in pod_templates(objects):
        for container in containers(template):
            for variable, value in environment(container).items():
                if re.search(r"PASSWORD$|SECRET|TOKEN_KEY|_URL$", variable):
                    assert isinstance(value, dict) or "@" not in value, f"{name}: {variable}"
                    assert isinstance(value, dict) or variable.endswith(("BROKER_URL", "REDIS_URL")), (
                        f"{name}: {variable}"
                    )


@by_case
def test_custom_resources_fit_their_definitions(case: Case, renderer: Renderer) -> None:
    schemas = {
        document["spec"]["names"]["kind"]: document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for document in (
            yaml.safe_load(path.read_text()) for path in (CHARTS / "ccat-crds" / "crds").glob("*.yaml")
        )
    }
    for item in renderer.case(case):
        if item["apiVersion"].startswith("data-center.ccatobservatory.org/"):
            validator = Draft202012Validator(closed(schemas[item["kind"]]))
            assert [error.message for error in validator.iter_errors(item)] == [], name_of(item)


def closed(schema: Any) -> Any:
    """Return a structural schema that refuses what an API server would drop in silence."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type", "object") == "object":
        result.setdefault("additionalProperties", False)
    if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema:
        result["additionalProperties"] = True
    return result


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("global.site=", "global.site is missing"),
        ("global.broker.existingSecret=", "global.broker has neither url nor existingSecret"),
        ("siteConfiguration.configMapRefs=null", "siteConfiguration has no files"),
        ("siteConfiguration.configMapRefs[0].overlay=true", "begins with an overlay"),
        ("opsDatabase.window.start=10:00", "needs both start and end"),
        (
            "data-transfer.workers.a.site=ccat,data-transfer.workers.a.credentials={x}",
            'workers.a names the credential "x"',
        ),
        (
            "data-transfer.workers.a.site=ccat,data-transfer.workers.a.volumes[0].name=x,data-transfer.workers.a.volumes[0].mountPath=/x",
            'workers.a names the volume "x"',
        ),
        ("ops-db-api.ingress.enabled=true", "neither global.host nor ingress.hosts"),
        ("ops-db-api.gateway.enabled=true", "gateway.parentRefs is empty"),
        ("dev-services.enabled=true", "dev-services is for development and tests"),
        ("dev-services.enabled=true,global.environment=staging", "makes secrets that anybody can work out"),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(settings: str, named: str, renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    outcome = renderer.template("data-center", "--values", values, "--set", settings)
    assert outcome.status != 0
    assert named in outcome.error


def test_staging_may_use_development_servers_with_secrets_of_its_own(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    changed = "dev-services.enabled=true,global.environment=staging,dev-services.secrets.create=false"
    objects = renderer.objects("data-center", "--values", values, "--set", changed)
    assert not [item for item in objects if item["kind"] == "Secret"]


def test_development_secrets_are_the_same_at_each_render(renderer: Renderer) -> None:
    """Data outlive a release: what is installed anew must be able to read them."""
    values = str(CHARTS / "data-center" / "examples" / "development.yaml")
    secrets = [it for it in renderer.objects("data-center", "--values", values) if it["kind"] == "Secret"]
    again = renderer.objects("data-center", "--values", values, "--set", "ops-db-api.replicas=3")
    assert secrets == [item for item in again if item["kind"] == "Secret"]
    assert {item["metadata"]["name"] for item in secrets} >= {
        "ccat-database",
        "ccat-database-owner",
        "ccat-token-key",
        "ccat-broker",
        "cologne-lta",
    }
