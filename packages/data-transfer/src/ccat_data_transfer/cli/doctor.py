"""``ccat-transfer doctor``: is everything there that the engine needs? One line each."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

import typer
from psycopg.errors import QueryCanceled
from rich.text import Text
from sqlalchemy import ColumnElement, Engine, Interval, Select, cast, func, select, text, union_all
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from ccat_data_transfer.cli.context import (
    Json,
    console,
    load_settings,
    open_database,
    print_json,
)
from ccat_data_transfer.failures import Failure
from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.places.open import Places, open_places
from ccat_data_transfer.places.overlaps import overlaps
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.answer_in_time import answer_in_time
from ccat_data_transfer.storage.interface import Probed, Storage
from ccat_data_transfer.work.broker import make_celery, write_something
from ccat_data_transfer.work.kinds import KINDS, queue_name
from ccat_ops_db import schema
from ccat_ops_db.clock import Clock, SystemClock
from ccat_ops_db.database_time import database_now
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.enumerations import Ability, DeletionMode, LocationType, Status
from ccat_ops_db.models import DataLocation, DataTransferRoute, PlaceAbility, PlaceMarker, Site
from ccat_ops_db.orphans import MOST, count_orphans, references
from ccat_ops_db.schema_gap import schema_gap

LARGEST_SKEW = timedelta(seconds=30)
"""By how much a clock may be wrong before it is told."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, whether it is well, and the remedy if not."""

    what: str
    ok: bool
    detail: str


def doctor(
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Write nothing to any place: tell of the rights there as the workers last found them.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check settings, database, broker, workers and every place; exit status 1 if anything is not well."""
    settings = load_settings()
    engine = open_database()
    findings = [_look("database", lambda: _database(engine))]
    if findings[0].ok:
        findings += clocks(engine, SystemClock())
        findings.append(_look("broker", lambda: _broker(settings)))
        if findings[-1].ok:
            findings += _workers(engine, settings)
        findings += _places(engine, settings, read_only=read_only)
        findings += _deletion(engine)
        findings += orphans(engine)
    if json:
        print_json([finding.__dict__ for finding in findings])
    else:
        for finding in findings:
            mark = Text("ok   ", "green") if finding.ok else Text("FAIL ", "red")
            console.print(mark + Text(f"{finding.what}: {finding.detail}"), soft_wrap=True)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except SQLAlchemyError as error:
        return Finding(what, False, said_by_database(error))
    except Exception as error:
        return Finding(what, False, str(error).strip().splitlines()[0])


def _database(engine: Engine) -> str:
    with engine.connect() as connection:
        revision, lacking = schema.current_revision(connection), schema_gap(connection)
    if lacking is not None:
        raise RuntimeError(lacking)
    return f"answers, schema {revision}"


def clocks(engine: Engine, clock: Clock) -> Iterator[Finding]:
    """Compare the clocks of this machine and of the workers that hold work with the database's time.

    No decision hangs on them, but object stores and signed addresses refuse clocks that are wrong.
    """
    with engine.connect() as connection:
        ahead = clock.utc_now() - database_now(connection)
        off = connection.execute(_workers_clocks()).all()
    yield _clock("this machine", ahead)
    yield from (_clock(f"worker {row.lease_owner}", row.ahead) for row in off)


def _clock(whose: str, ahead: timedelta) -> Finding:
    seconds = ahead.total_seconds()
    right = abs(ahead) <= LARGEST_SKEW
    told = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the database's time"
    return Finding(f"clock of {whose}", right, told if right else f"{told}: synchronize it (NTP)")


def _workers_clocks() -> Select[*tuple[Any, ...]]:
    leased = union_all(
        *(
            select(
                kind.table.lease_owner, (kind.table.worker_clock - kind.table.started_at).label("ahead")
            ).where(kind.table.status == Status.IN_PROGRESS, kind.table.worker_clock.is_not(None))
            for kind in KINDS.values()
        )
    ).subquery()
    ahead = cast(leased.c.ahead, Interval)
    return (
        select(leased.c.lease_owner, func.max(ahead).label("ahead"))
        .group_by(leased.c.lease_owner)
        .order_by(leased.c.lease_owner)
    )


def orphans(engine: Engine) -> Iterator[Finding]:
    """Tell of rows that name a row of another owner which is not here; each kind is looked for a while."""
    looked_at, given_up = 0, []
    for reference in references():
        what = f"{reference.parent} of {reference.table}"
        try:
            with engine.begin() as connection:
                connection.execute(_LOOK_A_WHILE)
                count = count_orphans(connection, reference)
        except OperationalError as error:
            if not isinstance(error.orig, QueryCanceled):
                raise
            given_up.append(what)
            continue
        looked_at += 1
        if count:
            number = f"{count} rows or more" if count == MOST else f"{count} rows"
            detail = f"{number} name one that is not here; it has not arrived yet, or it was lost"
            yield Finding(f"orphans: {what}", False, detail)
    detail = f"{looked_at} kinds of rows looked at"
    if given_up:
        detail += f"; took too long, not looked at to the end: {', '.join(given_up)}"
    yield Finding("orphans", True, detail)


_LOOK_A_WHILE = text("SET LOCAL statement_timeout = '5s'")


def _broker(settings: DataTransferSettings) -> str:
    app = make_celery(settings)
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=3)
    write_something(app)
    return "takes messages"


def _workers(engine: Engine, settings: DataTransferSettings) -> Iterator[Finding]:
    served = {
        queue["name"]
        for queues in (make_celery(settings).control.inspect(timeout=2).active_queues() or {}).values()
        for queue in queues
    }
    location = DataLocation.__table__.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(location.id, location.location_type).where(*_in_service()).order_by(location.id)
        ).all()
    for row in rows:
        missing = [
            kind.operation.value
            for kind in KINDS.values()
            if row.location_type in kind.location_types and queue_name(row.id, kind.operation) not in served
        ]
        detail = (
            f"nobody does {', '.join(missing)}: start ccat-transfer worker --location {row.id}"
            " (on Kubernetes: a set of data-transfer.workers)"
        )
        yield Finding(f"workers of {row.id}", not missing, detail if missing else "running")


def _places(engine: Engine, settings: DataTransferSettings, *, read_only: bool) -> Iterator[Finding]:
    places = open_places(engine, settings)
    location = DataLocation.__table__.c
    with engine.connect() as connection:
        ids = connection.scalars(select(location.id).where(*_in_service()).order_by(location.id)).all()
        written_to = set(connection.scalars(select(location.id).where(~location.read_only)))
        routes = connection.execute(select(DataTransferRoute.id)).all()
    for location_id in ids:

        def use(location_id: str = location_id) -> str:
            storage = places.storage(location_id)
            storage.check()
            if location_id in written_to:
                _confirm_rights(_last_found(engine, location_id) if read_only else storage.probe())
            said = [_seen_elsewhere(engine, storage), *(_WITHOUT.get(one) for one in sorted(storage.unable))]
            return "; ".join(("can be used", *filter(None, said)))

        yield _look(f"place {location_id}", partial(answer_in_time, location_id, use))
    yield from _misconfigured(engine, places, ids)
    yield Finding("routes", bool(routes), f"{len(routes)} configured" if routes else "none: configure one")


def _confirm_rights(found: Mapping[Ability, Probed]) -> None:
    """Raise if the engine may not do at a place what it has to.

    Raises
    ------
    PermissionError
        Something may not be removed or listed; all of it is named.
    """
    refused = [
        f"may not {act}: {found[ability].detail}"
        for ability, act in _RIGHTS.items()
        if ability in found and not found[ability].works
    ]
    if refused:
        raise PermissionError("; ".join(refused))


def _last_found(engine: Engine, location_id: str) -> Mapping[Ability, Probed]:
    """Return what the workers found when they last tried what a place can do."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(PlaceAbility.ability, PlaceAbility.works, PlaceAbility.detail).where(
                PlaceAbility.data_location_id == location_id
            )
        )
        return {row.ability: Probed(row.works, row.detail) for row in rows}


_RIGHTS = {
    Ability.REMOVE: "delete what is there (s3:DeleteObject of a store)",
    Ability.LIST_UPLOADS: "list uploads (s3:ListBucketMultipartUploads)",
    Ability.ABORT_UPLOADS: "abort uploads (s3:AbortMultipartUpload)",
}
"""Without these the engine leaves behind at a place what it is to remove."""


def _seen_elsewhere(engine: Engine, storage: Storage) -> str | None:
    """Say that this host has the marker on another file system than the one that adopted the place."""
    with engine.connect() as connection:
        adopted_on = connection.execute(
            select(PlaceMarker.file_system).where(PlaceMarker.id == storage.marker_id)
        ).scalar_one_or_none()
    here = storage.file_system()
    if adopted_on is None or adopted_on == here:
        return None
    return (
        f"but its marker is on the file system {here} here, and was adopted on {adopted_on}: see that no"
        " clone of the disk is used beside it"
    )


_WITHOUT = {
    Ability.FLOCK: "without locks of files (mount option flock), so that what a killed worker wrote is"
    " written again from the start",
    Ability.FOLDER_FSYNC: "its folders cannot be synced, so that after a power cut names may be missing that"
    " were given before; then verify what was written last",
    Ability.CREATE_ONLY: "its store heeds no conditions, so that a name is looked at before it is given",
}
"""What is to be known of a place that cannot do something, and is used in another way."""


def _misconfigured(engine: Engine, places: Places, ids: Sequence[str]) -> Iterator[Finding]:
    """Find places that cannot be two, and markers that are."""
    described = []
    for location_id in ids:
        with contextlib.suppress(Failure):
            described.append(places.describe(location_id))
    for location_id, how in overlaps(described).items():
        yield Finding(f"place of {location_id}", False, how)
    twice = (
        select(PlaceMarker.id, func.string_agg(PlaceMarker.data_location_id, ", "))
        .group_by(PlaceMarker.id)
        .having(func.count() > 1)
    )
    unable = (
        select(PlaceAbility.data_location_id)
        .join(DataLocation.__table__, DataLocation.__table__.c.id == PlaceAbility.data_location_id)
        .where(
            PlaceAbility.ability.in_([Ability.RENAME_NOREPLACE, Ability.HARD_LINKS]),
            ~PlaceAbility.works,
            DataLocation.__table__.c.location_type.in_(MAY_HOLD_FILES_OF_OTHERS),
            DataLocation.__table__.c.retention_policy_id.is_not(None),
        )
        .group_by(PlaceAbility.data_location_id)
        .having(func.count() == 2)
    )
    with engine.connect() as connection:
        for marker_id, locations in connection.execute(twice):
            yield Finding(f"marker {marker_id}", False, f"is that of {locations}: adopt one of them anew")
        for (location_id,) in connection.execute(unable):
            yield Finding(
                f"place of {location_id}",
                False,
                "its file system neither has hard links nor renames to free names only: files cannot be put"
                " back safely there, so that none may be removed; use another file system, or no retention"
                " policy",
            )


def _deletion(engine: Engine) -> Iterator[Finding]:
    """Say where deletion would silently do nothing: dry run, or no retention policy."""
    location = DataLocation.__table__.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(location.id, location.deletion_mode, location.retention_policy_id).where(
                *_in_service(),
                location.location_type != LocationType.LONG_TERM_ARCHIVE,
            )
        ).all()
    for row in rows:
        if row.retention_policy_id is None:
            yield Finding(f"deletion at {row.id}", True, "never: it has no retention policy")
        elif row.deletion_mode is DeletionMode.DRY_RUN:
            yield Finding(f"deletion at {row.id}", True, "dry run: it only says what would go")


def _in_service() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select the locations that are in use, at sites that are."""
    location = DataLocation.__table__.c
    sites = select(Site.id).where(Site.enabled, Site.retired_at.is_(None))
    return location.retired_at.is_(None), location.enabled, location.site_id.in_(sites)
