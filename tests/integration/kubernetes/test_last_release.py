"""A site of the last release becomes one of this release, under load."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.flow import assert_nothing_lost, let_flow
from harness.installation import another_site, note
from harness.journey import NewFolder
from harness.kubernetes import Site
from harness.last_release import IMAGE_TAG, make_last_release
from harness.load import Load
from harness.waiting import wait_until


@pytest.fixture
def older(site: Site) -> Iterator[Site]:
    """A site of the last release, in another namespace of the cluster."""
    release = make_last_release(site.cluster.build)
    site.cluster.load(release.images)
    with another_site(site, "older") as older:
        older.upgrade(tag=IMAGE_TAG, chart=release.chart)
        older.wait_ready()
        yield older


@pytest.mark.needs_release
def test_an_upgrade_from_the_last_release_fails_no_request(older: Site, tmp_path: Path) -> None:
    deployment = older.deployment()
    person, instrument = (
        Ccat(deployment, tmp_path, token) for token in (deployment.token, deployment.instrument_token)
    )
    new_folder = NewFolder(deployment)
    flowing = [let_flow("last-before", deployment, instrument, new_folder)]
    with Load(deployment) as load:
        wait_until("there is load", lambda: load.reads > 20 and load.writes > 4)
        older.upgrade()
        flowing.append(let_flow("last-meanwhile", deployment, instrument, new_folder))
        older.wait_ready()
    requests = load.reads + load.writes
    note(older.cluster.build, "requests while upgrading from the last release", "", requests)
    assert load.failures == []
    with Api(deployment, deployment.token) as api:
        for one in flowing:
            assert_nothing_lost(one, older.database_url, deployment, person, api, Archive(deployment))
