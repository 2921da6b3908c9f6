"""SQL of open work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSON

from ccat_ops_db.models import ExecutedObsUnit, ObsUnit, PhysicalCopy, RawDataPackage
from ccat_ops_db.reports.given_up import kept, on_retry
from ccat_ops_db.reports.open_work import OpenWorkKind, open_work, with_programs
from ccat_ops_db_api.open_work.filters import OpenWorkFilter, conditions
from ccat_ops_db_api.open_work.schemas import OpenWorkSort, Verb
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.work.kinds import KINDS

COLLECTIONS: Mapping[str, str] = {
    **{kind.noun: kind.path for kind in KINDS},
    OpenWorkKind.PACKAGE_COPY.value: "physical-copies",
    OpenWorkKind.EXECUTION_MODULE.value: "executed-obs-units",
}
"""Where each kind is found in the API."""

SHOWN = (
    "id",
    "kind",
    "subject",
    "package_id",
    "site",
    "place",
    "route",
    "status",
    "reason",
    "detail",
    "since",
    "next_at",
    "turn",
    "priority",
    "created_at",
    "started_at",
    "progressed_at",
    "attempt",
    "bytes_done",
    "bytes_total",
    "error_class",
    "error_category",
    "error_message",
)


def wanted_rows(at: datetime, wanted: OpenWorkFilter, *, programs: bool = False) -> Subquery:
    """Return open work with the columns that a filter needs."""
    rows = open_work(at)
    return with_programs(rows) if programs or wanted.needs_programs() else rows


def shown(rows: Subquery, wanted: OpenWorkFilter, served: Sequence[str]) -> Rows:
    """Return the open work that a list asks for, as it is shown.

    Parameters
    ----------
    rows : Subquery
        From `wanted_rows`.
    wanted : OpenWorkFilter
        Which of it.
    served : sequence of str
        Sites whose rows this API may change; empty: all.
    """
    columns = rows.c
    # Looked up for the rows of the page alone: PostgreSQL does it after it has cut the page out.
    package = select(RawDataPackage.executed_obs_unit_id).where(RawDataPackage.id == columns.package_id)
    execution_id = func.coalesce(columns.own_execution_id, package.correlate(rows).scalar_subquery())
    unit, observed = (
        select(column).where(ExecutedObsUnit.id == execution_id).correlate(rows).scalar_subquery()
        for column in (ExecutedObsUnit.obs_unit_id, ExecutedObsUnit.started_at)
    )
    program = (
        select(ObsUnit.observing_program_id)
        .join(ExecutedObsUnit, ExecutedObsUnit.obs_unit_id == ObsUnit.id)
        .where(ExecutedObsUnit.id == execution_id)
        .correlate(rows)
        .scalar_subquery()
    )
    module, part = (
        select(column).where(RawDataPackage.id == columns.package_id).correlate(rows).scalar_subquery()
        for column in (RawDataPackage.instrument_module_id, RawDataPackage.part_number)
    )
    return (
        select(
            *(columns[name] for name in SHOWN),
            func.coalesce(columns.module, module).label("module"),
            part.label("part_number"),
            case(dict(COLLECTIONS), value=columns.kind).label("collection"),
            execution_id.label("execution_id"),
            unit.label("obs_unit"),
            observed.label("observed_at"),
            program.label("program"),
            columns.from_location.label("from"),
            columns.to_location.label("to"),
            columns.lease_owner.label("worker"),
            _rate(columns).label("bytes_per_second"),
            on_retry(columns).label("on_retry"),
            kept(columns).label("kept"),
            _actions(columns, served).label("actions"),
        )
        .select_from(rows)
        .where(*conditions(rows, wanted))
    )


def sort_keys(rows: Subquery) -> Mapping[str, ColumnElement[Any]]:
    """Return what open work may be sorted by."""
    return {key: rows.c[key] for key in ("since", "created_at", "priority", "bytes_total", "id")}


def sorted_by(resource: Rows, rows: Subquery, sort: OpenWorkSort) -> tuple[Rows, str]:
    """Return the rows that have the key of an order, and the order by the label of the key."""
    order = sort.value.replace("waiting_since", "since")
    key = rows.c[order.removeprefix("-")]
    return (resource.where(key.is_not(None)) if key is rows.c.bytes_total else resource), order


def _rate(columns: Any) -> ColumnElement[Any]:
    """Return the mean rate of the attempt that is under way."""
    seconds = func.extract("epoch", columns.progressed_at - columns.started_at)
    rate = columns.bytes_done / func.nullif(cast(seconds, Float), 0.0)
    return case((and_(columns.status == "in_progress", columns.progressed_at > columns.started_at), rate))


def _actions(columns: Any, served: Sequence[str]) -> ColumnElement[Any]:
    """Return the verbs that are possible for a row now."""
    verbs = possible(columns, served)
    both = and_(*verbs.values())
    return case(
        (both, literal_column(f"'{dumps(list(verbs))}'::json", JSON())),
        *((condition, literal_column(f"'[\"{verb}\"]'::json", JSON())) for verb, condition in verbs.items()),
        else_=literal_column("'[]'::json", JSON()),
    )


def possible(columns: Any, served: Sequence[str]) -> Mapping[str, ColumnElement[bool]]:
    """Return for each verb whether it is possible for a row now; a deletion that has begun is completed.

    Parameters
    ----------
    columns : collection
        Columns of open work.
    served : sequence of str
        Sites whose rows this API may change; empty: all.
    """
    begun = exists(
        select(PhysicalCopy.id).where(
            PhysicalCopy.raw_data_package_id == columns.package_id,
            PhysicalCopy.data_location_id == columns.place,
            PhysicalCopy.status == "deletion_in_progress",
        )
    )
    is_deletion = columns.kind == literal(OpenWorkKind.DELETION.value)
    ours = [columns.site.in_(served)] if served else []
    return {
        Verb.RETRY.value: and_(columns.status.in_(["failed", "cancelled"]), *ours),
        Verb.CANCEL.value: and_(
            columns.status.not_in(["waiting", "cancelled"]),
            ~and_(is_deletion, or_(columns.status == "in_progress", begun)),
            *ours,
        ),
    }
