"""`reconcile_database` by pairs of YAML, against a real PostgreSQL."""

import os
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import URL

from ccat_dev_stack.testing import NewDatabase
from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.database import OtherDatabase, Surroundings, reconcile_database
from ccat_operator.reconcile.facts import read_facts
from ccat_operator.reconcile.jobs import MigrationJob, Phase
from ccat_operator.reconcile.migration import Result
from ccat_operator.resources import OpsDatabase
from ccat_operator.resources.common import as_written
from ccat_ops_db import schema
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous

from . import cases
from .conftest import query

SPEC: dict[str, Any] = {
    "connection": {"secretRef": {"name": "main-owner"}},
    "migrations": {"backup": {"volumeClaim": "backups"}},
}
METADATA = {"name": "main", "namespace": "site", "generation": 3}


@pytest.mark.parametrize("name", cases.names("database"))
def test_case(name: str, new_database: NewDatabase, migrated_template: str) -> None:
    state = cases.state("database", name)
    address = new_database(template=None if state.get("revision") == "empty" else migrated_template)
    _prepare(address, state)
    url = synchronous(address)
    case = cases.read("database", name, url)
    identity = _identity(url)
    resource = OpsDatabase.model_validate(
        {
            "metadata": {**METADATA, **case.get("metadata", {})},
            "spec": {**SPEC, **case.get("spec", {})},
            "status": case.get("status", {}),
        }
    )
    around = _surroundings(case, url, identity)
    now = datetime.fromisoformat(case.get("now", "2026-11-21T12:00:00Z"))
    outcome = reconcile_database(resource, around, now)
    again = resource.model_copy(update={"status": outcome.status})
    assert reconcile_database(again, around, now) == outcome, "looking twice says the same"
    order = outcome.order
    out = {
        "status": as_written(outcome.status),
        "order": None if order is None else {"revision": order.revision, "backsUp": order.backs_up},
    }
    found = cases.shown(out, url)
    if os.environ.get("REWRITE_CASES"):
        cases.rewrite("database", name, found)
    assert found == cases.shown(case["expect"], url)


def _prepare(url: str, state: dict[str, Any]) -> None:
    if state.get("revision", "head") not in {"head", "empty"}:
        schema.upgrade(url, state["revision"], more=cases.folder(state.get("more")))
    for statement in state.get("sql", []):
        query(url, statement)


def _identity(url: URL) -> str:
    engine = create_engine(url, null_pool=True)
    with engine.connect() as connection:
        found = read_facts(connection).identity
    engine.dispose()
    return found


def _surroundings(case: dict[str, Any], url: URL, identity: str) -> Surroundings:
    given = case.get("around", {})
    address = url.set(**given.get("address", {})).render_as_string(hide_password=False)
    secret = Secret("the key url of the Secret site/main-owner", given.get("secret", address))
    if problem := given.get("secretProblem"):
        secret = Secret("the key url of the Secret site/main-owner", None, problem)
    return Surroundings(
        connection=secret,
        jobs=[
            MigrationJob(
                name=job["name"],
                revision=job["revision"],
                phase=Phase(job["phase"]),
                started=datetime.fromisoformat(job["started"]) if "started" in job else None,
                result=Result.model_validate(job["result"]) if "result" in job else None,
                trouble=job.get("trouble"),
            )
            for job in given.get("jobs", [])
        ],
        older=[
            OtherDatabase(
                other["key"],
                identity if other.get("database") == "same" else other.get("database"),
                other.get("lookedAt", True),
            )
            for other in given.get("older", [])
        ],
        approved=given.get("approved"),
        more=cases.folder(case.get("more")),
    )
