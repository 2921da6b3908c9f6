"""What is told of work that was given up: what to do first, what a retry does, what stays meanwhile."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, case, func

from ccat_ops_db.error_catalogue import before_retry, error_entry
from ccat_ops_db.reports.open_work import OpenWorkKind

RETRIED: Mapping[OpenWorkKind, str] = MappingProxyType(
    {
        OpenWorkKind.PACKAGE_CREATION: "Its files are read again and packaged",
        OpenWorkKind.DATA_TRANSFER: "It is sent again from its first byte",
        OpenWorkKind.ARCHIVE_TRANSFER: "It is written to the archive again, from its first byte",
        OpenWorkKind.FIXITY_CHECK: "The copy is read again and compared",
        OpenWorkKind.STAGING_ITEM: "It is staged again, from its first byte",
        OpenWorkKind.DELETION: "If the copy may still go, it is deleted",
    }
)
"""What a retry does, without the period."""

KEPT: Mapping[OpenWorkKind, str] = MappingProxyType(
    {
        OpenWorkKind.PACKAGE_CREATION: "The files stay at their source meanwhile.",
        OpenWorkKind.DATA_TRANSFER: "What was to be sent stays where it is meanwhile.",
        OpenWorkKind.ARCHIVE_TRANSFER: "What was to be archived stays where it is meanwhile.",
        OpenWorkKind.FIXITY_CHECK: "The copy stays as it is meanwhile.",
        OpenWorkKind.STAGING_ITEM: "The archive keeps its copy.",
        OpenWorkKind.DELETION: "The copy stays meanwhile.",
    }
)
"""What becomes of the data until somebody retries work of a kind."""


def first_remedy(category: str | None, *, of_creation: bool) -> str:
    """Return what is to be done before work with an error is retried; empty: nothing."""
    entry = error_entry(category, of_creation=of_creation)
    return before_retry(entry.remedy) if entry else "Remove the cause that its error names."


def remedy_of_given_up(category: str | None, *, of_creation: bool) -> str:
    """Return what to do about work that was given up, as sentences that end with the retry."""
    first = first_remedy(category, of_creation=of_creation)
    return f"{first} Then retry it." if first else "Retry it."


def on_retry(columns: Any) -> ColumnElement[Any]:
    """Return what a retry of a row of open work does now, as a sentence; null where none is possible.

    Parameters
    ----------
    columns : collection
        Columns of open work.
    """
    does = case({kind.value: text for kind, text in RETRIED.items()}, value=columns.kind)
    later = func.concat(", as soon as ", columns.paused, " works again: it is paused now.")
    when = case((columns.paused.is_(None), ", at once."), else_=later)
    return case((columns.status.in_(["failed", "cancelled"]), func.concat(does, when)))


def kept(columns: Any) -> ColumnElement[Any]:
    """Return what becomes of the data until a row of open work is retried; null where none is possible."""
    stays = case({kind.value: text for kind, text in KEPT.items()}, value=columns.kind)
    return case((columns.status.in_(["failed", "cancelled"]), stays))
