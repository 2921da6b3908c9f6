"""What is the case with a site's configuration: valid, planned, applied, changed by hand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ccat_operator.reconcile.address import Secret, UnusableError, is_away, parse, session
from ccat_operator.reconcile.conditions import Finding, Reason, no, settle, written, yes
from ccat_operator.reconcile.sources import Layer, SourceError, load_layers
from ccat_operator.resources import SiteConfiguration, SiteConfigurationStatus
from ccat_operator.resources.site_configuration import DriftedField, Mode, OnDrift, PlannedChanges
from ccat_ops_db.configuration import (
    Action,
    Configuration,
    ConfigurationError,
    Drift,
    Plan,
    RefusedError,
    apply_configuration,
    find_drift,
    last_revision,
    make_plan,
)
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.revisions import Relation, relation
from ccat_ops_db.schema import current_revision
from ccat_ops_db.schema_gap import schema_gap

READY, VALID, APPLIED, DRIFTED = "Ready", "Valid", "Applied", "Drifted"
STATEMENT_SECONDS = 300
"""Consequences are counted in tables with 10^8 rows."""
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
SHOWN = 50
"""Lines of a plan, rows of drift and consequences in the status."""
SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class ConfigurationSurroundings:
    """What a decision needs besides the resource and the database."""

    connection: Secret | None
    """Owner's address of the database; None if there is no such OpsDatabase."""
    layers: tuple[Layer, ...]
    moved: Collection[str] = field(default_factory=tuple)
    """Locations whose bytes were brought to their new place already."""
    more: Path | None = None
    """Folder of further revisions."""


def reconcile_configuration(
    resource: SiteConfiguration, around: ConfigurationSurroundings, now: datetime
) -> SiteConfigurationStatus:
    """Compare files and database, and apply the files if that is wanted and does no harm.

    Parameters
    ----------
    resource : SiteConfiguration
        What is wanted, and what was found before.
    around : ConfigurationSurroundings
        Files and address.
    now : datetime
        UTC.
    """
    try:
        configuration = load_layers(around.layers)
    except SourceError as error:
        return _status(
            resource, now, {VALID: (missing := no(Reason.SOURCE_MISSING, str(error))), READY: missing}
        )
    except ConfigurationError as error:
        wrong = _invalid(error)
        return _status(resource, now, {READY: wrong, VALID: wrong})
    count = sum(len(entries) for entries in configuration.entries.values())
    valid = {VALID: yes(Reason.VALID, f"{count} entries")}
    content_hash = configuration.content_hash()
    try:
        url = _database(resource, around)
        return _compare(resource, around, url, configuration, now, valid)
    except UnusableError as error:
        found = {READY: no(error.reason, str(error)), **valid}
    except DBAPIError as error:
        reason = Reason.DATABASE_UNREACHABLE if is_away(error) else Reason.DATABASE_REFUSED
        found = {READY: no(reason, f"the database refused: {said_by_database(error)}"), **valid}
    return _status(resource, now, found, content_hash=content_hash)


def _database(resource: SiteConfiguration, around: ConfigurationSurroundings) -> URL:
    if around.connection is None:
        name = resource.spec.database_ref.name
        message = f"there is no OpsDatabase {name} in the namespace {resource.metadata.namespace}"
        raise UnusableError(Reason.DATABASE_NOT_FOUND, f"{message}: make it, or correct databaseRef")
    url = parse(around.connection)
    with session(url) as connection:
        current = current_revision(connection)
        lacking = schema_gap(connection, around.more)
    if lacking is not None:
        message = f"waits for the schema, which is at {current or 'nothing'}: see the OpsDatabase"
        raise UnusableError(Reason.SCHEMA_NOT_READY, message)
    if relation(current, more=around.more) is Relation.UNKNOWN:
        message = f"the database has revision {current}, which this release does not know: nothing is applied"
        raise UnusableError(Reason.UNKNOWN_REVISION, message)
    return url


def _compare(
    resource: SiteConfiguration,
    around: ConfigurationSurroundings,
    url: URL,
    configuration: Configuration,
    now: datetime,
    valid: Mapping[str, Finding],
) -> SiteConfigurationStatus:
    spec = resource.spec
    with session(url, STATEMENT_SECONDS) as connection, Session(connection) as opened:
        # One snapshot: a row changed by hand after the drift was read would pass for a change of the files.
        opened.execute(_SNAPSHOT)
        drift = find_drift(opened)
        plan = make_plan(opened, configuration, around.moved, spec.prune)
        last = last_revision(opened)
        current = last is not None and last.content_hash == configuration.content_hash()
        applied = _judge(resource, plan, drift, current)
        opened.rollback()
        if applied is None:
            try:
                apply_configuration(
                    opened,
                    configuration,
                    actor=f"operator:{resource.key}",
                    at=now,
                    moved=around.moved,
                    expected_hash=plan.hash(),
                    prune=spec.prune,
                )
                opened.commit()
            except RefusedError as error:
                opened.rollback()
                applied = no(Reason.PLAN_REFUSED, str(error))
            else:
                applied = yes(Reason.APPLIED, f"applied: {_counts(plan)}")
                plan, drift = Plan(()), []
        last = last_revision(opened)
        since = written(last.applied_at) if last is not None else None
    found = {**valid, APPLIED: applied, DRIFTED: _drifted(drift)}
    return _status(
        resource,
        now,
        {READY: _ready(found), **found},
        content_hash=configuration.content_hash(),
        plan=_planned(plan),
        drift=_fields(drift),
        last_applied=since,
    )


def _judge(resource: SiteConfiguration, plan: Plan, drift: list[Drift], current: bool) -> Finding | None:
    """Return why nothing is applied, or None if the plan is to be applied.

    Parameters
    ----------
    resource : SiteConfiguration
        What is wanted.
    plan : Plan
        What applying would do.
    drift : list of Drift
        What was changed by hand since something was applied.
    current : bool
        Whether these files are what was applied last.
    """
    if current and not plan:
        return yes(Reason.APPLIED, "the database is as the files say")
    by_hand = {(found.kind, found.key) for found in drift} & {(c.kind, c.key) for c in plan.changes}
    if by_hand and resource.spec.drift is OnDrift.REPORT:
        if current:
            return yes(
                Reason.APPLIED, "these files were applied; what was changed by hand since is left alone"
            )
        rows = ", ".join(f"{kind}.{key}" for kind, key in sorted(by_hand)[:10])
        return no(
            Reason.DRIFT_FIRST,
            f"applying would undo what was changed by hand: {rows}. Take it into the files (`opsdb"
            " config export`"
            " shows it), or set drift: correct",
        )
    if resource.spec.mode is Mode.PLAN:
        return no(Reason.PLAN_ONLY, f"not applied: {_counts(plan)}. To apply it set mode: apply")
    if plan.refusals:
        return no(Reason.PLAN_REFUSED, f"nothing was applied: {'; '.join(plan.refusals[:SHOWN_PROBLEMS])}")
    return None


def _ready(found: Mapping[str, Finding]) -> Finding:
    if found[APPLIED].status != "True":
        return found[APPLIED]
    if found[DRIFTED].status == "True":
        return no(Reason.DRIFTED, found[DRIFTED].message)
    return yes(Reason.READY, found[APPLIED].message)


def _drifted(drift: list[Drift]) -> Finding:
    if not drift:
        return no(Reason.NO_DRIFT, "nothing was changed by hand since it was applied")
    rows = ", ".join(f"{found.kind}.{found.key} {found.what}" for found in drift[:10])
    message = f"{len(drift)} {'row' if len(drift) == 1 else 'rows'} changed by hand: {rows}"
    return yes(Reason.DRIFTED, f"{message}. Take it into the files, or set drift: correct with mode: apply")


def _invalid(error: ConfigurationError) -> Finding:
    shown = "\n".join(map(str, error.problems[:SHOWN_PROBLEMS]))
    more = len(error.problems) - SHOWN_PROBLEMS
    return no(Reason.INVALID_FILES, f"{shown}\nand {more} more" if more > 0 else shown)


def _counts(plan: Plan) -> str:
    planned = _planned(plan)
    return f"{planned.create} to create, {planned.change} to change, {planned.retire} to retire"


def _planned(plan: Plan) -> PlannedChanges:
    consequences = [
        f"{change.kind}.{change.key}: {line}" for change in plan.changes for line in change.consequences
    ]
    return PlannedChanges(
        create=plan.count(Action.CREATE),
        change=plan.count(Action.CHANGE) + plan.count(Action.RESTORE),
        retire=plan.count(Action.RETIRE),
        lines=[change.line() for change in plan.changes[:SHOWN]],
        consequences=consequences[:SHOWN],
    )


def _fields(drift: list[Drift]) -> list[DriftedField]:
    fields = [
        DriftedField(kind=found.kind, key=found.key, field=d.field, applied=d.old, now=d.new)
        for found in drift
        for d in found.differences
    ]
    rows = [
        DriftedField(kind=found.kind, key=found.key, field=found.what)
        for found in drift
        if not found.differences
    ]
    return [*fields, *rows][:SHOWN]


def _status(
    resource: SiteConfiguration, now: datetime, found: Mapping[str, Finding], **changes: object
) -> SiteConfigurationStatus:
    generation = resource.metadata.generation
    changes["conditions"] = settle(resource.status.conditions, found, now, generation)
    changes["observed_generation"] = generation
    return resource.status.model_copy(update=changes)
