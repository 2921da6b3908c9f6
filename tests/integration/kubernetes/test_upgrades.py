"""Later releases are installed over a site that works, in this order: a schema never goes back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pytest
from harness.deployment import Deployment
from harness.flow import LetFlow, NothingLost
from harness.installation import note
from harness.kubernetes import GROUP, RELEASE, Site, condition_of
from harness.load import Load
from harness.operators import assert_drift_is_told, kill_leader
from harness.waiting import wait_for, wait_until

GATE = 4711
"""Key of the lock that the revision u4 waits for."""


@pytest.mark.usefixtures("later")
def test_upgrade_under_load_fails_no_request(
    site: Site,
    later: Mapping[str, str],
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    """From this release with its schema to one with two revisions more, whose services wait for them."""
    site.wait_ready()
    flowing = [let("upgrade-before")]
    with Load(deployment) as load:
        wait_until("there is load", lambda: load.reads > 20 and load.writes > 4)
        site.upgrade(tag=later["next"])
        flowing.append(let("upgrade-meanwhile"))
        site.wait_ready()
        flowing.append(let("upgrade-after"))
    note(
        site.cluster.build,
        "requests while upgrading",
        f"({len(load.failures)} failed)",
        load.reads + load.writes,
    )
    assert load.failures == []
    assert _revision(site) == "u2"
    assert {image.rpartition(":")[2] for image in _images(site)} == {later["next"]}
    for one in flowing:
        nothing_lost(one)


def test_rollback_serves_with_the_newer_schema(
    site: Site,
    later: Mapping[str, str],
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    """The older operator refuses a schema that it does not know, and says so; the services work."""
    _be_at(site, later["next"])
    with Load(deployment) as load:
        site.rollback(site.revision() - 1)
        told = site.wait_condition("opsdatabase", "Ready", lambda it: it["reason"] == "UnknownRevision")
        wait_until(
            "the older services run", lambda: set(site.unready()) <= {"opsdatabase", "siteconfiguration"}, 300
        )
    assert load.failures == []
    assert "u2" in told["message"]
    assert later["next"] not in {image.rpartition(":")[2] for image in _images(site)}
    nothing_lost(let("rolled-back"))
    _be_at(site, later["next"])
    assert _revision(site) == "u2"


def test_a_migration_that_fails_is_told_and_the_old_release_serves(
    site: Site,
    later: Mapping[str, str],
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    _be_at(site, later["next"])
    with Load(deployment) as load:
        site.upgrade(tag=later["broken"])
        told = site.wait_condition("opsdatabase", "Migrated", lambda it: it["reason"] == "MigrationFailed")
        nothing_lost(let("migration-failed"))
        old = [
            pod for pod in site.pods("ops-db-api") if later["next"] in pod["spec"]["containers"][0]["image"]
        ]
        assert len(old) == 2, "those that serve are of the old release"
        site.rollback(site.revision() - 1)
        site.wait_ready()
    assert load.failures == []
    for word in ("b1", "22012", "SELECT 1 / (SELECT 0)"):
        assert word in told["message"], told
    assert _revision(site) == "u2"
    assert site.query("SELECT to_regclass('half_done')") == [(None,)]


def test_a_revision_that_destroys_waits_for_approval(
    site: Site,
    later: Mapping[str, str],
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    _be_at(site, later["next"])
    with Load(deployment) as load:
        site.upgrade(tag=later["contract"])
        told = site.wait_condition("opsdatabase", "Approved", lambda it: it["reason"] == "WaitingForApproval")
        # What is waited for is not needed by anybody: the new services run.
        wait_until(
            "the services run", lambda: set(site.unready()) <= {"opsdatabase", "siteconfiguration"}, 420
        )
        assert _revision(site) == "u2"
        assert _jobs(site, "u3") == []
        approve = f"{GROUP}/approve"
        assert f"{approve}=u3" in told["message"]
        site.kubectl("annotate", "--overwrite", "opsdb", "default", f"{approve}=nonsense")
        site.wait_condition("opsdatabase", "Approved", lambda it: "nonsense" in it["message"])
        assert _revision(site) == "u2"
        site.kubectl("annotate", "--overwrite", "opsdb", "default", f"{approve}=u3")
        site.wait_ready()
    assert load.failures == []
    assert _revision(site) == "u3"
    backed_up = condition_of(site.resource("opsdatabase"), "BackedUp")
    assert (backed_up["status"], backed_up["reason"]) == ("True", "BackedUp")
    assert site.resource("opsdatabase")["status"]["history"][0]["backup"]
    nothing_lost(let("approved"))


def test_operator_and_migration_killed_in_the_middle(
    site: Site,
    later: Mapping[str, str],
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    """The operator dies while the Job works, then the Job's pod: the end is the same."""
    if _revision(site) != "u3":
        _be_at(site, later["contract"], approve="u3")
    with Load(deployment) as load:
        with _gate_closed(site):
            site.upgrade(tag=later["slow"])
            _wait_in_the_middle(site)
            site.kill("operator")
            flowing = let("killed-in-the-middle")
            [pod] = _pods_of(site, "u4")
            _kill(site, pod)
            wait_until(
                "another pod takes over", lambda: [it for it in _pods_of(site, "u4") if it != pod], 240
            )
            _wait_in_the_middle(site)
            assert site.query("SELECT to_regclass('waited')") == [(None,)], "nothing of it is committed"
        site.wait_ready()
    assert load.failures == []
    assert _revision(site) == "u4"
    assert site.query("SELECT count(*) FROM waited") == [(1,)]
    assert len(_jobs(site, "u4")) == 1
    history = [it["revision"] for it in site.resource("opsdatabase")["status"]["history"]]
    assert history.count("u4") == 1, history
    nothing_lost(flowing)


def test_two_operators_take_turns(site: Site, later: Mapping[str, str]) -> None:
    """The one that leads is killed; the other goes on, and nothing is done twice."""
    tag = later["slow"]
    site.upgrade("operator.replicas=2", tag=tag)
    site.wait_ready()
    wait_for("two operators", lambda: _names(site, "operator"), lambda names: len(names) == 2)
    applied = "SELECT count(*) FROM configuration_revision"
    [(before,)] = site.query(applied)
    kill_leader(site, f"kopfpeering/{RELEASE}-operator")
    assert_drift_is_told(site)
    assert site.query(applied) == [(before,)]
    site.wait_ready()


def _be_at(site: Site, tag: str, approve: str | None = None) -> None:
    """Install a release, if it is not the one that runs, and wait until all is ready."""
    if {image.rpartition(":")[2] for image in _images(site)} != {tag} or site.unready():
        site.upgrade(tag=tag)
        if approve:
            site.kubectl("annotate", "--overwrite", "opsdb", "default", f"{GROUP}/approve={approve}")
    site.wait_ready()


def _revision(site: Site) -> str:
    [(revision,)] = site.query("SELECT version_num FROM alembic_version")
    return str(revision)


def _images(site: Site) -> set[str]:
    found = site.get("deployments")["items"]
    return {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in found}


def _jobs(site: Site, revision: str) -> list[str]:
    annotation = f"{GROUP}/revision"
    found = site.get("jobs")["items"]
    return [
        it["metadata"]["name"]
        for it in found
        if it["metadata"].get("annotations", {}).get(annotation) == revision
    ]


def _pods_of(site: Site, revision: str) -> list[str]:
    """Return the pods of the Job of a revision that are not over."""
    [job] = _jobs(site, revision)
    pods = site.get("pods", f"--selector=job-name={job}")["items"]
    return [
        it["metadata"]["name"]
        for it in pods
        if it["status"]["phase"] in ("Pending", "Running") and "deletionTimestamp" not in it["metadata"]
    ]


def _names(site: Site, component: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in site.pods(component)]


def _kill(site: Site, *pods: str) -> None:
    site.kubectl("delete", "pod", *pods, "--grace-period=0", "--force", "--wait=false")


@contextmanager
def _gate_closed(site: Site) -> Iterator[None]:
    """Hold what the revision u4 waits for."""
    with psycopg.connect(site.database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (GATE,))
        yield


def _wait_in_the_middle(site: Site) -> None:
    wait_for(
        "a migration waits in the middle of u4",
        lambda: site.query(
            "SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE 'DO $$ BEGIN WHILE%%'"
        ),
        lambda rows: len(rows) == 1,
        300,
    )
