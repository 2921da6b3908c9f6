"""Who is looked at again when an OpsDatabase changes, whichever comes first: answer or news of a write."""

import asyncio
from typing import Any

import pytest

from ccat_operator.handlers.cluster import Cluster
from ccat_operator.handlers.controller import Controller
from ccat_operator.handlers.leadership import Leadership
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.clock import SystemClock

CONFIGURATION = {
    "metadata": {"name": "observatory", "namespace": "site", "uid": "c", "generation": 1},
    "spec": {"databaseRef": {"name": "main"}},
}
READY = {"type": "Ready", "status": "True", "reason": "Ready"}
AWAY = {"type": "Ready", "status": "False", "reason": "DatabaseUnreachable"}


class Follower(Leadership):
    """Leads never: nothing is asked of the API server."""

    async def is_ours(self) -> bool:
        return False


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Controller:
    cluster = Cluster()
    return Controller(cluster, Follower(cluster, namespace="site"), OperatorSettings(), SystemClock())


def database(name: str = "main", **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "site", "uid": name, "generation": 1}, "status": status}


@pytest.mark.parametrize("answer_first", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, {}),
        ({"currentRevision": None}, {"currentRevision": "0001"}),
        ({"currentRevision": "0001"}, {"currentRevision": "0002"}),
        ({"conditions": [AWAY]}, {"conditions": [READY]}),
    ],
    ids=["made", "first revision", "another revision", "reachable"],
)
async def test_a_database_wakes_its_configurations(
    controller: Controller,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    answer_first: bool,
) -> None:
    controller.configuration_seen("site/observatory", CONFIGURATION)
    if before is not None:
        controller.database_seen("site/main", database(**before))
    woken: list[str] = []
    monkeypatch.setattr(controller.configurations, "wake", woken.append)
    if answer_first:
        controller.databases.wrote("site/main", after)
    controller.database_seen("site/main", database(**after))
    controller.database_seen("site/main", database(**after))
    assert woken == ["site/observatory"]
    await controller.stop()


@pytest.mark.parametrize("answer_first", [True, False])
async def test_a_database_that_was_looked_at_wakes_those_behind_it(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, answer_first: bool
) -> None:
    controller.database_seen("site/main", database())
    controller.database_seen("site/other", database("other"))
    await asyncio.sleep(0)
    woken: list[str] = []
    monkeypatch.setattr(controller.databases, "wake", woken.append)
    after: dict[str, Any] = {"database": "77/ccat", "conditions": [READY]}
    if answer_first:
        controller.databases.wrote("site/main", after)
    controller.database_seen("site/main", database(**after))
    controller.database_seen("site/main", database(**after))
    assert woken == ["site/other"]
    await controller.stop()
