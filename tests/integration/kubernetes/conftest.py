"""What the tests of a site in a cluster share: files that flow, later releases, numbers that are printed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.cluster import TAG, release_with_revisions
from harness.deployment import Deployment
from harness.flow import LetFlow, NothingLost, assert_nothing_lost, let_flow
from harness.journey import NewFolder
from harness.kubernetes import Site

REVISIONS = Path(__file__).parent / "revisions"
RELEASES = {
    "next": ("u1_add_notes", "u2_fill_notes"),
    "broken": ("u1_add_notes", "u2_fill_notes", "b1_divide_by_zero"),
    "contract": ("u1_add_notes", "u2_fill_notes", "u3_drop_notes"),
    "slow": ("u1_add_notes", "u2_fill_notes", "u3_drop_notes", "u4_wait"),
}


@pytest.fixture
def let(deployment: Deployment, instrument: Ccat, new_folder: NewFolder) -> LetFlow:
    """Let an observation flow."""
    return lambda name: let_flow(name, deployment, instrument, new_folder)


@pytest.fixture
def nothing_lost(site: Site, deployment: Deployment, ccat: Ccat, api: Api, archive: Archive) -> NothingLost:
    """Require that an observation is archived once and equal."""
    return lambda flowing: assert_nothing_lost(flowing, site.database_url, deployment, ccat, api, archive)


@pytest.fixture(scope="session")
def later(site: Site) -> Mapping[str, str]:
    """Tags of later releases by what their schema brings; their images are in the cluster."""
    tags = {name: f"{TAG}-{name}" for name in RELEASES}
    images = []
    for name, revisions in RELEASES.items():
        files = [REVISIONS / f"{revision}.py" for revision in revisions]
        images += release_with_revisions(tags[name], files, site.cluster.build / "releases")
    site.cluster.load(images)
    return tags


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    file = Path(__file__).parents[3] / "build" / "integration-kubernetes" / "numbers.json"
    if file.exists():
        terminalreporter.section("numbers")
        for what, value in json.loads(file.read_text()).items():
            terminalreporter.line(f"{what}: {value}")
