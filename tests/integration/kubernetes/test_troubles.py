"""What goes wrong around a site: its resource says what, nothing is lost, and it comes back by itself."""

from collections.abc import Iterator

import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.flow import assert_nothing_lost, let_flow
from harness.journey import NewFolder
from harness.kubernetes import GROUP, RELEASE, Site

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
    deployment: Deployment,
    instrument: Ccat,
    ccat: Ccat,
    api: Api,
    archive: Archive,
    new_folder: NewFolder,
) -> None:
    site.wait_ready()
    flowing = let_flow("database-away", deployment, instrument, new_folder)
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
    assert_nothing_lost(flowing, site.database_url, deployment, ccat, api, archive)


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
