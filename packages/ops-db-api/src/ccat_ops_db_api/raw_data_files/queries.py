"""SQL of raw data files: showing them, and filing many with a constant number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String, Uuid

from ccat_ops_db.enumerations import ENDED_WITHOUT, LocationType
from ccat_ops_db.models import PackageCreation, RawDataFile
from ccat_ops_db.models.data import HAS_ANOTHER_UNICODE_FORM
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.raw_data_files.parsing import Place

FILING_TABLE = "filing"
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "id": RawDataFile.__table__.c.id,
    "relative_path": RawDataFile.__table__.c.relative_path,
    "size": RawDataFile.__table__.c.size,
}


class PlaceFacts(NamedTuple):
    """What is known of an execution, module and location that a file names."""

    execution_site: str | None
    module_known: bool
    module_takes_part: bool
    module_instrument: str | None
    location_type: LocationType | None
    location_site: str | None
    location_instrument: str | None


class FiledExecution(NamedTuple):
    """How much was filed anew for an execution at a site."""

    execution_id: UUID
    site_id: str
    files: int
    bytes: int
    copies: int


class Clash(NamedTuple):
    """A line that contradicts what is there."""

    line: int
    relative_path: str
    existing_id: UUID | None
    what: str
    existing_path: str | None


def files() -> Rows:
    """Return files as they are shown."""
    return select(
        RawDataFile.id,
        RawDataFile.executed_obs_unit_id.label("execution_id"),
        RawDataFile.instrument_module_id.label("module"),
        RawDataFile.relative_path,
        RawDataFile.size,
        RawDataFile.checksum,
        RawDataFile.file_type,
        RawDataFile.source_location_id.label("source_location"),
        RawDataFile.written_from,
        RawDataFile.written_until,
        RawDataFile.filed_at,
        RawDataFile.raw_data_package_id.label("package_id"),
        RawDataFile.member_offset,
        RawDataFile.member_checksum,
        _problem().label("problem"),
    )


def filtered(
    execution_id: UUID | None,
    module: str | None,
    package_id: UUID | None,
    packaged: bool | None,
    relative_path: str | None = None,
    path_prefix: str | None = None,
    problem: bool | None = None,
) -> Rows:
    """Return the files that a list asks for."""
    rows = files()
    if execution_id is not None:
        rows = rows.where(RawDataFile.executed_obs_unit_id == execution_id)
    if module is not None:
        rows = rows.where(RawDataFile.instrument_module_id == module)
    if package_id is not None:
        rows = rows.where(RawDataFile.raw_data_package_id == package_id)
    if packaged is not None:
        inside = RawDataFile.raw_data_package_id.is_not(None)
        rows = rows.where(inside if packaged else ~inside)
    if relative_path is not None:
        rows = rows.where(RawDataFile.relative_path == relative_path)
    if path_prefix is not None:
        rows = rows.where(RawDataFile.relative_path.startswith(path_prefix, autoescape=True))
    if problem is not None:
        given_up = select(PackageCreation.raw_data_package_id).where(
            PackageCreation.status.in_(ENDED_WITHOUT)
        )
        named = RawDataFile.raw_data_package_id.in_(given_up) & _problem().is_not(None)
        rows = rows.where(named if problem else ~named)
    return rows


def _problem() -> ColumnElement[str | None]:
    """Return what is wrong with a file: the message of a creation that was given up begins with its path."""
    path = RawDataFile.relative_path + ": "
    return (
        select(func.substr(PackageCreation.error_message, func.length(path) + 1))
        .where(
            PackageCreation.raw_data_package_id == RawDataFile.raw_data_package_id,
            PackageCreation.status.in_(ENDED_WITHOUT),
            func.starts_with(PackageCreation.error_message, path),
        )
        .correlate(RawDataFile)
        .scalar_subquery()
    )


class FileInPackage(NamedTuple):
    """A file, and where it lies in its package: nothing before that is sealed."""

    relative_path: str
    size: int
    package_id: UUID | None
    member_offset: int | None
    member_checksum: str | None


async def file_in_package(session: AsyncSession, file_id: UUID) -> FileInPackage | None:
    """Return a file with where it lies in its package, or None if there is no such file."""
    row = (
        await session.execute(
            select(
                RawDataFile.relative_path,
                RawDataFile.size,
                RawDataFile.raw_data_package_id,
                RawDataFile.member_offset,
                RawDataFile.member_checksum,
            ).where(RawDataFile.id == file_id)
        )
    ).one_or_none()
    return FileInPackage(*row) if row is not None else None


async def place_facts(session: AsyncSession, places: Sequence[Place]) -> list[PlaceFacts]:
    """Return what is known of each place, in their order, in one statement."""
    rows = await session.execute(
        _PLACES,
        {
            "executions": [UUID(place.execution_id) for place in places],
            "modules": [place.module for place in places],
            "locations": [place.source_location for place in places],
        },
    )
    return [PlaceFacts(*row) for row in rows]


async def prepare_filing(session: AsyncSession, timeout: int) -> None:
    """Make the table that lines are copied to, once a connection, and allow long statements.

    Parameters
    ----------
    session : AsyncSession
        Transaction of the request; the table is empty again at its end.
    timeout : int
        Longest single statement, seconds.
    """
    await session.execute(
        text("SELECT set_config('statement_timeout', :timeout, true), set_config('work_mem', '64MB', true)"),
        {"timeout": f"{timeout}s"},
    )
    await session.execute(_FILING_TABLE)


async def insert_filed(session: AsyncSession, now: datetime) -> list[FiledExecution]:
    """Insert the lines as files and copies at their source; what is there already stays as it is."""
    rows = await session.execute(_INSERT, {"now": now})
    return [FiledExecution(*row) for row in rows]


async def clashes(session: AsyncSession, limit: int) -> list[Clash]:
    """Return the lines that say something else than what is filed, or take a path that is in use."""
    await session.execute(_ONLY_BY_INDEX)
    rows = await session.execute(_CLASHES, {"most": limit})
    return [Clash(*row) for row in rows]


_PLACES = text(
    """
    SELECT e.site_id, m.id IS NOT NULL, em.instrument_module_id IS NOT NULL, m.instrument_id,
           l.location_type, l.site_id, l.instrument_id
    FROM unnest(:executions, :modules, :locations)
         WITH ORDINALITY AS g (execution, module, location, position)
    LEFT JOIN executed_obs_unit e ON e.id = g.execution
    LEFT JOIN instrument_module m ON m.id = g.module
    LEFT JOIN executed_obs_unit_module em
           ON em.executed_obs_unit_id = g.execution AND em.instrument_module_id = g.module
    LEFT JOIN data_location l ON l.id = g.location AND l.retired_at IS NULL
    ORDER BY g.position
    """
).bindparams(
    bindparam("executions", type_=ARRAY(Uuid())),
    bindparam("modules", type_=ARRAY(String())),
    bindparam("locations", type_=ARRAY(String())),
)

# Its columns have the collation of the real ones: with another, no index would serve to look a path up.
_FILING_TABLE = text(
    """
    CREATE TEMPORARY TABLE IF NOT EXISTS filing (
      line bigint NOT NULL, id uuid NOT NULL, executed_obs_unit_id uuid NOT NULL,
      instrument_module_id text NOT NULL, relative_path text NOT NULL, size bigint NOT NULL,
      checksum text NOT NULL, file_type text, source_location_id text NOT NULL,
      written_from timestamptz, written_until timestamptz
    ) ON COMMIT DELETE ROWS
    """
)

# Lines are inserted in the order of their keys, so that two requests that file the same files at once wait
# for each other instead of locking each other out. A copy's key is a UUIDv7 of the given time.
_INSERT = text(
    """
    WITH filed AS (
      INSERT INTO raw_data_file (id, site_id, executed_obs_unit_id, instrument_module_id, relative_path, size,
                                 checksum, file_type, source_location_id, written_from, written_until,
                                 filed_at)
      SELECT f.id, l.site_id, f.executed_obs_unit_id, f.instrument_module_id, f.relative_path, f.size,
             f.checksum, f.file_type, f.source_location_id, f.written_from, f.written_until, :now
      FROM filing f JOIN data_location l ON l.id = f.source_location_id
      ORDER BY f.executed_obs_unit_id, f.instrument_module_id, f.relative_path, f.line
      ON CONFLICT DO NOTHING
      RETURNING id, site_id, executed_obs_unit_id, relative_path, size, source_location_id
    ), copied AS (
      INSERT INTO physical_copy (id, site_id, kind, raw_data_file_id, data_location_id, relative_path, status,
                                 size, created_at)
      SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING t.milliseconds FROM 1 FOR 6),
                                    52, 1), 53, 1), 'hex')::uuid,
             f.site_id, 'raw_data_file', f.id, f.source_location_id, f.relative_path, 'present', f.size, :now
      FROM filed f,
           (SELECT substring(int8send((extract(epoch FROM CAST(:now AS timestamptz)) * 1000)::bigint) FROM 3)
                   AS milliseconds) t
      ON CONFLICT DO NOTHING
      RETURNING 1
    )
    SELECT executed_obs_unit_id, site_id, count(*), sum(size)::bigint, (SELECT count(*) FROM copied)
    FROM filed GROUP BY executed_obs_unit_id, site_id
    """
)

# Tables may have grown since PostgreSQL last counted them: each line must be looked up by an index.
_ONLY_BY_INDEX = text("SELECT set_config('enable_seqscan', 'off', true)")

# OFFSET 0 keeps the planner, which knows nothing of the temporary table, from reading whole tables.
_CLASHES = text(
    """
    SELECT f.line, f.relative_path,
           CASE WHEN r.id IS NULL THEN coalesce(t.id, i.id)
                WHEN r.size <> f.size OR r.checksum <> f.checksum
                  OR r.source_location_id <> f.source_location_id THEN r.id
                ELSE c.copy_of END,
           CASE WHEN t.id IS NOT NULL THEN 'unicode_form'
                WHEN r.id IS NULL THEN 'id'
                WHEN r.size <> f.size THEN 'size'
                WHEN r.checksum <> f.checksum THEN 'checksum'
                WHEN r.source_location_id <> f.source_location_id THEN 'source_location'
                ELSE 'relative_path' END,
           t.relative_path
    FROM filing f
    LEFT JOIN LATERAL (
      SELECT r.* FROM raw_data_file r
      WHERE r.executed_obs_unit_id = f.executed_obs_unit_id
        AND r.instrument_module_id = f.instrument_module_id AND r.relative_path = f.relative_path
      OFFSET 0) r ON true
    LEFT JOIN LATERAL (
      SELECT i.id FROM raw_data_file i WHERE r.id IS NULL AND i.id = f.id OFFSET 0) i ON true
    LEFT JOIN LATERAL (
      SELECT t.id, t.relative_path FROM raw_data_file t
      WHERE r.id IS NULL AND t.executed_obs_unit_id = f.executed_obs_unit_id
        AND t.instrument_module_id = f.instrument_module_id
        AND normalize(t.relative_path) = normalize(f.relative_path) AND {another_form}
      OFFSET 0) t ON true
    LEFT JOIN LATERAL (
      SELECT coalesce(c.raw_data_file_id, c.raw_data_package_id) AS copy_of FROM physical_copy c
      WHERE c.data_location_id = f.source_location_id AND c.relative_path = f.relative_path
        AND c.status <> 'deleted' AND c.raw_data_file_id IS DISTINCT FROM r.id
      OFFSET 0) c ON true
    WHERE r.id IS NULL OR r.size <> f.size OR r.checksum <> f.checksum
       OR r.source_location_id <> f.source_location_id
       OR (c.copy_of IS NOT NULL
           AND NOT EXISTS (SELECT FROM physical_copy o
                           WHERE o.raw_data_file_id = r.id AND o.data_location_id = f.source_location_id))
    ORDER BY f.line LIMIT :most
    """.replace("{another_form}", f"t.{HAS_ANOTHER_UNICODE_FORM}")
)
