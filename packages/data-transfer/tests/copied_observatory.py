"""What makes a copy of an observatory's database an observatory of its own: folders, and markers in them."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.places.marker import document, find_marker
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_ops_db.models import DiskDataLocation, PlaceMarker


def move_places(session: Session, root: Path, at: datetime) -> None:
    """Give every place on disk a folder below `root` with its marker, as if it was adopted there just now."""
    for marker in session.scalars(select(PlaceMarker)).all():
        location = marker.data_location_id
        folder = root / location
        folder.mkdir(parents=True)
        disk = DiskStorage(location, str(folder))
        disk.write_marker(document(marker.id, location, at))
        found = find_marker(disk)
        assert found is not None, "it was just written"
        session.execute(
            update(PlaceMarker)
            .where(PlaceMarker.id == marker.id)
            .values(identity=found.identity, file_system=disk.file_system(), adopted_at=at)
            .execution_options(synchronize_session=False)
        )
        path = update(DiskDataLocation.__table__).where(DiskDataLocation.__table__.c.id == location)
        session.execute(path.values(path=str(folder)))
