"""Changes to a site that runs: wrong ones are refused, and what is changed past its files is seen."""

import time
from collections.abc import Iterator

import pytest
from harness.cluster import TAG
from harness.installation import note
from harness.kubernetes import RELEASE, Site
from harness.waiting import wait_for


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("data-transfer.workerDefaults.replcas=2", "replcas"),
        ("global.enviroment=development", "enviroment"),
        ("opsDatabase.approval=sometimes", "approval"),
        ("operator.replicas=many", "replicas"),
        ("data-transfer.workers.telescope.sight=ccat", "sight"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(site: Site, setting: str, named: str) -> None:
    revision = site.revision()
    before = _generations(site)
    done = site.cluster.try_to("helm", *site.upgrade_command(setting))
    assert done.returncode != 0, done.stdout
    assert named in done.stderr, done.stderr
    assert site.revision() == revision
    assert _generations(site) == before


def test_the_api_server_refuses_a_resource_that_cannot_be(site: Site) -> None:
    patch = '{"spec": {"migrations": {"backup": {"before": "always", "volumeClaim": null}}}}'
    command = ["patch", "opsdb", "default", "--type=merge", f"--patch={patch}"]
    done = site.cluster.try_to("kubectl", f"--namespace={site.namespace}", *command)
    assert done.returncode != 0
    assert "volumeClaim" in done.stderr


@pytest.fixture
def changed_by_hand(site: Site) -> Iterator[tuple[str, str]]:
    """The name of a site as it was applied, and as somebody changed it in the database."""
    site.wait_ready()
    [(applied,)] = site.query("SELECT name FROM site WHERE id = 'cologne'")
    site.query("UPDATE site SET name = 'Köln, by hand' WHERE id = 'cologne'")
    try:
        yield applied, "Köln, by hand"
    finally:
        site.query("UPDATE site SET name = %(name)s WHERE id = 'cologne'", name=applied)
        site.upgrade()
        site.wait_ready()


def test_a_row_changed_by_hand_is_told_with_both_values(site: Site, changed_by_hand: tuple[str, str]) -> None:
    applied, now = changed_by_hand
    site.wait_condition("siteconfiguration", "Drifted", lambda it: it["status"] == "True")
    expected = {"kind": "sites", "key": "cologne", "field": "name", "applied": applied, "now": now}
    assert site.resource("siteconfiguration")["status"]["drift"] == [expected]
    assert site.query("SELECT name FROM site WHERE id = 'cologne'") == [(now,)]


def test_drift_is_corrected_where_that_is_wanted(site: Site, changed_by_hand: tuple[str, str]) -> None:
    applied, _ = changed_by_hand
    site.upgrade("siteConfiguration.drift=correct")
    wait_for(
        "the row is as the files say",
        lambda: site.query("SELECT name FROM site WHERE id = 'cologne'"),
        lambda rows: rows == [(applied,)],
    )
    site.wait_condition("siteconfiguration", "Drifted", lambda it: it["status"] == "False")


def test_a_change_of_the_files_is_applied_and_told(site: Site) -> None:
    """And a person sees it soon: how soon is printed."""
    site.wait_ready()
    files = site.get("configmap", "data-center-config")["data"]
    wrong = files["sites.yaml"].replace("name: Cornell", "name: Ithaca\n    latitute: 1.0", 1)
    assert wrong != files["sites.yaml"]
    try:
        begun = time.monotonic()
        _put(site, {**files, "sites.yaml": wrong})
        told = site.wait_condition("siteconfiguration", "Valid", lambda it: it["status"] == "False")
        note(site.cluster.build, "change visible in status", "s", time.monotonic() - begun)
        assert "latitute" in told["message"]
        assert "sites.yaml" in told["message"]
        assert site.query("SELECT name FROM site WHERE id = 'us'") == [("Cornell",)]
        _put(site, {**files, "sites.yaml": files["sites.yaml"].replace("name: Cornell", "name: Ithaca", 1)})
        wait_for(
            "it is applied",
            lambda: site.query("SELECT name FROM site WHERE id = 'us'"),
            lambda rows: rows == [("Ithaca",)],
        )
    finally:
        _put(site, files)
        site.wait_ready()


def test_what_the_operator_uses_is_printed(site: Site) -> None:
    """Its own metrics, over the time in which the suite looked at changes."""
    asked = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9100/metrics').read().decode())"
    text = site.kubectl("exec", f"deployment/{RELEASE}-operator", "--", "python", "-c", asked)
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    metrics = {line[0]: float(line[1]) for line in lines if line[0].startswith("process_")}
    lived = time.time() - metrics["process_start_time_seconds"]
    note(site.cluster.build, "operator", "MB", metrics["process_resident_memory_bytes"] / 1e6)
    note(
        site.cluster.build,
        "operator, looking every 5 s",
        "millicores",
        1000 * metrics["process_cpu_seconds_total"] / lived,
    )
    assert metrics["process_resident_memory_bytes"] < 256 * 1024**2, "its limit"
    assert (
        TAG
        in site.get("deployment", f"{RELEASE}-operator")["spec"]["template"]["spec"]["containers"][0]["image"]
    )


def _generations(site: Site) -> dict[str, int]:
    found = site.get("deployments,statefulsets,opsdatabases,siteconfigurations")["items"]
    return {it["metadata"]["uid"]: it["metadata"]["generation"] for it in found}


def _put(site: Site, files: dict[str, str]) -> None:
    metadata = {"name": "data-center-config", "namespace": site.namespace}
    site.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files})
