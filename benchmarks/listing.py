"""How long lists take at a million rows: p50 and p99 over random pages, against 50 ms.

Each filter of executions and packages is asked alone, where much, little and nothing fits, and so are the
reports of what is under way; some thousand packages are not archived.

The rival is a plain endpoint that does the least one can write: the ORM loads the page by OFFSET and Pydantic
turns it into JSON. Ours is a process of its own asked over HTTP; the rival is asked without a network.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ccat_ops_db.models import RawDataFile
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import asynchronous, synchronous
from harness import OUTPUT_FOLDER
from observatory import RARE, UNUSED, seed, write_history, write_open_work
from servers import api, fresh_database, token

TARGET_SECONDS = 0.050
PLAIN = "plain endpoint, random page of 100 files"
UNDER_WAY = 4_000
"""Packages that are not archived, at most a tenth of all."""
EXECUTIONS, PACKAGES = "executed-obs-units", "raw-data-packages"
PAST, FUTURE = "2026-01-01T00:00:10Z", "2100-01-01T00:00:00Z"
NAMES = ("bench", RARE, UNUSED)
"""Obs units of nearly all executions, of a few, and of none; so are programs, instruments and modules."""
FILTERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    EXECUTIONS: {
        "obs_unit": NAMES,
        "program": ("GEco", RARE, UNUSED),
        "program_not": ("GEco", RARE),
        "instrument": ("chai", RARE, UNUSED),
        "module": ("chai-lfa", RARE, UNUSED),
        "source": ("IRC10216", "nothing"),
        "status": ("completed", "running", "aborted"),
        "status_not": ("completed", "running"),
        "q": ("ben", "rar", "nothing"),
        "archived": ("true", "false"),
        "night": ("2026-01-01", "tonight"),
        "since": (PAST, FUTURE),
        "until": (PAST, FUTURE),
        "sort": ("obs_unit", "-obs_unit", "started_at", "id"),
    },
    PACKAGES: {
        "program": ("GEco", RARE, UNUSED),
        "instrument": ("chai", RARE, UNUSED),
        "module": ("chai-lfa", RARE, UNUSED),
        "state": ("archived", "failed", "transferring", "waiting"),
        "state_not": ("archived", "failed"),
        "reason": ("link_window_closed", "given_up", "hold"),
        "location": ("cologne.lta", "ccat.buffer", "ccat.raw"),
        "since": (PAST, FUTURE),
        "until": (PAST, FUTURE),
        "sealed_since": (PAST, FUTURE),
        "sealed_until": (PAST, FUTURE),
        "sort": ("size", "-size", "-sealed_at", "created_at", "id"),
    },
    "open-work": {"reason": ("link_window_closed", "given_up", "hold"), "program": ("GEco", UNUSED)},
    "open-work/groups": {"by": ("reason", "place", "route", "program", "kind")},
}
"""List → filter or order → values."""


READS = (
    PermissionName.READ_DATA,
    PermissionName.READ_OBSERVATIONS,
    PermissionName.READ_TRANSFERS,
)


class PlainFile(BaseModel):
    """What the plain endpoint answers."""

    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    relative_path: str
    size: int
    checksum: str
    source_location_id: str
    filed_at: datetime


def main() -> None:
    """Fill a database, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--packages", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        reader = token(engine, READS)
        write_history(url, arguments.packages, max(1, arguments.files // arguments.packages))
        write_open_work(url, arguments.packages, min(UNDER_WAY, arguments.packages // 10))
        engine.dispose()
        with api(url) as port:
            asyncio.run(_ask(url, port, reader, arguments.files, arguments.requests))


async def _ask(url: str, port: int, reader: str, rows: int, requests: int) -> None:
    headers = {"authorization": f"Bearer {reader}"}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as ours,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(_plain(url)), base_url="http://bench", timeout=60
        ) as plain,
    ):
        cursors = await _cursors(ours)
        chance = random.Random(1)
        cases: dict[str, Callable[[], Awaitable[Any]]] = {
            "files, random page of 100": lambda: _get(
                ours, "/api/v1/raw-data-files", cursor=chance.choice(cursors), limit=100
            ),
            "packages, first page of 100": lambda: _get(ours, "/api/v1/raw-data-packages", limit=100),
            "executions, first page of 100": lambda: _get(ours, "/api/v1/executed-obs-units", limit=100),
            PLAIN: lambda: _get(plain, "/files", offset=chance.randrange(rows - 100), limit=100),
        }
        often = set(cases) - {PLAIN}
        cases |= {"status": lambda: _get(ours, "/api/v1/status")}
        for path, filters in FILTERS.items():
            for name, values in filters.items():
                for value in values:
                    cases[f"{path}?{name}={value}"] = partial(_get, ours, f"/api/v1/{path}", **{name: value})
        times: dict[str, list[float]] = {name: [] for name in cases}
        for number in range(requests):
            # The rival needs a second for a page far back, and filters are many: a tenth of the rounds do.
            asked = [name for name in cases if name in often or number % 10 == 0]
            for name in chance.sample(asked, len(asked)):
                started = time.perf_counter()
                await cases[name]()
                times[name].append(time.perf_counter() - started)
    _print(rows, times)


async def _cursors(client: httpx.AsyncClient) -> list[str]:
    """Walk some pages to have cursors from all over the beginning of the table."""
    found: list[str] = []
    cursor = None
    for _ in range(50):
        answer = await _get(
            client, "/api/v1/raw-data-files", limit=1000, **({"cursor": cursor} if cursor else {})
        )
        cursor = answer["next_cursor"]
        found.append(cursor)
    return found


async def _get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(path, params=parameters)
    answer.raise_for_status()
    return answer.json()


def _plain(url: str) -> FastAPI:
    sessions = async_sessionmaker(create_async_engine(asynchronous(url)))
    app = FastAPI()

    @app.get("/files")
    async def files(offset: int, limit: int) -> list[PlainFile]:
        async with sessions() as session:
            page = select(RawDataFile).order_by(RawDataFile.id).offset(offset).limit(limit)
            return [PlainFile.model_validate(row) for row in await session.scalars(page)]

    return app


def _print(rows: int, times: dict[str, list[float]]) -> None:
    table = Table(title=f"lists at {rows:,} files", title_justify="left")
    for column in ("request", "p50 ms", "p99 ms", "50 ms / p99", "verdict"):
        table.add_column(column, justify="left" if column == "request" else "right")
    document = {}
    for name, measured in times.items():
        p50, p99 = statistics.median(measured), statistics.quantiles(measured, n=100)[98]
        ratio = TARGET_SECONDS / p99
        verdict = "rival" if name == PLAIN else "met" if ratio >= 1 else "missed"
        table.add_row(name, f"{p50 * 1e3:.1f}", f"{p99 * 1e3:.1f}", f"{ratio:.2f}", verdict)
        document[name] = {"p50": p50, "p99": p99, "verdict": verdict}
    Console().print(table)
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    (OUTPUT_FOLDER / "listing.json").write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
