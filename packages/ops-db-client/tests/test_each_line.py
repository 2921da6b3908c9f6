"""Killed or stopped at any line: nothing acknowledged is lost or doubled, and nobody waits for ever.

``CCAT_TEST_DEEP=1`` tries all points, as `make test-deep` does, instead of one of each party and fault, and
some of two parties at once, and prints its figures.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ccat_ops_db.models import ExecutedObsUnit, RawDataFileView

from .certificates import write_certificate
from .conftest import Api, ccat_environment
from .seed import OBS_UNIT, SOURCE

PACKAGE = Path(__file__).parents[1]
DEEP = "CCAT_TEST_DEEP" in os.environ
POINTS, SHARES = (0, 4) if DEEP else (1, 1)
TAKES_PART = {
    # But for what only shows them.
    *({path.name for path in (PACKAGE / "src/ccat_ops_db_client").glob("spool*.py")} - {"spool_listing.py"}),
    *("background.py", "client.py", "limits.py", "policy.py", "recorder.py", "replay.py", "sending.py"),
    *("commands/obs.py", "commands/file.py", "commands/spool.py", "filing/filing.py"),
}


def test_nothing_acknowledged_is_lost(api: Api, spool_folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "tests.each_line", OBS_UNIT, "chai-lfa", SOURCE, str(api.source)),
        str(POINTS),
    ]
    # The certificates of this computer take longer to read than all that is done here.
    certificate = write_certificate(spool_folder.with_name("certificate.pem"))
    environment = {
        **os.environ,
        **ccat_environment(api, spool_folder),
        "SSL_CERT_FILE": str(certificate),
    }
    at_once = [
        subprocess.Popen(
            [*command, str(share), str(SHARES)],
            env=environment,
            cwd=PACKAGE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in range(SHARES)
    ]
    printed = [process.communicate()[0].splitlines() for process in at_once]
    assert [process.returncode for process in at_once] == [0] * SHARES
    lines: dict[str, list[str]] = json.loads(printed[0][0])
    tried: list[dict[str, Any]] = [json.loads(line) for part in printed for line in part[1:]]
    longest = max(case["seconds"] for case in tried)
    counts = {name: len(found) for name, found in lines.items()}
    print(json.dumps({"points": len(tried), "longest_seconds": longest, "lines": counts}))
    modules = {line.partition(":")[0] for found in lines.values() for line in found}
    assert modules >= TAKES_PART
    assert {
        case["what"]: wrong for case in tried if (wrong := case["wrong"] + ledger(api, case["observations"]))
    } == {}


def ledger(api: Api, observations: list[dict[str, Any]]) -> list[str]:
    """Compare what was acknowledged with what the API has; return what is wrong."""
    names = [seen["execution"] for seen in observations]
    with api.session() as session:
        executions = {
            str(found.id): found
            for found in session.scalars(select(ExecutedObsUnit).where(ExecutedObsUnit.id.in_(names)))
        }
        filed: dict[str, list[RawDataFileView]] = {}
        for file in session.scalars(
            select(RawDataFileView)
            .where(RawDataFileView.executed_obs_unit_id.in_(names))
            .order_by(RawDataFileView.filed_at, RawDataFileView.relative_path)
        ):
            filed.setdefault(str(file.executed_obs_unit_id), []).append(file)
    return [
        wrong
        for seen in observations
        for wrong in compared(seen, executions.get(seen["execution"]), filed.get(seen["execution"], []))
    ]


def compared(
    seen: dict[str, Any], execution: ExecutedObsUnit | None, filed: list[RawDataFileView]
) -> list[str]:
    acknowledged, paths = seen["acknowledged"], [file.relative_path for file in filed]
    wrong = [f"{path} is lost" for path in acknowledged if path in seen["files"] and path not in paths]
    if execution is None:
        return [*wrong, f"the start of {seen['execution']} is lost"] if acknowledged else wrong
    if "finish" in acknowledged and execution.status != "completed":
        wrong.append(f"{execution.id} is {execution.status}")
    if paths != sorted(set(paths)):
        wrong.append(f"{execution.id} has its files in the order {paths}")
    received = [execution.start_received_at, *(file.filed_at for file in filed)]
    if execution.end_received_at is not None:
        received.append(execution.end_received_at)
    if received != sorted(received):
        wrong.append(f"{execution.id} was received in another order than it was recorded in")
    return wrong
