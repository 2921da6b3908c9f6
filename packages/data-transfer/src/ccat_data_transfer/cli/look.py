"""Commands that look: status, why, queues."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.context import Json, console, end, open_database, print_json
from ccat_data_transfer.work.kinds import KINDS, queue_name
from ccat_ops_db.database_time import database_now
from ccat_ops_db.models import DataLocation, Site
from ccat_ops_db.reports.status import StatusReport, status_report
from ccat_ops_db.reports.why import Explanation
from ccat_ops_db.reports.why import why as explain

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def status(json: Json = False) -> None:
    """Show what is where, what moves, what waits and why, and what is wrong."""
    with Session(open_database()) as session:
        site = session.scalars(select(Site.id).order_by(Site.main.desc(), Site.id)).first()
        if site is None:
            end("the database has no sites yet; run opsdb config apply")
        report = status_report(session, site, database_now(session))
    if json:
        print_json(report)
    else:
        _print_status(report)


def why(
    subject: Annotated[str, typer.Argument(help="Id of anything, or the name of a location, route or site.")],
    json: Json = False,
) -> None:
    """Say why something waits, from the planner's own reasons, and the remedy."""
    with Session(open_database()) as session:
        explanation = explain(session, subject)
    if explanation is None:
        end(f"nothing here has the id or name {subject!r}")
    if json:
        print_json(explanation)
    else:
        _print_explanation(explanation)


def queues(json: Json = False) -> None:
    """List the queues of this database's locations, <site>.<location>.<operation>."""
    location = DataLocation.__table__.c
    with open_database().connect() as connection:
        rows = connection.execute(
            select(location.id, location.location_type)
            .where(location.retired_at.is_(None))
            .order_by(location.id)
        ).all()
    names = [
        queue_name(row.id, kind.operation)
        for row in rows
        for kind in KINDS.values()
        if row.location_type in kind.location_types
    ]
    if json:
        print_json(names)
    else:
        for name in names:
            typer.echo(name)


def human_bytes(count: float | None) -> str:
    """Return a number of bytes for people, in decimal units."""
    if count is None:
        return "–"
    for unit in UNITS:
        if abs(count) < 1000 or unit == UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError("the last unit ends the loop")


def _print_status(report: StatusReport) -> None:
    places = Table("location", "type", "full", "packages", "bytes", "files", "bytes", title="Locations")
    for place in report.locations:
        full = (
            f"{place.used_bytes / place.total_bytes:.0%}" if place.used_bytes and place.total_bytes else "–"
        )
        places.add_row(
            place.id + (" (suspended)" if place.suspended else ""),
            place.location_type,
            full,
            f"{place.packages:,}",
            human_bytes(place.package_bytes),
            f"{place.files:,}",
            human_bytes(place.file_bytes),
        )
    console.print(places)
    work = Table("operation", "status", "count", "done", "of", title="Open work")
    for count in report.work:
        work.add_row(
            count.operation,
            count.status,
            f"{count.count:,}",
            human_bytes(count.bytes_done),
            human_bytes(count.bytes_total),
        )
    console.print(work)
    waiting = Table("what", "reason", "count", "since", title="Waiting")
    for item in report.waiting:
        since = f"{item.oldest:%F %H:%M:%S}" if item.oldest else "–"
        waiting.add_row(item.subject_type, item.reason, f"{item.count:,}", since)
    console.print(waiting)
    packages = ", ".join(f"{count:,} {state}" for state, count in report.packages.items()) or "none"
    errors = ", ".join(f"{count:,} {severity}" for severity, count in report.errors.items()) or "none"
    console.print(f"Packages: {packages}\nOpen errors: {errors}")


def _print_explanation(explanation: Explanation) -> None:
    console.print(Text(explanation.summary, "bold"), soft_wrap=True)
    for step in explanation.steps:
        console.print(Text(f"• {step.what}: {step.status or ''} {step.reason or ''}"), soft_wrap=True)
        if step.detail:
            console.print(Text(f"    {step.detail}"), soft_wrap=True)
        if step.remedy:
            console.print(Text(f"    remedy: {step.remedy}"), soft_wrap=True)
