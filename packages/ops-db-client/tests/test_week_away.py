"""The API is away for a week while much is filed; then nothing is lost or doubled, and order is kept.

``CCAT_TEST_DEEP=1`` files 10⁵ files instead of a few, as `make test-deep` does, and prints its figures.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ccat_ops_db.models import ExecutedObsUnit, RawDataFileView
from ccat_ops_db_client.spool_file import NAME

from .conftest import Api, Received, Reply, ScriptedServer, accept, ccat_environment
from .seed import OBS_UNIT, SOURCE

STEPS = Path(__file__).with_name("week_away.py")
DEEP = "CCAT_TEST_DEEP" in os.environ
PROCESSES, EXECUTIONS, FILES = (100, 5, 200) if DEEP else (4, 2, 20)
MANY_PROCESSES, MANY_EXECUTIONS = (40, 2500) if DEEP else (4, 10)


Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(api: Api, spool_folder: Path) -> Begin:
    """Let a step begin, in a process of its own."""

    def begin_step(step: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(STEPS), step, *map(str, arguments)]
        environment = {**os.environ, **ccat_environment(api, spool_folder), **environment}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    return begin_step


def end(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a step printed."""
    printed, _ = process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(printed)
    return found


def test_nothing_is_lost_or_doubled_and_memory_stays_flat(api: Api, begin: Begin, spool_folder: Path) -> None:
    what = (OBS_UNIT, "chai-lfa", SOURCE)
    api.stop()
    executions: list[str] = []
    for _ in range(PROCESSES // 4):
        at_once = [begin("record", *what, EXECUTIONS, FILES) for _ in range(4)]
        executions += [each for process in at_once for each in end(process)["executions"]]
    one, status = end(begin("one", *what)), end(begin("status"))
    assert status["count"] == len(executions) * (FILES + 2) + 6
    full = (spool_folder / NAME).stat().st_size
    api.start()
    done = end(begin("replay"))
    empty = (spool_folder / NAME).stat().st_size
    print(json.dumps({"one": one, "status": status, "replay": done, "size": [full, empty]}))
    assert (done["sent"], done["waiting"], done["stopped_by"]) == (status["count"], 0, None)
    assert empty < max(full // 10, 200_000)
    assert max(step["memory_mib"] for step in (one, status, done)) < 150
    with api.session() as session:
        filed = dict(
            session.execute(
                select(RawDataFileView.executed_obs_unit_id, func.count()).group_by(
                    RawDataFileView.executed_obs_unit_id
                )
            ).all()
        )
        states = dict(session.execute(select(ExecutedObsUnit.id, ExecutedObsUnit.status)).all())
    assert {str(key): count for key, count in filed.items() if str(key) in executions} == dict.fromkeys(
        executions, FILES
    )
    assert {str(states[key]) for key in states if str(key) in executions} == {"completed"}


@pytest.mark.long
def test_many_executions_of_one_file_each(server: ScriptedServer, begin: Begin, spool_folder: Path) -> None:
    """As many lanes: whose turn it is must not cost more the more there are, nor what is shown."""
    order: dict[str, list[str]] = {}

    def answer(request: Received) -> Reply:
        server.received.clear()
        facts = json.loads(request.body.splitlines()[0])
        execution = facts.get("execution_id") or accept(request).body["id"]
        order.setdefault(execution, []).append(request.path.rpartition(":")[2])
        return accept(request)

    server.say(Reply(503))
    away = {"CCAT_API_URL": server.url}
    executions: list[str] = []
    for _ in range(MANY_PROCESSES // 4):
        at_once = [begin("record", "O", "m", SOURCE, MANY_EXECUTIONS, 1, **away) for _ in range(4)]
        executions += [each for process in at_once for each in end(process)["executions"]]
    one, status = end(begin("one", "O", "m", SOURCE, **away)), end(begin("status", **away))
    assert status["count"] == 3 * len(executions) + 6
    full = (spool_folder / NAME).stat().st_size
    server.answer = answer
    done = end(begin("replay", **away))
    empty = (spool_folder / NAME).stat().st_size
    print(json.dumps({"one": one, "status": status, "replay": done, "size": [full, empty]}))
    assert (done["sent"], done["waiting"], done["stopped_by"]) == (status["count"], 0, None)
    assert empty < max(full // 10, 200_000)
    assert max(step["memory_mib"] for step in (one, status, done)) < 150
    del order[one["execution"]]
    assert order == {execution: ["start", "bulk", "finish"] for execution in executions}
