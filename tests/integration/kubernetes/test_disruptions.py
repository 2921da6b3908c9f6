"""What administrators of a cluster do to a site: drain its node, restart its API server."""

import json
import time
from collections.abc import Iterator

import pytest
from harness.ccat import Ccat
from harness.deployment import Deployment
from harness.flow import LetFlow, NothingLost
from harness.kubernetes import RELEASE, Site
from harness.load import Load
from harness.observing import wait_removed
from harness.operators import assert_drift_is_told
from harness.waiting import wait_until

TEN_MINUTES = 600
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ASIDE = "/etc/kubernetes/kube-apiserver.yaml"
"""In the node, where nobody looks for manifests."""


@pytest.fixture
def cordoned(site: Site) -> Iterator[str]:
    """The node, on which nothing new may start."""
    site.wait_ready()
    [node, *_] = [it["metadata"]["name"] for it in site.cluster.get("nodes")["items"]]
    site.cluster.kubectl("cordon", node)
    try:
        yield node
    finally:
        site.cluster.kubectl("uncordon", node)
        site.wait_ready()


def test_draining_the_only_node_leaves_an_api_that_answers(
    site: Site,
    cordoned: str,
    deployment: Deployment,
    let: LetFlow,
    nothing_lost: NothingLost,
) -> None:
    """One of the two goes, the budget keeps the other; files wait and arrive when there is a node again."""
    assert cordoned
    flowing = let("drained")
    with Load(deployment) as load:
        first, second = [pod["metadata"]["name"] for pod in site.pods("ops-db-api")]
        assert _evict(site, first) == 0
        wait_until("the first is gone", lambda: first not in _names(site, "ops-db-api"))
        assert _evict(site, second) != 0, "the budget of the API lets one go, not both"
        for component in ("planner", "worker-telescope", "worker-archive", "data-server", "operator"):
            for name in _names(site, component):
                assert _evict(site, name) == 0, name
        before = load.reads
        wait_until("it answers on", lambda: load.reads > before + 20)
    assert load.failures == []
    site.cluster.kubectl("uncordon", cordoned)
    nothing_lost(flowing)


@pytest.fixture
def without_api_server(site: Site) -> Iterator[None]:
    """A cluster whose API server is away: its manifest is put aside, and back in the end."""
    site.wait_ready()
    site.cluster.run("docker", "exec", site.cluster.node, "mv", MANIFEST, ASIDE)
    try:
        wait_until("it is away", lambda: not _api_server_answers(site), 120)
        yield
    finally:
        site.cluster.try_to("docker", "exec", site.cluster.node, "mv", ASIDE, MANIFEST)
        wait_until("it is back", lambda: _api_server_answers(site), 300)


@pytest.mark.needs_kind
def test_files_flow_without_an_api_server_and_the_operator_comes_back(
    site: Site,
    without_api_server: None,
    deployment: Deployment,
    let: LetFlow,
    ccat: Ccat,
) -> None:
    with Load(deployment) as load:
        flowing = let("no-api-server")
        wait_removed(ccat, flowing.execution_id)
    assert load.failures == []
    assert not _api_server_answers(site)


@pytest.mark.needs_kind
@pytest.mark.large
@pytest.mark.timeout(2 * TEN_MINUTES)
def test_ten_minutes_without_an_api_server(
    site: Site,
    without_api_server: None,
    deployment: Deployment,
    let: LetFlow,
    ccat: Ccat,
) -> None:
    """Longer than any watch or token of the operator lasts."""
    with Load(deployment) as load:
        flowing = [let("ten-minutes-begin")]
        time.sleep(TEN_MINUTES)
        flowing.append(let("ten-minutes-end"))
        for one in flowing:
            wait_removed(ccat, one.execution_id)
    assert load.failures == []
    assert not _api_server_answers(site)


@pytest.mark.needs_kind
def test_the_operator_works_on_after_it(site: Site) -> None:
    """A change that is made after the API server was away is seen."""
    site.wait_ready()
    assert_drift_is_told(site)


def _names(site: Site, component: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in site.pods(component) if pod["status"]["phase"] == "Running"]


def _evict(site: Site, pod: str) -> int:
    """Ask for an eviction, as ``kubectl drain`` does; return 0 if it was granted."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": site.namespace},
    }
    path = f"/api/v1/namespaces/{site.namespace}/pods/{pod}/eviction"
    done = site.cluster.try_to(
        "kubectl", "create", "--raw", path, "--filename", "-", given=json.dumps(eviction)
    )
    return done.returncode


def _api_server_answers(site: Site) -> bool:
    done = site.cluster.try_to("kubectl", "get", "--raw", "/readyz", "--request-timeout=5s")
    return (
        done.returncode == 0
        and site.cluster.try_to(
            "kubectl", f"--namespace={site.namespace}", "get", f"deployment/{RELEASE}-operator"
        ).returncode
        == 0
    )
