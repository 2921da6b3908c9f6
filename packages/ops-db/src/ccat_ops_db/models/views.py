"""Views: facts of several tables in one flat row, for reading only."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Connection, LargeBinary, MetaData, event, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.models.base import Base, Nanoseconds

RAW_DATA_FILE_VIEW = """\
CREATE VIEW raw_data_file_view AS
SELECT f.id, f.site_id, f.raw_data_series_id, f.number, f.revision, f.relative_path, f.size, f.checksum,
       f.file_type, f.written_from, f.written_until, f.filed_at,
       s.executed_obs_unit_id, s.instrument_module_id, s.source_location_id,
       p.id AS raw_data_package_id, m.tar_offset, m.sha256, m.mtime_ns,
       m.raw_data_file_id IS NULL AND (p.sealed_at IS NOT NULL OR EXISTS (
         SELECT 1 FROM package_creation w
         WHERE w.raw_data_package_id = p.id AND w.status = 'cancelled' AND w.error_category = 'all_left_out'
       )) AS left_out,
       e.kind AS exception, e.detail AS exception_detail, e.decision, e.replaced_by_file_id
FROM raw_data_file f
JOIN raw_data_series s ON s.id = f.raw_data_series_id AND s.site_id = f.site_id
LEFT JOIN raw_data_package p ON p.raw_data_series_id = f.raw_data_series_id AND p.site_id = f.site_id
                            AND f.number BETWEEN p.first_number AND p.last_number
LEFT JOIN raw_data_package_member m ON m.raw_data_file_id = f.id AND m.site_id = f.site_id
LEFT JOIN raw_data_file_exception e ON e.raw_data_file_id = f.id AND e.site_id = f.site_id
"""


class RawDataFileView(Base):
    """A raw data file with all that is known of it: its series, its package and its place in the tar."""

    metadata: ClassVar[MetaData] = MetaData()
    """Not that of the tables: nothing makes or compares a table of this name."""

    id: Mapped[UUID] = mapped_column(primary_key=True, doc="File.")
    site_id: Mapped[str] = mapped_column(doc="Owning site.")
    raw_data_series_id: Mapped[UUID] = mapped_column(doc="Series.")
    number: Mapped[int] = mapped_column(doc="Number in the series, from 1.")
    revision: Mapped[int] = mapped_column(doc="1; more when the same path was filed anew.")
    relative_path: Mapped[str] = mapped_column(doc="Path below the source location.")
    size: Mapped[int] = mapped_column(doc="Size as filed, bytes.")
    checksum: Mapped[str] = mapped_column(doc="Checksum as filed, algorithm:hex.")
    file_type: Mapped[str | None] = mapped_column(doc="Kind of file.")
    written_from: Mapped[datetime | None] = mapped_column(doc="Start of the writing.")
    written_until: Mapped[datetime | None] = mapped_column(doc="End of the writing.")
    filed_at: Mapped[datetime] = mapped_column(doc="When it was filed with us.")
    executed_obs_unit_id: Mapped[UUID] = mapped_column(doc="Execution.")
    instrument_module_id: Mapped[str] = mapped_column(doc="Module.")
    source_location_id: Mapped[str] = mapped_column(doc="Where the instrument wrote it.")
    raw_data_package_id: Mapped[UUID | None] = mapped_column(
        doc="Package in whose range it is; null before there is one."
    )
    tar_offset: Mapped[int | None] = mapped_column(
        doc="Where its bytes begin in the tar; null while it is in no tar."
    )
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(), doc="sha256 of its bytes in the tar.")
    mtime_ns: Mapped[int | None] = mapped_column(
        Nanoseconds(), doc="Modification time when it was packaged, nanoseconds since 1970-01-01 UTC."
    )
    left_out: Mapped[bool] = mapped_column(doc="Whether its package goes on without it.")
    exception: Mapped[str | None] = mapped_column(doc="What is wrong with it; null: it is as it was filed.")
    exception_detail: Mapped[str | None] = mapped_column(doc="The same for people.")
    decision: Mapped[str | None] = mapped_column(doc="What was decided on it; null: nothing yet.")
    replaced_by_file_id: Mapped[UUID | None] = mapped_column(doc="The row that it was filed anew as.")


# A database of a service gets the view from the migration; a local file, which has none, with its tables.
@event.listens_for(Base.metadata, "after_create")
def _create(_tables: MetaData, connection: Connection, **_: object) -> None:
    connection.execute(text(RAW_DATA_FILE_VIEW))


@event.listens_for(Base.metadata, "before_drop")
def _drop(_tables: MetaData, connection: Connection, **_: object) -> None:
    connection.execute(text("DROP VIEW IF EXISTS raw_data_file_view"))
