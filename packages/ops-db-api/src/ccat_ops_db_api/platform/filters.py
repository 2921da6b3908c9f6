"""Filters that lists share: several values of one, and their negation."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ARRAY, ColumnElement, Select, String, any_, func, literal, or_

from ccat_ops_db_api.platform.fields import Name

MOST_VALUES = 100
Names = Annotated[list[Name] | None, Query(max_length=MOST_VALUES)]
"""Names of which any may hold."""


def chosen(
    column: Any, values: Sequence[Any] | None, others: Sequence[Any] | None = None
) -> list[ColumnElement[bool]]:
    """Return the conditions that a column has one of some values, and none of others.

    What has no value stays in where values are excluded.
    """
    found: list[ColumnElement[bool]] = []
    if values:
        found.append(column.in_(values))
    if others:
        found.append(or_(column.is_(None), column.not_in(others)))
    return found


def among(column: Any, found: Select[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is one of what a statement finds, which is run first and once.

    With ``IN`` PostgreSQL would often rather walk the whole list in its order and try each row.
    """
    condition: ColumnElement[bool] = column == any_(func.array(found.scalar_subquery()))
    return condition


def one_of(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of possibly many names; statistics know how often each is."""
    condition: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(String)))
    return condition
