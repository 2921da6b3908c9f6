"""What is out of order for a while, and what workers see of the places."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.enumerations import OutageScope
from ccat_ops_db.models.base import Base, Identified, Owned, choice

NOT_ENDED = text("ended_at IS NULL")


class Outage(Identified, Owned, Base):
    """Something that fails, whoever uses it: a location, a route, a credential or the broker of a site.

    Work that needs it waits until it has ended. Failures that may be those of one piece of work alone are
    only counted at first.
    """

    scope: Mapped[OutageScope] = mapped_column(choice(OutageScope), doc="What kind of thing fails.")
    scope_id: Mapped[str] = mapped_column(doc="Which: id of the location or route, name of the credential.")
    category: Mapped[str] = mapped_column(doc="Machine-readable kind of the latest failure.")
    message: Mapped[str] = mapped_column(doc="The latest failure, for people, with the remedy.")
    since: Mapped[datetime] = mapped_column(doc="First failure after the last success.")
    last_seen_at: Mapped[datetime] = mapped_column(doc="Latest failure.")
    count: Mapped[int] = mapped_column(default=1, doc="Failures since the last success.")
    closed_since: Mapped[datetime | None] = mapped_column(
        doc="Since when nothing new goes there; null: failures are counted, and too few yet."
    )
    next_probe_at: Mapped[datetime | None] = mapped_column(
        doc="When it is tried again; null: not closed, or until a person says that it is well."
    )
    ended_at: Mapped[datetime | None] = mapped_column(doc="When it worked again.")
    __table_args__ = (
        Index(
            "uq_outage_open",
            "site_id",
            "scope",
            "scope_id",
            unique=True,
            postgresql_where=NOT_ENDED,
            sqlite_where=NOT_ENDED,
        ),
        Index("ix_outage_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        CheckConstraint("next_probe_at IS NULL OR closed_since IS NOT NULL", name="only_closed_is_probed"),
    )


class WorkerPlace(Base):
    """What a worker process sees of a location: a place that it cannot open is closed for it alone."""

    owner: Mapped[str] = mapped_column(primary_key=True, doc="Worker process, as in leases.")
    data_location_id: Mapped[str] = mapped_column(primary_key=True, index=True, doc="Location.")
    host: Mapped[str] = mapped_column(doc="Machine of the worker.")
    seen_at: Mapped[datetime] = mapped_column(doc="When the worker last said that it lives.")
    closed_since: Mapped[datetime | None] = mapped_column(
        doc="Since when it cannot open the place; null: it can."
    )
    message: Mapped[str | None] = mapped_column(doc="Why it cannot, for people.")
