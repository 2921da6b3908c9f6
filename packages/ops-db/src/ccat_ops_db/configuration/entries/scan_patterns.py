"""Scan parameters as planner and telescope exchange them: the known ones are checked, the others kept.

Angles in degrees, velocities in degrees per second on the sky, times in seconds.
"""

from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from ccat_ops_db.configuration.entries.common import Elevation, Positive, Text

Angle = Annotated[float, Field(ge=-360, le=360)]
Azimuth = Annotated[float, Field(ge=-360, le=720)]
"""Degrees; azimuths count on beyond a turn, because the cable wrap does."""
SiderealAngle = Annotated[float, Field(ge=0, le=360)]


class Parameters(BaseModel):
    """Parameters whose list others define: keys that we do not know are kept as they are."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _without_absent_ones(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given = self.model_fields_set | set(self.model_extra or {})
        return {name: value for name, value in handler(self).items() if name in given}


class Pong(Parameters):
    """A closed box pattern of straight, evenly spaced scans."""

    name: Text
    onsky_velocity: Positive
    width: Positive
    height: Positive
    angle: Angle | None = None
    angle_var: tuple[Angle, ...] | Angle | None = None
    spacing: Positive
    num_terms: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _has_one_angle(self) -> Self:
        if (self.angle is None) == (self.angle_var is None):
            raise ValueError("give either angle or angle_var")
        return self


class Daisy(Parameters):
    """A rose pattern around a point: radius ``R0``, turning radius ``Rt``, avoidance radius ``Ra``."""

    name: Text
    onsky_velocity: Positive
    R0: Positive
    Rt: Positive
    Ra: Annotated[float, Field(ge=0)]


class ElevationScan(Parameters):
    """A line of the table of a constant-elevation scan."""

    elevation: Elevation
    az_min: Azimuth
    az_max: Azimuth
    duration: Positive

    @model_validator(mode="after")
    def _azimuth_is_ordered(self) -> Self:
        if self.az_min >= self.az_max:
            raise ValueError("az_min is not below az_max")
        return self


class ConstantElevation(Parameters):
    """Scans in azimuth at constant elevation within a window of local sidereal angle.

    ``min_lsa`` above ``max_lsa`` is a window through 0 degrees.
    """

    nominal_alt: Elevation
    onsky_velocity: Positive
    table: tuple[ElevationScan, ...]
    min_lsa: SiderealAngle | None = None
    max_lsa: SiderealAngle | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.min_lsa is None) != (self.max_lsa is None):
            raise ValueError("min_lsa and max_lsa belong together")
        if not self.table:
            raise ValueError("the table is empty")
        return self


class ScanParameters(Parameters):
    """Any of the known parameters: for what only overrides some, and for CHAI's mappings."""

    name: Text | None = None
    onsky_velocity: Positive | None = None
    width: Positive | None = None
    height: Positive | None = None
    angle: Angle | None = None
    angle_var: tuple[Angle, ...] | Angle | None = None
    spacing: Positive | None = None
    num_terms: Annotated[int, Field(ge=1, le=100)] | None = None
    R0: Positive | None = None
    Rt: Positive | None = None
    Ra: Annotated[float, Field(ge=0)] | None = None
    nominal_alt: Elevation | None = None
    table: tuple[ElevationScan, ...] | None = None
    min_lsa: SiderealAngle | None = None
    max_lsa: SiderealAngle | None = None
