"""`reconcile_configuration` by pairs of YAML, against a real PostgreSQL."""

import os
import re
from datetime import datetime
from typing import Any

import pytest

from ccat_dev_stack.testing import NewDatabase
from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.configuration import ConfigurationSurroundings, reconcile_configuration
from ccat_operator.reconcile.sources import Layer
from ccat_operator.resources import SiteConfiguration, SiteConfigurationStatus
from ccat_operator.resources.common import as_written
from ccat_ops_db.settings import synchronous

from . import cases
from .conftest import CONFIGURATION, query

METADATA = {"name": "observatory", "namespace": "site", "generation": 2}
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(CONFIGURATION.glob("*.yaml"))}


@pytest.mark.parametrize("name", cases.names("configuration"))
def test_case(name: str, new_database: NewDatabase, migrated_template: str, configured_template: str) -> None:
    state = cases.state("configuration", name)
    template = configured_template if state.get("applied", True) else migrated_template
    postgresql_url = new_database(template=template if state.get("schema", True) else None)
    for statement in state.get("sql", []):
        query(postgresql_url, statement)
    url = synchronous(postgresql_url)
    case = cases.read("configuration", name, url)
    resource = SiteConfiguration.model_validate(
        {
            "metadata": METADATA,
            "spec": {
                "databaseRef": {"name": "main"},
                "source": {"configMapRefs": [{"name": "observatory"}]},
                **case.get("spec", {}),
            },
            "status": case.get("status", {}),
        }
    )
    given = case.get("around", {})
    address = given.get("address", postgresql_url)
    around = ConfigurationSurroundings(
        connection=Secret("the key url of the Secret site/main-owner", address) if address else None,
        layers=tuple(_layer(one) for one in given.get("layers", [{"name": "observatory"}])),
        moved=given.get("moved", ()),
        more=cases.folder(case.get("more")),
    )
    now = datetime.fromisoformat(case.get("now", "2026-11-21T13:00:00Z"))
    status = reconcile_configuration(resource, around, now)
    again = reconcile_configuration(resource.model_copy(update={"status": status}), around, now)
    assert _essence(again) == _essence(status), "looking twice says the same"
    out = {"status": as_written(status), **_after(postgresql_url, case)}
    found = _with_placeholders(cases.shown(out, url))
    if os.environ.get("REWRITE_CASES"):
        cases.rewrite("configuration", name, found)
    assert found == cases.shown(case["expect"], url)


def _layer(given: dict[str, Any]) -> Layer:
    files = dict(FILES) if given["name"] == "observatory" else {}
    files.update(given.get("files", {}))
    for name, old, new in given.get("replace", []):
        assert old in files[name], old
        files[name] = files[name].replace(old, new, 1)
    return Layer(given["name"], files, given.get("overlay", False), given.get("problem", ""))


def _essence(status: SiteConfigurationStatus) -> dict[str, tuple[str, str]]:
    """Return what must be the same at the next look; the counts of what was just applied need not."""
    return {one.type: (one.status.value, one.reason) for one in status.conditions}


def _after(url: str, case: dict[str, Any]) -> dict[str, Any]:
    """Return what the case's own query finds afterwards."""
    return {"rows": [list(row) for row in query(url, case["query"])]} if "query" in case else {}


def _with_placeholders(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what changes with every edit of the observatory's files."""
    status = found["status"]
    if "contentHash" in status:
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", status["contentHash"])
        status["contentHash"] = "<hash>"
    lines = status["plan"]["lines"]
    if len(lines) > 10:
        status["plan"]["lines"] = f"<{'fifty' if len(lines) == 50 else 'many'} lines>"
        status["plan"]["consequences"] = "<what follows>"
        status["plan"]["create"] = "<all>"
    for condition in status["conditions"]:
        condition["message"] = re.sub(r"\b\d+ entries", "<count> entries", condition["message"])
        condition["message"] = re.sub(r"\b\d\d+ to create", "<all> to create", condition["message"])
        condition["message"] = re.sub(r"yaml:\d+", "yaml:<line>", condition["message"])
    return found
