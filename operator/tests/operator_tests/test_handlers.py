"""The operator under KopfRunner: kmock answers for the API server, PostgreSQL and migrations are real."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import kopf
import pytest
from kmock import KubernetesEmulator
from kopf.testing import KopfRunner

from ccat_dev_stack.testing import OwnServer
from ccat_operator import GROUP
from ccat_operator.handlers import controller
from ccat_operator.handlers.cluster import Cluster
from ccat_operator.handlers.controller import Controller
from ccat_operator.handlers.leadership import Leadership
from ccat_operator.handlers.registration import register
from ccat_operator.settings import OperatorSettings
from ccat_ops_db import schema
from ccat_ops_db.clock import SystemClock

from .conftest import CONFIGURATION, FAILING, GOOD, TESTS, query, revision_of
from .fake_cluster import OURS, FakeCluster, fake_cluster

HEAD = schema.head_revision()
Running = Callable[[], AbstractContextManager[object]]


@pytest.fixture
async def cluster(
    kmock: KubernetesEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FakeCluster]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    async with fake_cluster(kmock, tmp_path) as made:
        yield made


@pytest.fixture
def operator() -> Running:
    """Start an operator; it runs in a thread with a loop of its own."""

    def start() -> KopfRunner:
        registry, cluster = kopf.OperatorRegistry(), Cluster()
        settings = OperatorSettings(image="example.org/operator:0.1.0")
        made = Controller(cluster, Leadership(cluster, namespace="site"), settings, SystemClock())
        register(registry, made, cluster)
        return KopfRunner(["run", "--standalone", "--namespace=site"], registry=registry, timeout=120)

    return start


@pytest.fixture
def with_more(monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster) -> Callable[[Path], None]:
    """Let operator and Jobs know further revisions."""

    def use(folder: Path) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_MIGRATIONS", str(folder))
        cluster.job_settings["CCAT_OPS_DB_MIGRATIONS"] = str(folder)

    return use


async def test_fresh_site_is_set_up_from_nothing_at_once(
    cluster: FakeCluster, operator: Running, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each resource is looked at when what it waits for comes: nothing here waits for an interval."""
    monkeypatch.setattr(controller, "WHILE_NOT_READY", 3600.0)
    await cluster.secret("owner", url=postgresql_url)
    files = {path.name: path.read_text(encoding="utf-8") for path in CONFIGURATION.glob("*.yaml")}
    with operator():
        await cluster.configuration(mode="apply", interval="1h")
        await cluster.until("observatory", "SourceMissing", plural="siteconfigurations")
        await cluster.apply(
            "/api/v1/namespaces/site/configmaps",
            {"metadata": {"name": "files", "namespace": "site"}, "data": files},
        )
        await cluster.until("observatory", "DatabaseNotFound", plural="siteconfigurations")
        await cluster.database(interval="1h")
        await cluster.until("main", "Ready")
        await cluster.until("observatory", "Ready", plural="siteconfigurations")
        await cluster.until_event("observatory", "Normal", "Applied")
        await cluster.until_event("main", "Normal", "UpToDate")
    assert revision_of(postgresql_url) == HEAD
    assert query(postgresql_url, "SELECT count(*) > 5 FROM data_location") == [(True,)]
    resource = await cluster.get(f"{OURS}/site/opsdatabases/main")
    assert "finalizers" not in resource["metadata"]
    assert "annotations" not in resource["metadata"]
    assert [one["revision"] for one in resource["status"]["history"]] == [HEAD]
    told = await cluster.events()
    assert ("main", "Normal", "Migrating") in told
    assert ("observatory", "Warning", "SourceMissing") in told


async def test_job_passes_the_restricted_standard(
    cluster: FakeCluster, operator: Running, postgresql_url: str, with_more: Callable[[Path], None]
) -> None:
    with_more(GOOD)
    cluster.run_jobs_by_hand()
    schema.upgrade(postgresql_url)
    await cluster.secret("owner", url=postgresql_url)
    with operator():
        await cluster.database(
            migrations={
                "approval": "never",
                "lockTimeout": "2s",
                "backup": {"before": "always", "volumeClaim": "backups", "keep": 7},
            }
        )
        await cluster.until("main", "Migrating")
        (job,) = await cluster.items("/apis/batch/v1/namespaces/site/jobs")
    assert job["metadata"]["name"] == "main-migrate-t3"
    pod = job["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == "ccat-migration"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["image"] == "example.org/operator:0.1.0"
    assert container["args"] == [
        "migrate",
        "--revision=t3",
        "--lock-timeout=2s",
        "--statement-timeout=15m",
        "--backup-folder=/backups",
        "--keep=7",
    ]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}
    claims = [one["persistentVolumeClaim"] for one in pod["volumes"] if "persistentVolumeClaim" in one]
    assert claims == [{"claimName": "backups"}]
    assert postgresql_url not in str(job), "the address stays in its Secret"


async def test_approval_is_waited_for_and_acts_at_once(
    cluster: FakeCluster, operator: Running, ops_database: str, with_more: Callable[[Path], None]
) -> None:
    with_more(GOOD)
    await cluster.secret("owner", url=ops_database)
    with operator():
        await cluster.database(interval="1h")
        waiting = await cluster.until("main", "WaitingForApproval")
        assert "destroys the column site.note" in waiting["message"]
        assert f"kubectl annotate --overwrite opsdb -n site main {GROUP}/approve=t3" in waiting["message"]
        assert revision_of(ops_database) == "t2"
        approval = {"metadata": {"annotations": {f"{GROUP}/approve": "t3"}}}
        await cluster.patch(f"{OURS}/site/opsdatabases/main", approval)
        await cluster.until("main", "Ready")
    assert revision_of(ops_database) == "t3"
    assert cluster.jobs_run == ["main-migrate-t2", "main-migrate-t3"]


async def test_job_that_is_not_taken_is_told(
    cluster: FakeCluster, operator: Running, postgresql_url: str, kmock: KubernetesEmulator
) -> None:
    cluster.run_jobs_by_hand()
    kmock["post /apis/batch/v1/namespaces/site/jobs"] << 403
    await cluster.secret("owner", url=postgresql_url)
    with operator():
        await cluster.database()
        refused = await cluster.until("main", "JobRefused")
        assert "403" in refused["message"]


async def test_failed_migration_stays_until_its_job_is_deleted(
    cluster: FakeCluster, operator: Running, ops_database: str, with_more: Callable[[Path], None]
) -> None:
    with_more(FAILING)
    await cluster.secret("owner", url=ops_database)
    with operator():
        await cluster.database()
        failed = await cluster.until("main", "MigrationFailed")
        for part in ("f2", "division by zero", "22012", "SELECT 1 / (SELECT 0)", "kubectl delete job"):
            assert part in failed["message"]
        assert cluster.jobs_run == ["main-migrate-f2"]
        await cluster.delete("/apis/batch/v1/namespaces/site/jobs/main-migrate-f2")
        await cluster.eventually(lambda: len(cluster.jobs_run) == 2)
        await cluster.until("main", "MigrationFailed")
    assert revision_of(ops_database) == "f1"


async def test_rotated_secret_is_taken_up_without_a_restart(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    with operator():
        await cluster.database()
        missing = await cluster.until("main", "SecretMissing")
        assert "there is no Secret site/owner" in missing["message"]
        await cluster.secret("owner", address=ops_database)
        await cluster.until_message("main", "its keys are address")
        await cluster.secret("owner", url=ops_database.replace("@", "-wrong@"))
        await cluster.until("main", "AuthenticationFailed")
        await cluster.secret("owner", url=ops_database)
        await cluster.until("main", "Ready")


@pytest.mark.long
async def test_database_that_goes_away_and_comes_back(
    cluster: FakeCluster, operator: Running, own_postgresql: OwnServer
) -> None:
    own_postgresql.start()
    schema.upgrade(own_postgresql.url)
    await cluster.secret("owner", url=own_postgresql.url)
    with operator():
        await cluster.database()
        await cluster.until("main", "Ready")
        own_postgresql.kill()
        away = await cluster.until("main", "DatabaseUnreachable")
        status = (await cluster.get(f"{OURS}/site/opsdatabases/main"))["status"]
        assert f"since {status['unreachableSince']}" in away["message"]
        assert status["currentRevision"] == HEAD, "what was known stays"
        own_postgresql.start()
        await cluster.until("main", "Ready")
        status = (await cluster.get(f"{OURS}/site/opsdatabases/main"))["status"]
        assert status.get("unreachableSince") is None


async def test_configuration_is_applied_soon_after_the_database_came_back(
    cluster: FakeCluster, operator: Running, own_postgresql: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interval of a configuration is for looking at what is right; trouble is looked at sooner."""
    monkeypatch.setattr(controller, "WHILE_NOT_READY", 1.0)
    own_postgresql.start()
    schema.upgrade(own_postgresql.url)
    own_postgresql.kill()
    await cluster.secret("owner", url=own_postgresql.url)
    files = {path.name: path.read_text(encoding="utf-8") for path in CONFIGURATION.glob("*.yaml")}
    await cluster.database(interval="1h")
    with operator():
        await cluster.until("main", "DatabaseUnreachable")
        await cluster.configuration(mode="apply", interval="1h", source={"inline": files})
        await cluster.until("observatory", "DatabaseUnreachable", plural="siteconfigurations")
        own_postgresql.start()
        await cluster.until("observatory", "Ready", plural="siteconfigurations")


async def test_asks_for_no_more_than_the_rights_it_names(
    cluster: FakeCluster, operator: Running, postgresql_url: str
) -> None:
    await cluster.secret("owner", url=postgresql_url)
    await cluster.configuration()
    with operator():
        await cluster.database()
        await cluster.until("main", "Ready")
        await cluster.until("observatory", "SourceMissing", plural="siteconfigurations")
        await cluster.until_event("main", "Normal", "UpToDate")
    readme = (TESTS.parent / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Rights")[1].split("\n## ")[0]
    granted = {
        (group.replace("core", ""), resource, verb)
        for group, resources, verbs in re.findall(r"^\| `?([\w.-]+)`? \| ([^|]+) \| ([a-z, ]+)", table, re.M)
        for resource in re.findall(r"`([a-z/]+)`", resources)
        for verb in verbs.strip().split(", ")
        if group != "kopf.dev"
    }
    assert cluster.rights_used("kopf") | cluster.rights_used("ccat-operator") == granted


async def test_second_resource_for_one_database_is_refused(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    await cluster.database("younger", created="2026-06-01T00:00:00Z")
    await cluster.database("older", created="2026-05-01T00:00:00Z")
    with operator():
        taken = await cluster.until("younger", "DatabaseTaken")
        assert "site/older" in taken["message"]
        await cluster.until("older", "Ready")
        await cluster.delete(f"{OURS}/site/opsdatabases/older")
        await cluster.until("younger", "Ready")
    assert revision_of(ops_database) == HEAD


async def test_deleted_resource_leaves_everything_as_it_is(
    cluster: FakeCluster, operator: Running, configured_database: str
) -> None:
    await cluster.secret("owner", url=configured_database)
    before = query(configured_database, "SELECT count(*) FROM data_location")
    with operator():
        await cluster.database()
        await cluster.until("main", "Ready")
        await cluster.delete(f"{OURS}/site/opsdatabases/main")
        await cluster.database("next")
        await cluster.until("next", "Ready")
    assert query(configured_database, "SELECT count(*) FROM data_location") == before
    assert [one for one in cluster.requests("DELETE", "/") if "opsdatabases" not in str(one.url)] == []


async def test_spec_that_the_models_refuse_is_told(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    with operator():
        await cluster.database(interval="soon")
        invalid = await cluster.until("main", "InvalidSpec")
        assert "spec.interval" in invalid["message"]
        change = {"metadata": {"generation": 2}, "spec": {"interval": "1s"}}
        await cluster.patch(f"{OURS}/site/opsdatabases/main", change)
        await cluster.until("main", "Ready")


async def test_younger_resource_waits_only_until_the_older_was_looked_at(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    await cluster.database("older", created="2026-05-01T00:00:00Z", connection={})
    await cluster.database("younger", created="2026-06-01T00:00:00Z", interval="1h")
    with operator():
        await cluster.until("older", "InvalidSpec")
        await cluster.until("younger", "Ready")


async def test_status_is_written_only_when_it_changed(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    with operator():
        await cluster.database()
        await cluster.until("main", "Ready")
        written = len(cluster.requests("PATCH", "/status"))
        looks = len(cluster.requests("GET", "/secrets/owner"))
        await cluster.eventually(lambda: len(cluster.requests("GET", "/secrets/owner")) >= looks + 5)
        assert len(cluster.requests("PATCH", "/status")) == written


@pytest.mark.long
async def test_two_operators_make_one_job(
    cluster: FakeCluster, operator: Running, postgresql_url: str
) -> None:
    await cluster.secret("owner", url=postgresql_url)
    with operator(), operator():
        await cluster.database()
        await cluster.until("main", "Ready")
    assert cluster.jobs_run == [f"main-migrate-{HEAD}"]
    assert revision_of(postgresql_url) == HEAD


@pytest.mark.long
async def test_operator_that_ends_in_the_middle_is_taken_over_from(
    cluster: FakeCluster, operator: Running, postgresql_url: str
) -> None:
    cluster.run_jobs_by_hand()
    await cluster.secret("owner", url=postgresql_url)
    await cluster.database()
    with operator():
        await cluster.until("main", "Migrating")
    await cluster.run_waiting_jobs()
    with operator():
        await cluster.until("main", "Ready")
    assert cluster.jobs_run == [f"main-migrate-{HEAD}"]


async def test_each_change_that_is_applied_is_told(
    cluster: FakeCluster, operator: Running, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    files = {path.name: path.read_text(encoding="utf-8") for path in CONFIGURATION.glob("*.yaml")}
    await cluster.database()
    with operator():
        await cluster.configuration(mode="apply", source={"inline": files})
        await cluster.until_event("observatory", "Normal", "Applied")
        files["sites.yaml"] = files["sites.yaml"].replace("name: Cornell", "name: Ithaca")
        change = {"metadata": {"generation": 2}, "spec": {"source": {"inline": files}}}
        await cluster.patch(f"{OURS}/site/siteconfigurations/observatory", change)
        await cluster.until_told("applied: 0 to create, 1 to change, 0 to retire")
    assert query(ops_database, "SELECT name FROM site WHERE id = 'us'") == [("Ithaca",)]


async def test_drift_is_told_and_corrected(
    cluster: FakeCluster, operator: Running, configured_database: str
) -> None:
    await cluster.secret("owner", url=configured_database)
    files = {path.name: path.read_text(encoding="utf-8") for path in CONFIGURATION.glob("*.yaml")}
    await cluster.apply(
        "/api/v1/namespaces/site/configmaps",
        {"metadata": {"name": "files", "namespace": "site"}, "data": files},
    )
    await cluster.database()
    await cluster.configuration(mode="apply")
    with operator():
        await cluster.until("observatory", "Ready", plural="siteconfigurations")
        query(configured_database, "UPDATE site SET name = 'By hand' WHERE id = 'us'")
        await cluster.until("observatory", "Drifted", plural="siteconfigurations")
        change = {"metadata": {"generation": 2}, "spec": {"drift": "correct"}}
        await cluster.patch(f"{OURS}/site/siteconfigurations/observatory", change)
        await cluster.until("observatory", "Ready", plural="siteconfigurations")
    assert query(configured_database, "SELECT name FROM site WHERE id = 'us'") == [("Cornell",)]


@pytest.fixture(autouse=True)
def _metrics_of_one_test() -> Iterator[None]:
    from ccat_operator.handlers import metrics

    yield
    for metric in (metrics.CONDITION, metrics.PENDING, metrics.PLANNED, metrics.DRIFTED, metrics.FAILURES):
        metric.clear()
