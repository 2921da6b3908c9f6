"""The invented nights are what they are called, and do not contradict themselves."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from ccat_dev_stack.pictures.making import make
from ccat_dev_stack.pictures.night import NOW, TERA
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import process_database
from ccat_ops_db.models import ErrorRecord
from ccat_ops_db.reports.open_work import open_work
from ccat_ops_db.reports.status import StatusReport, status_report
from ccat_ops_db.settings import synchronous

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def bad_night(postgresql_server: Postgresql, migrated_template: str) -> Iterator[str]:
    """URL of a database with the bad night, which tests only read."""
    with process_database(postgresql_server, migrated_template) as url:
        make(url, "bad-night")
        yield url


def _report(url: str) -> StatusReport:
    engine = create_engine(synchronous(url))
    with Session(engine) as session:
        report = status_report(session, "ccat", NOW)
    engine.dispose()
    return report


def _assert_that_figures_fit(report: StatusReport) -> None:
    assert TERA < report.today.bytes < 6 * TERA
    for location in report.locations:
        if location.used_bytes is not None and location.total_bytes is not None:
            lying = location.package_bytes + location.file_bytes
            assert lying < location.total_bytes
            assert abs(location.used_bytes - lying) < location.total_bytes * 0.01, location.id


def test_in_the_green_night_nothing_needs_anybody(ops_database: str) -> None:
    make(ops_database, "green-night")
    report = _report(ops_database)

    _assert_that_figures_fit(report)
    assert report.verdict.level == "green"
    assert report.attention == []
    assert sum(report.errors.values()) == 0
    assert report.packages["archived"] > 100
    assert any(transfer.source == "ccat.output-buffer" for transfer in report.transfers)


def test_the_bad_night_has_its_troubles_and_counts_them_alike(bad_night: str) -> None:
    report = _report(bad_night)

    _assert_that_figures_fit(report)
    assert report.verdict.level == "act"
    found = {(item.rule, item.where): item for item in report.attention}
    given_up = sum(work.count for work in report.work if work.status == "failed")
    assert given_up == sum(item.count for item in report.attention if item.rule == "given_up") == 2
    assert report.packages["failed"] == given_up
    assert not any(rule == "bad_archive_copy" for rule, _ in found), "the doubt tells of the copies there"
    assert found["location_suspect", "us.lta"].why.startswith("3 of the last 20 copies that were read there")
    filling = found["location_filling", "ccat.output-buffer"]
    waiting = sum(work.count for work in report.work if work.operation == "data_transfer") - 2
    assert found["circuit_open", "ccat-cologne"].count == waiting
    assert f"by which {waiting} packages leave, is paused" in filling.why


def test_the_errors_of_the_bad_night_are_known_ones(bad_night: str) -> None:
    engine = create_engine(synchronous(bad_night))
    with Session(engine) as session:
        errors = session.scalars(select(ErrorRecord.category).distinct()).all()
    engine.dispose()
    assert "file_changed" in errors
    assert "unexpected" not in errors


def test_nothing_in_the_bad_night_waits_since_now(bad_night: str) -> None:
    engine = create_engine(synchronous(bad_night))
    with Session(engine) as session:
        rows = open_work(NOW).c
        since = session.execute(select(rows.kind, rows.reason).where(rows.since >= NOW)).all()
        doubts = session.scalars(select(ErrorRecord).where(ErrorRecord.category == "location_suspect")).all()
    engine.dispose()
    assert since == []
    assert [(doubt.subject_id, doubt.severity) for doubt in doubts] == [("us.lta", "critical")]
