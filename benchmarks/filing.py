"""Filing many raw data files in one request, against COPY of the same rows.

Ours is one API process and a few clients that file at once, so that it parses one request while PostgreSQL
inserts another: every line is parsed and checked, a file and its copy are
inserted with all constraints in one transaction. The floor is COPY of finished rows into the same two tables
with the same constraints and indexes, by as many clients: no parsing, no checks, no HTTP.
"""

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from ccat_ops_db.identity import new_id
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import synchronous
from harness import Case, Claim, judge, measure, report
from observatory import seed
from servers import api, fresh_database, token

TARGET_PER_SECOND = 20_000
SITE, LOCATION, MODULE, OBS_UNIT = "ccat", "ccat.raw", "chai-lfa", "bench"
STARTED = "2026-11-21T00:00:00Z"


def main() -> None:
    """Start an API process, file rounds of files, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=2)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        writer = token(engine, [PermissionName.WRITE_DATA])
        with api(url) as port:
            share = arguments.files // arguments.clients
            # Writing the lines is the work of the clients; each round, and the one that is not counted,
            # needs new ones.
            runs = (arguments.rounds + 1) * arguments.clients
            bodies = [_lines(new_execution(url), share) for _ in range(runs)]
            rows = [rows_to_copy(new_execution(url), share) for _ in range(runs)]

            def ours() -> None:
                _at_once(arguments.clients, lambda: post(port, writer, bodies.pop(), share))

            def copy() -> None:
                _at_once(arguments.clients, lambda: copy_rows(url, *rows.pop()))

            def as_long_as_allowed() -> None:
                time.sleep(share * arguments.clients / TARGET_PER_SECOND)

            cases = [
                Case("ours: POST /raw-data-files:bulk", ours),
                Case("COPY into both tables", copy, is_floor=True),
                Case(f"{TARGET_PER_SECOND:,} files/s", as_long_as_allowed),
            ]
            results = measure(cases, arguments.rounds)
    verdicts = [
        judge(Claim(f"{TARGET_PER_SECOND:,} files/s", cases[0].name, (cases[2].name,), 1.0), results),
        judge(Claim("COPY", cases[0].name, (cases[1].name,), 0.5), results),
    ]
    report("filing in bulk", cases, results, verdicts, {"files": arguments.files})


def _at_once(clients: int, work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(clients) as threads:
        for running in [threads.submit(work) for _ in range(clients)]:
            running.result()


def _lines(execution: str, files: int) -> bytes:
    checksum = "xxh3-128:" + "0123456789abcdef" * 2
    names = (f"{execution}/2026-11-21/scan-{number:06}.fits" for number in range(files))
    return lines(execution, {name: (2880 * number, checksum) for number, name in enumerate(names)})


def lines(execution: str, files: Mapping[str, tuple[int, str]]) -> bytes:
    """Return what is sent to file files, given their sizes and checksums by path."""
    return "".join(
        json.dumps(
            {
                "id": str(new_id()),
                "execution_id": execution,
                "module": MODULE,
                "relative_path": path,
                "size": size,
                "checksum": checksum,
                "source_location": LOCATION,
                "file_type": "fits",
                "written_from": STARTED,
                "written_until": STARTED,
            },
            separators=(",", ":"),
        )
        + "\n"
        for path, (size, checksum) in files.items()
    ).encode()


def post(port: int, token: str, body: bytes, files: int) -> None:
    """File so many new files."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/raw-data-files:bulk", body, headers)
    answer = connection.getresponse()
    filed = json.loads(answer.read())
    assert answer.status == 200, filed
    assert filed == {"filed": files, "already_filed": 0}
    connection.close()


def rows_to_copy(execution: str, files: int) -> tuple[str, str]:
    """Return a new series, and its files as COPY takes them."""
    checksum = "xxh3-128:" + "0123456789abcdef" * 2
    series = str(new_id())
    file_rows = "".join(
        f"{new_id()}\t{SITE}\t{series}\t{number + 1}\t1\t{execution}/2026-11-21/scan-{number:06}.fits"
        f"\t{2880 * number}\t{checksum}\tfits\t{STARTED}\t{STARTED}\t{STARTED}\n"
        for number in range(files)
    )
    return (
        f"{series}\t{SITE}\t{execution}\t{MODULE}\t{LOCATION}\t{files}\t0\t0\t0\n",
        file_rows,
    )


def copy_rows(url: str, series: str, file_rows: str) -> None:
    """COPY a series and its files into both tables."""
    series_columns = (
        "id, site_id, executed_obs_unit_id, instrument_module_id, source_location_id, filed_count,"
        " filed_bytes, packaged_count, packaged_bytes"
    )
    file_columns = (
        "id, site_id, raw_data_series_id, number, revision, relative_path, size, checksum, file_type,"
        " written_from, written_until, filed_at"
    )
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY raw_data_series ({series_columns}) FROM STDIN".encode()) as stream:
            stream.write(series)
        with cursor.copy(f"COPY raw_data_file ({file_columns}) FROM STDIN".encode()) as stream:
            stream.write(file_rows)


def new_execution(url: str) -> str:
    """Start an execution and return its id."""
    identifier = str(new_id())
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO executed_obs_unit (id, site_id, telescope_id, obs_unit_id, status, started_at,"
            " start_received_at) VALUES (%s, %s, 'fyst', %s, 'running', %s, %s)",
            (identifier, SITE, OBS_UNIT, STARTED, STARTED),
        )
        connection.execute(
            "INSERT INTO executed_obs_unit_module (executed_obs_unit_id, instrument_module_id, site_id)"
            " VALUES (%s, %s, %s)",
            (identifier, MODULE, SITE),
        )
    return identifier


if __name__ == "__main__":
    main()
