"""Where data can be: sites and their locations, and what is known of their state."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, ScalarSelect, UniqueConstraint, text
from sqlalchemy.orm import (
    InstrumentedAttribute,
    Mapped,
    column_property,
    declared_attr,
    mapped_column,
    relationship,
    synonym,
)

from ccat_ops_db.enumerations import DeletionMode, LocationType, StorageType
from ccat_ops_db.models.base import SLUG_PATTERN, Base, Identified, Owned, Reference, choice, matches
from ccat_ops_db.models.statements import SUSPENSION_IN_FORCE, Suspension, first

if TYPE_CHECKING:
    from ccat_ops_db.models.data import RawDataFile


class Suspendable:
    """What people take out of service by a statement while things run: configuration does not touch it."""

    suspended_in: ClassVar[str]
    """Column of a suspension that names such a thing."""

    @declared_attr
    def suspended_at(cls) -> Mapped[datetime | None]:  # noqa: N805
        """When it was taken out of service; null: in service."""
        return column_property(cls.suspension(Suspension.created_at, cls.id), deferred=True)  # type: ignore[attr-defined]

    @declared_attr
    def suspended_by(cls) -> Mapped[str | None]:  # noqa: N805
        """Who took it out of service."""
        return column_property(cls.suspension(Suspension.caller, cls.id), deferred=True)  # type: ignore[attr-defined]

    @declared_attr
    def suspended_until(cls) -> Mapped[datetime | None]:  # noqa: N805
        """When it ends by itself; null: when it is resumed."""
        return column_property(cls.suspension(Suspension.until, cls.id), deferred=True)  # type: ignore[attr-defined]

    @declared_attr
    def suspended_reason(cls) -> Mapped[str | None]:  # noqa: N805
        """Why it is out of service."""
        return column_property(cls.suspension(Suspension.reason, cls.id), deferred=True)  # type: ignore[attr-defined]

    @classmethod
    def suspension(cls, fact: InstrumentedAttribute[Any], identifier: Any) -> ScalarSelect[Any]:
        """Return a fact of the suspension in force of the thing with a key, of which a statement tells."""
        return first(fact, getattr(Suspension, cls.suspended_in), identifier, SUSPENSION_IN_FORCE)


class Site(Reference, Suspendable, Base):
    """A place with its own database and machines."""

    suspended_in = "suspended_site_id"

    name: Mapped[str] = mapped_column(doc="Full name, for example Cologne.")
    time_zone: Mapped[str] = mapped_column(default="UTC", doc="IANA time zone, for display only.")
    latitude: Mapped[float | None] = mapped_column(doc="Latitude, degrees.")
    longitude: Mapped[float | None] = mapped_column(doc="Longitude, degrees.")
    enabled: Mapped[bool] = mapped_column(default=True, doc="Whether it takes part; from configuration.")
    main: Mapped[bool] = mapped_column(default=False, doc="Whether it owns the reference data.")
    api_url: Mapped[str | None] = mapped_column(doc="Address of its API.")
    data_server_url: Mapped[str | None] = mapped_column(doc="Address of its read-only data server.")
    contact: Mapped[str | None] = mapped_column(
        doc="How to reach those who look after its machines: telephone, e-mail."
    )
    short_name: Mapped[str] = synonym("id")

    locations: Mapped[list["DataLocation"]] = relationship(lazy="raise", back_populates="site")
    __table_args__ = (
        matches("id", SLUG_PATTERN, "id_slug"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        Index("uq_site_main", "main", unique=True, postgresql_where=text("main"), sqlite_where=text("main")),
    )


class DataLocation(Reference, Suspendable, Base):
    """A place at a site where copies are kept; polymorphic by storage. Its id is ``<site>.<name>``."""

    suspended_in = "data_location_id"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), doc="Site.")
    name: Mapped[str] = mapped_column(doc="Name within the site; part of queue names.")
    location_type: Mapped[LocationType] = mapped_column(choice(LocationType), doc="What it is for.")
    storage_type: Mapped[StorageType] = mapped_column(
        choice(StorageType), doc="Discriminator: disk, s3 or tape."
    )
    instrument_id: Mapped[str | None] = mapped_column(
        ForeignKey("instrument.id"), index=True, doc="Instrument that writes here (type source)."
    )
    priority: Mapped[int] = mapped_column(default=0, doc="Higher is preferred.")
    enabled: Mapped[bool] = mapped_column(default=True, doc="Whether it takes part; from configuration.")
    read_only: Mapped[bool] = mapped_column(default=False, doc="Whether nothing may be written here.")
    watermark_low: Mapped[float] = mapped_column(
        default=70, doc="Deletion under pressure stops here, per cent."
    )
    watermark_high: Mapped[float] = mapped_column(
        default=85, doc="Deletion under pressure starts here, per cent."
    )
    capacity_bytes: Mapped[int | None] = mapped_column(
        doc="Quota, bytes, with which what is kept here is compared; null: all that the storage has."
    )
    reserve_bytes: Mapped[int] = mapped_column(default=0, doc="Bytes that transfers must leave free.")
    retention_policy_id: Mapped[str | None] = mapped_column(
        ForeignKey("retention_policy.id"), index=True, doc="When copies here may be deleted; null: never."
    )
    deletion_mode: Mapped[DeletionMode] = mapped_column(
        choice(DeletionMode),
        default=DeletionMode.DRY_RUN,
        doc="A new location only says what it would delete.",
    )
    scrub_interval: Mapped[int] = mapped_column(
        default=90 * 86400,
        doc="The bytes of a copy here are read again within so long, seconds (long_term_archive).",
    )
    scrub_bytes_per_day: Mapped[int | None] = mapped_column(
        doc="At most so many bytes a day are read for that; null: whatever is due (long_term_archive)."
    )
    concurrency: Mapped[int] = mapped_column(default=4, doc="Units of work at the same time, per operation.")
    package_size_limit: Mapped[int] = mapped_column(
        default=50_000_000_000, doc="Largest package made of files here, bytes (type source)."
    )
    package_age_limit: Mapped[int] = mapped_column(
        default=3600, doc="Files older than this are packaged before their execution ends, seconds (source)."
    )

    settle_time: Mapped[int] = mapped_column(
        default=60,
        doc="After the end of an execution files are packaged when none was filed so long, seconds (source).",
    )
    leave_out_after: Mapped[int | None] = mapped_column(
        default=6 * 3600,
        doc="A package goes on without a file that is not as filed so long, seconds (source); null: never.",
    )
    mount_point: Mapped[bool] = mapped_column(
        default=False, doc="Whether the folder must be the root of a mounted file system (disk)."
    )
    create: Mapped[bool] = mapped_column(
        default=False, doc="Whether the folder may be made when the place is adopted (disk)."
    )

    site: Mapped[Site] = relationship(lazy="raise", back_populates="locations")
    raw_data_files: Mapped[list["RawDataFile"]] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="DataLocation.id == foreign(RawDataSeries.source_location_id)",
        secondaryjoin="foreign(RawDataSeries.id) == RawDataFile.raw_data_series_id",
        order_by="RawDataFile.id",
    )
    __mapper_args__ = {"polymorphic_on": "storage_type", "polymorphic_abstract": True}  # noqa: RUF012
    __table_args__: Any = (
        UniqueConstraint("site_id", "name"),
        UniqueConstraint("id", "site_id"),
        matches("name", SLUG_PATTERN, "name_slug"),
        CheckConstraint("id = site_id || '.' || name", name="id_is_site_and_name"),
        CheckConstraint(
            "0 < watermark_low AND watermark_low <= watermark_high AND watermark_high <= 100",
            name="watermarks",
        ),
        CheckConstraint("capacity_bytes IS NULL OR capacity_bytes > 0", name="capacity_positive"),
        CheckConstraint("reserve_bytes >= 0", name="reserve_not_negative"),
        CheckConstraint("concurrency > 0", name="concurrency_positive"),
        CheckConstraint("package_size_limit > 0 AND package_age_limit > 0", name="package_limits_positive"),
        CheckConstraint("settle_time >= 0", name="settle_time_not_negative"),
        CheckConstraint("leave_out_after >= 0", name="leave_out_after_not_negative"),
        CheckConstraint("scrub_interval >= 86400", name="scrub_interval_at_least_a_day"),
        CheckConstraint("scrub_bytes_per_day > 0", name="scrub_bytes_per_day_positive"),
        CheckConstraint('NOT (mount_point AND "create")', name="mount_point_is_not_made"),
    )


class DiskDataLocation(DataLocation):
    """A folder of a file system."""

    id: Mapped[str] = mapped_column(ForeignKey("data_location.id"), primary_key=True, doc="Location.")
    path: Mapped[str] = mapped_column(doc="Absolute path of the folder.")
    host: Mapped[str | None] = mapped_column(doc="Host that has the folder; null: every worker of the site.")

    __mapper_args__ = {"polymorphic_identity": StorageType.DISK}  # noqa: RUF012
    __table_args__ = (CheckConstraint("substr(path, 1, 1) = '/'", name="path_absolute"),)


class S3DataLocation(DataLocation):
    """A prefix of a bucket of an S3-compatible store."""

    id: Mapped[str] = mapped_column(ForeignKey("data_location.id"), primary_key=True, doc="Location.")
    endpoint: Mapped[str] = mapped_column(doc="Address of the store.")
    bucket: Mapped[str] = mapped_column(doc="Bucket.")
    prefix: Mapped[str] = mapped_column(default="", doc="Prefix of every key, without a slash at its ends.")
    region: Mapped[str] = mapped_column(default="us-east-1", doc="Region.")
    credential: Mapped[str] = mapped_column(doc="Name of the credential that the deployment supplies.")

    __mapper_args__ = {"polymorphic_identity": StorageType.S3}  # noqa: RUF012


class TapeDataLocation(DataLocation):
    """A tape library behind a disk cache."""

    id: Mapped[str] = mapped_column(ForeignKey("data_location.id"), primary_key=True, doc="Location.")
    library: Mapped[str] = mapped_column(doc="Name of the tape library.")
    mount_path: Mapped[str] = mapped_column(doc="Absolute path of its disk cache.")

    __mapper_args__ = {"polymorphic_identity": StorageType.TAPE}  # noqa: RUF012
    __table_args__ = (CheckConstraint("substr(mount_path, 1, 1) = '/'", name="mount_path_absolute"),)


class FileSystem(Identified, Owned, Base):
    """A file system of a site, and how full it was when it was last measured.

    A location is on the one that its current marker names. Locations of one file system share its space.
    """

    key: Mapped[str] = mapped_column(doc="Its number, or what is mounted; the same for all places on it.")
    kind: Mapped[StorageType] = mapped_column(choice(StorageType), doc="disk, s3 or tape.")
    total_bytes: Mapped[int] = mapped_column(doc="Bytes in all.")
    free_bytes: Mapped[int] = mapped_column(doc="Bytes that may still be written, by its own account.")
    measured_at: Mapped[datetime] = mapped_column(doc="When it was last asked, taken before it answered.")
    measured_by: Mapped[str] = mapped_column(doc="Worker process that asked it.")
    __table_args__ = (
        UniqueConstraint("key", "site_id"),
        CheckConstraint("total_bytes >= 0 AND free_bytes >= 0", name="bytes_not_negative"),
    )


class FileSystemUsage(Base):
    """How full a file system was at a time; a series of one database, for those who look back."""

    file_system_id: Mapped[UUID] = mapped_column(primary_key=True, doc="File system.")
    measured_at: Mapped[datetime] = mapped_column(primary_key=True, doc="When it was asked.")
    total_bytes: Mapped[int] = mapped_column(doc="Bytes in all.")
    free_bytes: Mapped[int] = mapped_column(doc="Bytes that could still be written.")
