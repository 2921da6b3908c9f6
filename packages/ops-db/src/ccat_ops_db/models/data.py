"""Raw data: files, the packages that carry them, and what makes packages discoverable."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ccat_ops_db.models.base import Base, Identified, Nanoseconds, Owned, checksum_check, of_owner
from ccat_ops_db.models.execution import ExecutedObsUnit
from ccat_ops_db.models.observatory import InstrumentModule
from ccat_ops_db.models.places import DataLocation


class RawDataPackage(Identified, Owned, Base):
    """A tar of raw data files of one execution and module; immutable once sealed."""

    executed_obs_unit_id: Mapped[UUID] = mapped_column(doc="Execution.")
    instrument_module_id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module.id"), index=True, doc="Module."
    )
    part_number: Mapped[int] = mapped_column(doc="Number within its execution and module, from 1.")
    source_location_id: Mapped[str] = mapped_column(index=True, doc="Where its files were filed.")
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

    source_removed_at: Mapped[datetime | None] = mapped_column(
        doc="When its files were removed at the source location."
    )

    execution: Mapped[ExecutedObsUnit] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataPackage.executed_obs_unit_id) == ExecutedObsUnit.id"
    )
    module: Mapped[InstrumentModule] = relationship(lazy="raise")
    source_location: Mapped[DataLocation] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataPackage.source_location_id) == DataLocation.id"
    )
    __table_args__ = (
        of_owner("executed_obs_unit_id", "executed_obs_unit"),
        of_owner("source_location_id", "data_location"),
        UniqueConstraint("executed_obs_unit_id", "instrument_module_id", "part_number"),
        # The path has the id in it, so that no two packages have one path, wherever they were made.
        CheckConstraint(
            "right(relative_path, 41) = '/' || id || '.tar'", name="relative_path_ends_in_id"
        ).ddl_if(dialect="postgresql"),
        CheckConstraint("part_number > 0", name="part_number_positive"),
        CheckConstraint("file_count > 0 AND payload_bytes >= 0", name="contents"),
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
        Index(
            "ix_raw_data_package_at_source",
            "source_location_id",
            postgresql_where=text("sealed_at IS NOT NULL AND source_removed_at IS NULL"),
        ),
    )


HAS_ANOTHER_UNICODE_FORM = "relative_path ~ '[^ -:<-JL-_a-~]'"
"""Whether a path may have another form: it is not ASCII, or has one of ``; K ` ``, which others become."""


class RawDataFile(Identified, Owned, Base):
    """A file that an instrument wrote and filed."""

    executed_obs_unit_id: Mapped[UUID] = mapped_column(doc="Execution.")
    # Not indexed by itself: it has few values, and to a planner with old statistics such an index is as good
    # as that of the paths, by which files are found.
    instrument_module_id: Mapped[str] = mapped_column(ForeignKey("instrument_module.id"), doc="Module.")
    relative_path: Mapped[str] = mapped_column(
        doc="Path below the source location; the same path again is the same file."
    )
    size: Mapped[int] = mapped_column(doc="Size as filed, bytes.")
    checksum: Mapped[str] = mapped_column(doc="Checksum as filed, algorithm:hex.")
    file_type: Mapped[str | None] = mapped_column(doc="Kind of file, for example fits or log.")
    source_location_id: Mapped[str] = mapped_column(index=True, doc="Where the instrument wrote it.")
    written_from: Mapped[datetime | None] = mapped_column(doc="Start of the writing, as the instrument says.")
    written_until: Mapped[datetime | None] = mapped_column(doc="End of the writing, as the instrument says.")
    filed_at: Mapped[datetime] = mapped_column(doc="When it was filed with us.")
    raw_data_package_id: Mapped[UUID | None] = mapped_column(doc="Package that carries it; null before.")
    member_offset: Mapped[int | None] = mapped_column(
        doc="Where its bytes begin in the tar; null until sealed."
    )
    member_checksum: Mapped[str | None] = mapped_column(doc="sha256 of its bytes in the tar.")
    member_modified_ns: Mapped[int | None] = mapped_column(
        Nanoseconds(),
        doc="Modification time at the source when it was packaged, nanoseconds since 1970-01-01 UTC.",
    )

    execution: Mapped[ExecutedObsUnit] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataFile.executed_obs_unit_id) == ExecutedObsUnit.id"
    )
    package: Mapped[RawDataPackage | None] = relationship(
        lazy="raise", primaryjoin="foreign(RawDataFile.raw_data_package_id) == RawDataPackage.id"
    )
    __table_args__ = (
        of_owner("executed_obs_unit_id", "executed_obs_unit"),
        of_owner("source_location_id", "data_location"),
        of_owner("raw_data_package_id", "raw_data_package"),
        UniqueConstraint("executed_obs_unit_id", "instrument_module_id", "relative_path"),
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("written_from <= written_until", name="written_ordered"),
        checksum_check("checksum"),
        checksum_check("member_checksum"),
        # Readers of bags compare paths after normalization: a package must not have two that are one then.
        Index(
            "uq_raw_data_file_normal_path",
            "executed_obs_unit_id",
            "instrument_module_id",
            text("normalize(relative_path)"),
            unique=True,
            postgresql_where=text(HAS_ANOTHER_UNICODE_FORM),
        ).ddl_if(dialect="postgresql"),
        Index(
            "ix_raw_data_file_raw_data_package_id",
            "raw_data_package_id",
            postgresql_where=text("raw_data_package_id IS NOT NULL"),
        ),
        Index(
            "ix_raw_data_file_unpackaged",
            "site_id",
            "executed_obs_unit_id",
            "instrument_module_id",
            postgresql_where=text("raw_data_package_id IS NULL"),
        ),
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
