"""A second site in a cluster: Jobs do its work, then an operator of its own, then one for all namespaces."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.cluster import TAG
from harness.flow import Flowing, assert_nothing_lost, let_flow
from harness.guides import follow
from harness.installation import another_site
from harness.journey import NewFolder
from harness.kubernetes import RELEASE, Site
from harness.operators import assert_drift_is_told, kill_leader
from harness.waiting import wait_for, wait_until

# It takes what it needs of the machine, and no more.
SMALL = ("ops-db-api.replicas=1", "ops-db-ui.enabled=false", "data-transfer.dataServers=null")
WITHOUT = (*SMALL, "operator.enabled=false")
ELSEWHERE = (*WITHOUT, "operatorElsewhere=true")
GUIDE = "back-up-and-restore"
RESTORED = "ccat_ops_db_2"
USED_PLACES = {
    "worker-telescope": ("ccat.output-buffer",),
    "worker-archive": ("cologne.input-buffer", "cologne.lta"),
}
"""What holds something after files have flowed, by the workers that see it."""
_COUNTS = """
    SELECT (SELECT count(*) FROM raw_data_file), (SELECT count(*) FROM physical_copy),
           (SELECT count(*) FROM api_token), (SELECT count(*) FROM configuration_revision)
"""
_OBSERVED = "SELECT count(*) FROM executed_obs_unit"


@pytest.fixture(scope="module")
def second(site: Site) -> Iterator[Site]:
    """Another namespace of the same cluster."""
    with another_site(site, "second") as second:
        second.upgrade(*WITHOUT)
        yield second


def test_jobs_migrate_and_configure_and_files_flow(second: Site, tmp_path: Path) -> None:
    wait_until("everything is ready", lambda: not second.unready(), 420)
    assert second.get("opsdatabases,siteconfigurations")["items"] == []
    assert not second.pods("operator")
    assert second.get("roles,rolebindings")["items"] == []
    # A Job may be counted as done a moment after what waited for its work is ready.
    wait_for("both Jobs are done", lambda: _done(second), lambda done: list(done.values()) == [1, 1], 60)
    _files_flow(second, "without-operator", tmp_path)


def test_the_same_command_again_changes_nothing(second: Site) -> None:
    wait_until("everything is ready", lambda: not second.unready(), 420)
    before = {it["metadata"]["uid"] for it in second.get("jobs")["items"]}
    second.upgrade(*WITHOUT)
    assert {it["metadata"]["uid"] for it in second.get("jobs")["items"]} == before
    assert second.unready() == {}


def test_the_release_of_the_other_site_is_not_touched(site: Site, second: Site) -> None:
    assert second.revision() >= 1
    site.wait_ready()
    assert RELEASE in site.get("deployment", f"{RELEASE}-ops-db-api")["metadata"]["name"]


def test_a_backup_is_restored_as_the_guide_says(second: Site, tmp_path: Path) -> None:
    """Into an empty database beside the old one, after the site got an operator of its own."""
    second.upgrade(*SMALL)
    second.wait_ready()
    filed = _files_flow(second, "before-backup", tmp_path)
    told = json.loads(follow(second, GUIDE, "The Job tells the name of the file").splitlines()[-1])
    counted = second.query(_COUNTS)
    observed = second.query(_OBSERVED)
    # What comes after the backup is not in it.
    second.deployment()
    assert second.query(_COUNTS) != counted
    follow(second, GUIDE, "Stop what writes.")
    wait_until("nothing runs", lambda: {_component(pod) for pod in second.pods()} == {"dev-services"}, 300)
    second.query(f"CREATE DATABASE {RESTORED}")
    for secret, role in (("ccat-database-owner", "ccat"), ("ccat-database", "ccat_application")):
        address = second.secret(secret, "url").rpartition("/")[0] + f"/{RESTORED}"
        shown = f"postgresql://ccat:PASSWORD@database.example.org:5432/{RESTORED}"
        assert f"//{role}:" in address
        replacing = {shown: address, "generic ccat-database-owner": f"generic {secret}"}
        follow(second, GUIDE, "and with the same command `ccat-database`", replacing)
    listed = follow(second, GUIDE, "See which backups there are")
    assert told["backup"] in listed
    said = follow(second, GUIDE, "Name one:", {"RESTORE_FROM=BACKUP": f"RESTORE_FROM={told['backup']}"})
    assert f"restored {told['backup']}" in said
    restored = Site(second.cluster, second.namespace, second.number)
    assert restored.database_url.endswith(RESTORED)
    assert restored.query(_COUNTS) == counted
    second.upgrade(*SMALL, f"dev-services.postgresql.database={RESTORED}")
    restored.wait_ready()
    deployment = restored.deployment()
    with Api(deployment, deployment.token) as api:
        person = Ccat(deployment, tmp_path, deployment.token)
        assert_nothing_lost(filed, restored.database_url, deployment, person, api, Archive(deployment))
    _files_flow(restored, "after-restore", tmp_path)
    # The old one is as it was left.
    assert second.query(_OBSERVED) == observed


@pytest.fixture
def operator_of_all(site: Site) -> Iterator[Site]:
    """Two operators for all namespaces, which take turns, in a namespace of their own; no other works."""
    own = f"deployment/{RELEASE}-operator"
    operators = Site(site.cluster, f"{site.namespace}-operators")
    operators.remove()
    chart = site.cluster.build / "charts" / "ccat-operator"
    images = site.values()["global"] | {"imageTag": TAG}
    values = ",".join(["namespaced=false,replicas=2", *(f"global.{key}={it}" for key, it in images.items())])
    install = ["upgrade", "--install", RELEASE, str(chart), "--create-namespace", f"--set={values}"]
    site.kubectl("scale", own, "--replicas=0")
    try:
        site.cluster.helm(*install, f"--namespace={operators.namespace}")
        yield operators
    except BaseException:
        operators.save(site.cluster.build.parent / "artifacts" / "kind" / operators.namespace)
        raise
    finally:
        operators.uninstall()
        operators.remove()
        site.kubectl("scale", own, "--replicas=1")
        site.wait_ready()


def test_one_operator_looks_after_all_namespaces(
    site: Site, second: Site, operator_of_all: Site, tmp_path: Path
) -> None:
    """A site that has a database, and one whose database is empty."""
    second.upgrade(*ELSEWHERE, "dev-services.postgresql.database=fresh")
    fresh = Site(second.cluster, second.namespace, second.number)
    # Pods that run see another address in a minute or two, new ones at once.
    fresh.kubectl("rollout", "restart", "deployment")
    for one in (site, fresh):
        wait_for("its own operator is gone", partial(one.pods, "operator"), lambda pods: not pods, 120)
        one.wait_ready()
    assert fresh.get("roles,rolebindings")["items"] == []
    wait_for("two operators", lambda: operator_of_all.pods(), lambda pods: len(pods) == 2, 300)
    assert fresh.database_url.endswith("/fresh")
    accounts = {it["spec"]["template"]["spec"]["serviceAccountName"] for it in _migrations(fresh)}
    assert "ccat-migration" in accounts
    _adopt_used_places(fresh)
    _files_flow(fresh, "all-namespaces", tmp_path)
    assert_drift_is_told(site)
    kill_leader(operator_of_all, f"clusterkopfpeering/{RELEASE}-ccat-operator")
    assert_drift_is_told(fresh)


def _files_flow(site: Site, name: str, home: Path) -> Flowing:
    """Let an observation flow through a site, and require that it is archived once and equal."""
    deployment = site.deployment()
    person, instrument = (
        Ccat(deployment, home, token) for token in (deployment.token, deployment.instrument_token)
    )
    flowing = let_flow(name, deployment, instrument, NewFolder(deployment))
    with Api(deployment, deployment.token) as api:
        assert_nothing_lost(flowing, site.database_url, deployment, person, api, Archive(deployment))
    return flowing


def _adopt_used_places(site: Site) -> None:
    """Say as a person that the places of an earlier database belong to this one: it takes none by itself."""
    for worker, locations in USED_PLACES.items():
        for location in locations:
            adopt = ["ccat-transfer", "place", "adopt", location, "--reason", "a new database"]
            site.kubectl("exec", f"deployment/{RELEASE}-data-transfer-{worker}", "--", *adopt)


def _component(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/name"])


def _done(site: Site) -> dict[str, int]:
    """Return how many pods of each Job ended well."""
    return {it["metadata"]["name"]: it["status"].get("succeeded", 0) for it in site.get("jobs")["items"]}


def _migrations(site: Site) -> list[Any]:
    jobs: list[Any] = site.get("jobs", "--selector=app.kubernetes.io/name=ccat-migration")["items"]
    return jobs
