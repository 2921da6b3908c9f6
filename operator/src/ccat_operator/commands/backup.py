"""``ccat-operator backup``: the database to a file that was read back."""

from pathlib import Path
from typing import Annotated

import typer

from ccat_operator.commands.output import FAILED, PASSING, fail, log_as_json, owner_url, tell
from ccat_operator.reconcile.address import UnusableError, session
from ccat_operator.reconcile.backup import BackupError, Series, back_up
from ccat_operator.reconcile.conditions import Reason
from ccat_operator.reconcile.facts import read_facts
from ccat_operator.reconcile.migration import Part
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.clock import SystemClock


class Done(Part):
    """What ``backup`` prints."""

    backup: str
    bytes: int
    entries: int
    seconds: float


def backup(
    folder: Annotated[Path, typer.Option(help="Folder that it is written to.", exists=True, file_okay=False)],
    keep: Annotated[int, typer.Option(min=1, help="How many of these backups are kept.")] = 14,
) -> None:
    """Back the operations database up, read the backup to its end, and print one line of JSON.

    Those that `migrate` writes are not counted and never removed. Exit status: 0 done, 1 failed, 75 the
    database was away: run it again.
    """
    log_as_json()
    url, clock = owner_url(), SystemClock()
    begun = clock.monotonic()
    try:
        with session(url) as connection:
            revision = read_facts(connection).revision
        if revision is None:
            fail(f"{url.database} has no schema of ours: there is nothing to back up")
        programs = OperatorSettings().postgresql_programs
        made = back_up(url, folder, revision, clock.utc_now(), keep, programs, Series.ROUTINE)
    except UnusableError as error:
        fail(str(error), PASSING if error.reason is Reason.DATABASE_UNREACHABLE else FAILED)
    except BackupError as error:
        fail(str(error))
    taken = round(clock.monotonic() - begun, 3)
    tell(Done(backup=made.file, bytes=made.size, entries=made.entries, seconds=taken), 0)
