"""Raw data: series of filed files, the packages that carry them, and what makes packages discoverable."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, MappedSQLExpression, column_property, mapped_column, relationship

from ccat_ops_db.enumerations import FileDecision, FileExceptionKind
from ccat_ops_db.models.base import (
    Base,
    Identified,
    Nanoseconds,
    Owned,
    checksum_check,
    choice,
    of_owner,
)
from ccat_ops_db.models.execution import ExecutedObsUnit
from ccat_ops_db.models.observatory import InstrumentModule
from ccat_ops_db.models.places import DataLocation


class RawDataSeries(Identified, Owned, Base):
    """The files of one execution, module and source location, numbered 1, 2, … in the order of filing.

    Who files locks the row and gives the next numbers, so that the order of numbers is that of commits: a
    range of numbers never misses a file that commits late. Who packages takes the next range of numbers
    under the same lock.
    """

    executed_obs_unit_id: Mapped[UUID] = mapped_column(doc="Execution.")
    instrument_module_id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module.id"), index=True, doc="Module."
    )
    source_location_id: Mapped[str] = mapped_column(index=True, doc="Where the instrument wrote the files.")
    filed_count: Mapped[int] = mapped_column(default=0, doc="Files filed: the highest number.")
    filed_bytes: Mapped[int] = mapped_column(default=0, doc="Sum of their sizes, bytes.")
    packaged_count: Mapped[int] = mapped_column(default=0, doc="The highest number that is in a package.")
    packaged_bytes: Mapped[int] = mapped_column(default=0, doc="Sum of the sizes up to there, bytes.")
    oldest_unpackaged_at: Mapped[datetime | None] = mapped_column(
        doc="When the first file that is in no package was filed; null: there is none."
    )
    last_filed_at: Mapped[datetime | None] = mapped_column(doc="When a file was filed last.")
    review_at: Mapped[datetime | None] = mapped_column(
        doc="When the planner looks at it next while its execution is running; filing sets it to now."
    )

    executed_obs_unit: Mapped[ExecutedObsUnit] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="foreign(RawDataSeries.executed_obs_unit_id) == ExecutedObsUnit.id",
    )
    instrument_module: Mapped[InstrumentModule] = relationship(lazy="raise", viewonly=True)
    source_location: Mapped[DataLocation] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="foreign(RawDataSeries.source_location_id) == DataLocation.id",
    )
    __table_args__ = (
        of_owner("executed_obs_unit_id", "executed_obs_unit"),
        of_owner("source_location_id", "data_location"),
        UniqueConstraint("executed_obs_unit_id", "instrument_module_id", "source_location_id"),
        CheckConstraint(
            "0 <= packaged_count AND packaged_count <= filed_count"
            " AND 0 <= packaged_bytes AND packaged_bytes <= filed_bytes",
            name="packaged_was_filed",
        ),
        Index(
            "ix_raw_data_series_unpackaged",
            "site_id",
            postgresql_where=text("filed_count > packaged_count"),
        ),
        # Its counters move with each filing: room for the next row beside the old one.
        {"postgresql_with": {"fillfactor": 50}},
    )


def _of_series(column: str, series_id: Mapped[UUID]) -> MappedSQLExpression[Any]:
    """Return a fact of a package that is one of its series: read along with it, never written."""
    series = RawDataSeries.__table__
    return column_property(
        select(series.c[column]).where(series.c.id == series_id).correlate_except(series).scalar_subquery()
    )


class RawDataPackage(Identified, Owned, Base):
    """A tar of a range of files of one series; immutable once sealed.

    The range says which files are due to be in it. Which are in it once it is sealed, its members say.
    """

    raw_data_series_id: Mapped[UUID] = mapped_column(doc="Series.")
    first_number: Mapped[int] = mapped_column(doc="Number in the series of its first file.")
    last_number: Mapped[int] = mapped_column(doc="Number in the series of its last file.")
    part_number: Mapped[int] = mapped_column(doc="Number within its execution and module, from 1.")
    created_at: Mapped[datetime] = mapped_column(index=True, doc="When the planner formed it.")
    file_count: Mapped[int] = mapped_column(doc="Number of files.")
    payload_bytes: Mapped[int] = mapped_column(doc="Sum of the sizes of its files, bytes.")
    relative_path: Mapped[str] = mapped_column(
        doc="Path of its tar at every location: <yyyy>/<mm>/<dd>/<id>.tar."
    )
    sealed_at: Mapped[datetime | None] = mapped_column(
        index=True, doc="When its tar was complete; null before."
    )
    size: Mapped[int | None] = mapped_column(doc="Size of the tar, bytes.")
    checksum: Mapped[str | None] = mapped_column(doc="xxh3-128 of the tar.")
    manifest_checksum: Mapped[str | None] = mapped_column(doc="sha256 of its manifest-sha256.txt.")
    index_checksum: Mapped[str | None] = mapped_column(doc="sha256 of the byte index beside the tar.")

    raw_data_series: Mapped[RawDataSeries] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataPackage.raw_data_series_id) == RawDataSeries.id"
    )
    raw_data_files: Mapped[list["RawDataFile"]] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_package_member",
        primaryjoin="RawDataPackage.id == foreign(RawDataPackageMember.raw_data_package_id)",
        secondaryjoin="foreign(RawDataPackageMember.raw_data_file_id) == RawDataFile.id",
        back_populates="raw_data_package",
    )
    executed_obs_unit: Mapped[ExecutedObsUnit] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataPackage.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.executed_obs_unit_id) == ExecutedObsUnit.id",
    )
    instrument_module: Mapped[InstrumentModule] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataPackage.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.instrument_module_id) == InstrumentModule.id",
    )
    source_location: Mapped[DataLocation] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataPackage.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.source_location_id) == DataLocation.id",
    )
    executed_obs_unit_id = _of_series("executed_obs_unit_id", raw_data_series_id)
    instrument_module_id = _of_series("instrument_module_id", raw_data_series_id)
    source_location_id = _of_series("source_location_id", raw_data_series_id)
    __table_args__ = (
        of_owner("raw_data_series_id", "raw_data_series"),
        UniqueConstraint("raw_data_series_id", "first_number"),
        UniqueConstraint("raw_data_series_id", "part_number"),
        # The path has the id in it, so that no two packages have one path, wherever they were made.
        CheckConstraint(
            "right(relative_path, 41) = '/' || id || '.tar'", name="relative_path_ends_in_id"
        ).ddl_if(dialect="postgresql"),
        CheckConstraint("part_number > 0", name="part_number_positive"),
        CheckConstraint("first_number > 0 AND last_number >= first_number", name="range"),
        CheckConstraint(
            "file_count > 0 AND file_count <= last_number - first_number + 1 AND payload_bytes >= 0",
            name="contents",
        ),
        CheckConstraint(
            "(sealed_at IS NULL AND size IS NULL AND checksum IS NULL AND manifest_checksum IS NULL"
            " AND index_checksum IS NULL) OR (sealed_at IS NOT NULL AND size > 0 AND checksum IS NOT NULL"
            " AND manifest_checksum IS NOT NULL AND index_checksum IS NOT NULL)",
            name="sealed_is_complete",
        ),
        checksum_check("checksum"),
        checksum_check("manifest_checksum"),
        checksum_check("index_checksum"),
        Index(None, "size", "id"),
        Index("ix_raw_data_package_unsealed", "site_id", postgresql_where=text("sealed_at IS NULL")),
    )


HAS_ANOTHER_UNICODE_FORM = "relative_path ~ '[^ -:<-JL-_a-~]'"
"""Whether a path may have another form: it is not ASCII, or has one of ``; K ` ``, which others become."""


class RawDataFile(Identified, Owned, Base):
    """A file that an instrument wrote and filed. The row is never changed.

    Which package is to carry it, the ranges of the packages of its series say; whether one does, its member
    row. ``RawDataFileView`` has all of it in one row.
    """

    raw_data_series_id: Mapped[UUID] = mapped_column(doc="Series.")
    number: Mapped[int] = mapped_column(doc="Number in the series, from 1.")
    revision: Mapped[int] = mapped_column(default=1, doc="1; more when the same path was filed anew.")
    relative_path: Mapped[str] = mapped_column(
        doc="Path below the source location; the same path again is the same file."
    )
    size: Mapped[int] = mapped_column(doc="Size as filed, bytes.")
    checksum: Mapped[str] = mapped_column(doc="Checksum as filed, algorithm:hex.")
    file_type: Mapped[str | None] = mapped_column(doc="Kind of file, for example fits or log.")
    written_from: Mapped[datetime | None] = mapped_column(doc="Start of the writing, as the instrument says.")
    written_until: Mapped[datetime | None] = mapped_column(doc="End of the writing, as the instrument says.")
    filed_at: Mapped[datetime] = mapped_column(doc="When it was filed with us.")

    raw_data_series: Mapped[RawDataSeries] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataFile.raw_data_series_id) == RawDataSeries.id"
    )
    executed_obs_unit: Mapped[ExecutedObsUnit] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataFile.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.executed_obs_unit_id) == ExecutedObsUnit.id",
    )
    instrument_module: Mapped[InstrumentModule] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataFile.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.instrument_module_id) == InstrumentModule.id",
    )
    source_location: Mapped[DataLocation] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="foreign(RawDataFile.raw_data_series_id) == RawDataSeries.id",
        secondaryjoin="foreign(RawDataSeries.source_location_id) == DataLocation.id",
    )
    exception: Mapped["RawDataFileException | None"] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="RawDataFile.id == foreign(RawDataFileException.raw_data_file_id)",
    )
    raw_data_package: Mapped[RawDataPackage | None] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        secondary="raw_data_package_member",
        primaryjoin="RawDataFile.id == foreign(RawDataPackageMember.raw_data_file_id)",
        secondaryjoin="foreign(RawDataPackageMember.raw_data_package_id) == RawDataPackage.id",
        back_populates="raw_data_files",
    )
    __table_args__ = (
        of_owner("raw_data_series_id", "raw_data_series"),
        # The path first: files are also looked for by their paths alone.
        UniqueConstraint("relative_path", "raw_data_series_id", "revision"),
        UniqueConstraint("raw_data_series_id", "number"),
        CheckConstraint("number > 0 AND revision > 0", name="numbers_positive"),
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("written_from <= written_until", name="written_ordered"),
        checksum_check("checksum"),
        # Readers of bags compare paths after normalization: a package must not have two that are one then.
        Index(
            "uq_raw_data_file_normal_path",
            text("normalize(relative_path)"),
            "raw_data_series_id",
            "revision",
            unique=True,
            postgresql_where=text(HAS_ANOTHER_UNICODE_FORM),
        ).ddl_if(dialect="postgresql"),
    )


class RawDataPackageMember(Owned, Base):
    """A file in a tar: what has no such row is in no tar. Inserted when the package is sealed, never changed.

    Not indexed by package: its members are those of the files of its range.
    """

    raw_data_file_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2, doc="File.")
    mapper_key = ("raw_data_file_id",)
    raw_data_package_id: Mapped[UUID] = mapped_column(doc="Package whose tar it is in.")
    tar_offset: Mapped[int] = mapped_column(doc="Where its bytes begin in the tar.")
    sha256: Mapped[bytes] = mapped_column(LargeBinary(), doc="sha256 of its bytes in the tar, 32 bytes.")
    mtime_ns: Mapped[int] = mapped_column(
        Nanoseconds(),
        doc="Modification time at the source when it was packaged, nanoseconds since 1970-01-01 UTC.",
    )
    __table_args__ = (
        of_owner("raw_data_file_id", "raw_data_file"),
        of_owner("raw_data_package_id", "raw_data_package"),
        CheckConstraint("tar_offset >= 0 AND length(sha256) = 32", name="is_in_the_tar"),
    )


class RawDataFileException(Identified, Owned, Base):
    """A file that is not as it was filed, at its source or in its package, and what was decided on it."""

    raw_data_file_id: Mapped[UUID] = mapped_column(unique=True, doc="File.")
    kind: Mapped[FileExceptionKind] = mapped_column(choice(FileExceptionKind), doc="What is wrong.")
    first_seen_at: Mapped[datetime] = mapped_column(doc="When it was seen first.")
    last_seen_at: Mapped[datetime] = mapped_column(doc="When it was seen last, of the readings that count.")
    readings: Mapped[int] = mapped_column(
        default=1, doc="Readings that found it: by another process and some time after the one before."
    )
    read_by: Mapped[str] = mapped_column(doc="Process that read it last, of the readings that count.")
    detail: Mapped[str] = mapped_column(doc="The same for people: what was filed, and what was found.")
    decision: Mapped[FileDecision | None] = mapped_column(
        choice(FileDecision), doc="What was decided; null: nothing yet."
    )
    decided_at: Mapped[datetime | None] = mapped_column(doc="When.")
    decided_by: Mapped[str | None] = mapped_column(doc="By whom; ``engine``: by itself.")
    reason: Mapped[str | None] = mapped_column(doc="Why, as the person says.")
    replaced_by_file_id: Mapped[UUID | None] = mapped_column(doc="The row that it was filed anew as.")
    __table_args__ = (
        of_owner("raw_data_file_id", "raw_data_file"),
        of_owner("replaced_by_file_id", "raw_data_file"),
        CheckConstraint("readings > 0", name="was_read"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)",
            name="decided_is_dated",
        ),
        CheckConstraint(
            "(replaced_by_file_id IS NULL) = (decision IS NULL OR decision <> 'filed_anew')",
            name="filed_anew_is_replaced",
        ),
        Index("ix_raw_data_file_exception_replaced_by_file_id", "replaced_by_file_id"),
        Index("ix_raw_data_file_exception_undecided", "site_id", postgresql_where=text("decision IS NULL")),
    )


class RawDataPackageMetadata(Owned, Base):
    """What makes a package discoverable: fields of IVOA ObsCore 1.1."""

    raw_data_package_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2, doc="Package.")
    mapper_key = ("raw_data_package_id",)
    __table_args__ = (of_owner("raw_data_package_id", "raw_data_package"),)
    obs_id: Mapped[str] = mapped_column(doc="ObsCore obs_id: the execution.")
    obs_collection: Mapped[str] = mapped_column(doc="ObsCore obs_collection: the program.")
    dataproduct_type: Mapped[str | None] = mapped_column(
        doc="ObsCore dataproduct_type, for example timeseries."
    )
    calib_level: Mapped[int] = mapped_column(default=0, doc="ObsCore calib_level; 0 is raw.")
    target_name: Mapped[str | None] = mapped_column(index=True, doc="ObsCore target_name.")
    s_ra: Mapped[float | None] = mapped_column(doc="ObsCore s_ra: ICRS right ascension, degrees.")
    s_dec: Mapped[float | None] = mapped_column(doc="ObsCore s_dec: ICRS declination, degrees.")
    t_min: Mapped[float | None] = mapped_column(doc="ObsCore t_min: start, MJD (UTC).")
    t_max: Mapped[float | None] = mapped_column(doc="ObsCore t_max: end, MJD (UTC).")
    em_min: Mapped[float | None] = mapped_column(doc="ObsCore em_min: shortest wavelength, metres.")
    em_max: Mapped[float | None] = mapped_column(doc="ObsCore em_max: longest wavelength, metres.")
    facility_name: Mapped[str] = mapped_column(doc="ObsCore facility_name.")
    instrument_name: Mapped[str] = mapped_column(doc="ObsCore instrument_name.")
    access_format: Mapped[str] = mapped_column(default="application/x-tar", doc="ObsCore access_format.")
    access_estsize: Mapped[int] = mapped_column(doc="ObsCore access_estsize, kilobytes.")
