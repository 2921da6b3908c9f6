"""What an instrument waits for when it records: ``ccat obs start`` beside ``ccat --help``, and the library.

Away is an API behind a dead port, one that is silent, and something else that answers in its place. "First"
is the first command that meets it, with an empty spool; "afterwards" is one that knows it from the first. As
for users, the first leaves a process behind which sends what waits; it is ended before the next round. In the
library a start is compared with what it may take, and with its floor: one append to a file that is brought to
disk.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import create_engine

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import synchronous
from ccat_ops_db_client import Client, Settings
from ccat_ops_db_client.background import is_at_work
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_away import LONGEST_AWAY
from harness import Allowance, Case, Claim, compare, judge, measure, report
from observatory import seed
from servers import api, fresh_database, token

PRESENT, FIRST, AFTERWARDS = 0.3, 2.5, 0.3
"""Seconds that a start may take more than ``ccat --help``."""
IN_THE_LIBRARY = 0.005
STARTS = 100
STARTING = ("obs", "start", "--obs-unit", "bench", "--module", "chai-lfa")
RIGHTS = (PermissionName.WRITE_OBSERVATIONS, PermissionName.READ_OBSERVATIONS, PermissionName.READ_DATA)
CCAT = Path(sys.executable).with_name("ccat")


def main() -> None:
    """Start the API and what stands in its place, measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as name:
        folder, engine = Path(name), create_engine(synchronous(url))
        seed(engine, folder)
        writer = token(engine, RIGHTS)
        with api(url) as port, _dead() as dead, _silent() as silent, _in_its_place() as something_else:
            away = {"dead port": dead, "silence": silent, "something else answers": something_else}
            _measure_command(folder, f"http://127.0.0.1:{port}", writer, away, arguments.rounds)
            _measure_library(folder, dead, arguments.rounds)


def _measure_command(folder: Path, present: str, writer: str, away: dict[str, str], rounds: int) -> None:
    cases = [
        Case("python -c pass", lambda: _run([sys.executable, "-c", "pass"], {}), is_floor=True),
        Case("ccat --help", lambda: _run([CCAT, "--help"], {})),
    ]
    started = Case("obs start, API present", _start(folder / "present", present, writer))
    cases.append(started)
    allowances = [Allowance(started.name, started.name, "ccat --help", PRESENT)]
    for kind, url in away.items():
        spool = folder / kind
        start = _start(spool, url, writer)
        first = Case(f"obs start, {kind}, first", start, prepare=partial(_emptied, spool, url))
        afterwards = Case(f"obs start, {kind}, afterwards", start, prepare=partial(_remembered, spool, url))
        cases += [first, afterwards]
        allowances += [
            Allowance(first.name, first.name, "ccat --help", FIRST),
            Allowance(afterwards.name, afterwards.name, "ccat --help", AFTERWARDS),
        ]
    try:
        results = measure(cases, rounds)
    finally:
        for kind, url in away.items():
            _emptied(folder / kind, url)
    report(
        "recording by command",
        cases,
        results,
        [],
        {},
        [compare(allowance, results) for allowance in allowances],
    )


def _measure_library(folder: Path, dead: str, rounds: int) -> None:
    spool = folder / "library"
    settings = Settings(api_url=dead, spool_folder=spool, replay_in_background=False)
    with Client(settings) as client, (folder / "appended").open("ab", buffering=0) as appended:
        recorder = Recorder(client)

        def start() -> None:
            for _ in range(STARTS):
                recorder.start("bench", ["chai-lfa"])

        def append() -> None:
            for _ in range(STARTS):
                appended.write(b"x" * 400)
                os.fsync(appended.fileno())

        def as_long_as_allowed() -> None:
            time.sleep(STARTS * IN_THE_LIBRARY)

        cases = [
            Case("ours: Recorder.start, API away", start, prepare=lambda: _remembered(spool, dead)),
            Case("append and fsync", append, is_floor=True),
            Case(f"{1000 * IN_THE_LIBRARY:g} ms a start", as_long_as_allowed),
        ]
        results = measure(cases, rounds)
    verdicts = [
        judge(Claim(cases[2].name, cases[0].name, (cases[2].name,), 1.0), results),
        judge(Claim("append and fsync", cases[0].name, (cases[1].name,), 0.5), results),
    ]
    report("recording in the library", cases, results, verdicts, {"starts": STARTS})


def _start(spool: Path, url: str, writer: str) -> Callable[[], None]:
    environment = {"CCAT_API_URL": url, "CCAT_API_TOKEN": writer, "CCAT_SPOOL_FOLDER": str(spool)}
    return lambda: _run([CCAT, *STARTING], environment)


def _run(command: list[str | Path], environment: dict[str, str]) -> None:
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)


def _remembered(spool: Path, url: str) -> None:
    """Let it be known for longer than a round takes that the API is away."""
    for _ in range(5):
        Spool(spool).mark_away(url, "the API did not answer", LONGEST_AWAY)


def _emptied(folder: Path, url: str) -> None:
    """End the process that sends what waits, and take out all that waits and is known."""
    spool = Spool(folder)
    if not spool.exists():
        return
    deadline = time.monotonic() + 60
    while not is_at_work(spool, url) and time.monotonic() < deadline:
        time.sleep(0.05)
    with spool.change() as database:
        for (process,) in database.execute("SELECT process FROM lease"):
            with suppress(ProcessLookupError):
                os.kill(int(process.split(" ")[1]), signal.SIGKILL)
        for table in ("request", "away", "lane", "lease"):
            database.execute(f"DELETE FROM {table}")


@contextmanager
def _dead() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def _silent() -> Iterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1000)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _in_its_place() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _LoginPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _LoginPage(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        page = b"<html><title>Please log in</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
