"""What every command needs: settings, the database, and one way to end with an error."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError as UnreadableSettingError
from rich.console import Console
from sqlalchemy import Engine

from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.session import SessionLimits, create_engine, follow_address
from ccat_ops_db.settings import OpsDbSettings, SettingsError

CRASH_POINT_VARIABLE = "CCAT_DATA_TRANSFER_CRASH_POINT"
"""Read by `crash_points` in tests; no setting."""

console = Console(width=None if sys.stdout.isatty() else 200)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load_settings() -> DataTransferSettings:
    """Return the settings, or end with what is wrong with them."""
    prefix = DataTransferSettings.model_config["env_prefix"]
    known = {f"{prefix}{name}".upper() for name in DataTransferSettings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(prefix) and name.upper() not in known
    )
    unknown = [name for name in unknown if name.upper() != CRASH_POINT_VARIABLE]
    if unknown:
        end(f"unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    try:
        return DataTransferSettings()
    except UnreadableSettingError as error:
        end(f'settings: {error}; lists are written as JSON, for example ["ccat"]')
    except ValidationError as error:
        lines = "; ".join(
            f"CCAT_DATA_TRANSFER_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        end(f"settings: {lines}")


PLANNER_LIMITS = SessionLimits(lock_timeout=0.5, statement_timeout=15)
"""A planner that waits keeps all work of its sites waiting; what is locked has its turn in a later pass."""

WORKER_LIMITS = SessionLimits(lock_timeout=2, statement_timeout=30)
"""Also for commands."""


def open_database(
    acts_for: Iterable[str] = (), pool_size: int = 5, limits: SessionLimits = WORKER_LIMITS
) -> Engine:
    """Return the engine of the site's database, or end with how to set it.

    Only rows of the sites are written that it acts for; none: of all sites of the database.
    """
    try:
        settings = OpsDbSettings()
        engine = create_engine(
            settings.postgresql_url(), pool_size=pool_size, limits=limits, acts_for=acts_for
        )
    except (SettingsError, ValidationError) as error:
        end(str(error))
    follow_address(engine, settings.postgresql_url)
    return engine


def print_json(value: Any) -> None:
    """Print a value, or a dataclass, as JSON."""
    sys.stdout.write(json.dumps(asdict(value) if is_dataclass(value) else value, default=str) + "\n")  # type: ignore[arg-type]


def end(message: str, status: int = 1) -> NoReturn:
    """Say in one line what is wrong and end."""
    typer.echo(f"ccat-transfer: {message}", err=True)
    raise typer.Exit(status)


def fail(message: str) -> NoReturn:
    """Say in one line what is wrong and end the process, where no command is running any more."""
    typer.echo(f"ccat-transfer: {message}", err=True)
    sys.exit(1)
