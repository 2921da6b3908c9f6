"""A week without the API: 10⁵ files filed by short processes, four at once; then all of it is sent.

Steps of `test_week_away`, each in a process of its own whose memory is measured: what it prints is JSON.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from uuid import UUID

from ccat_ops_db_client import Client, NewFile
from ccat_ops_db_client import spool_listing as listing
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.settings import load_settings


def record(obs_unit: str, module: str, location: str, executions: str, files: str) -> dict[str, object]:
    """Record executions with files, a request a file."""
    recorded = []
    with Client(load_settings()) as client:
        recorder = Recorder(client)
        for _ in range(int(executions)):
            execution, receipt = recorder.start(obs_unit, [module])
            assert receipt.spooled
            for number in range(int(files)):
                assert recorder.file([new_file(execution, module, location, number)]).spooled
            assert recorder.finish(execution, "completed").spooled
            recorded.append(str(execution))
    return {"executions": recorded}


def one(obs_unit: str, module: str, location: str) -> dict[str, object]:
    """Record one execution with one file, and say how long each call took, in ms."""
    took = []
    with Client(load_settings()) as client:
        recorder = Recorder(client)
        begin = perf_counter()
        execution, receipt = recorder.start(obs_unit, [module])
        took.append(perf_counter() - begin)
        assert receipt.spooled
        for number in range(5):
            begin = perf_counter()
            assert recorder.file([new_file(execution, module, location, number)]).spooled
            took.append(perf_counter() - begin)
    return {"ms": [round(1000 * seconds, 1) for seconds in took], "execution": str(execution)}


def replay() -> dict[str, object]:
    """Send what waits."""
    with Client(load_settings()) as client:
        recorder = Recorder(client)
        recorder.spool.release_lanes(client.settings.api_url)
        begin = perf_counter()
        done = recorder.replay(lock_seconds=60)
        seconds = perf_counter() - begin
    stopped = str(done.stopped_by) if done.stopped_by else None
    return {"sent": done.sent, "waiting": done.waiting, "stopped_by": stopped, "seconds": round(seconds, 1)}


def status() -> dict[str, object]:
    """Go through all that waits, as ``ccat spool status --json`` does."""
    with Client(load_settings()) as client:
        spool = Recorder(client).spool
    begin = perf_counter()
    count = sum(1 for _ in listing.waiting(spool))
    return {"count": count, "seconds": round(perf_counter() - begin, 1)}


def new_file(execution: UUID, module: str, location: str, number: int) -> NewFile:
    return NewFile(
        id=new_id(),
        execution_id=execution,
        module=module,
        relative_path=f"{execution}/scan-{number:06}.fits",
        size=1,
        checksum="md5:" + "0" * 32,
        source_location=location,
    )


def main(step: str, *arguments: str) -> None:
    steps: dict[str, Callable[..., dict[str, object]]] = {
        "record": record,
        "one": one,
        "replay": replay,
        "status": status,
    }
    result = steps[step](*arguments)
    memory = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    result["memory_mib"] = int(memory.split()[0]) // 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], *map(str, sys.argv[2:]))
