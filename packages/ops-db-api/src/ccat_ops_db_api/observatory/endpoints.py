"""``/observatories``, ``/telescopes``, ``/instruments``."""

from fastapi import APIRouter

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.observatory import queries, schemas
from ccat_ops_db_api.platform.references import ReferenceKind, reference_routes

READ = PermissionName.READ_OBSERVATIONS
KINDS = (
    ReferenceKind(
        "observatories",
        "observatory",
        "observatories",
        queries.OBSERVATORIES,
        queries.observatories,
        schemas.Observatory,
        schemas.ObservatoryPage,
        READ,
    ),
    ReferenceKind(
        "telescopes",
        "telescope",
        "telescopes",
        queries.TELESCOPES,
        queries.telescopes,
        schemas.Telescope,
        schemas.TelescopePage,
        READ,
    ),
    ReferenceKind(
        "instruments",
        "instrument",
        "instruments",
        queries.INSTRUMENTS,
        queries.instruments,
        schemas.Instrument,
        schemas.InstrumentPage,
        READ,
    ),
)

router = APIRouter()
for _kind in KINDS:
    router.include_router(reference_routes(_kind, "observatory"))
