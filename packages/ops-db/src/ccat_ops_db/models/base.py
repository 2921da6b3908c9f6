"""What all tables share: naming, column types and the columns of reference data and of work."""

import enum
import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeEngine

from ccat_ops_db.enumerations import FailureClass, Status
from ccat_ops_db.identity import new_id

CHECKSUM_PATTERN = (
    "^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$"
)
SLUG_PATTERN = "^[a-z][a-z0-9-]*$"

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """``timestamptz`` that takes and gives aware UTC times, also on SQLite, which knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times and store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} has no zone; give one, for example +00:00")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Nanoseconds(TypeDecorator[int]):
    """Nanoseconds since 1970-01-01 UTC, however many: those of the year 2262 do not fit 64 bits any more."""

    impl = Numeric(30, 0)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return text for SQLite, whose numbers have 64 bits."""
        return dialect.type_descriptor(String(31) if dialect.name == "sqlite" else Numeric(30, 0))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | str | None:
        """Give SQLite the digits."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Return a whole number."""
        return None if value is None else int(value)


class Base(DeclarativeBase):
    """Declarative base of the operations database."""

    __table__: ClassVar[Table]

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012  (the declarative base reads this class attribute)
        datetime: UtcDateTime(),
        int: BigInteger(),
        str: String(),
        UUID: Uuid(),
    }

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        return snake_case(cls.__name__)


def snake_case(name: str) -> str:
    """Return the table name of a class name: ``ExecutedObsUnit`` → ``executed_obs_unit``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def choice(values: type[enum.StrEnum]) -> Enum:
    """Return the column type of an enumeration: text with a CHECK, lower-case values."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=snake_case(values.__name__),
        values_callable=lambda members: [member.value for member in members],
    )


def matches(column: str, pattern: str, name: str) -> CheckConstraint:
    """Return a CHECK that a column matches a regular expression (PostgreSQL only: SQLite has none)."""
    return CheckConstraint(text(f"{column} ~ '{pattern}'"), name=name).ddl_if(dialect="postgresql")


def checksum_check(column: str) -> CheckConstraint:
    """Return the CHECK that holds a checksum column in its one canonical form, ``algorithm:hex``."""
    return matches(column, CHECKSUM_PATTERN, f"{column}_canonical")


class Reference:
    """Columns of reference data: owned by the main site, kept in configuration files, never deleted."""

    id: Mapped[str] = mapped_column(primary_key=True, sort_order=-2, doc="Natural key, unique and stable.")
    retired_at: Mapped[datetime | None] = mapped_column(
        doc="When configuration ceased to name it; null while in use. Rows that point to it stay valid."
    )


class Identified:
    """Key of rows that any site can make while it is cut off."""

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2, default=new_id, doc="UUIDv7.")


class Owned:
    """The one site whose database may change the row: the last column of the primary key.

    The primary key is what replication tells a row by, and replication chooses rows by their owner. A program
    tells rows by the columns before it alone: `mapper_key`.
    """

    mapper_key: ClassVar[tuple[str, ...]] = ("id",)
    """The primary key without the owner: what ``session.get`` takes."""

    @declared_attr
    def site_id(cls) -> Mapped[str]:  # noqa: N805
        """Owning site; no foreign key: the guards refuse rows of sites that are not this database's."""
        return mapped_column(
            primary_key=True,
            sort_order=-1,
            doc="Owning site: only its database changes this row.",
        )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"primary_key": cls.mapper_key}


def of_owner(column: str, parent: str, parents_owner: str = "site_id") -> ForeignKeyConstraint:
    """Return a foreign key within one owner: the row of the parent belongs to the same site.

    Parameters
    ----------
    column : str
        Column with the parent's id.
    parent : str
        The parent's table.
    parents_owner : str
        Column of the parent that names the owner.
    """
    return ForeignKeyConstraint([column, "site_id"], [f"{parent}.id", f"{parent}.{parents_owner}"])


class Waiting:
    """Why nothing happens with a row: written by the planner in each pass, read by everybody."""

    waiting_reason: Mapped[str | None] = mapped_column(
        doc="Machine-readable reason of the planner for not going on; null when nothing waits."
    )
    waiting_detail: Mapped[str | None] = mapped_column(doc="The same for people, with names and figures.")
    waiting_since: Mapped[datetime | None] = mapped_column(doc="Since when this reason has held.")


class Work(Identified, Owned, Waiting):
    """Columns of every kind of work: status, lease, retries, progress and the last error.

    A row is *open* until it is completed. Workers lease it by compare-and-set and write only with the
    fencing number of their lease and their own name, so that a worker that came back from the dead is
    refused; also by a database that was restored and gives out old numbers again.
    """

    status: Mapped[Status] = mapped_column(choice(Status), default=Status.PENDING, doc="Life cycle of work.")
    priority: Mapped[int] = mapped_column(default=0, doc="Higher goes first.")
    created_at: Mapped[datetime] = mapped_column(doc="When the planner (or a person) made the row.")
    attempt: Mapped[int] = mapped_column(
        default=0, doc="Attempts that failed for a reason of the work itself; lost connections do not count."
    )
    interruptions: Mapped[int] = mapped_column(
        default=0, doc="Attempts in a row that lost their connections; they lengthen the back-off only."
    )
    next_attempt_at: Mapped[datetime | None] = mapped_column(doc="Not to be tried before; null: at once.")
    dispatched_at: Mapped[datetime | None] = mapped_column(doc="When a worker was last told of the row.")
    dispatches: Mapped[int] = mapped_column(
        default=0, doc="How often workers were told of it since it was scheduled; each pause is longer."
    )
    lease_owner: Mapped[str | None] = mapped_column(
        doc="Process that holds the row; its name is made anew at each start."
    )
    lease_expires_at: Mapped[datetime | None] = mapped_column(doc="When the lease ends unless renewed.")
    fencing: Mapped[int] = mapped_column(
        default=0, doc="Grows with each lease. Holders are known by it and by ``lease_owner``."
    )
    started_at: Mapped[datetime | None] = mapped_column(doc="Start of the latest attempt.")
    worker_clock: Mapped[datetime | None] = mapped_column(
        doc="What the clock of the worker said at ``started_at``: to find wrong clocks; it decides nothing."
    )
    finished_at: Mapped[datetime | None] = mapped_column(doc="When it was completed or given up.")
    progressed_at: Mapped[datetime | None] = mapped_column(doc="When ``bytes_done`` last grew.")
    bytes_done: Mapped[int] = mapped_column(default=0, doc="Bytes done in this attempt.")
    bytes_total: Mapped[int] = mapped_column(default=0, doc="Bytes to do; reserved at the destination.")
    partial_bytes: Mapped[int] = mapped_column(
        default=0, doc="Bytes of it that lie at the destination already, and the next attempt takes over."
    )
    error_class: Mapped[FailureClass | None] = mapped_column(
        choice(FailureClass), doc="Class of the last error: decides what happens next."
    )
    error_category: Mapped[str | None] = mapped_column(doc="Machine-readable kind of the last error.")
    error_message: Mapped[str | None] = mapped_column(doc="Last error, for people, with the remedy.")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        return cls.work_table_args()

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Return the constraints and indexes of work: open rows are found without touching finished ones."""
        table = snake_case(cls.__name__)
        return (
            Index(
                f"ix_{table}_open",
                "site_id",
                "status",
                "next_attempt_at",
                postgresql_where=text("status <> 'completed'"),
            ),
            Index(f"ix_{table}_ended", "finished_at", "id", postgresql_where=text("finished_at IS NOT NULL")),
            CheckConstraint(
                "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0", name="bytes_not_negative"
            ),
            CheckConstraint(
                "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
                name="in_progress_is_leased",
            ),
        )
