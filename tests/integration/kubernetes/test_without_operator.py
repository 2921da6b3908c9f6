"""A second site in a cluster, where no operator may run: Jobs do its work, and nothing reaches over."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.flow import assert_nothing_lost, let_flow
from harness.installation import another_site
from harness.journey import NewFolder
from harness.kubernetes import RELEASE, Site
from harness.waiting import wait_until

WITHOUT = "operator.enabled=false"


@pytest.fixture(scope="module")
def second(site: Site) -> Iterator[Site]:
    """Another namespace of the same cluster."""
    with another_site(site, "second") as second:
        second.upgrade(WITHOUT)
        yield second


def test_jobs_migrate_and_configure_and_files_flow(second: Site, tmp_path: Path) -> None:
    wait_until("everything is ready", lambda: not second.unready(), 420)
    assert second.get("opsdatabases,siteconfigurations")["items"] == []
    assert not second.pods("operator")
    assert second.get("roles,rolebindings")["items"] == []
    jobs = {it["metadata"]["name"]: it["status"].get("succeeded") for it in second.get("jobs")["items"]}
    assert len(jobs) == 2
    assert set(jobs.values()) == {1}
    deployment = second.deployment()
    person, instrument = (
        Ccat(deployment, tmp_path, token) for token in (deployment.token, deployment.instrument_token)
    )
    new_folder = NewFolder(deployment)
    flowing = let_flow("without-operator", deployment, instrument, new_folder)
    with Api(deployment, deployment.token) as api:
        assert_nothing_lost(flowing, second.database_url, deployment, person, api, Archive(deployment))


def test_the_same_command_again_changes_nothing(second: Site) -> None:
    wait_until("everything is ready", lambda: not second.unready(), 420)
    before = {it["metadata"]["uid"] for it in second.get("jobs")["items"]}
    second.upgrade(WITHOUT)
    assert {it["metadata"]["uid"] for it in second.get("jobs")["items"]} == before
    assert second.unready() == {}


def test_the_release_of_the_other_site_is_not_touched(site: Site, second: Site) -> None:
    assert second.revision() >= 1
    site.wait_ready()
    assert RELEASE in site.get("deployment", f"{RELEASE}-ops-db-api")["metadata"]["name"]
