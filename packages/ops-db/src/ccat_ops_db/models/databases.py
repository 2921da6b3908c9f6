"""What a database is among those of other sites. These rows stay in it and are never sent."""

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.models.base import Base

EVERY_SITE = "*"
"""Stands for all sites in ``database_site`` and ``link_role``."""


class DatabaseSite(Base):
    """A site whose rows this database owns. Written when the database is set up, never by a service.

    ``*`` is every site: one database for all, as in development and small installations.
    """

    site_id: Mapped[str] = mapped_column(primary_key=True, doc="Site; * for every one.")
    is_main: Mapped[bool] = mapped_column(
        default=False, doc="Whether it is the main site, so that reference data is changed here."
    )
    __table_args__ = (
        Index(
            "uq_database_site_main",
            "is_main",
            unique=True,
            postgresql_where=text("is_main"),
            sqlite_where=text("is_main"),
        ),
    )


class LinkRole(Base):
    """A role of the database server by which rows of other sites may arrive. Written with the links."""

    role: Mapped[str] = mapped_column(primary_key=True, doc="Name of the role.")
    site_id: Mapped[str] = mapped_column(primary_key=True, doc="Site whose rows it may bring; * for any.")
    recovers: Mapped[bool] = mapped_column(
        default=False, doc="Whether it may bring rows of this database's own sites too, after a loss."
    )
