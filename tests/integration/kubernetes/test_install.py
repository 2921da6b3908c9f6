"""A site after ``helm upgrade --install``: everything ready, locked down, and told in two resources."""

import pytest
from harness.cluster import TAG
from harness.kubernetes import RELEASE, Site, condition_of


@pytest.mark.parametrize(
    ("kind", "conditions"),
    [
        ("opsdatabase", {"Ready": "True", "Migrated": "True", "Approved": "True", "BackedUp": "True"}),
        ("siteconfiguration", {"Ready": "True", "Valid": "True", "Applied": "True", "Drifted": "False"}),
    ],
)
def test_both_resources_say_so(site: Site, kind: str, conditions: dict[str, str]) -> None:
    site.wait_ready()
    resource = site.resource(kind)
    found = {name: condition_of(resource, name).get("status") for name in conditions}
    assert found == conditions, resource["status"]
    assert resource["status"]["observedGeneration"] == resource["metadata"]["generation"]


def test_the_schema_is_what_the_resource_says(site: Site) -> None:
    [(revision,)] = site.query("SELECT version_num FROM alembic_version")
    status = site.resource("opsdatabase")["status"]
    assert (status["currentRevision"], status["targetRevision"], status["pending"]) == (
        revision,
        revision,
        [],
    )


def test_a_person_sees_it_in_one_line(site: Site) -> None:
    heading, line = site.kubectl("get", "opsdb").splitlines()
    assert heading.split()[:4] == ["NAME", "READY", "REVISION", "TARGET"]
    assert line.split()[:2] == ["default", "True"]


def test_the_configuration_is_in_the_database(site: Site) -> None:
    rows = dict(site.query("SELECT id, enabled FROM site"))
    assert rows["ccat"]
    assert rows["cologne"]
    assert not rows["us"]


def test_each_container_is_locked_down(site: Site) -> None:
    """The namespace lets nothing else in; a read-only root is more than it asks for."""
    pods = site.pods()
    assert len(pods) == 12
    for pod in pods:
        assert pod["spec"]["securityContext"]["runAsNonRoot"], pod["metadata"]["name"]
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], pod["metadata"]["name"]
            assert container["resources"]["limits"]["memory"], pod["metadata"]["name"]


def test_the_namespace_admits_only_restricted_pods(site: Site) -> None:
    command = ["run", "open", f"--image=ccatobs/operator:{TAG}", "--dry-run=server"]
    done = site.cluster.try_to("kubectl", f"--namespace={site.namespace}", *command)
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted' in done.stderr


def test_services_use_a_role_that_changes_no_table(site: Site) -> None:
    [(owner,)] = site.query("SELECT tableowner FROM pg_tables WHERE tablename = 'raw_data_package'")
    users = {
        name
        for (name,) in site.query(
            "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL"
            " AND application_name NOT LIKE 'ccat-operator%%' AND pid <> pg_backend_pid()"
        )
    }
    assert "ccat_application" in users
    granted = site.query("SELECT has_schema_privilege('ccat_application', 'public', 'CREATE')")
    assert owner != "ccat_application"
    assert granted == [(False,)]


def test_the_whole_site_is_well_from_inside(site: Site) -> None:
    site.wait_ready()
    tested = site.cluster.helm("test", RELEASE, f"--namespace={site.namespace}", "--timeout=5m")
    assert "Phase:          Succeeded" in tested, tested
