"""Does something with the spool in one child after the other; each is killed some lines later than the last.

Prints what the children acknowledged. Ends when a child gets to its end.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from ccat_ops_db_client import Client, Settings
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_request import SpooledRequest

WATCHED = ("spool", "spool_file", "spool_lease", "recorder", "replay", "sending")


def main(what: str, folder: str, url: str, step: str = "1", *modules: str) -> None:
    settings = Settings(
        api_url=url,
        spool_folder=Path(folder),
        replay_in_background=False,
        retry_seconds=5,
        spool_after_seconds=20,
        connect_timeout=5,
    )
    if what == "replay-all":
        with Client(settings) as client:
            Recorder(client).replay(lock_seconds=60)
        return
    if what == "append-many":
        spool = Spool(Path(folder))
        for _ in range(25):
            request = SpooledRequest(str(uuid4()), url, "/x", b"{}")
            spool.append(request)
            print(request.idempotency_key)
        return
    line = 0
    # Made once: no connection is open yet that children would share.
    with Client(settings) as client:
        while _run_child(what, Recorder(client), line, modules or WATCHED):
            line += int(step)


def _run_child(what: str, recorder: Recorder, last_line: int, modules: tuple[str, ...]) -> bool:
    """Run a child that dies after so many lines; say whether it died."""
    child = os.fork()
    if child == 0:
        sys.settrace(_killer(last_line, modules))
        if what == "append":
            for _ in range(2):
                execution, receipt = recorder.start("O", ["m"])
                assert receipt.spooled
                os.write(1, f"{execution}\n".encode())
        else:
            recorder.spool.release_lanes(recorder.client.settings.api_url)
            recorder.replay(lock_seconds=5)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and status != 0:
        raise SystemExit("a child failed")
    return os.WIFSIGNALED(status)


def _killer(last_line: int, modules: tuple[str, ...]) -> Any:
    left = last_line
    watched = tuple(f"ccat_ops_db_client/{name}.py" for name in modules)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(watched):
            return None
        if event == "line":
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        return trace

    return trace


if __name__ == "__main__":
    main(*sys.argv[1:])
