"""Many rows of which nothing is due, as a year of observing leaves them."""

from typing import Any

from sqlalchemy import Engine, text

PACKAGES = """
    CREATE TEMPORARY TABLE new ON COMMIT DROP AS
        SELECT gen_random_uuid() AS id, n + (SELECT max(part_number) FROM raw_data_package) AS part
        FROM generate_series(1, :n) n;
    INSERT INTO raw_data_package (id, site_id, executed_obs_unit_id, instrument_module_id, part_number,
        source_location_id, created_at, file_count, payload_bytes, relative_path, sealed_at, size, checksum,
        manifest_checksum, index_checksum, source_removed_at)
    SELECT new.id, p.site_id, p.executed_obs_unit_id, p.instrument_module_id, new.part, p.source_location_id,
        p.created_at, 1, 1, 'x/' || new.id || '.tar', p.sealed_at, p.size, p.checksum, p.manifest_checksum,
        p.index_checksum, {removed}
    FROM new, (SELECT * FROM raw_data_package LIMIT 1) p;
"""


def add_files_at_a_source(observatory: Any, count: int) -> None:
    """Add files of a source without a policy, whose packages are in the archive."""
    _fill(
        observatory,
        """
        INSERT INTO physical_copy (id, site_id, kind, raw_data_file_id, data_location_id, relative_path,
            status, size, created_at)
        SELECT gen_random_uuid(), 'ccat', 'raw_data_file', f.id, 'ccat.raw', 'x/' || gen_random_uuid(),
            'present', 1, now()
        FROM generate_series(1, :n) n, (SELECT id FROM raw_data_file LIMIT 1) f;
        """,
        count,
    )


def add_packages_in_dry_run(observatory: Any, count: int) -> None:
    """Add archived packages that are in the telescope's buffer too, which deletes nothing."""
    _fill(
        observatory,
        PACKAGES.format(removed="NULL")
        + """
        INSERT INTO physical_copy (id, site_id, kind, raw_data_package_id, data_location_id, relative_path,
            status, size, created_at, checksum, verified_at, verified_by, onward_planned_at, place_marker_id)
        SELECT gen_random_uuid(), split_part(l, '.', 1), 'raw_data_package', new.id, l,
            'x/' || new.id || '.tar', 'verified', 1, c.created_at, c.checksum, c.verified_at, c.verified_by,
            c.created_at, CASE l WHEN c.data_location_id THEN c.place_marker_id END
        FROM new, unnest(ARRAY['ccat.buffer', 'cologne.lta']) l,
            (SELECT * FROM physical_copy WHERE data_location_id = 'cologne.lta' LIMIT 1) c;
        """,
        count,
    )


def add_packages_behind_a_route(observatory: Any, count: int) -> None:
    """Add packages in the telescope's buffer that are to leave."""
    _fill(
        observatory,
        PACKAGES.format(removed="now()")
        + """
        INSERT INTO physical_copy (id, site_id, kind, raw_data_package_id, data_location_id, relative_path,
            status, size, created_at)
        SELECT gen_random_uuid(), 'ccat', 'raw_data_package', new.id, 'ccat.buffer',
            'x/' || new.id || '.tar', 'present', 1, now()
        FROM new;
        """,
        count,
    )


def add_unpackaged_files(observatory: Any, count: int) -> None:
    """Add small files of an execution that goes on."""
    _fill(
        observatory,
        """
        INSERT INTO raw_data_file (id, site_id, executed_obs_unit_id, instrument_module_id, relative_path,
            size, checksum, source_location_id, filed_at)
        SELECT gen_random_uuid(), site_id, executed_obs_unit_id, instrument_module_id,
            'x/' || gen_random_uuid(), 1, checksum, source_location_id, filed_at
        FROM (SELECT * FROM raw_data_file LIMIT 1) f, generate_series(1, :n) n;
        """,
        count,
    )


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
