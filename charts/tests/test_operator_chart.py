"""The operator, the definitions of its resources, and its work without it."""

import json
import re

from charts.tools import definitions

from ccat_operator.handlers.jobs import manifest
from ccat_operator.reconcile.jobs import JobOrder
from ccat_operator.resources import OpsDatabase
from ccat_operator.settings import OperatorSettings, Placement

from .rendering import CHARTS, NAMESPACE, Object, Renderer, containers, environment, pod_templates

DEFAULTS = str(CHARTS / "ccat-operator" / "ci" / "defaults.yaml")


def a_job(settings: OperatorSettings) -> Object:
    """Return the Job that an operator with these settings makes."""
    spec = {"connection": {"secretRef": {"name": "x"}}, "migrations": {"backup": {"before": "never"}}}
    resource = OpsDatabase.model_validate(
        {"metadata": {"name": "default", "namespace": NAMESPACE}, "spec": spec}
    )
    return manifest(resource, JobOrder(revision="0001", backs_up=False), settings, "production")


def test_definitions_are_the_operators() -> None:
    for path in definitions.FROM.glob("*.yaml"):
        copy = definitions.TO / path.name
        assert copy.read_text() == path.read_text(), "run python -m charts.tools.definitions"
    copied = {path.name for path in definitions.FROM.glob("*.yaml")}
    others = {path.name for path in definitions.TO.glob("*.yaml")} - copied
    assert others == {"kopfpeering.kopf.yaml", "clusterkopfpeering.kopf.yaml"}


def test_migrations_of_the_operator_reach_the_database(renderer: Renderer) -> None:
    """Their pods are not in any chart: the policy is found by the labels that the operator gives them."""
    job = a_job(OperatorSettings(image="x"))
    labels = job["spec"]["template"]["metadata"]["labels"]
    objects = renderer.objects(
        "ccat-operator", "--values", str(CHARTS / "ccat-operator" / "ci" / "defaults.yaml")
    )
    policies = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    (policy,) = [it for it in policies if it["podSelector"]["matchLabels"].items() <= labels.items()]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 5432]


def test_rights_are_those_that_the_operator_says_it_needs(renderer: Renderer) -> None:
    """In its README, where each call was looked up."""
    text = (CHARTS.parent / "operator" / "README.md").read_text()
    said = set()
    for group, resources, verbs in re.findall(r"^\| (\S+) \| (.+?) \| ([a-z, ]+)", text, re.MULTILINE):
        for resource in re.findall(r"`([a-z/]+)`", resources):
            said |= {
                (group.strip("`").replace("core", ""), resource, verb)
                for verb in re.findall(r"[a-z]+", verbs)
            }
    said = {(group, resource, verb) for group, resource, verb in said if verb in VERBS}
    given = rights(renderer.objects("ccat-operator", "--values", DEFAULTS, "--set", "replicas=2"), "Role")
    peerings = {it for it in said if it[1] == "clusterkopfpeerings"}
    assert given == said - peerings
    cluster = renderer.objects("ccat-operator", "--values", DEFAULTS, "--set", "replicas=2,namespaced=false")
    assert rights(cluster, "ClusterRole") == said - {it for it in said if it[1] == "kopfpeerings"}


VERBS = {"get", "list", "watch", "create", "patch", "update", "delete"}


def rights(objects: list[Object], kind: str) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for item in objects
        if item["kind"] == kind and "crds" not in item["metadata"]["name"]
        for rule in item["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_migrations_run_where_the_operator_may(renderer: Renderer) -> None:
    place = {
        "nodeSelector": {"disks": "slow"},
        "tolerations": [{"key": "ours", "operator": "Exists"}],
        "priorityClassName": "observatory",
    }
    told = [f"--set-json={key}={json.dumps(value)}" for key, value in place.items()]
    objects = renderer.objects("ccat-operator", "--values", DEFAULTS, *told)
    ((_, template),) = [it for it in pod_templates(objects) if it[0].startswith("Deployment")]
    given = environment(containers(template)[0])["CCAT_OPERATOR_JOB_PLACEMENT"]
    placement = Placement.model_validate_json(given)
    pod = a_job(OperatorSettings(image="x", job_placement=placement))["spec"]["template"]["spec"]
    assert {key: pod[key] for key in place} == place
    assert place.items() <= template["spec"].items()


def test_migrations_have_the_secrets_of_the_registry(renderer: Renderer) -> None:
    objects = renderer.objects(
        "ccat-operator", "--values", DEFAULTS, "--set", "global.imagePullSecrets={registry}"
    )
    (account,) = [
        it
        for it in objects
        if it["metadata"]["name"].endswith("-migration") and it["kind"] == "ServiceAccount"
    ]
    assert account["imagePullSecrets"] == [{"name": "registry"}]


def test_site_of_an_operator_elsewhere(renderer: Renderer) -> None:
    """It has the resources and what their migrations need, and no operator and no Jobs of its own."""
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    elsewhere = ("--values", values, "--set", "operator.enabled=false,operatorElsewhere=true")
    objects = renderer.objects("data-center", *elsewhere)
    kinds = [item["kind"] for item in objects]
    assert {"OpsDatabase", "SiteConfiguration"} <= set(kinds)
    assert not {"Job", "Role", "RoleBinding", "ClusterRole", "CustomResourceDefinition"} & set(kinds)
    account = OperatorSettings(image="x").job_service_account
    assert account in {item["metadata"]["name"] for item in objects if item["kind"] == "ServiceAccount"}
    labels = a_job(OperatorSettings(image="x"))["spec"]["template"]["metadata"]["labels"]
    policies = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    opened = [
        it for it in policies if it["podSelector"].get("matchLabels", {"": ""}).items() <= labels.items()
    ]
    assert [port["port"] for it in opened for rule in it["egress"] for port in rule["ports"]] == [
        53,
        53,
        5432,
    ]


def test_operator_of_all_namespaces_knows_one_account(renderer: Renderer) -> None:
    objects = renderer.objects("ccat-operator", "--values", DEFAULTS, "--set", "namespaced=false")
    ((_, template),) = [it for it in pod_templates(objects) if it[0].startswith("Deployment")]
    (container,) = containers(template)
    account = OperatorSettings(image="x").job_service_account
    assert environment(container)["CCAT_OPERATOR_JOB_SERVICE_ACCOUNT"] == account
    assert account in {item["metadata"]["name"] for item in objects if item["kind"] == "ServiceAccount"}
    assert container["args"] == ["run", "--all-namespaces"]


def test_operator_of_all_namespaces_is_of_no_site(renderer: Renderer) -> None:
    objects = renderer.objects("ccat-operator", "--set", "namespaced=false,replicas=2")
    assert not [it for it in objects if "data-center.ccatobservatory.org/site" in it["metadata"]["labels"]]


def test_operator_here_and_elsewhere_is_refused(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    outcome = renderer.template("data-center", "--values", values, "--set", "operatorElsewhere=true")
    assert outcome.status != 0
    assert "operatorElsewhere" in outcome.error


def test_alone_it_needs_no_peering(renderer: Renderer) -> None:
    objects = renderer.objects("ccat-operator", "--values", DEFAULTS)
    assert not [item for item in objects if item["apiVersion"] == "kopf.dev/v1"]
    assert not {right for right in rights(objects, "Role") if right[0] == "kopf.dev"}
    ((_, template),) = [it for it in pod_templates(objects) if it[0].startswith("Deployment")]
    (container,) = containers(template)
    assert "CCAT_OPERATOR_PEERING" not in environment(container)
    assert container["args"] == ["run", f"--namespace={NAMESPACE}"]


def test_two_replicas_have_a_peering(renderer: Renderer) -> None:
    objects = renderer.objects("ccat-operator", "--values", DEFAULTS, "--set", "replicas=2")
    (peering,) = [item for item in objects if item["kind"] == "KopfPeering"]
    ((_, template),) = [it for it in pod_templates(objects) if it[0].startswith("Deployment")]
    assert environment(containers(template)[0])["CCAT_OPERATOR_PEERING"] == peering["metadata"]["name"]


def test_it_may_read_only_secrets_that_it_needs(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    changed = "opsDatabase.roles.readOnly.enabled=true"
    objects = renderer.objects("data-center", "--values", values, "--set", changed)
    readable = {
        name
        for item in objects
        if item["kind"] == "Role"
        for rule in item["rules"]
        if rule["resources"] == ["secrets"]
        for name in rule["resourceNames"]
    }
    assert readable == {"ccat-database-owner", "ccat-database", "ccat-database-read-only"}
    accounts = {
        subject["name"] for item in objects if item["kind"] == "RoleBinding" for subject in item["subjects"]
    }
    assert accounts == {"data-center-operator"}


def test_namespaced_operator_asks_for_nothing_outside(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "examples" / "namespaced-only.yaml")
    kinds = {item["kind"] for item in renderer.objects("data-center", "--values", values)}
    assert not kinds & {
        "ClusterRole",
        "ClusterRoleBinding",
        "PersistentVolume",
        "CustomResourceDefinition",
        "Namespace",
    }


def test_without_the_operator_jobs_do_its_work(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "examples" / "existing-database.yaml")
    objects = renderer.objects("data-center", "--values", values)
    assert not [item for item in objects if item["apiVersion"].startswith("data-center.ccatobservatory.org/")]
    jobs = {
        item["metadata"]["labels"]["app.kubernetes.io/component"]: item
        for item in objects
        if item["kind"] == "Job"
    }
    assert jobs.keys() == {"migration", "configure"}
    assert jobs["migration"]["spec"]["template"]["spec"]["containers"][0]["args"][0] == "migrate"
    assert "--folder=/configuration" in jobs["configure"]["spec"]["template"]["spec"]["containers"][0]["args"]


def test_jobs_are_new_ones_when_anything_changes(renderer: Renderer) -> None:
    """A Job cannot be changed: an upgrade that renders another one under the same name would fail."""
    values = str(CHARTS / "data-center" / "examples" / "existing-database.yaml")

    def jobs(*arguments: str) -> dict[str, Object]:
        objects = renderer.objects("data-center", "--values", values, *arguments)
        return {item["metadata"]["name"]: item for item in objects if item["kind"] == "Job"}

    first = jobs()
    for change in (
        "global.imageTag=0.2.0",
        "jobs.approve=0002",
        "opsDatabase.lockTimeout=1s",
        "global.labels.a=b",
    ):
        assert not first.keys() & jobs("--set", change).keys(), change
    assert jobs("--set", "ops-db-api.replicas=3") == first
