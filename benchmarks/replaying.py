"""Sending what a spool gathered while the API was away: 10⁵ filings of one file each, of many executions.

Ours reads them from the spool, sends them to a real API and takes them out of the spool. The floor is the
same files in requests of the same size that are ready in memory: no spool. Memory is that of ``ccat spool
replay`` with all of them, and with a tenth.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import synchronous
from ccat_ops_db_client import Client, Settings, calls
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.records import Filing, NewFile
from ccat_ops_db_client.replay import replay
from ccat_ops_db_client.spool import MOST_LINES, Spool
from ccat_ops_db_client.spool_file import SpoolFile
from ccat_ops_db_client.spool_tables import FILL_LANES, INSERT
from harness import Case, Claim, judge, measure, report
from observatory import seed
from servers import api, fresh_database, token

TARGET_PER_SECOND = 5_000
REPLAYS_AND_TELLS = """
import sys
from pathlib import Path
from ccat_ops_db_client.commands.main import main
sys.argv = ["ccat", "spool", "replay"]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
MODULE, OBS_UNIT, LOCATION = "chai-lfa", "bench", "ccat.raw"


def main() -> None:
    """Start an API process, fill spools and replay them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filings", type=int, default=100_000)
    parser.add_argument("--executions", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    each = arguments.filings // arguments.executions
    with fresh_database() as url, tempfile.TemporaryDirectory() as name:
        engine = create_engine(synchronous(url))
        seed(engine, Path(name))
        writer = token(engine, [PermissionName.WRITE_DATA, PermissionName.WRITE_OBSERVATIONS])
        with api(url) as port:
            settings = Settings(
                api_url=f"http://127.0.0.1:{port}",
                api_token=SecretStr(writer),
                spool_folder=Path(name) / "spool",
                replay_in_background=False,
            )
            with Client(settings) as client:
                spool, ready = Spool(settings.spool_folder), list[calls.Call[Filing]]()

                def fill_spool(each: int = each) -> None:
                    files = [_files(client, each) for _ in range(arguments.executions)]
                    # In turns, as instruments that observe at the same time file.
                    _spool(settings, [file for in_turn in zip(*files, strict=True) for file in in_turn])

                def make_ready() -> None:
                    for _ in range(arguments.executions):
                        files = _files(client, each)
                        for first in range(0, each, MOST_LINES):
                            ready.append(calls.file_bulk(files[first : first + MOST_LINES]))

                def ours() -> None:
                    done = replay(client, spool)
                    assert (done.sent, done.waiting, done.stopped_by) == (arguments.filings, 0, None), done

                def directly() -> None:
                    while ready:
                        client.send(ready.pop())

                def as_long_as_allowed() -> None:
                    time.sleep(arguments.filings / TARGET_PER_SECOND)

                cases = [
                    Case("ours: replay of the spool", ours, prepare=fill_spool),
                    Case("the same requests without spool", directly, is_floor=True, prepare=make_ready),
                    Case(f"{TARGET_PER_SECOND:,} filings/s", as_long_as_allowed),
                ]
                results = measure(cases, arguments.rounds)
                figures = {}
                for count in (each // 10, each):
                    fill_spool(count)
                    what = f"peak memory of ccat spool replay, {count * arguments.executions:,} filings, MiB"
                    figures[what] = _peak_memory(settings)
    verdicts = [
        judge(Claim(cases[2].name, cases[0].name, (cases[2].name,), 1.0), results),
        judge(Claim("without spool", cases[0].name, (cases[1].name,), 0.5), results),
    ]
    report("replaying a spool", cases, results, verdicts, {"filings": arguments.filings}, figures=figures)


def _peak_memory(settings: Settings) -> float:
    """Let the command send what waits; return the most memory that it had, in MiB."""
    assert settings.api_token is not None
    environment = {
        **os.environ,
        "CCAT_API_URL": settings.api_url,
        "CCAT_API_TOKEN": settings.api_token.get_secret_value(),
        "CCAT_SPOOL_FOLDER": str(settings.spool_folder),
    }
    command = [sys.executable, "-c", REPLAYS_AND_TELLS]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def _files(client: Client, count: int) -> list[NewFile]:
    """Start an execution, and return as many files of it."""
    execution = client.start_execution(OBS_UNIT, [MODULE]).id
    return [
        NewFile(
            id=new_id(),
            execution_id=execution,
            module=MODULE,
            relative_path=f"{execution}/2026-11-21/scan-{number:06}.fits",
            size=2880 * number,
            checksum="xxh3-128:" + "0123456789abcdef" * 2,
            source_location=LOCATION,
        )
        for number in range(count)
    ]


def _spool(settings: Settings, files: list[NewFile]) -> None:
    """Write filings of one file each into the spool as `Recorder` does, but all at once."""
    with SpoolFile(settings.spool_folder).change() as database:
        for file in files:
            call = calls.file_bulk([file])
            request = (call.idempotency_key, settings.api_url, str(file.execution_id), call.path)
            database.execute(
                INSERT, (*request, call.content_type, call.body, "[]", "2026-11-21T00:00:00+00:00")
            )
        database.execute(FILL_LANES)


if __name__ == "__main__":
    main()
