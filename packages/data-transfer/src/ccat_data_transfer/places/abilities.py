"""What places can do: probed with decoys, kept, and never concluded from the kind of storage."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.places.marker import Marker, find_marker
from ccat_data_transfer.storage.interface import Probed, Storage
from ccat_ops_db.database_time import database_now, time_after
from ccat_ops_db.enumerations import Ability, OutageScope
from ccat_ops_db.models import (
    DataLocation,
    Outage,
    PlaceAbility,
    PlaceMarker,
    Suspension,
    SuspensionEnd,
)

PROBED_EVERY = timedelta(days=7)
"""How often it is looked again what a place can do."""

LASTS_AFTER = timedelta(days=30)
"""A marker that kept its inode for so long shows that inodes last."""


def probe_when_due(sessions: sessionmaker[Session], storage: Storage) -> bool:
    """Probe a place a week after the last time, and when it was resumed since; tell whether it was.

    Raises
    ------
    Failure
        As `probe`.
    """
    with sessions() as session:
        due = session.execute(_due_statement(), {"location_id": storage.location_id}).scalar_one_or_none()
    if due:
        probe(sessions, storage)
    return bool(due)


def probe(sessions: sessionmaker[Session], storage: Storage) -> Mapping[Ability, Probed]:
    """Find out what a place can do, and keep it.

    Raises
    ------
    Failure
        The place is not there, or nothing can be written to it.
    """
    location_id = storage.location_id
    found = dict(storage.probe())
    storage.confirm_place()
    with sessions.begin() as session:
        at = database_now(session)
        if _has_kept_its_inode(session, storage, find_marker(storage)):
            found[Ability.LASTING_INODES] = Probed(True, "the marker kept its inode for 30 days")
        for ability, probed in sorted(found.items()):
            facts = {"works": probed.works, "probed_at": at, "detail": probed.detail}
            session.execute(
                insert(PlaceAbility)
                .values(
                    data_location_id=location_id,
                    ability=ability,
                    site_id=location_id.partition(".")[0],
                    **facts,
                )
                .on_conflict_do_update(index_elements=["data_location_id", "ability", "site_id"], set_=facts)
            )
    return found


def _has_kept_its_inode(session: Session, storage: Storage, found: Marker | None) -> bool:
    if found is None or storage.kind != "disk":
        return False
    on_record = session.execute(
        select(PlaceMarker.identity, PlaceMarker.adopted_at).where(PlaceMarker.id == found.id)
    ).one()
    age = database_now(session) - on_record.adopted_at
    return bool(on_record.identity == found.identity and age > LASTS_AFTER)


@cache
def _due_statement() -> Select[bool]:
    asked: BindParameter[str] = bindparam("location_id")
    location = DataLocation.__table__.c
    probed_at = (
        select(func.min(PlaceAbility.probed_at))
        .where(PlaceAbility.data_location_id == asked, PlaceAbility.ability != Ability.LASTING_INODES)
        .scalar_subquery()
    )
    outage_ended = (
        select(Outage.id)
        .where(
            Outage.scope == OutageScope.LOCATION,
            Outage.scope_id == asked,
            Outage.ended_at > probed_at,
        )
        .exists()
    )
    resumed = (
        select(SuspensionEnd.id)
        .join(Suspension, Suspension.id == SuspensionEnd.suspension_id)
        .where(
            or_(
                Suspension.data_location_id == asked,
                Suspension.suspended_site_id == location.site_id,
            ),
            SuspensionEnd.created_at > probed_at,
        )
        .exists()
    )
    never = probed_at.is_(None)
    return select(or_(never, probed_at <= time_after(-PROBED_EVERY), outage_ended, resumed)).where(
        location.id == asked, ~location.read_only
    )
