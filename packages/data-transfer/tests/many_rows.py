"""Many rows of which nothing is due, as a year of observing leaves them."""

from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import RawDataPackage, RawDataSeries

PACKAGES = """
    CREATE TEMPORARY TABLE new ON COMMIT DROP AS
        SELECT gen_random_uuid() AS id, s.filed_count + n AS number, p.max + n AS part, s.id AS series
        FROM (SELECT max(part_number) FROM raw_data_package) p, generate_series(1, :n) n,
            (SELECT * FROM raw_data_series ORDER BY id LIMIT 1) s;
    {files}
    INSERT INTO raw_data_package (id, site_id, raw_data_series_id, first_number, last_number, part_number,
        created_at, file_count, payload_bytes, relative_path, sealed_at, size, checksum,
        manifest_checksum, index_checksum)
    SELECT new.id, p.site_id, new.series, new.number, new.number, new.part,
        p.created_at, 1, 1, 'x/' || new.id || '.tar', p.sealed_at, p.size, p.checksum, p.manifest_checksum,
        p.index_checksum
    FROM new, (SELECT * FROM raw_data_package WHERE sealed_at IS NOT NULL LIMIT 1) p ORDER BY new.number;
"""
FILES = """
    INSERT INTO raw_data_file (id, site_id, raw_data_series_id, number, revision, relative_path,
        size, checksum, filed_at)
    SELECT gen_random_uuid(), s.site_id, s.id, s.filed_count + n, 1, 'x/' || gen_random_uuid(), 1, f.checksum,
        f.filed_at
    FROM (SELECT * FROM raw_data_series ORDER BY id LIMIT 1) s, generate_series(1, :n) n,
        (SELECT * FROM raw_data_file LIMIT 1) f;
    UPDATE raw_data_series SET filed_count = filed_count + :n, filed_bytes = filed_bytes + :n,
        oldest_unpackaged_at = coalesce(oldest_unpackaged_at, last_filed_at)
    WHERE id = (SELECT id FROM raw_data_series ORDER BY id LIMIT 1);
"""


AT_SOURCE = """
    INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id,
        relative_path,
        status, size, created_at)
    SELECT gen_random_uuid(), 'ccat', 'raw_data_package', 'files', new.id, 'ccat.raw', 'x/' || new.id,
        'present', 1, now()
    FROM new;
"""


def add_files_at_a_source(observatory: Any, count: int) -> None:
    """Add packages of a source without a policy, which are in the archive."""
    _fill(observatory, PACKAGES.format(files=FILES) + AT_SOURCE, count)


def add_packages_in_dry_run(observatory: Any, count: int) -> None:
    """Add archived packages that are in the telescope's buffer too, which deletes nothing."""
    _fill(
        observatory,
        PACKAGES.format(files=FILES)
        + AT_SOURCE
        + """
        INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id,
        relative_path,
            status, size, created_at, onward_planned_at, place_marker_id)
        SELECT gen_random_uuid(), split_part(l, '.', 1), 'raw_data_package', 'tar', new.id, l,
            'x/' || new.id || '.tar', 'verified', 1, c.created_at,
            c.created_at, CASE l WHEN c.data_location_id THEN c.place_marker_id END
        FROM new, unnest(ARRAY['ccat.buffer', 'cologne.lta']) l,
            (SELECT * FROM physical_copy WHERE data_location_id = 'cologne.lta' LIMIT 1) c;
        INSERT INTO verification (id, site_id, physical_copy_id, number, work_table, work_id, fencing, reason,
            method, finding, size_found, checksum_found, identity, members_checked, place_marker_id, worker,
            worker_clock, begun_at, recorded_at, proved_at, bytes_read, duration_ms)
        SELECT gen_random_uuid(), c.site_id, c.id, 1, v.work_table, v.work_id, v.fencing, v.reason,
            v.method, v.finding, v.size_found, v.checksum_found, v.identity, false, m.id, v.worker,
            v.worker_clock, v.begun_at, v.recorded_at, v.proved_at, v.bytes_read, v.duration_ms
        FROM new JOIN physical_copy c ON c.raw_data_package_id = new.id AND c.form = 'tar'
            JOIN place_marker m ON m.data_location_id = c.data_location_id AND m.retired_at IS NULL,
            (SELECT v.* FROM verification v JOIN physical_copy c ON c.id = v.physical_copy_id
             WHERE c.data_location_id = 'cologne.lta' AND v.finding = 'right' LIMIT 1) v;
        """,
        count,
    )


def add_packages_behind_a_route(observatory: Any, count: int) -> None:
    """Add packages in the telescope's buffer that are to leave."""
    _fill(
        observatory,
        PACKAGES.format(files=FILES)
        + """
        INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id,
        relative_path,
            status, size, created_at)
        SELECT gen_random_uuid(), 'ccat', 'raw_data_package', 'tar', new.id, 'ccat.buffer',
            'x/' || new.id || '.tar', 'present', 1, now()
        FROM new;
        """,
        count,
    )


def add_unpackaged_files(observatory: Any, count: int) -> None:
    """Add small files of an execution that goes on."""
    _fill(observatory, FILES, count)


def packages_like(session: Session, package: RawDataPackage, count: int) -> list[dict[str, Any]]:
    """Return rows of further packages of one number each, whose files the series counts as filed."""
    columns = {column.name: getattr(package, column.name) for column in RawDataPackage.__table__.columns}
    series = session.get_one(RawDataSeries, package.raw_data_series_id, populate_existing=True)
    first = series.filed_count + 1
    series.filed_count += count
    series.filed_bytes += count * package.payload_bytes
    session.flush()
    return [
        {
            **columns,
            "id": (key := new_id()),
            "first_number": number,
            "last_number": number,
            "part_number": package.part_number + 1 + number - first,
            "file_count": 1,
            "relative_path": f"x/{key}.tar",
        }
        for number in range(first, first + count)
    ]


def rows_read(engine: Engine) -> int:
    """Return how many rows of tables the database has read so far; of an engine with one connection."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        return int(
            connection.execute(
                text("SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables")
            ).scalar_one()
        )


def _fill(observatory: Any, statements: str, count: int) -> None:
    with observatory.engine.begin() as connection:
        for statement in statements.strip().rstrip(";").split(";\n"):
            connection.execute(text(statement), {"n": count})
    with observatory.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
