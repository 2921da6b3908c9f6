"""How long lists take at a million rows: p50 and p99 over random pages, against 50 ms.

The rival is a plain endpoint that does the least one can write: the ORM loads the page by OFFSET and Pydantic
turns it into JSON. Both are asked in the same process, in turn.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from ccat_ops_db.models import Permission, RawDataFile, Role, RolePermission, User, UserRole
from ccat_ops_db.settings import Environment, OpsDbSettings, asynchronous, synchronous
from ccat_ops_db.tokens import create_token
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.platform.logs import configure_logs
from ccat_ops_db_api.settings import ApiSettings
from harness import OUTPUT_FOLDER
from observatory import seed, write_history
from servers import fresh_database

KEY = "benchmark-key-that-is-long-enough-to-pass"
TARGET_SECONDS = 0.050
SCOPES = ("read:data", "read:observations")


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
    configure_logs(Environment.DEVELOPMENT, "error")
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        token = _token(engine)
        write_history(url, arguments.packages, max(1, arguments.files // arguments.packages))
        engine.dispose()
        asyncio.run(_ask(url, token, arguments.files, arguments.requests))


async def _ask(url: str, token: str, rows: int, requests: int) -> None:
    settings = ApiSettings(site_id="ccat", requests_per_second=1e6, request_burst=1_000_000)
    app = create_app(settings, OpsDbSettings(database_url=SecretStr(url), token_key=SecretStr(KEY)))
    async with app.router.lifespan_context(app), _client(app) as ours, _client(_plain(url)) as plain:
        ours.headers["authorization"] = f"Bearer {token}"
        cursors = await _cursors(ours)
        chance = random.Random(1)
        cases: dict[str, Callable[[], Awaitable[Any]]] = {
            "files, random page of 100": lambda: _get(
                ours, "/api/v1/raw-data-files", cursor=chance.choice(cursors), limit=100
            ),
            "packages, first page of 100": lambda: _get(ours, "/api/v1/raw-data-packages", limit=100),
            "executions, first page of 100": lambda: _get(ours, "/api/v1/executed-obs-units", limit=100),
            "plain endpoint, random page of 100 files": lambda: _get(
                plain, "/files", offset=chance.randrange(rows - 100), limit=100
            ),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(requests):
            for name in chance.sample(list(cases), len(cases)):
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


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench", timeout=60)


def _plain(url: str) -> FastAPI:
    sessions = async_sessionmaker(create_async_engine(asynchronous(url)))
    app = FastAPI()

    @app.get("/files")
    async def files(offset: int, limit: int) -> list[PlainFile]:
        async with sessions() as session:
            page = select(RawDataFile).order_by(RawDataFile.id).offset(offset).limit(limit)
            return [PlainFile.model_validate(row) for row in await session.scalars(page)]

    return app


def _token(engine: Any) -> str:
    with Session(engine) as session, session.begin():
        session.add_all([Permission(id=scope) for scope in SCOPES])
        session.add(Role(id="bench"))
        user = User(name="bench", created_at=datetime.now(UTC))
        session.add(user)
        session.flush()
        session.add_all([RolePermission(role_id="bench", permission_id=scope) for scope in SCOPES])
        session.add(UserRole(user_id=user.id, role_id="bench"))
        session.flush()
        return create_token(
            session,
            user_name="bench",
            name="bench",
            scopes=SCOPES,
            site_id=None,
            expires_at=None,
            key=KEY,
            at=datetime.now(UTC),
        )


def _print(rows: int, times: dict[str, list[float]]) -> None:
    table = Table(title=f"lists at {rows:,} files", title_justify="left")
    for column in ("request", "p50 ms", "p99 ms", "50 ms / p99", "verdict"):
        table.add_column(column, justify="left" if column == "request" else "right")
    document = {}
    for name, measured in times.items():
        p50, p99 = statistics.median(measured), statistics.quantiles(measured, n=100)[98]
        ratio = TARGET_SECONDS / p99
        verdict = "rival" if name.startswith("plain") else "met" if ratio >= 1 else "missed"
        table.add_row(name, f"{p50 * 1e3:.1f}", f"{p99 * 1e3:.1f}", f"{ratio:.2f}", verdict)
        document[name] = {"p50": p50, "p99": p99, "verdict": verdict}
    Console().print(table)
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    (OUTPUT_FOLDER / "listing.json").write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
