"""Rows that a session may write and lock: of sites of its database, as far as it acts for them (PostgreSQL).

Whoever locks a row of another site stops what replication brings; who writes one is refused by the guards.
"""

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, String, any_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from ccat_ops_db.models import DatabaseSite
from ccat_ops_db.models.databases import EVERY_SITE


def own_rows(site_id: Any) -> ColumnElement[bool]:
    """Return the condition that a column names a site of this database for which the session acts."""
    named = func.nullif(func.current_setting("ccat.acts_for", True), "")
    acts_for = func.string_to_array(named, ",", type_=ARRAY(String()))
    here = select(DatabaseSite.site_id).where(DatabaseSite.site_id.in_([site_id, EVERY_SITE]))
    return exists(here) & or_(named.is_(None), site_id == any_(acts_for))


def is_own(session: Session, site_id: str) -> bool:
    """Return whether rows of a site are written here."""
    return bool(session.scalar(select(own_rows(literal(site_id, String())))))
