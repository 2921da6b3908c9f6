"""What goes wrong around a site: its resource says what, nothing is lost, and it comes back by itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.flow import LetFlow, NothingLost
from harness.kubernetes import GROUP, RELEASE, Site
from harness.waiting import wait_for, wait_until
from sqlalchemy import make_url

POSTGRESQL = f"statefulset/{RELEASE}-dev-services-postgresql"


@pytest.fixture
def another(site: Site) -> Iterator[dict[str, object]]:
    """A second OpsDatabase, to be changed before it is made."""
    site.wait_ready()
    own = site.resource("opsdatabase")
    other = {
        "apiVersion": own["apiVersion"],
        "kind": own["kind"],
        "metadata": {"name": "another", "namespace": site.namespace},
        "spec": own["spec"],
    }
    yield other
    site.kubectl("delete", "opsdb", "another", "--ignore-not-found")
    site.wait_ready()


def test_a_second_resource_for_one_database_is_refused(site: Site, another: dict[str, object]) -> None:
    site.cluster.apply(another)
    told = site.wait_condition(
        "opsdatabase", "Ready", lambda it: it["reason"] == "DatabaseTaken", name="another"
    )
    assert f"{site.namespace}/default" in told["message"]
    assert site.unready().keys() <= {"opsdatabase"}


def test_a_secret_that_is_missing_is_named(site: Site, another: dict[str, object]) -> None:
    spec = {**site.resource("opsdatabase")["spec"], "connection": {"secretRef": {"name": "no-such-secret"}}}
    site.cluster.apply({**another, "spec": spec})
    told = site.wait_condition(
        "opsdatabase", "Ready", lambda it: it["reason"] == "SecretMissing", name="another"
    )
    assert f"{site.namespace}/no-such-secret" in told["message"]


def test_a_database_that_is_away_is_told_and_nothing_is_lost(
    site: Site,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    site.wait_ready()
    flowing = let("database-away")
    site.kubectl("scale", POSTGRESQL, "--replicas=0")
    try:
        told = site.wait_condition("opsdatabase", "Ready", lambda it: it["reason"] == "DatabaseUnreachable")
        assert told["status"] == "False"
        status = site.resource("opsdatabase")["status"]
        assert status["unreachableSince"] in told["message"]
        assert status["currentRevision"], "what was known before"
    finally:
        site.kubectl("scale", POSTGRESQL, "--replicas=1")
    site.wait_ready()
    assert "unreachableSince" not in site.resource("opsdatabase")["status"]
    nothing_lost(flowing)


@pytest.fixture
def secret_of_services(site: Site) -> Iterator[str]:
    """The Secret with the address that services use; in the end it is as the chart makes it."""
    site.wait_ready()
    yield "ccat-database"
    site.upgrade()
    # Until their files have it, services that open a connection are refused.
    _wait_until_seen(site, "ccat-database")
    site.wait_ready()


def test_a_changed_password_reaches_services_that_run(
    site: Site,
    secret_of_services: str,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    """The operator gives it to the role, the mounted file has it soon after, and no pod is restarted."""
    before = _restarts(site)
    was = make_url(site.secret(secret_of_services, "url"))
    changed = was.set(password="changed while services run").render_as_string(hide_password=False)
    site.kubectl(
        "patch", "secret", secret_of_services, f"--patch={json.dumps({'stringData': {'url': changed}})}"
    )
    assert len(before) >= 6
    assert _wait_until_seen(site, secret_of_services) == changed
    site.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ccat_application'")
    wait_until("the API answers", site.is_up, 120)
    nothing_lost(let("password-changed"))
    site.wait_ready()
    assert _restarts(site) == before


def test_deleting_the_resources_deletes_no_data(site: Site) -> None:
    """They are made again by the next upgrade; the database never noticed."""
    site.wait_ready()
    counted = site.query("SELECT count(*), max(id::text) FROM executed_obs_unit")
    revision = site.query("SELECT version_num FROM alembic_version")
    site.kubectl("delete", "opsdb,siteconf", "default", "--timeout=60s")
    assert site.query("SELECT count(*), max(id::text) FROM executed_obs_unit") == counted
    assert site.is_up()
    site.upgrade()
    site.wait_ready()
    assert site.query("SELECT version_num FROM alembic_version") == revision
    assert site.resource("opsdatabase")["apiVersion"].startswith(f"{GROUP}/")


def _has_the_address(pod: Any) -> bool:
    return any(volume["name"] == "database" for volume in pod["spec"]["volumes"])


def _wait_until_seen(site: Site, secret: str) -> str:
    """Wait until all services have the address that a Secret holds in their files; return it."""
    address = site.secret(secret, "url")
    services = [pod["metadata"]["name"] for pod in site.pods() if _has_the_address(pod)]
    wait_for(
        "everybody sees the change",
        lambda: [site.kubectl("exec", pod, "--", "cat", "/etc/ccat/database/url") for pod in services],
        lambda seen: set(seen) == {address},
        240,
        first_pause=1,
    )
    return address


def _restarts(site: Site) -> dict[str, int]:
    """Return how often each pod of a service was restarted."""
    return {
        pod["metadata"]["name"]: sum(int(it["restartCount"]) for it in pod["status"]["containerStatuses"])
        for pod in site.pods()
        if _has_the_address(pod)
    }
