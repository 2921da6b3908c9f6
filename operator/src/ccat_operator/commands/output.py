"""What commands tell: one line of JSON on standard output, events on standard error."""

import logging
import sys
from pathlib import Path
from typing import Any, NoReturn

import structlog
import typer
from pydantic import BaseModel
from sqlalchemy import URL

from ccat_operator.reconcile.address import Secret, UnusableError, parse
from ccat_ops_db.commands.database import load_settings
from ccat_ops_db.settings import SettingsError

TERMINATION_LOG = Path("/dev/termination-log")
"""Where Kubernetes takes a container's last words from."""
TERMINATION_BYTES = 4000
FAILED = 1
WAITING = 3
PASSING = 75
"""EX_TEMPFAIL of sysexits.h: it may go well when it is run again."""


def log_as_json() -> None:
    """Log as JSON on standard error, what libraries log too."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("alembic", "kopf.objects", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def owner_url() -> URL:
    """Return the address of the database that the settings name; end the command if there is none."""
    try:
        settings = load_settings()
        if settings.database_url is not None:
            return parse(Secret("CCAT_OPS_DB_DATABASE_URL", settings.database_url.get_secret_value()))
        return settings.postgresql_url()
    except (UnusableError, SettingsError) as error:
        fail(str(error))


def tell(result: BaseModel, status: int) -> NoReturn:
    """Print a result, leave it as the container's last words, and end with a status."""
    line = result.model_dump_json(by_alias=True, exclude_none=True)
    typer.echo(line)
    leave_last_words(line)
    raise typer.Exit(status)


def fail(message: str, status: int = FAILED) -> NoReturn:
    """Say what is wrong and end with a status."""
    typer.echo(f"error: {message}", err=True)
    leave_last_words(message)
    raise typer.Exit(status)


def leave_last_words(text: str, file: Path = TERMINATION_LOG) -> None:
    """Write what Kubernetes shows as the container's termination message, where there is such a file."""
    if file.exists():
        try:
            file.write_bytes(text.encode()[:TERMINATION_BYTES])
        except OSError as error:
            log: Any = structlog.get_logger()
            log.warning("termination_log.not_written", reason=str(error))
