"""Places, sites and routes beside those of the small observatory."""

from typing import Any

from ccat_dev_stack.proofs import prove_copy
from ccat_ops_db.enumerations import (
    LocationType,
    PhysicalCopyStatus,
    RouteType,
    TransferMethod,
)
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    RawDataPackagePhysicalCopy,
    S3DataLocation,
    Site,
)


def add_archive(observatory: Any, location: str, priority: int = 0) -> None:
    """Add a further archive on a disk of its own."""
    observatory.add_location(location, LocationType.LONG_TERM_ARCHIVE)
    observatory.change(DataLocation, location, priority=priority)


def add_site(observatory: Any, site: str) -> None:
    """Add a site without any location."""
    with observatory.sessions.begin() as session:
        session.add(Site(id=site, name=site))


def add_route(observatory: Any, route: str, origin: str, destination: str, priority: int = 0) -> None:
    """Add a route from a site to a location."""
    with observatory.sessions.begin() as session:
        session.add(
            DataTransferRoute(
                id=route,
                origin_site_id=origin,
                destination_site_id=destination.split(".")[0],
                route_type=RouteType.DIRECT,
                destination_location_id=destination,
                method=TransferMethod.POSIX,
                priority=priority,
            )
        )


def give_copy(observatory: Any, package: Any, location: str, tar: bytes) -> None:
    """Put a package into an archive as if it had been archived there before."""
    path = observatory.folder(location) / package.relative_path
    path.parent.mkdir(parents=True)
    path.write_bytes(tar)
    with observatory.sessions.begin() as session:
        copy = RawDataPackagePhysicalCopy(
            id=new_id(),
            site_id=location.split(".")[0],
            raw_data_package_id=package.id,
            data_location_id=location,
            relative_path=package.relative_path,
            status=PhysicalCopyStatus.VERIFIED,
            size=package.size,
            created_at=observatory.clock.now,
            place_marker_id=observatory.places.marker_on_record(location).id,
        )
        session.add(copy)
        session.flush()
        prove_copy(session, copy, package.checksum, observatory.clock.now)


def add_store(observatory: Any, bucket: Any, *, endpoint: str | None = None, **facts: Any) -> None:
    """Have the packages archived in a store, and no longer on disk."""
    keys = observatory.settings.credentials_folder / "archive"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / "access_key_id").write_text(bucket.access_key_id)
    (keys / "secret_access_key").write_text(bucket.secret_access_key)
    observatory.change(DataLocation, "cologne.lta", retired_at=observatory.clock.now)
    with observatory.sessions.begin() as session:
        session.add(
            S3DataLocation(
                id="cologne.store",
                site_id="cologne",
                name="store",
                location_type=LocationType.LONG_TERM_ARCHIVE,
                endpoint=endpoint or bucket.endpoint,
                bucket=bucket.bucket,
                credential="archive",
                **facts,
            )
        )
    observatory.adopt("cologne.store", reason="a store for this test")
