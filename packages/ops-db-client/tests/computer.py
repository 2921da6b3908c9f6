"""A computer that shares the folder of its spool with another one, where there is no ``flock``.

It has a name, a clock and a start of its own. A line of the input is a step, and is answered by a line.
"""

import errno
import fcntl
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import UUID

import time_machine

from ccat_ops_db_client import Client, network_file_systems, spool_lease
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.settings import load_settings

from .each_line import Instrument, file_of


def main(name: str, years: str, obs_unit: str, module: str, location: str) -> None:
    """Do step after step."""
    since_start = spool_lease._since_start
    spool_lease.this_machine = lambda: name
    spool_lease._since_start = lambda: since_start() + 1e6 * int(years)
    spool_lease.LEASE_SECONDS = 1
    fcntl.flock = _no_locks
    instrument = Instrument(obs_unit, module, location, Path())
    now = datetime.now(UTC) + timedelta(days=365 * int(years))
    with NamedTemporaryFile("w") as mounts, time_machine.travel(now), Client(load_settings()) as client:
        mounts.write("22 1 0:4 / / rw - nfs4 server:/ rw\n")
        mounts.flush()
        network_file_systems.MOUNTS = Path(mounts.name)
        recorder = Recorder(client)
        for line in sys.stdin:
            _do(recorder, instrument, *line.split())
            print("done", flush=True)


def _do(recorder: Recorder, instrument: Instrument, step: str, *given: str) -> None:
    match step, [UUID(given[0])] if given else []:
        case "start", [execution]:
            # What this clock says of it says nothing to the other computer.
            recorder.spool.mark_away(recorder.client.settings.api_url, "silence", retry_after=60)
            recorder.start(instrument.obs_unit, [instrument.module], execution_id=execution)
        case "file", [execution]:
            recorder.file([file_of(instrument, execution, given[1])])
        case "finish", [execution]:
            recorder.finish(execution, "completed")
        case "beside", [execution]:
            late = recorder.spool.waiting()[-1]
            recorder.spool.remove(late.sequence)
            recorder.spool.append_beside(late)
        case "replay", _:
            recorder.spool.release_lanes(recorder.client.settings.api_url)
            print(recorder.replay(lock_seconds=60).waiting, flush=True)
        case _:
            raise ValueError(step)


def _no_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


if __name__ == "__main__":
    main(*sys.argv[1:])
