"""What a report costs follows what is open, not what was ever finished; and its figures stay right."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import marker_at
from ccat_ops_db.enumerations import Status
from ccat_ops_db.reports.needs_somebody import executions_that_need_somebody
from ccat_ops_db.reports.status import StatusReport, status_report
from ccat_ops_db.reports.sums import LATELY, Stored, load_sums

from .. import rows

FEW, MANY = 3_000, 10_000
LONG_AGO = rows.NOW - timedelta(days=30)
_FINISHED = (
    """
    INSERT INTO raw_data_package (id, site_id, raw_data_series_id, first_number, last_number, part_number,
        created_at, file_count, payload_bytes, relative_path, sealed_at, size, checksum,
        manifest_checksum, index_checksum)
    SELECT md5(:made || '-' || n)::uuid, site_id, raw_data_series_id, :made + n, :made + n, :made + n,
           :at, 1, 3, '2026/10/22/' || md5(:made || '-' || n)::uuid || '.tar', :at, size,
           checksum, manifest_checksum, index_checksum
    FROM raw_data_package, generate_series(1, :count) AS n WHERE id = :like
    """,
    """
    INSERT INTO physical_copy (id, site_id, kind, form, raw_data_package_id, data_location_id, relative_path,
        status, size, created_at)
    SELECT md5(place || p.id)::uuid, split_part(place, '.', 1), 'raw_data_package', 'tar', p.id, place,
           p.relative_path, 'verified', p.size, :at
    FROM raw_data_package p, unnest(ARRAY['cologne.lta', 'cologne.processing']) AS place
    WHERE p.part_number > :made AND p.part_number <= :made + :count
    """,
    """
    INSERT INTO verification (id, site_id, physical_copy_id, number, work_table, work_id, fencing, reason,
        method, finding, size_found, checksum_found, identity, members_checked, place_marker_id, worker,
        worker_clock, begun_at, recorded_at, proved_at, bytes_read, duration_ms)
    SELECT c.id, c.site_id, c.id, 1, 'fixity_check', c.id, 1, 'arrival', 'full_read', 'right', p.size,
           p.checksum, 'invented', false, m.id, 'worker', :at, :at, :at, :at, p.size, 1
    FROM raw_data_package p JOIN physical_copy c ON c.raw_data_package_id = p.id AND c.form = 'tar'
         JOIN place_marker m ON m.data_location_id = c.data_location_id
    WHERE p.part_number > :made AND p.part_number <= :made + :count
    """,
    """
    INSERT INTO data_transfer (id, site_id, status, priority, created_at, finished_at, attempt, interruptions,
        dispatches, fencing, bytes_done, bytes_total, partial_bytes, raw_data_package_id, source_copy_id,
        source_location_id, destination_location_id, destination_path, final_site_id, data_transfer_route_id)
    SELECT md5('transfer' || p.id)::uuid, 'ccat', 'completed', 0, :at, :at, 1, 0, 0, 1, 3, 3, 0, p.id,
           p.id, 'ccat.output-buffer', 'cologne.input-buffer', p.relative_path, 'cologne', 'ccat-cologne'
    FROM raw_data_package p WHERE p.part_number > :made AND p.part_number <= :made + :count
    """,
    "ANALYZE",
)


@pytest.fixture
def finish(session: Session, world: rows.World) -> Callable[[int], None]:
    """Add packages that were archived and removed at their source long ago."""
    made = 1000
    for location in ("cologne.lta", "cologne.processing"):
        marker_at(session, location, LONG_AGO)
    session.execute(
        text(
            "INSERT INTO link_role (role, site_id, recovers) VALUES (current_user, '*', true)"
            " ON CONFLICT DO NOTHING"
        )
    )

    def add(count: int) -> None:
        nonlocal made
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in _FINISHED:
            values = {"made": made, "count": count, "at": LONG_AGO, "like": world.package}
            session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        session.execute(text("SET LOCAL session_replication_role = origin"))
        made += count

    return add


def read_by(session: Session, ask: Callable[[], object]) -> int:
    """Return how many rows are read; what is read in the open transaction is counted by itself."""
    statement = text("SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables")
    before = int(session.execute(statement).scalar_one())
    ask()
    return int(session.execute(statement).scalar_one()) - before


def test_finished_packages_cost_a_report_nothing(
    session: Session, world: rows.World, finish: Callable[[int], None]
) -> None:
    # As the service has it.
    session.execute(text("SET LOCAL random_page_cost = 1.1"))
    for status in (Status.PENDING, Status.IN_PROGRESS, Status.FAILED):
        rows.add_row(session, world, "data_transfer", status)
    read = []
    for count in (FEW, MANY):
        finish(count)
        sums = load_sums(session, rows.NOW)
        read.append(read_by(session, partial(status_report, session, "ccat", rows.NOW, sums)))
    few, many = read
    assert 0 < few < 500
    assert many - few < 200


def test_finished_packages_cost_the_search_for_what_needs_somebody_nothing(
    session: Session, world: rows.World, finish: Callable[[int], None]
) -> None:
    session.execute(text("SET LOCAL random_page_cost = 1.1"))
    rows.add_row(session, world, "data_transfer", Status.FAILED)
    rows.add_exception(session, rows.file_of(session, world.package))
    read = []
    for count in (FEW, MANY):
        finish(count)
        read.append(read_by(session, lambda: session.scalars(executions_that_need_somebody()).all()))
        assert session.scalars(executions_that_need_somebody()).all() == [world.execution]
    few, many = read
    assert 0 < few < 200
    assert many - few < 100


@pytest.mark.long
def test_sums_read_what_a_report_does_not(session: Session, finish: Callable[[int], None]) -> None:
    """The count of rows read sees a scan."""
    finish(MANY)
    assert read_by(session, lambda: load_sums(session, rows.NOW)) >= MANY


def test_old_sums_count_all_packages(
    session: Session, world: rows.World, finish: Callable[[int], None]
) -> None:
    finish(3)
    rows.add_package(session, world.execution, part=2)
    sums = load_sums(session, rows.NOW + LATELY)
    assert sums.formed == 3
    rows.add_package(session, world.execution, part=3, sealed=False)
    old = status_report(session, "ccat", rows.NOW, sums)
    assert (
        old.packages
        == report(session).packages
        == {"waiting": 3, "transferring": 0, "archived": 3, "failed": 0}
    )


def test_a_package_that_came_after_its_time_makes_no_figure_negative(
    session: Session, world: rows.World
) -> None:
    sums = load_sums(session, rows.NOW + 2 * LATELY)
    for part in (2, 3):
        rows.add_package(session, world.execution, part=part)
    late = status_report(session, "ccat", rows.NOW, sums)
    assert late.packages["waiting"] == 3
    assert late.packages["archived"] == 0


def test_tells_when_it_was_counted_what_lies_where(session: Session, world: rows.World) -> None:
    sums = load_sums(session, rows.NOW - timedelta(seconds=20))
    rows.add_copy(session, world.package, world.buffer)
    old, new = status_report(session, "ccat", rows.NOW, sums), report(session)
    assert old.counted_at == rows.NOW - timedelta(seconds=20)
    assert new.counted_at == new.at == rows.NOW
    lying = [
        {place.id: Stored(place.packages, place.package_bytes) for place in found.locations}
        for found in (old, new)
    ]
    assert [places[world.buffer] for places in lying] == [Stored(1, 10240), Stored(2, 20480)]
    assert lying[0][world.archive] == Stored()


def report(session: Session) -> StatusReport:
    """Return a report with sums of its own."""
    return status_report(session, "ccat", rows.NOW)
