"""Network policies: exactly the ways of the architecture, and no other."""

import pytest

from .rendering import CHARTS, Object, Renderer

# In the values with every option each kind of peer has ports of its own.
PORTS = {53: "DNS", 5433: "database", 6380: "broker", 8333: "storage", 443: "storage", 6443: "API server"}
PORTS |= {8000: "API", 8100: "data servers"}
CLIENTS, MONITORING, INTERFACE = "ingress", "prometheus", "ops-db-ui"

WAYS: dict[str, tuple[set[str], set[tuple[int, str]]]] = {
    "ops-db-api": ({"DNS", "database", "broker"}, {(8000, CLIENTS), (8000, MONITORING), (8000, INTERFACE)}),
    "ops-db-ui": ({"DNS", "API", "data servers"}, {(8080, CLIENTS)}),
    "data-transfer-planner": ({"DNS", "database", "broker"}, {(9100, MONITORING)}),
    "data-transfer-worker-all": ({"DNS", "database", "broker", "storage"}, {(9100, MONITORING)}),
    "data-transfer-worker-archiving": ({"DNS", "database", "broker", "storage"}, {(9100, MONITORING)}),
    "data-transfer-worker-small": ({"DNS", "database", "broker", "storage"}, {(9100, MONITORING)}),
    "data-transfer-data-server-cologne": (
        {"DNS", "database", "storage"},
        {(8100, CLIENTS), (8100, MONITORING), (8100, INTERFACE)},
    ),
    "data-transfer-data-server-us": (
        {"DNS", "database", "storage"},
        {(8100, CLIENTS), (8100, MONITORING), (8100, INTERFACE)},
    ),
    "data-transfer-doctor": ({"DNS", "database", "broker", "storage"}, set()),
    "operator": ({"DNS", "database", "API server"}, {(9100, MONITORING)}),
    "ccat-migration": ({"DNS", "database"}, set()),
    "crds": ({"DNS", "API server"}, set()),
    "backup": ({"DNS", "database"}, set()),
    "restore": ({"DNS", "database"}, set()),
    "default-deny": (set(), set()),
}


@pytest.fixture(scope="module")
def policies(renderer: Renderer) -> dict[str, Object]:
    values = str(CHARTS / "data-center" / "ci" / "every-option.yaml")
    return {
        item["metadata"]["name"].removeprefix("data-center-"): item["spec"]
        for item in renderer.objects("data-center", "--values", values)
        if item["kind"] == "NetworkPolicy"
    }


def test_all_are_known(policies: dict[str, Object]) -> None:
    assert {name for name in policies if not name.startswith("dev-services")} == WAYS.keys()


@pytest.mark.parametrize("name", WAYS)
def test_ways_outwards(name: str, policies: dict[str, Object]) -> None:
    ports = {port["port"] for rule in policies[name].get("egress", []) for port in rule["ports"]}
    assert {PORTS[port] for port in ports} == WAYS[name][0]
    assert all(rule["to"] for rule in policies[name].get("egress", []))


@pytest.mark.parametrize("name", WAYS)
def test_ways_inwards(name: str, policies: dict[str, Object]) -> None:
    found = {
        (port["port"], who(peer))
        for rule in policies[name].get("ingress", [])
        for port in rule["ports"]
        for peer in rule["from"]
    }
    assert found == WAYS[name][1]


def who(peer: Object) -> str:
    """Return the namespace of a peer, or the name of a chart of ours."""
    if "namespaceSelector" in peer:
        return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    labels = peer["podSelector"]["matchLabels"]
    assert labels["app.kubernetes.io/instance"] == "data-center"
    return str(labels["app.kubernetes.io/name"])


def test_without_the_operator_jobs_reach_the_database_only(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "examples" / "existing-database.yaml")
    objects = renderer.objects("data-center", "--values", values)
    for component in ("migration", "configure"):
        (spec,) = [
            item["spec"]
            for item in objects
            if item["kind"] == "NetworkPolicy" and item["metadata"]["name"] == f"data-center-{component}"
        ]
        assert [port["port"] for rule in spec["egress"] for port in rule["ports"]] == [53, 53, 6432]
        assert "ingress" not in spec


def test_they_can_be_left_out(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "every-option.yaml")
    off = renderer.objects("data-center", "--values", values, "--set", "global.networkPolicy.enabled=false")
    assert "NetworkPolicy" not in {item["kind"] for item in off}
