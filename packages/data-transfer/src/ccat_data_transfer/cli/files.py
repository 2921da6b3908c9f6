"""Commands about files that are not as they were filed: ``ccat-transfer file set-aside``, ``file anew``."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from ccat_data_transfer.checksums import format_checksum, new_hasher, parse_checksum
from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.failures import Failure
from ccat_data_transfer.places.open import open_places
from ccat_data_transfer.storage.interface import MEBIBYTE
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import FileExceptionKind
from ccat_ops_db.file_decisions import Decider, Facts, Which, file_anew, in_order, set_aside, undecided
from ccat_ops_db.models import RawDataFileView

app = typer.Typer(no_args_is_help=True, help="Files that are not as they were filed.")

MOST = 10_000

Files = Annotated[list[UUID] | None, typer.Argument(help="Ids of files.")]
Package = Annotated[UUID | None, typer.Option(help="Files of this package.")]
Execution = Annotated[UUID | None, typer.Option(help="Files of this execution.")]
Location = Annotated[str | None, typer.Option(help="Files at this source, <site>.<name>.")]
Kind = Annotated[FileExceptionKind | None, typer.Option(help="Files with which this is wrong.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the files.")]
By = Annotated[str, typer.Option(help="Who decides.", envvar="USER")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say which files it would be.")]


@dataclass(frozen=True)
class Asked:
    """What a command was asked: which files, why, and by whom."""

    which: Which
    reason: str
    by: str
    dry_run: bool
    json: bool


@app.command("set-aside")
def set_files_aside(
    reason: Reason,
    by: By,
    file: Files = None,
    package: Package = None,
    execution: Execution = None,
    location: Location = None,
    kind: Kind = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Leave files where they are: no package waits for them any more, and no tar has them."""

    def decide(session: Session, found: RawDataFileView, decider: Decider) -> None:
        set_aside(session, found.id, decider)

    which = Which(file, package, execution, location, kind)
    _decide(Asked(which, reason, by, dry_run, json), decide, "set aside")


@app.command("anew")
def file_files_anew(
    reason: Reason,
    by: By,
    file: Files = None,
    package: Package = None,
    execution: Execution = None,
    location: Location = None,
    kind: Kind = None,
    as_it_is: Annotated[
        bool, typer.Option("--as-it-is", help="With its bytes as they are now, which are read here.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """File files anew, so that a later package carries them: as they were filed, or as they are now."""
    facts: dict[UUID, Facts] = {}
    which = Which(file, package, execution, location, kind)
    asked = Asked(which, reason, by, dry_run, json)
    if as_it_is and not dry_run:
        # Before the transaction: nobody waits while files are read.
        facts = {found.id: _facts(found) for found in _found(asked)}

    def decide(session: Session, found: RawDataFileView, decider: Decider) -> UUID | None:
        return file_anew(session, found.id, decider, facts.get(found.id))

    _decide(asked, decide, "filed anew", set(facts) if as_it_is and not dry_run else None)


def _found(asked: Asked) -> list[RawDataFileView]:
    with Session(open_database(load_settings().sites), expire_on_commit=False) as session:
        return _undecided(session, asked.which)


def _undecided(session: Session, which: Which) -> list[RawDataFileView]:
    if which.names_nothing:
        end("say which files: by their ids, or by --package, --execution, --location, --kind", 2)
    found = undecided(session, which, MOST)
    if not found:
        end("there is no such file with which something is wrong, and that nobody has decided on")
    return found


def _decide(
    asked: Asked,
    decide: Callable[[Session, RawDataFileView, Decider], UUID | None],
    told: str,
    only: Collection[UUID] | None = None,
) -> None:
    """Decide on files in one transaction; `only`: on no others, although they are asked for."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        found = [file for file in _undecided(session, asked.which) if only is None or file.id in only]
        decider = Decider(f"{asked.by} (ccat-transfer)", asked.reason, database_now(session))
        new: dict[UUID, UUID | None] = {}
        if not asked.dry_run:
            new = {file.id: decide(session, file, decider) for file in in_order(session, found)}
        if asked.json:
            files = [
                {
                    "file": file.id,
                    "path": file.relative_path,
                    "exception": file.exception,
                    "replaced_by": new.get(file.id),
                }
                for file in found
            ]
            print_json({"dry_run": asked.dry_run, "files": files})
            return
        said = "would be" if asked.dry_run else "is"
        for file in found:
            typer.echo(f"{file.relative_path} {said} {told}: {file.exception_detail}")


def _facts(file: RawDataFileView) -> Facts:
    """Read a file and return what is to be filed of it."""
    places = open_places(open_database(), load_settings())
    algorithm = parse_checksum(file.checksum).algorithm
    hasher, size, buffer = new_hasher(algorithm), 0, memoryview(bytearray(MEBIBYTE))
    try:
        storage = places.storage(file.source_location_id)
        with storage.open_read(file.relative_path) as reader:
            while count := reader.readinto(buffer):
                hasher.update(buffer[:count])
                size += count
        # What was read at another place is nothing about the file.
        storage.confirm_place()
    except Failure as failure:
        end(f"{file.relative_path}: {failure}")
    return Facts(size, format_checksum(algorithm, hasher.hexdigest()))
