"""Reference data, an account and rows that the tests need, made through the models."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    DeletionTrigger,
    LocationType,
    StorageType,
)
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DiskDataLocation,
    FixedSource,
    Instrument,
    InstrumentModule,
    Observatory,
    ObservingProgram,
    ObsUnit,
    Permission,
    RetentionPolicy,
    Role,
    RolePermission,
    Site,
    Telescope,
    User,
    UserRole,
)
from ccat_ops_db.permissions import PERMISSIONS, PermissionName
from ccat_ops_db.tokens import create_token

TOKEN_KEY = "a-key-for-the-tests-of-the-client-0123456789"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OBS_UNIT = "OrionKL-CO43"
SOURCE, BUFFER, PROCESSING = "ccat.chai-raw-data", "ccat.buffer", "ccat.processing"


def reference_data(session: Session, folder: Path, data_server_url: str) -> None:
    """Add one site with its locations below `folder`, a telescope, two instruments and an obs unit."""
    session.add_all(
        [
            Observatory(id="ccat-observatory", name="CCAT Observatory"),
            Site(id="ccat", name="FYST", main=True, data_server_url=data_server_url),
            Site(id="cologne", name="Cologne"),
            ObservingProgram(id="GEco", name="Galactic Ecology"),
            FixedSource(id="Orion-KL", right_ascension=83.81, declination=-5.37),
            RetentionPolicy(id="source", trigger=DeletionTrigger.WHEN_ARCHIVED, min_archive_copies=1),
        ]
    )
    session.flush()
    session.add(
        Telescope(
            id="fyst",
            observatory_id="ccat-observatory",
            site_id="ccat",
            name="FYST",
            latitude=-22.98,
            longitude=-67.74,
            altitude=5600,
        )
    )
    session.flush()
    session.add_all(
        [
            Instrument(id="chai", telescope_id="fyst", name="CHAI"),
            Instrument(id="prime-cam", telescope_id="fyst", name="Prime-Cam"),
        ]
    )
    session.flush()
    session.add_all(
        [
            InstrumentModule(id="chai-lfa", instrument_id="chai", name="LFA", pixels=64),
            InstrumentModule(id="chai-hfa", instrument_id="chai", name="HFA", pixels=64),
            InstrumentModule(id="prime-cam-280", instrument_id="prime-cam", name="280 GHz"),
            ObsUnit(id=OBS_UNIT, observing_program_id="GEco", source_id="Orion-KL"),
        ]
    )
    _locations(session, folder)
    session.flush()


def token(session: Session, scopes: tuple[str, ...] = tuple(PermissionName)) -> str:
    """Add a user who may do everything with a token of these scopes, and return the token's text."""
    name = f"user-{new_id()}"
    if session.get(Permission, PermissionName.READ_DATA) is None:
        session.add_all(Permission(id=right.value, description=text) for right, text in PERMISSIONS.items())
    user = User(id=new_id(), name=name, created_at=NOW)
    session.add_all([user, Role(id=f"role-{name}")])
    session.flush()
    session.add(UserRole(user_id=user.id, role_id=f"role-{name}"))
    session.add_all(RolePermission(role_id=f"role-{name}", permission_id=right) for right in PermissionName)
    session.flush()
    return create_token(session, name, "test", list(scopes), None, None, TOKEN_KEY, NOW)


def _locations(session: Session, folder: Path) -> None:
    kinds = {
        SOURCE: (LocationType.SOURCE, "chai"),
        "ccat.primecam-raw-data": (LocationType.SOURCE, "prime-cam"),
        BUFFER: (LocationType.BUFFER, None),
        PROCESSING: (LocationType.PROCESSING, None),
        "cologne.raw-data": (LocationType.SOURCE, "chai"),
    }
    for identifier, (kind, instrument) in kinds.items():
        site, name = identifier.split(".")
        path = folder / identifier
        path.mkdir()
        session.add(
            DiskDataLocation(
                id=identifier,
                site_id=site,
                name=name,
                location_type=kind,
                storage_type=StorageType.DISK,
                instrument_id=instrument,
                retention_policy_id="source" if kind is LocationType.SOURCE else None,
                path=str(path),
            )
        )
    session.flush()
