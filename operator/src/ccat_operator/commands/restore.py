"""``ccat-operator restore``: a backup into an empty database."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import inspect

from ccat_operator.commands.output import fail, log_as_json, owner_url
from ccat_operator.reconcile.address import UnusableError, session
from ccat_operator.reconcile.backup import BackupError, read_back
from ccat_operator.reconcile.backup import restore as restore_backup
from ccat_operator.reconcile.facts import read_facts
from ccat_operator.settings import OperatorSettings


def restore(
    backup: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="What `backup`, `migrate` or pg_dump -Fc wrote. Default: only say what there is.",
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Folder that the backup is in.", exists=True, file_okay=False)
    ] = Path(),
) -> None:
    """Restore a backup into an empty database, all or nothing. A database that has tables is refused."""
    log_as_json()
    settings = OperatorSettings()
    asked = backup or settings.restore_from
    file = folder / asked if asked else None
    if file is None or not file.is_file():
        why = f"there is no {file}" if file else "nothing was restored: name a backup"
        fail(f"{why}; in {folder.resolve()}, newest first: {_listed(folder)}")
    url = owner_url()
    programs = settings.postgresql_programs
    try:
        with session(url) as connection:
            tables = inspect(connection).get_table_names()
        if tables:
            fail(f"{url.database} has {len(tables)} tables: make an empty database, and restore into that")
        entries = read_back(file, programs)
        restore_backup(url, file, programs)
        with session(url) as connection:
            revision = read_facts(connection).revision
    except (UnusableError, BackupError) as error:
        fail(str(error))
    typer.echo(f"restored {file.name}: {entries} entries, schema at revision {revision}")


def _listed(folder: Path) -> str:
    found = sorted(folder.glob("*.dump"), key=lambda file: file.stat().st_mtime, reverse=True)
    return ", ".join(f"{file.name} ({file.stat().st_size:,} bytes)" for file in found) or "none"
