"""The API is away for a week while much is filed; then nothing is lost or doubled, and order is kept.

``CCAT_TEST_DEEP=1`` files 10⁵ files instead of a few, as `make test-deep` does, and prints its figures.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ccat_ops_db.models import ExecutedObsUnit, RawDataFile
from ccat_ops_db_client.spool_file import NAME

from .conftest import Api, ccat_environment
from .seed import OBS_UNIT, SOURCE

STEPS = Path(__file__).with_name("week_away.py")
DEEP = "CCAT_TEST_DEEP" in os.environ
PROCESSES, EXECUTIONS, FILES = (100, 5, 200) if DEEP else (4, 2, 20)


def test_nothing_is_lost_or_doubled_and_memory_stays_flat(api: Api, spool_folder: Path) -> None:
    environment = {**os.environ, **ccat_environment(api, spool_folder)}
    what = (OBS_UNIT, "chai-lfa", SOURCE)

    def begin(step: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(STEPS), step, *map(str, arguments)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def end(process: subprocess.Popen[str]) -> dict[str, Any]:
        printed, _ = process.communicate()
        assert process.returncode == 0
        found: dict[str, Any] = json.loads(printed)
        return found

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
                select(RawDataFile.executed_obs_unit_id, func.count()).group_by(
                    RawDataFile.executed_obs_unit_id
                )
            ).all()
        )
        states = dict(session.execute(select(ExecutedObsUnit.id, ExecutedObsUnit.status)).all())
    assert {str(key): count for key, count in filed.items() if str(key) in executions} == dict.fromkeys(
        executions, FILES
    )
    assert {str(states[key]) for key in states if str(key) in executions} == {"completed"}
