"""Uninstalling a site keeps its data; installing it again finds them."""

from collections.abc import Callable, Iterator

import pytest
from harness.archive import Archive
from harness.flow import LetFlow, NothingLost
from harness.kubernetes import Site

_COUNTS = """
    SELECT (SELECT count(*) FROM executed_obs_unit), (SELECT count(*) FROM raw_data_package),
           (SELECT count(*) FROM raw_data_file), (SELECT count(*) FROM physical_copy),
           (SELECT count(*) FROM api_token), (SELECT count(*) FROM configuration_revision)
"""


@pytest.fixture
def uninstalled(site: Site) -> Iterator[Callable[[], None]]:
    """Uninstalls the site; whatever happens then, it is there again for those who come after."""
    yield site.uninstall
    site.upgrade()
    site.wait_ready()


def test_uninstall_keeps_data_and_reinstall_finds_them(
    site: Site,
    uninstalled: Callable[[], None],
    archive: Archive,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    before = let("before")
    nothing_lost(before)
    counted, objects = site.query(_COUNTS), set(archive.names())
    claims = _claims(site)
    uninstalled()
    assert _claims(site) == claims
    assert site.get("opsdatabases,siteconfigurations,secrets")["items"] == []
    site.upgrade()
    site.wait_ready()
    assert _claims(site) == claims
    assert site.query(_COUNTS) == counted
    assert set(archive.names()) == objects
    # With the tokens of before: their key is the same.
    nothing_lost(before)
    after = let("after")
    nothing_lost(after)


def _claims(site: Site) -> dict[str, str | None]:
    """Return the claims with their volumes; nothing was backed up yet, so that claim has none."""
    found = site.get("persistentvolumeclaims")["items"]
    return {it["metadata"]["name"]: it["spec"].get("volumeName") for it in found}
