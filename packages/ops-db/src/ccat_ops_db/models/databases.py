"""What a database is among those of other sites. These rows stay in it and are never sent."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.enumerations import Consumer
from ccat_ops_db.models.base import Base, choice

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


class ChangeConsumer(Base):
    """A service that wants to know whose state changed, and so has a queue of changed keys."""

    consumer: Mapped[Consumer] = mapped_column(choice(Consumer), primary_key=True, doc="The service.")
    emptied_at: Mapped[datetime | None] = mapped_column(
        doc="When its queue was emptied because it grew too long; it then starts over and sets this to null."
    )


class ChangedKey(Base):
    """A row whose state changed, as one consumer is to know it. Written by triggers only, in PostgreSQL."""

    consumer: Mapped[str] = mapped_column(doc="Whose queue it is in.")
    subject: Mapped[str] = mapped_column(doc="Table of the row.")
    key: Mapped[str] = mapped_column(doc="Id of the row.")
    at: Mapped[datetime] = mapped_column(doc="When it changed.")

    __mapper_args__ = {"primary_key": [consumer, subject, key, at]}  # noqa: RUF012
    __table_args__ = {"postgresql_partition_by": "LIST (consumer)"}  # noqa: RUF012
