"""Whether an operator looks after a site, and which of two it is."""

from harness.kubernetes import Site


def assert_drift_is_told(site: Site) -> None:
    """Change a row by hand and put it back: the operator tells the one and the other."""
    site.query("UPDATE site SET name = 'by hand' WHERE id = 'us'")
    try:
        site.wait_condition("siteconfiguration", "Drifted", lambda it: it["status"] == "True")
    finally:
        site.query("UPDATE site SET name = 'Cornell' WHERE id = 'us'")
    site.wait_condition("siteconfiguration", "Drifted", lambda it: it["status"] == "False")


def kill_leader(operators: Site, peering: str) -> None:
    """Kill the operator with the highest priority, as the kernel does when memory is short.

    Parameters
    ----------
    operators
        Where their pods are.
    peering
        Kind and name of the peering among which they take turns.
    """
    peers = operators.get(peering)["status"]
    leading = max(peers, key=lambda peer: int(peers[peer]["priority"]))
    names = [pod["metadata"]["name"] for pod in operators.pods("operator")]
    [leader] = [name for name in names if name in leading]
    operators.kubectl("delete", "pod", leader, "--grace-period=0", "--force", "--wait=false")
