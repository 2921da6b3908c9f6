"""Commands about places: ``ccat-transfer place adopt``."""

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.failures import Failure
from ccat_data_transfer.observe.readiness import WorkPlaces
from ccat_data_transfer.places.abilities import probe
from ccat_data_transfer.places.adopt import Adopted, AdoptionRefusedError, Asked, adopt
from ccat_data_transfer.places.open import open_places
from ccat_ops_db.models import DataLocation

app = typer.Typer(no_args_is_help=True, help="Places and the markers by which they are known.")

_WORDS = {
    "none": "has the right marker already",
    "new": "gets a new marker",
    "taken over": "has a marker already, which goes on record",
    "taken back": "is known again by the marker that was retired",
    "same place": "is the same place as before",
}


@app.command("adopt")
def adopt_places(
    location: Annotated[list[str] | None, typer.Argument(help="Locations, <site>.<name>.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="Site, with all its locations.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Only places that were never used.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why what is there is the place; of one location.")
    ] = None,
    same_place: Annotated[
        bool, typer.Option("--same-place", help="It is a copy of the place, and to count as the same.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Json = False,
) -> None:
    """Adopt places on a machine that sees them: from then on each is known by a marker in it.

    What is read under a new marker counts again; until then it proves nothing. Make a --dry-run first.
    """
    if new == (reason is not None) and not dry_run:
        end("give --new for places that were never used, or --reason for one that was", 2)
    if new and same_place:
        end("--same-place is for a place that was used: give --reason", 2)
    settings = load_settings()
    engine = open_database(WorkPlaces(sites=site or [], locations=location or []).all_sites)
    sessions, places = sessionmaker(engine, expire_on_commit=False), open_places(engine, settings)
    with sessions() as session:
        table = DataLocation.__table__.c
        asked_for = table.id.in_(location or []) | table.site_id.in_(site or [])
        ids = session.scalars(
            select(table.id).where(asked_for, table.retired_at.is_(None)).order_by(table.id)
        ).all()
    unknown = sorted(set(location or []) - set(ids))
    if unknown or not ids:
        end(f"there is no location {', '.join(unknown) or 'that was asked for'}")
    if len(ids) > 1 and not new:
        end("name one location: each place that was used is looked at by itself")
    asked = Asked("ccat-transfer place adopt", reason, same_place=same_place, dry_run=dry_run)
    results: dict[str, Adopted | str] = {}
    for location_id in ids:
        try:
            results[location_id] = adopt(sessions, places, location_id, asked)
        except (AdoptionRefusedError, Failure) as error:
            results[location_id] = str(error)
    if json:
        print_json(
            {
                "dry_run": dry_run,
                "places": [
                    asdict(found) if isinstance(found, Adopted) else {"location_id": name, "refused": found}
                    for name, found in results.items()
                ],
            }
        )
    else:
        for name, found in results.items():
            typer.echo(found if isinstance(found, str) else _told(found), err=isinstance(found, str))
            if dry_run and isinstance(found, Adopted) and found.act == "new":
                typer.echo(f"marker of {name}:\n{found.marker}", nl=False)
    if any(isinstance(found, str) for found in results.values()):
        raise typer.Exit(1)


@app.command("probe")
def probe_place(
    location: Annotated[str, typer.Argument(help="Location, <site>.<name>.")], json: Json = False
) -> None:
    """Try on decoys what a place can do, and keep it; nothing is left there."""
    settings = load_settings()
    engine = open_database(WorkPlaces(sites=[], locations=[location]).all_sites)
    places = open_places(engine, settings)
    try:
        found = probe(sessionmaker(engine, expire_on_commit=False), places.storage(location))
    except Failure as failure:
        end(str(failure))
    if json:
        print_json({"location": location, "abilities": {name: one._asdict() for name, one in found.items()}})
        return
    for ability, probed in sorted(found.items()):
        typer.echo(
            f"{'yes' if probed.works else 'no '} {ability}" + (f": {probed.detail}" if probed.detail else "")
        )


def _told(adopted: Adopted) -> str:
    return (
        f"{adopted.location_id} {_WORDS[adopted.act]}: {adopted.copies} copies there, {adopted.size:,} bytes;"
        f" {adopted.to_read} of them prove nothing until they are read"
    )
