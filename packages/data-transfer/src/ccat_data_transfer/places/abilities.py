"""What places can do: probed with decoys, kept, and never concluded from the kind of storage."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.places.marker import Marker, find_marker
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.storage.interface import Probed, Storage
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import Ability
from ccat_ops_db.models import PlaceAbility, PlaceMarker

LASTS_AFTER = timedelta(days=30)
"""A marker that kept its inode for so long shows that inodes last."""


def probe(sessions: sessionmaker[Session], places: Places, location_id: str) -> Mapping[Ability, Probed]:
    """Find out what a place can do, and keep it.

    Raises
    ------
    Failure
        The place is not there, or nothing can be written to it.
    """
    storage = places.storage(location_id)
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
