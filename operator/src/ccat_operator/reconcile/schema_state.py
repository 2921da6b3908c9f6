"""Where the schema of a database stands, and which step is next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ccat_operator import GROUP
from ccat_operator.reconcile.approval import Step, is_open, needs_backup, next_step
from ccat_operator.reconcile.conditions import Finding, Reason, no, unknown, written, yes
from ccat_operator.reconcile.facts import Facts, describe, lacking
from ccat_operator.reconcile.jobs import JobOrder, MigrationJob, Phase
from ccat_operator.reconcile.migration import Outcome
from ccat_operator.resources import OpsDatabase
from ccat_operator.resources.ops_database import PastMigration, PendingRevision
from ccat_ops_db import revisions
from ccat_ops_db.revisions import Relation, RevisionError

MIGRATED, APPROVED, BACKED_UP = "Migrated", "Approved", "BackedUp"


@dataclass(frozen=True)
class SchemaState:
    """Where the schema stands."""

    target: str
    found: Mapping[str, Finding]
    """Conditions by name."""
    pending: tuple[PendingRevision, ...] = ()
    order: JobOrder | None = None
    notice: str | None = None
    """What services shall tell that wait for it."""

    @property
    def problem(self) -> Finding | None:
        """Why the database is not as it shall be."""
        migrated = self.found[MIGRATED]
        return None if migrated.status == "True" else migrated


def read(
    connection: Connection,
    facts: Facts,
    resource: OpsDatabase,
    jobs: Sequence[MigrationJob],
    approved: str | None,
    more: Path | None,
    now: datetime,
) -> SchemaState:
    """Compare the schema with the target, and decide which step is next.

    Parameters
    ----------
    connection : Connection
        Only read from.
    facts : Facts
        Of that database.
    resource : OpsDatabase
        What is wanted.
    jobs : sequence of MigrationJob
        Of this resource, read before the facts were: a Job that was done then has done its work.
    approved : str, optional
        The revision that somebody approved.
    more : Path, optional
        Folder of further revisions.
    now : datetime
        UTC.
    """
    wanted, nothing = resource.spec.target_revision, _nothing_pending(resource)
    try:
        relation = revisions.relation(facts.revision, wanted, more)
    except RevisionError as error:
        message = f"{error}: correct targetRevision, or install the release that has it"
        return SchemaState(wanted, {MIGRATED: no(Reason.UNKNOWN_TARGET, message), **nothing})
    target = revisions.head(more) if wanted == "head" else wanted
    if facts.foreign:
        message = (
            f"the database has tables ({', '.join(facts.foreign[:5])}) but no revision: it is"
            " somebody else's."
            " Correct the Secret, or name an empty database"
        )
        return SchemaState(target, {MIGRATED: no(Reason.FOREIGN_TABLES, message), **nothing})
    if relation is Relation.UNKNOWN:
        message = (
            f"the database has revision {facts.revision}, which this release does not know: a newer"
            " release made"
            " it. Nothing is done to it, and services work on. Install that release again, or a newer one"
        )
        return SchemaState(target, {MIGRATED: no(Reason.UNKNOWN_REVISION, message), **nothing})
    if relation in {Relation.SAME, Relation.LATER}:
        if active := _active(jobs):
            # Its work is done, but not told yet: the history and the backup are known when it is over.
            return SchemaState(target, {MIGRATED: active, **nothing})
        return SchemaState(target, {MIGRATED: _verified(connection, facts, target, more), **nothing})
    return _older(connection, facts, resource, jobs, approved, more, now, target)


def past_migrations(history: Sequence[PastMigration], jobs: Sequence[MigrationJob]) -> list[PastMigration]:
    """Return the history with what Jobs did since, newest first."""
    known = {(past.revision, past.finished_at) for past in history}
    new = [
        PastMigration(
            revision=job.result.after or job.revision,
            started_at=job.result.started_at,
            finished_at=job.result.finished_at,
            seconds=job.result.seconds,
            backup=job.result.backup,
        )
        for job in jobs
        if job.phase is Phase.SUCCEEDED and job.result is not None and job.result.revisions
    ]
    added = [past for past in new if (past.revision, past.finished_at) not in known]
    return sorted([*history, *added], key=lambda past: past.finished_at, reverse=True)


def _verified(connection: Connection, facts: Facts, target: str, more: Path | None) -> Finding:
    if facts.revision == revisions.head(more):
        missing = lacking(connection, facts.identity)
        if missing:
            return no(
                Reason.MODELS_DIFFER,
                f"the schema has revision {facts.revision}, but {'; '.join(missing[:20])}. Somebody"
                " changed tables by"
                " hand: put back what is missing",
            )
    if facts.revision != target:
        return yes(
            Reason.AHEAD_OF_TARGET,
            f"the schema has revision {facts.revision}, which holds the target {target} and more;"
            " it never goes back",
        )
    return yes(Reason.UP_TO_DATE, f"the schema has revision {facts.revision}")


def _older(
    connection: Connection,
    facts: Facts,
    resource: OpsDatabase,
    jobs: Sequence[MigrationJob],
    approved: str | None,
    more: Path | None,
    now: datetime,
    target: str,
) -> SchemaState:
    rules = resource.spec.migrations
    pending = revisions.pending(facts.revision, target, more)
    told = tuple(describe(connection, revision) for revision in pending)
    step = next_step(facts.revision, pending, rules.approval, approved)
    backs_up = facts.revision is not None and needs_backup(step, rules.backup.before)
    approval = _approval(resource, step, told, approved)
    migrated, job = _next(resource, step, jobs, now, approval)
    order = None
    if migrated is None:
        revision = step.allowed[-1].revision
        order = JobOrder(revision, backs_up)
        migrated = no(Reason.MIGRATING, f"a Job is made that brings the schema to revision {revision}")
    found = {
        MIGRATED: migrated,
        APPROVED: approval,
        BACKED_UP: _backup(resource, job, backs_up),
    }
    return SchemaState(target, found, told, order, _notice(resource, migrated, step))


def _next(
    resource: OpsDatabase,
    step: Step,
    jobs: Sequence[MigrationJob],
    now: datetime,
    approval: Finding,
) -> tuple[Finding | None, MigrationJob | None]:
    """Return why no Job is made now, and the Job that it is about; None if one is to be made."""
    if active := _active(jobs):
        return active, None
    if not step.allowed:
        return approval, None
    revision = step.allowed[-1].revision
    job = next((job for job in jobs if job.revision == revision), None)
    if job is not None:
        return _ended(resource, job), job
    window = resource.spec.migrations.window
    if not is_open(window, now):
        assert window is not None
        message = f"revision {revision} waits for the window from {window.start} to {window.end} UTC"
        return no(Reason.OUTSIDE_WINDOW, message), None
    return None, None


def _notice(resource: OpsDatabase, migrated: Finding, step: Step) -> str | None:
    name = f"OpsDatabase {resource.metadata.name}"
    if migrated.reason is Reason.MIGRATING:
        return None
    if migrated.reason is Reason.WAITING_FOR_APPROVAL and step.waits_for is not None:
        return f"{name} is waiting for approval of {step.waits_for.revision}"
    return f"{name}: {migrated.reason}"


def _active(jobs: Sequence[MigrationJob]) -> Finding | None:
    for job in jobs:
        if job.phase is Phase.ACTIVE:
            since = f" since {written(job.started)}" if job.started else ""
            trouble = f"; {job.trouble}" if job.trouble else ""
            message = f"the Job {job.name} brings the schema to revision {job.revision}{since}{trouble}"
            return no(Reason.MIGRATING, message)
    return None


def _ended(resource: OpsDatabase, job: MigrationJob) -> Finding:
    """Say of a Job that is over why the schema is not where it was to bring it."""
    delete = f"kubectl delete job -n {resource.metadata.namespace} {job.name}"
    if job.phase is Phase.SUCCEEDED:
        return no(
            Reason.MIGRATED_BEFORE,
            f"the Job {job.name} reached revision {job.revision}, but the database is older now: was a backup"
            f" restored? To migrate it again: {delete}",
        )
    failure = job.result.failure if job.result is not None else None
    if failure is None:
        said = job.trouble or "it told nothing"
        return no(
            Reason.MIGRATION_FAILED, f"the Job {job.name} failed: {said}. See its log; to try again: {delete}"
        )
    backup_failed = job.result is not None and job.result.outcome is Outcome.BACKUP_FAILED
    where = f"revision {failure.revision}" if failure.revision else "the run"
    state = f", SQLSTATE {failure.sqlstate}" if failure.sqlstate else ""
    statement = f", at: {failure.statement[:400]}" if failure.statement else ""
    message = (
        f"{failure.message}" if backup_failed else f"{where} failed: {failure.message}{state}{statement}"
    )
    return no(
        Reason.BACKUP_FAILED if backup_failed else Reason.MIGRATION_FAILED,
        f"{message}. What to do: {failure.remedy}. Services work on with the schema as it is. To"
        f" try again: {delete}",
    )


def _approval(
    resource: OpsDatabase, step: Step, told: Sequence[PendingRevision], approved: str | None
) -> Finding:
    names = [revision.revision for revision in told]
    if step.waits_for is None:
        if approved in names:
            return yes(Reason.APPROVED, f"everything up to revision {approved} was approved")
        return yes(Reason.NOT_NEEDED, "no pending revision has to be approved")
    waiting = told[names.index(step.waits_for.revision)]
    findings = (
        f": {'; '.join(waiting.findings)} (about {waiting.estimated_rows} rows)" if waiting.findings else ""
    )
    stray = ""
    if approved is not None and approved not in names:
        stray = f" The annotation names {approved}, which is not pending."
    return no(
        Reason.WAITING_FOR_APPROVAL,
        f"revision {waiting.revision} ({waiting.kind}, {waiting.subject}) waits for"
        f" approval{findings}. To approve"
        f" it: kubectl annotate --overwrite opsdb -n {resource.metadata.namespace} {resource.metadata.name}"
        f" {GROUP}/approve={waiting.revision}.{stray}",
    )


def _backup(resource: OpsDatabase, job: MigrationJob | None, backs_up: bool) -> Finding:
    if job is not None and job.result is not None:
        if job.result.outcome is Outcome.BACKUP_FAILED and job.result.failure is not None:
            return no(Reason.BACKUP_FAILED, job.result.failure.message)
        if job.result.backup is not None:
            return yes(Reason.BACKED_UP, f"{job.result.backup} was made before the Job {job.name}")
    if backs_up:
        claim = resource.spec.migrations.backup.volume_claim
        return unknown(Reason.BACKUP_PENDING, f"the Job writes a backup to {claim} first")
    return yes(Reason.NOT_NEEDED, "no pending revision needs a backup")


def _nothing_pending(resource: OpsDatabase) -> dict[str, Finding]:
    """Return what is said of approval and backup when nothing is pending; the last backup stays told."""
    found = {APPROVED: yes(Reason.NOT_NEEDED, "no revision is pending")}
    newest = resource.status.history[0] if resource.status.history else None
    if newest is not None and newest.backup is not None:
        found[BACKED_UP] = yes(
            Reason.BACKED_UP, f"{newest.backup} was made before revision {newest.revision}"
        )
    else:
        found[BACKED_UP] = yes(Reason.NOT_NEEDED, "no migration needed a backup")
    return found
