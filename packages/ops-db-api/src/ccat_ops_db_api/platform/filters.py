"""Filters that lists share: several values of one, and their negation."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, or_

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
