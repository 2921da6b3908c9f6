"""Parts of documents that PostgreSQL writes: lists and objects inside a row."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

Rows = Select[*tuple[Any, ...]]
"""A statement of rows, whatever their columns."""

EMPTY_LIST: ColumnElement[Any] = literal_column("'[]'::json")


def list_of_values(column: ColumnElement[Any], rows: Rows) -> ColumnElement[Any]:
    """Return a JSON list of one column of `rows`, sorted; empty when there are none."""
    listed = rows.with_only_columns(func.json_agg(aggregate_order_by(column, column)))
    return func.coalesce(listed.scalar_subquery(), EMPTY_LIST)


def list_of_objects(rows: Rows) -> ColumnElement[Any]:
    """Return a JSON list of the rows as objects, in their order; empty when there are none.

    The correlation of `rows` to the outer statement must be said by ``correlate``.
    """
    item = rows.subquery("item")
    listed = select(func.json_agg(literal_column("item"))).select_from(item).scalar_subquery()
    return func.coalesce(listed, EMPTY_LIST)


def row_object(row: Rows) -> ColumnElement[Any]:
    """Return the one row as a JSON object, or null."""
    item = row.subquery("item")
    return select(func.row_to_json(literal_column("item"))).select_from(item).scalar_subquery()
