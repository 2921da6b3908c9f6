"""SQL of raw data files: showing them, and filing many with a constant number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import String, Uuid

from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.file_decisions import Which
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, ExecutedObsUnit, RawDataFile, RawDataFileView, RawDataPackage
from ccat_ops_db.models.data import HAS_ANOTHER_UNICODE_FORM
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.raw_data_files.parsing import Place

FILING_TABLE = "filing"
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "id": RawDataFileView.__table__.c.id,
    "relative_path": RawDataFileView.__table__.c.relative_path,
    "size": RawDataFileView.__table__.c.size,
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
        RawDataFileView.id,
        RawDataFileView.executed_obs_unit_id.label("execution_id"),
        RawDataFileView.instrument_module_id.label("module"),
        RawDataFileView.relative_path,
        RawDataFileView.size,
        RawDataFileView.checksum,
        RawDataFileView.file_type,
        RawDataFileView.source_location_id.label("source_location"),
        RawDataFileView.written_from,
        RawDataFileView.written_until,
        RawDataFileView.filed_at,
        RawDataFileView.raw_data_package_id.label("package_id"),
        RawDataFileView.tar_offset.label("member_offset"),
        ("sha256:" + func.encode(RawDataFileView.sha256, "hex")).label("member_checksum"),
        RawDataFileView.revision,
        RawDataFileView.left_out,
        RawDataFileView.exception,
        RawDataFileView.exception_detail.label("problem"),
        RawDataFileView.decision,
        RawDataFileView.replaced_by_file_id,
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
        rows = rows.where(RawDataFileView.executed_obs_unit_id == execution_id)
    if module is not None:
        rows = rows.where(RawDataFileView.instrument_module_id == module)
    if package_id is not None:
        rows = rows.where(RawDataFileView.raw_data_package_id == package_id)
    if packaged is not None:
        inside = RawDataFileView.raw_data_package_id.is_not(None)
        rows = rows.where(inside if packaged else ~inside)
    if relative_path is not None:
        rows = rows.where(RawDataFileView.relative_path == relative_path)
    if path_prefix is not None:
        rows = rows.where(RawDataFileView.relative_path.startswith(path_prefix, autoescape=True))
    if problem is not None:
        named = RawDataFileView.exception.is_not(None)
        rows = rows.where(named if problem else ~named)
    return rows


class FileInPackage(NamedTuple):
    """A file, and where it lies in its package: nothing before that is sealed."""

    relative_path: str
    size: int
    package_id: UUID | None
    tar_offset: int | None
    sha256: bytes | None
    left_out: bool


async def file_in_package(session: AsyncSession, file_id: UUID) -> FileInPackage | None:
    """Return a file with where it lies in its package, or None if there is no such file."""
    row = (
        await session.execute(
            select(
                RawDataFileView.relative_path,
                RawDataFileView.size,
                RawDataFileView.raw_data_package_id,
                RawDataFileView.tar_offset,
                RawDataFileView.sha256,
                RawDataFileView.left_out,
            ).where(RawDataFileView.id == file_id)
        )
    ).one_or_none()
    return FileInPackage(*row) if row is not None else None


async def owners(session: AsyncSession, which: Which) -> list[tuple[str, str]]:
    """Return what of a choice of files is of which site: its noun with its name, and the site."""
    found: list[tuple[str, str]] = []
    for noun, model, keys in (
        ("file", RawDataFile, which.files or ()),
        ("package", RawDataPackage, [which.package_id]),
        ("execution", ExecutedObsUnit, [which.execution_id]),
        ("location", DataLocation, [which.location_id]),
    ):
        table = model.__table__.c
        if any(keys):
            rows = await session.execute(
                select(table.id, table.site_id).where(table.id.in_(keys)).order_by(table.id)
            )
            found += [(f"{noun} {row.id}", row.site_id) for row in rows]
    return found


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


async def insert_filed(session: AsyncSession, places: Sequence[Place], now: datetime) -> list[FiledExecution]:
    """Insert the lines as files; what is there already stays as it is.

    The series are locked first, those of a request in the order of their ids: their numbers follow each other
    in the order of commits.
    """
    await session.execute(
        _MAKE_SERIES,
        {
            "ids": [new_id() for _ in places],
            "executions": [UUID(place.execution_id) for place in places],
            "modules": [place.module for place in places],
            "locations": [place.source_location for place in places],
        },
    )
    await session.execute(_LOCK_SOURCES)
    await session.execute(_LOCK_SERIES)
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

_MAKE_SERIES = text(
    """
    INSERT INTO raw_data_series (id, site_id, executed_obs_unit_id, instrument_module_id, source_location_id,
                                 filed_count, filed_bytes, packaged_count, packaged_bytes)
    SELECT g.id, l.site_id, g.execution, g.module, g.location, 0, 0, 0, 0
    FROM unnest(:ids, :executions, :modules, :locations) AS g (id, execution, module, location)
    JOIN data_location l ON l.id = g.location
    ORDER BY g.execution, g.module, g.location
    ON CONFLICT (executed_obs_unit_id, instrument_module_id, source_location_id) DO NOTHING
    """
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid())),
    bindparam("executions", type_=ARRAY(Uuid())),
    bindparam("modules", type_=ARRAY(String())),
    bindparam("locations", type_=ARRAY(String())),
)

_OF_SERIES = """s.executed_obs_unit_id = f.executed_obs_unit_id
        AND s.instrument_module_id = f.instrument_module_id AND s.source_location_id = f.source_location_id"""

# A path of a source belongs to one series as long as its file is there, and no index can say so: who files at
# a source waits for who files there.
_LOCK_SOURCES = text(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('files at ' || l.location, 0))
    FROM (SELECT DISTINCT source_location_id AS location FROM filing ORDER BY 1) l
    """
)

_LOCK_SERIES = text(
    f"""
    SELECT s.id FROM raw_data_series s
    WHERE EXISTS (SELECT FROM filing f WHERE {_OF_SERIES})
    ORDER BY s.id FOR NO KEY UPDATE
    """
)

_TAKES_THE_PATH = """EXISTS (
          SELECT FROM raw_data_series os
          WHERE os.id = o.raw_data_series_id AND os.source_location_id = s.source_location_id
            AND NOT EXISTS (SELECT FROM raw_data_package_member m
                            JOIN physical_copy c ON c.raw_data_package_id = m.raw_data_package_id
                            WHERE m.raw_data_file_id = o.id AND c.form = 'files' AND c.status = 'deleted'
                              AND c.data_location_id = os.source_location_id)
            AND NOT EXISTS (SELECT FROM raw_data_file_exception e
                            WHERE e.raw_data_file_id = o.id AND e.decision = 'filed_anew'))"""
"""Whether a file (o) of another series is still at the source of a series (s).

What is in no tar stays there, whatever becomes of its package. What was filed anew is there by its new row.
"""

# Numbers are given in the order of the paths, to the first line of each path that is not filed already. A
# line whose id is another file's leaves a gap: then the whole request is refused.
_INSERT = text(
    f"""
    WITH new AS (
      SELECT f.*, s.id AS series_id, s.site_id, s.filed_count + row_number() OVER (
               PARTITION BY s.id ORDER BY f.relative_path COLLATE "C") AS number
      FROM (SELECT DISTINCT ON (f.executed_obs_unit_id, f.instrument_module_id, f.source_location_id,
                                f.relative_path) f.*
            FROM filing f
            ORDER BY f.executed_obs_unit_id, f.instrument_module_id, f.source_location_id, f.relative_path,
                     f.line) f
      JOIN raw_data_series s ON {_OF_SERIES}
      LEFT JOIN LATERAL (
        SELECT o.id FROM raw_data_file o
        WHERE o.relative_path = f.relative_path AND (o.raw_data_series_id = s.id OR {_TAKES_THE_PATH})
        LIMIT 1) o ON true
      WHERE o.id IS NULL
    ), filed AS (
      INSERT INTO raw_data_file (id, site_id, raw_data_series_id, number, revision, relative_path, size,
                                 checksum, file_type, written_from, written_until, filed_at)
      SELECT n.id, n.site_id, n.series_id, n.number, 1, n.relative_path, n.size, n.checksum, n.file_type,
             n.written_from, n.written_until, :now
      FROM new n
      ORDER BY n.series_id, n.number
      ON CONFLICT DO NOTHING
      RETURNING id, site_id, raw_data_series_id, relative_path, size
    ), counted AS (
      UPDATE raw_data_series s
      SET filed_count = s.filed_count + t.files, filed_bytes = s.filed_bytes + t.bytes,
          oldest_unpackaged_at = coalesce(s.oldest_unpackaged_at, :now), last_filed_at = :now,
          review_at = :now
      FROM (SELECT raw_data_series_id, count(*) AS files, sum(size)::bigint AS bytes FROM filed GROUP BY 1) t
      WHERE s.id = t.raw_data_series_id
      RETURNING s.executed_obs_unit_id, s.site_id, t.files, t.bytes
    )
    SELECT executed_obs_unit_id, site_id, sum(files)::bigint, sum(bytes)::bigint
    FROM counted GROUP BY executed_obs_unit_id, site_id
    """
)

# Tables may have grown since PostgreSQL last counted them: each line must be looked up by an index.
# A bitmap is made by what is asked for alone, where a scan may read an index from end to end.
_ONLY_BY_INDEX = text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)"
)

# No index serves IS NOT DISTINCT FROM, so that files are looked up by their paths and not by their series:
# with old statistics one seems as good as the other. OFFSET 0 and LIMIT 1 keep the planner, which knows
# nothing of the temporary table, from reading whole tables.
_CLASHES = text(
    f"""
    SELECT f.line, f.relative_path,
           coalesce(r.id, t.id, o.id, i.id),
           CASE WHEN r.size <> f.size THEN 'size'
                WHEN r.checksum <> f.checksum THEN 'checksum'
                WHEN t.id IS NOT NULL THEN 'unicode_form'
                WHEN o.id IS NOT NULL THEN 'relative_path'
                ELSE 'id' END,
           t.relative_path
    FROM filing f
    JOIN raw_data_series s ON {_OF_SERIES}
    LEFT JOIN LATERAL (
      SELECT r.* FROM raw_data_file r
      WHERE r.relative_path = f.relative_path AND r.raw_data_series_id IS NOT DISTINCT FROM s.id
      ORDER BY r.size <> f.size OR r.checksum <> f.checksum, r.revision DESC
      LIMIT 1) r ON true
    LEFT JOIN LATERAL (
      SELECT i.id FROM raw_data_file i WHERE r.id IS NULL AND i.id = f.id OFFSET 0) i ON true
    LEFT JOIN LATERAL (
      SELECT t.id, t.relative_path FROM raw_data_file t
      WHERE r.id IS NULL AND t.raw_data_series_id IS NOT DISTINCT FROM s.id
        AND normalize(t.relative_path) = normalize(f.relative_path) AND t.{HAS_ANOTHER_UNICODE_FORM}
      ORDER BY t.revision LIMIT 1) t ON true
    LEFT JOIN LATERAL (
      SELECT o.id FROM raw_data_file o
      WHERE r.id IS NULL AND o.relative_path = f.relative_path AND o.raw_data_series_id <> s.id
        AND {_TAKES_THE_PATH}
      LIMIT 1) o ON true
    WHERE r.id IS NULL OR r.size <> f.size OR r.checksum <> f.checksum
    ORDER BY f.line LIMIT :most
    """
)
