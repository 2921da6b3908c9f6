"""``ccat file``."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.filing.filing import (
    Order,
    Outcome,
    Placed,
    copied_first,
    file_placed,
    in_place,
    leave_out_filed,
    place_copies,
    place_where_they_are,
)
from ccat_ops_db_client.filing.read import Work
from ccat_ops_db_client.filing.scan import FoundFile, scan
from ccat_ops_db_client.filing.sources import instrument_of, load_sources, source_for
from ccat_ops_db_client.recorder import Recorder

from .options import ApiUrl, ExecutionId, Json
from .output import byte_progress, notice, number, print_json, say, size
from .session import recorder, tell_spooled


def file(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders with all in them.")],
    execution: ExecutionId,
    module: Annotated[str, typer.Option(metavar="MODULE", help="Instrument module that wrote them.")],
    algorithm: Annotated[Algorithm, typer.Option(help="Checksum.")] = Algorithm.XXH3_128,
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
    as_json: Json = False,
) -> None:
    """File raw data files: they are packaged, archived, and then removed here.

    Files that are filed already are skipped, so the command can be repeated after a break. If one of the
    paths cannot be filed, nothing is: links, sockets and devices are refused by name.
    """
    if not ingest and (location or into):
        raise typer.BadParameter("--location and --into only go with --ingest")
    order = Order(execution, module, algorithm, file_type)
    left_out: list[Path] = []
    found = scan(paths, left_out.append)
    if left_out:
        notice(
            f"{number(len(left_out))} files that were removed while they were open are left out,"
            f" for example {left_out[0]}"
        )
    with recorder(api_url) as recording:
        placed, read = _plan(recording, order, found, ingest=ingest, location=location, into=into)
        needed = placed if ingest else leave_out_filed(recording, order, placed)
        outcome = _file(recording, order, needed, read)
    outcome.already_filed += len(placed) - len(needed)
    _tell(outcome, as_json=as_json)


def _plan(
    recording: Recorder,
    order: Order,
    found: Sequence[FoundFile],
    *,
    ingest: bool,
    location: str | None,
    into: str | None,
) -> tuple[list[Placed], Work]:
    sources = load_sources(recording.client)
    if not ingest:
        return place_where_they_are(found, sources), in_place(order)
    instrument = None if location else instrument_of(recording.client, order.module)
    source = source_for(instrument, sources, location)
    placed = place_copies(found, source, into or f"{order.execution_id}/{order.module}")
    return placed, copied_first(order, placed)


def _file(recording: Recorder, order: Order, placed: Sequence[Placed], read: Work) -> Outcome:
    total = sum(item.file.size for item in placed)
    with byte_progress("filing") as progress:
        task = progress.add_task("", total=total)
        return file_placed(
            recording, order, placed, read=read, advance=lambda count: progress.advance(task, count)
        )


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print_json({name: count for name, count in asdict(outcome).items() if name != "spooled_because"})
        return
    say(
        f"{number(outcome.filed)} files filed ({size(outcome.bytes)} read),"
        f" {number(outcome.already_filed)} were filed already"
    )
    if outcome.spooled:
        tell_spooled(f"{number(outcome.spooled)} files are", outcome.spooled_because)
