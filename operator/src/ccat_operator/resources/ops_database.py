"""``OpsDatabase``: an operations database whose schema and roles are looked after."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from ccat_operator.resources.common import (
    Conditions,
    Duration,
    Interval,
    ObjectName,
    Part,
    Resource,
    SecretKeyRef,
    with_rules,
)

TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class When(StrEnum):
    """For which revisions something is done."""

    DESTRUCTIVE = "destructive"
    ALWAYS = "always"
    NEVER = "never"


class SecretReference(Part):
    """An address of the database in a Secret."""

    secret_ref: SecretKeyRef = Field(description="Where the address is.")


class Backup(Part):
    """When the database is backed up, and where to."""

    model_config = with_rules(
        ("self.before == 'never' || has(self.volumeClaim)", "backup needs volumeClaim unless before is never")
    )

    before: When = Field(When.DESTRUCTIVE, description="Before which migrations the database is backed up.")
    volume_claim: ObjectName | None = Field(
        None, description="PersistentVolumeClaim in the namespace that the backups are written to."
    )
    keep: int = Field(5, ge=1, le=1000, description="How many backups of this database are kept.")

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.before is not When.NEVER and self.volume_claim is None:
            raise ValueError("backup needs volumeClaim unless before is never")
        return self


class Window(Part):
    """A time of day, UTC; it may pass midnight."""

    model_config = with_rules(("self.start != self.end", "the window's start and end must differ"))

    start: TimeOfDay = Field(description="HH:MM, UTC.")
    end: TimeOfDay = Field(description="HH:MM, UTC.")

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.start == self.end:
            raise ValueError("the window's start and end must differ")
        return self


class Migrations(Part):
    """How the schema is brought to the target."""

    approval: When = Field(
        When.DESTRUCTIVE,
        description="Which revisions wait until somebody approves them with the annotation"
        " data-center.ccatobservatory.org/approve: <revision>.",
    )
    lock_timeout: Duration = Field(
        "5s", description="How long a revision waits for a lock before it gives way."
    )
    statement_timeout: Duration = Field("15m", description="How long a statement of a revision may take.")
    backup: Backup = Field(description="When the database is backed up, and where to.")
    window: Window | None = Field(None, description="When migrations may begin; without it, at any time.")


class Roles(Part):
    """Roles of the database server that are made and given what they need, and nothing more."""

    application: SecretReference | None = Field(
        None, description="Role of the services: reads and writes rows, changes no table."
    )
    read_only: SecretReference | None = Field(None, description="Role that reads all but the tokens.")
    replication: SecretReference | None = Field(None, description="Role of logical replication.")


class OpsDatabaseSpec(Part):
    """What is wanted."""

    connection: SecretReference = Field(description="Address with the role that owns the database.")
    target_revision: str = Field(
        "head",
        pattern=r"^[A-Za-z0-9_.-]+$",
        max_length=40,
        description="Revision that the schema shall have; head is the newest of the operator's release.",
    )
    migrations: Migrations = Field(description="How the schema is brought there.")
    roles: Roles = Field(default_factory=Roles, description="Roles that are made.")
    interval: Interval = Field("30s", description="How often the database is looked at.")


class PendingRevision(Part):
    """A revision that the database lacks."""

    revision: str
    kind: str = Field(description="expand adds, contract takes away, data changes rows.")
    subject: str
    destructive: bool = Field(description="Whether something is gone for good.")
    findings: list[str] = Field(default_factory=list, description="What it takes away and what it locks.")
    estimated_rows: int = Field(0, description="About how many rows the tables in use have that it changes.")


class PastMigration(Part):
    """A migration that was run."""

    revision: str
    started_at: str = Field(json_schema_extra={"format": "date-time"})
    finished_at: str = Field(json_schema_extra={"format": "date-time"})
    seconds: float
    backup: str | None = Field(None, description="File of the backup made before it.")


class OpsDatabaseStatus(Part):
    """What was found."""

    observed_generation: int = 0
    conditions: Conditions = Field(default_factory=list)
    database: str | None = Field(
        None, description="System identifier of the server and name of the database."
    )
    current_revision: str | None = Field(None, description="Revision of the schema.")
    target_revision: str | None = Field(None, description="Revision that it shall have.")
    unreachable_since: str | None = Field(
        None, description="Since when it does not answer.", json_schema_extra={"format": "date-time"}
    )
    pending: list[PendingRevision] = Field(default_factory=list, description="What it lacks, in order.")
    history: list[PastMigration] = Field(
        default_factory=list, description="The last migrations, newest first."
    )


class OpsDatabase(Resource):
    """An operations database whose schema and roles are looked after."""

    spec: OpsDatabaseSpec
    status: OpsDatabaseStatus = Field(default_factory=OpsDatabaseStatus)
