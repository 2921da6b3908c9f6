"""Filing raw data files from Python: for scripts and notebooks, on PostgreSQL and on SQLite."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from ccat_ops_db.database_time import database_now
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, RawDataFile, RawDataSeries


@dataclass(frozen=True)
class FileFacts:
    """What is filed of a file.

    Attributes
    ----------
    relative_path : str
        Path below the source location.
    size : int
        Size, bytes.
    checksum : str
        ``algorithm:hex``, lower case.
    file_type : str or None
        Kind of file, for example fits or log.
    written_from, written_until : datetime or None
        When it was written, as the instrument says.
    id : UUID or None
        UUIDv7 that was made before; None: a new one.
    """

    relative_path: str
    size: int
    checksum: str
    file_type: str | None = None
    written_from: datetime | None = None
    written_until: datetime | None = None
    id: UUID | None = None


def file_raw_data(
    session: Session,
    executed_obs_unit_id: UUID,
    instrument_module_id: str,
    source_location_id: str,
    files: Iterable[FileFacts],
    at: datetime | None = None,
) -> list[RawDataFile]:
    """File files that an instrument has written; return their rows, in the order of their paths.

    Finds or makes the series, which is locked until the transaction ends, and gives the next numbers.

    Parameters
    ----------
    session : Session
        Transaction; the caller commits it.
    executed_obs_unit_id : UUID
        Execution that they belong to.
    instrument_module_id : str
        Module that wrote them.
    source_location_id : str
        Where they are.
    files : iterable of FileFacts
        Files; none of them is filed in this series already.
    at : datetime or None
        When they are filed; None: now.
    """
    ordered = sorted(files, key=lambda file: file.relative_path)
    at = at or database_now(session)
    series = _locked_series(session, executed_obs_unit_id, instrument_module_id, source_location_id)
    rows = [
        RawDataFile(
            id=file.id or new_id(),
            site_id=series.site_id,
            raw_data_series_id=series.id,
            number=number,
            revision=1,
            relative_path=file.relative_path,
            size=file.size,
            checksum=file.checksum,
            file_type=file.file_type,
            written_from=file.written_from,
            written_until=file.written_until,
            filed_at=at,
        )
        for number, file in enumerate(ordered, start=series.filed_count + 1)
    ]
    if rows:
        session.add_all(rows)
        _count(series, rows, at)
    session.flush()
    return rows


def file_again(session: Session, old: RawDataFile, size: int, checksum: str, at: datetime) -> RawDataFile:
    """File the same path once more, with the next revision and the next number; the old row stays.

    Parameters
    ----------
    session : Session
        Transaction; the caller commits it.
    old : RawDataFile
        The file as it was filed.
    size : int
        Its size now, bytes.
    checksum : str
        Its checksum now, ``algorithm:hex``.
    at : datetime
        When it is filed.
    """
    series = session.get_one(
        RawDataSeries, old.raw_data_series_id, with_for_update={"key_share": True}, populate_existing=True
    )
    revision = session.execute(
        select(func.max(RawDataFile.revision)).where(
            RawDataFile.raw_data_series_id == series.id, RawDataFile.relative_path == old.relative_path
        )
    ).scalar_one()
    row = RawDataFile(
        id=new_id(),
        site_id=series.site_id,
        raw_data_series_id=series.id,
        number=series.filed_count + 1,
        revision=revision + 1,
        relative_path=old.relative_path,
        size=size,
        checksum=checksum,
        file_type=old.file_type,
        written_from=old.written_from,
        written_until=old.written_until,
        filed_at=at,
    )
    session.add(row)
    _count(series, [row], at)
    session.flush()
    return row


def _locked_series(session: Session, execution: UUID, module: str, location: str) -> RawDataSeries:
    session.flush()
    key = {
        "executed_obs_unit_id": execution,
        "instrument_module_id": module,
        "source_location_id": location,
    }
    of_files = (
        select(RawDataSeries)
        .filter_by(**key)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    series = session.scalars(of_files).one_or_none()
    if series is None:
        places = DataLocation.__table__.c
        site_id = session.execute(select(places.site_id).where(places.id == location)).scalar_one()
        # Another one may make it at this moment: then it is waited for, and that is the series.
        insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
        new = insert(RawDataSeries).values(id=new_id(), site_id=site_id, **key)
        session.execute(new.on_conflict_do_nothing(index_elements=list(key)))
        series = session.scalars(of_files).one()
    return series


def _count(series: RawDataSeries, rows: Sequence[RawDataFile], at: datetime) -> None:
    series.filed_count += len(rows)
    series.filed_bytes += sum(row.size for row in rows)
    series.oldest_unpackaged_at = series.oldest_unpackaged_at or at
    series.last_filed_at = series.review_at = at
