"""SQL of the plan."""

from sqlalchemy import select

from ccat_ops_db.models import (
    ConstantElevationSource,
    FixedSource,
    ObservingProgram,
    ObsUnit,
    ObsUnitObservationConfiguration,
    SolarSystemObject,
    Source,
    SubObservingProgram,
)
from ccat_ops_db_api.platform.documents import Rows, list_of_objects, list_of_values

PROGRAMS = ObservingProgram.__table__
OBS_UNITS = ObsUnit.__table__
SOURCES = Source.__table__


def programs() -> Rows:
    """Return programs with their parts as they are shown."""
    parts = SubObservingProgram.__table__
    listed = (
        select(*(parts.c[name] for name in ("id", "name", "description", "retired_at")))
        .where(parts.c.observing_program_id == PROGRAMS.c.id)
        .order_by(parts.c.id)
        .correlate(PROGRAMS)
    )
    names = ("id", "name", "description", "principal_investigator", "granted_hours")
    return select(
        *(PROGRAMS.c[name] for name in names),
        list_of_objects(listed).label("sub_programs"),
        PROGRAMS.c.retired_at,
    )


def obs_units() -> Rows:
    """Return obs units as they are shown."""
    used = ObsUnitObservationConfiguration.__table__
    configurations = (
        select(used.c.observation_configuration_id)
        .where(used.c.obs_unit_id == OBS_UNITS.c.id)
        .correlate(OBS_UNITS)
    )
    own = (
        "description",
        "nominal_alt",
        "mapping_parameters",
        "additional_params",
        "priority",
        "requested_time",
        "available",
        "retired_at",
    )
    return select(
        OBS_UNITS.c.id,
        OBS_UNITS.c.observing_program_id.label("program"),
        OBS_UNITS.c.sub_observing_program_id.label("sub_program"),
        OBS_UNITS.c.source_id.label("source"),
        OBS_UNITS.c.obs_mode_id.label("obs_mode"),
        list_of_values(used.c.observation_configuration_id, configurations).label("configurations"),
        *(OBS_UNITS.c[name] for name in own),
    )


def sources() -> Rows:
    """Return sources of all types as they are shown."""
    fixed, moving = FixedSource.__table__, SolarSystemObject.__table__
    field = ConstantElevationSource.__table__
    return (
        select(
            *(SOURCES.c[name] for name in ("id", "type", "description")),
            *(fixed.c[name] for name in ("right_ascension", "declination", "radial_velocity")),
            *(moving.c[name] for name in ("ephemeris_name", "naif_id")),
            *(field.c[name] for name in ("elevation", "azimuth_min", "azimuth_max")),
            SOURCES.c.retired_at,
        )
        .select_from(SOURCES)
        .outerjoin(fixed, fixed.c.id == SOURCES.c.id)
        .outerjoin(moving, moving.c.id == SOURCES.c.id)
        .outerjoin(field, field.c.id == SOURCES.c.id)
    )
