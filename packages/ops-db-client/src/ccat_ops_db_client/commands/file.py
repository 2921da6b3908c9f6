"""``ccat file``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import PathError
from ccat_ops_db_client.filing.filing import Copying, Order, Outcome, file_paths
from ccat_ops_db_client.filing.left_out import LeftOut
from ccat_ops_db_client.filing.read import Advance
from ccat_ops_db_client.paths import in_utf_8, shown, text_of
from ccat_ops_db_client.terminal_text import undecodable_escaped

from .exit_status import ExitStatus
from .options import ApiUrl, ExecutionId, Json, Profile
from .output import counted, notice, number, print_json, say, size
from .session import recorder, tell_spooled
from .tables import byte_progress

SHOWN_IN_AN_ERROR = 5
SHOWN_AS_NOTICES = 20
IGNORED_SHOWN = 3


def file(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders with all in them.")],
    execution: ExecutionId,
    module: Annotated[str, typer.Option(metavar="MODULE", help="Instrument module that wrote them.")],
    algorithm: Annotated[Algorithm, typer.Option(help="Algorithm of the checksum.")] = Algorithm.XXH3_128,
    file_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Kind of file, for example fits.")
    ] = None,
    ingest: Annotated[
        bool, typer.Option("--ingest", help="Copy them into the source location first.")
    ] = False,
    location: Annotated[
        str | None, typer.Option(metavar="LOCATION", help="With --ingest: source location to copy to.")
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="With --ingest: folder in the source location; . for its top.",
            show_default="EXECUTION/MODULE",
        ),
    ] = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """File raw data files: they are packaged, archived, and then removed here.

    Files that are filed already are skipped, so the command can be repeated after a break. What cannot be
    filed (links, sockets, files that change, names that no archive keeps) is left out by name, and the others
    are filed: exit status 3. If nothing at all could be filed it is 1.
    """
    if not ingest and (location or into):
        raise typer.BadParameter("--location and --into only go with --ingest")
    copying = Copying(location, into) if ingest else None
    with recorder(api_url) as recording:
        outcome = file_paths(
            recording,
            Order(execution, in_utf_8(module), algorithm, file_type and in_utf_8(file_type)),
            paths,
            copying=copying,
            progress=_progress,
        )
    if outcome.nothing_is_filed:
        raise NothingFiledError(outcome.left_out)
    _tell(outcome, as_json=as_json)
    if outcome.left_out:
        raise typer.Exit(ExitStatus.PART)


class NothingFiledError(PathError):
    """All was left out."""

    def __init__(self, left_out: list[LeftOut]) -> None:
        first = left_out[0]
        if len(left_out) == 1:
            super().__init__(f"nothing was filed: {first.message}", first.remedy, first.reason)
        else:
            listed = "; ".join(entry.message for entry in left_out[:SHOWN_IN_AN_ERROR])
            rest = len(left_out) - SHOWN_IN_AN_ERROR
            more = f"; and {number(rest)} more" if rest > 0 else ""
            remedies = list(dict.fromkeys(entry.remedy for entry in left_out))[:SHOWN_IN_AN_ERROR]
            super().__init__(f"nothing was filed: {listed}{more}", "; ".join(remedies), first.reason)
        self.details = {"left_out": [_plain(entry) for entry in left_out]}


@contextmanager
def _progress(total: int) -> Iterator[Advance]:
    with byte_progress("filing") as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if outcome.ignored:
        first, rest = outcome.ignored[:IGNORED_SHOWN], len(outcome.ignored) - IGNORED_SHOWN
        more = f" and {number(rest)} more; --json lists all" if rest > 0 else ""
        notice(f"no data, so not filed: {', '.join(map(shown, first))}{more}")
    for entry in outcome.left_out[:SHOWN_AS_NOTICES]:
        notice(f"left out: {entry}")
    if len(outcome.left_out) > SHOWN_AS_NOTICES:
        rest = len(outcome.left_out) - SHOWN_AS_NOTICES
        notice(f"left out: {number(rest)} more; --json lists all")
    if outcome.spooled:
        are = "is" if outcome.spooled == 1 else "are"
        tell_spooled(f"{counted(outcome.spooled, 'file')} {are}", outcome.spooled_because)
    if as_json:
        print_json(
            {
                "filed": outcome.filed,
                "already_filed": outcome.already_filed,
                "spooled": outcome.spooled,
                "bytes": outcome.bytes,
                "left_out": [_plain(entry) for entry in outcome.left_out],
                "ignored": [undecodable_escaped(text_of(path)) for path in outcome.ignored],
            }
        )
    else:
        spooled = f", {number(outcome.spooled)} in the spool" if outcome.spooled else ""
        left_out = f", {number(len(outcome.left_out))} left out" if outcome.left_out else ""
        say(
            f"{counted(outcome.filed, 'file')} filed ({size(outcome.bytes)} read),"
            f" {number(outcome.already_filed)} filed already{spooled}{left_out}"
        )


def _plain(entry: LeftOut) -> dict[str, str]:
    return {
        "path": undecodable_escaped(text_of(entry.path)),
        "reason": entry.reason.value,
        "message": entry.message,
        "remedy": entry.remedy,
    }
