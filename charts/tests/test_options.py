"""Options: each of them does something, and the less obvious ones do what they say."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .rendering import CHARTS, NAMES, Object, Renderer, containers, pod_templates, values_of

# What does nothing beside others that are set in the same values, or by itself.
IDLE = {
    "ops-db-api": {"enabled", "replicas"},  # autoscaling has the number
    # A digest wins over the tag, a volume over the size of a folder, autoscaling over the number.
    "ops-db-ui": {"enabled"},
    "data-transfer": {"enabled", "image.tag", "logFolder.sizeLimit", "workers.all.replicas"},
    "ccat-operator": {"enabled", "image.tag", "crds", "rbac.secrets"},  # it may read all of the cluster
    "ccat-crds": {"install", "image.tag"},
    "dev-services": {"enabled"},
    "data-center": {"jobs", "global.imageTag"},  # the operator is on; all images have tags of their own
}
# Of every pod, by the same templates: tried with one chart.
PODS = set(yaml.safe_load((CHARTS / "ccat-common" / "definitions.yaml").read_text())["pod"]["properties"])
TRIED_WITH = "ops-db-api"
BELOW = {"ops-db-api", "ops-db-ui", "data-transfer", "operator", "dev-services"}
DEFAULTS = {"workers": "workerDefaults", "dataServers": "dataServerDefaults"}


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


def options(chart: str) -> list[tuple[str, ...]]:
    values = yaml.safe_load((CHARTS / chart / "ci" / "every-option.yaml").read_text())
    elsewhere = BELOW if chart == "data-center" else {"global"}
    return [
        path
        for path in leaves(values)
        if path[0] not in elsewhere | set(DEFAULTS.values())
        and (chart == TRIED_WITH or not PODS & set(path))
        and not is_idle(chart, ".".join(path))
    ]


def is_idle(chart: str, path: str) -> bool:
    return any(path == idle or path.startswith(f"{idle}.") for idle in IDLE[chart])


def without(values: Any, path: tuple[str, ...]) -> Any:
    """Return values in which one option is not set, nor its default for all of its kind."""
    changed = copy.deepcopy(values)
    remove(changed, path)
    if path[0] in DEFAULTS and len(path) > 2:
        remove(changed, (DEFAULTS[path[0]], *path[2:]))
    return changed


def remove(values: Any, path: tuple[str, ...]) -> None:
    for step in path[:-1]:
        values = values.get(step, {})
    values.pop(path[-1], None)


@pytest.mark.parametrize("chart", NAMES)
def test_every_option_does_something(chart: str, renderer: Renderer, tmp_path: Path) -> None:
    values = yaml.safe_load((CHARTS / chart / "ci" / "every-option.yaml").read_text())
    file = tmp_path / "values.yaml"

    def rendered(changed: Any) -> str:
        file.write_text(yaml.safe_dump(changed))
        outcome = renderer.template_anew(chart, "--values", str(file))
        return outcome.output or outcome.error

    everything = rendered(values)
    idle = [path for path in options(chart) if rendered(without(values, path)) == everything]
    # What is set to its default cannot change anything.
    assert [path for path in idle if at(default(chart), path) != at(values, path)] == []


def default(chart: str) -> Any:
    values = values_of(chart)
    for name, defaults in DEFAULTS.items():
        values[name] = dict.fromkeys(("all", "cologne"), values.get(defaults))
    return values


def at(values: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def of(kind: str, objects: list[Object]) -> dict[str, Object]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


@pytest.fixture(scope="module")
def worker_sets(renderer: Renderer) -> list[Object]:
    values = str(CHARTS / "data-center" / "examples" / "worker-sets.yaml")
    return renderer.objects("data-center", "--values", values)


def test_folders_and_shares_have_a_volume_and_a_claim_for_each_other(worker_sets: list[Object]) -> None:
    claims, volumes = of("PersistentVolumeClaim", worker_sets), of("PersistentVolume", worker_sets)
    for name in ("fast", "processing"):
        claim = claims[f"data-center-data-transfer-{name}"]
        volume = volumes[claim["spec"]["volumeName"]]
        assert volume["spec"]["claimRef"]["name"] == claim["metadata"]["name"]
        assert volume["spec"]["claimRef"]["namespace"] == claim["metadata"]["namespace"]
        assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert volume["spec"]["storageClassName"] == claim["spec"]["storageClassName"] == ""
        assert volume["spec"]["accessModes"] == claim["spec"]["accessModes"]
    assert volumes["observatory-data-center-data-transfer-fast"]["spec"]["hostPath"]["type"] == "Directory"
    assert volumes["observatory-data-center-data-transfer-processing"]["spec"]["mountOptions"] == [
        "nfsvers=4.1",
        "hard",
    ]


def test_a_folder_is_only_on_the_nodes_that_have_it(worker_sets: list[Object]) -> None:
    fast = of("PersistentVolume", worker_sets)["observatory-data-center-data-transfer-fast"]
    (term,) = fast["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["compute-1", "compute-2"]


def test_data_stay_when_the_release_goes(worker_sets: list[Object]) -> None:
    kept = [item for item in worker_sets if item["kind"] in {"PersistentVolume", "PersistentVolumeClaim"}]
    assert kept
    for item in kept:
        assert item["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep", item["metadata"]["name"]


def test_a_claim_that_exists_is_used_as_it_is(worker_sets: list[Object]) -> None:
    assert "data-center-data-transfer-staging" not in of("PersistentVolumeClaim", worker_sets)
    spec = of("Deployment", worker_sets)["data-center-data-transfer-worker-fast"]["spec"]["template"]["spec"]
    assert {"name": "staging", "persistentVolumeClaim": {"claimName": "staging"}} in spec["volumes"]
    mounts = {mount["name"]: mount for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts["staging"] == {
        "name": "staging",
        "mountPath": "/data/staging",
        "subPath": "ccat",
        "readOnly": True,
    }
    assert "readOnly" not in mounts["fast"]


def test_a_set_of_workers_has_the_defaults_but_for_what_it_says(worker_sets: list[Object]) -> None:
    deployments = of("Deployment", worker_sets)
    staging = deployments["data-center-data-transfer-worker-staging"]["spec"]["template"]["spec"]
    assert staging["securityContext"]["runAsUser"] == 20001
    assert staging["securityContext"]["fsGroup"] == 10001
    assert staging["securityContext"]["supplementalGroups"] == [2000]
    mounts = [mount["mountPath"] for mount in staging["containers"][0]["volumeMounts"]]
    assert "/etc/ccat/credentials/cologne-lta" in mounts


@pytest.mark.parametrize("name", ["verifying"])
def test_who_scales_by_work_has_no_fixed_number(name: str, worker_sets: list[Object]) -> None:
    deployment = of("Deployment", worker_sets)[f"data-center-data-transfer-worker-{name}"]
    assert "replicas" not in deployment["spec"]
    scaled = of("ScaledObject", worker_sets)[f"data-center-data-transfer-worker-{name}"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert scaled["minReplicaCount"] == 0
    assert scaled["triggers"][0]["authenticationRef"]["name"] in of("TriggerAuthentication", worker_sets)


def test_credentials_are_files_below_their_name(worker_sets: list[Object]) -> None:
    for name, template in pod_templates(worker_sets):
        if "worker" not in name:
            continue
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        for mount in containers(template)[0]["volumeMounts"]:
            if mount["mountPath"].startswith("/etc/ccat/credentials/"):
                secret = volumes[mount["name"]]["secret"]
                assert secret["secretName"] == mount["mountPath"].rpartition("/")[2]
                assert secret["defaultMode"] == 0o440


def test_doctor_sees_what_all_workers_see(worker_sets: list[Object]) -> None:
    (doctor,) = of("Pod", worker_sets).values()
    assert doctor["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = doctor["spec"]["containers"]
    assert container["args"] == ["doctor", "--read-only"]
    seen = {mount["mountPath"] for mount in container["volumeMounts"]}
    for name, template in pod_templates(worker_sets):
        if "-worker-" in name:
            mounts = {mount["mountPath"] for mount in containers(template)[0]["volumeMounts"]}
            assert mounts - {"/var/log/ccat"} <= seen, name
    assert [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")] == [
        "/tmp"
    ]


def test_api_goes_on_while_it_is_replaced(worker_sets: list[Object]) -> None:
    spec = of("Deployment", worker_sets)["data-center-ops-db-api"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    (container,) = spec["template"]["spec"]["containers"]
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 10}}
