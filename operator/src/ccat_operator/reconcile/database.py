"""What is the case with an operations database, and what is to be done next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from ccat_operator.reconcile import schema_state
from ccat_operator.reconcile.address import Secret, UnusableError, is_away, parse, session
from ccat_operator.reconcile.conditions import Finding, Reason, no, settle, unknown, written, yes
from ccat_operator.reconcile.facts import Facts, read_facts
from ccat_operator.reconcile.jobs import JobOrder, MigrationJob, Phase
from ccat_operator.reconcile.roles import RoleKind, RolesError, ensure_roles
from ccat_operator.resources import OpsDatabase, OpsDatabaseStatus
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.schema_notice import write_notice

READY = "Ready"
LONGEST_HISTORY = 20


@dataclass(frozen=True)
class OtherDatabase:
    """Another OpsDatabase, made earlier."""

    key: str
    database: str | None
    """Which database it looks after; None: nobody could tell so far."""
    looked_at: bool = True


@dataclass(frozen=True)
class Surroundings:
    """What a decision needs besides the resource and the database."""

    connection: Secret
    roles: Mapping[RoleKind, Secret] = field(default_factory=dict)
    jobs: Sequence[MigrationJob] = ()
    """Of this resource; read before the database is."""
    older: Sequence[OtherDatabase] = ()
    approved: str | None = None
    more: Path | None = None
    """Folder of further revisions."""


@dataclass(frozen=True)
class DatabaseOutcome:
    """The new status, and a Job to be made."""

    status: OpsDatabaseStatus
    order: JobOrder | None = None


def reconcile_database(resource: OpsDatabase, around: Surroundings, now: datetime) -> DatabaseOutcome:
    """Look at a database, make its roles, and decide what is next.

    Parameters
    ----------
    resource : OpsDatabase
        What is wanted, and what was found before.
    around : Surroundings
        Secrets, Jobs and other resources.
    now : datetime
        UTC.
    """
    history = schema_state.past_migrations(resource.status.history, around.jobs)[:LONGEST_HISTORY]
    resource = resource.model_copy(update={"status": resource.status.model_copy(update={"history": history})})
    try:
        url = parse(around.connection)
        with session(url) as connection:
            facts = read_facts(connection)
            taken = _taken(facts, around.older)
            if taken is not None:
                return DatabaseOutcome(_status(resource, {READY: taken}, now, unreachable_since=None))
            state = schema_state.read(
                connection, facts, resource, around.jobs, around.approved, around.more, now
            )
            changes = _facts(facts, state)
            _tell_services(connection, facts, state, around)
        roles = _roles(url, resource, around)
    except UnusableError as error:
        return DatabaseOutcome(_unusable(resource, error, now))
    except DBAPIError as error:
        return DatabaseOutcome(_unusable(resource, _refused(error), now))
    found = {READY: _ready(state, roles), **state.found}
    return DatabaseOutcome(_status(resource, found, now, **changes), state.order)


def job_refused(
    resource: OpsDatabase, status: OpsDatabaseStatus, why: str, now: datetime
) -> OpsDatabaseStatus:
    """Return the status of a database whose migration Job the API server did not take."""
    refused = no(Reason.JOB_REFUSED, f"the migration Job was not taken: {why}")
    found = {READY: refused, schema_state.MIGRATED: refused}
    return _status(resource.model_copy(update={"status": status}), found, now)


def _tell_services(
    connection: Connection, facts: Facts, state: schema_state.SchemaState, around: Surroundings
) -> None:
    """Let services say what the schema waits for; a migration that runs holds what would be written."""
    running = any(job.phase is Phase.ACTIVE for job in around.jobs)
    if facts.revision is not None and facts.notice != state.notice and not running:
        write_notice(connection, state.notice)
        connection.commit()


def _facts(facts: Facts, state: schema_state.SchemaState) -> dict[str, object]:
    return {
        "database": facts.identity,
        "current_revision": facts.revision,
        "target_revision": state.target,
        "unreachable_since": None,
        "pending": list(state.pending),
    }


def _taken(facts: Facts, older: Sequence[OtherDatabase]) -> Finding | None:
    for other in older:
        if other.database == facts.identity:
            return no(
                Reason.DATABASE_TAKEN,
                f"OpsDatabase {other.key}, which is older, looks after the same database: delete"
                " one of the two"
                " (the database is not touched)",
            )
    waiting = [other.key for other in older if other.database is None and not other.looked_at]
    if waiting:
        return unknown(
            Reason.NOT_LOOKED_AT, f"waits until OpsDatabase {waiting[0]} was looked at: it is older"
        )
    return None


def _roles(url: URL, resource: OpsDatabase, around: Surroundings) -> Finding | None:
    """Make the roles; return what is wrong with them."""
    if any(job.phase is Phase.ACTIVE for job in around.jobs):
        return None  # a migration and grants would wait for each other's locks
    try:
        wanted = {kind: parse(secret) for kind, secret in around.roles.items()}
    except UnusableError as error:
        return no(error.reason, str(error))
    try:
        ensure_roles(url, wanted)
    except RolesError as error:
        return no(Reason.ROLES_REFUSED, str(error))
    return None


def _ready(state: schema_state.SchemaState, roles: Finding | None) -> Finding:
    if state.problem is not None:
        return state.problem
    if roles is not None:
        return roles
    return yes(Reason.READY, state.found[schema_state.MIGRATED].message)


def _refused(error: DBAPIError) -> UnusableError:
    if is_away(error):
        return UnusableError(Reason.DATABASE_UNREACHABLE, f"the session was lost: {said_by_database(error)}")
    return UnusableError(
        Reason.DATABASE_REFUSED, f"the database refused what the operator asked: {said_by_database(error)}"
    )


def _unusable(resource: OpsDatabase, error: UnusableError, now: datetime) -> OpsDatabaseStatus:
    """Return the status of a database that cannot be used: what was known last stays."""
    if error.reason is not Reason.DATABASE_UNREACHABLE:
        return _status(resource, {READY: no(error.reason, str(error))}, now, unreachable_since=None)
    since = resource.status.unreachable_since or written(now)
    message = f"since {since}: {error}; what is shown here was known before"
    return _status(resource, {READY: no(Reason.DATABASE_UNREACHABLE, message)}, now, unreachable_since=since)


def _status(
    resource: OpsDatabase, found: Mapping[str, Finding], now: datetime, **changes: object
) -> OpsDatabaseStatus:
    generation = resource.metadata.generation
    changes["conditions"] = settle(resource.status.conditions, found, now, generation)
    changes["observed_generation"] = generation
    return resource.status.model_copy(update=changes)
