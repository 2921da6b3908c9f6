"""``/observing-programs``, ``/obs-units``, ``/sources``."""

from fastapi import APIRouter

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.plan import queries, schemas
from ccat_ops_db_api.platform.references import ReferenceKind, reference_routes

READ = PermissionName.READ_OBSERVATIONS
KINDS = (
    ReferenceKind(
        "observing-programs",
        "observing_program",
        "observing_programs",
        queries.PROGRAMS,
        queries.programs,
        schemas.Program,
        schemas.ProgramPage,
        READ,
    ),
    ReferenceKind(
        "obs-units",
        "obs_unit",
        "obs_units",
        queries.OBS_UNITS,
        queries.obs_units,
        schemas.ObsUnit,
        schemas.ObsUnitPage,
        READ,
    ),
    ReferenceKind(
        "sources",
        "source",
        "sources",
        queries.SOURCES,
        queries.sources,
        schemas.Source,
        schemas.SourcePage,
        READ,
    ),
)

router = APIRouter()
for _kind in KINDS:
    router.include_router(reference_routes(_kind, "plan"))
