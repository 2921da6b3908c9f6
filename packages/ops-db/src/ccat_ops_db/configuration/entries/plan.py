"""What is to be observed: programs, sources, lines, modes, configurations, obs units and slots."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ccat_ops_db.configuration.entries.common import (
    Count,
    Elevation,
    Entry,
    NotNegative,
    Positive,
    Priority,
    Ref,
    Text,
    UtcTime,
)
from ccat_ops_db.configuration.entries.scan_patterns import ConstantElevation, Daisy, Pong, ScanParameters


class ObservingProgramEntry(Entry):
    """A program that was granted observing time, in hours."""

    name: Text
    description: Text | None = None
    principal_investigator: Text | None = None
    granted_hours: NotNegative | None = None


class SubObservingProgramEntry(Entry):
    """A part of a program."""

    program: Annotated[str, Ref("observing_programs", "observing_program_id")]
    name: Text
    description: Text | None = None


class SourceEntry(Entry):
    """Something on the sky."""

    description: Text | None = None


class FixedSourceEntry(SourceEntry):
    """ICRS position in degrees, radial velocity (LSR) in km/s."""

    type: Literal["fixed"]
    right_ascension: Annotated[float, Field(ge=0, lt=360)]
    declination: Annotated[float, Field(ge=-90, le=90)]
    radial_velocity: float | None = None


class SolarSystemObjectEntry(SourceEntry):
    """A body of the solar system by the name that ephemerides know."""

    type: Literal["solar_system"]
    ephemeris_name: Text
    naif_id: Annotated[int, Field(gt=-(2**31), lt=2**31)] | None = None


class ConstantElevationSourceEntry(SourceEntry):
    """A field that drifts through a scan in azimuth; degrees."""

    type: Literal["constant_elevation"]
    elevation: Elevation
    azimuth_min: float
    azimuth_max: float

    @model_validator(mode="after")
    def _azimuth_is_ordered(self) -> Self:
        if self.azimuth_min >= self.azimuth_max:
            raise ValueError("azimuth_min is not below azimuth_max")
        return self


class LineEntry(Entry):
    """A spectral line; rest frequency in GHz."""

    name: Text
    rest_frequency: Positive


class ObsModeEntry(Entry):
    """A way of observing."""

    name: Text
    description: Text | None = None


class ObservationConfigurationEntry(Entry):
    """What an instrument is to do in an obs unit."""

    instrument: Annotated[str, Ref("instruments", "instrument_id")]
    module_configuration: Annotated[
        str | None, Ref("instrument_module_configurations", "instrument_module_configuration_id")
    ] = None


class Tiling(Entry):
    """A tile of a map with CHAI; offsets in degrees."""

    tile: Count
    offset_longitude: float
    offset_latitude: float
    goal_coverage: Positive = 1.0


class InparParameter(Entry):
    """A parameter that is handed to the control system of CHAI as it is."""

    name: Text
    value: str


class ChaiObservationConfigurationEntry(ObservationConfigurationEntry):
    """Observation with CHAI; integration time in seconds."""

    type: Literal["chai"]
    integration_time: NotNegative | None = None
    mapping_parameters: ScanParameters = ScanParameters()
    tilings: tuple[Tiling, ...] = ()
    inpar_parameters: tuple[InparParameter, ...] = ()

    @model_validator(mode="after")
    def _has_each_once(self) -> Self:
        if len({tiling.tile for tiling in self.tilings}) < len(self.tilings):
            raise ValueError("two tilings have the same tile number")
        if len({parameter.name for parameter in self.inpar_parameters}) < len(self.inpar_parameters):
            raise ValueError("two inpar_parameters have the same name")
        return self


class PrimeCamPongEntry(ObservationConfigurationEntry):
    """Observation with Prime-Cam in a pong pattern."""

    type: Literal["prime_cam"]
    scan_pattern: Literal["pong"]
    mapping_parameters: Pong


class PrimeCamDaisyEntry(ObservationConfigurationEntry):
    """Observation with Prime-Cam in a daisy pattern."""

    type: Literal["prime_cam"]
    scan_pattern: Literal["daisy"]
    mapping_parameters: Daisy


class PrimeCamConstantElevationEntry(ObservationConfigurationEntry):
    """Observation with Prime-Cam at constant elevation."""

    type: Literal["prime_cam"]
    scan_pattern: Literal["constant_elevation"]
    mapping_parameters: ConstantElevation


class ObsUnitEntry(Entry):
    """The unit of planning. Nominal elevation in degrees, requested time in seconds."""

    program: Annotated[str, Ref("observing_programs", "observing_program_id")]
    sub_program: Annotated[str | None, Ref("sub_observing_programs", "sub_observing_program_id")] = None
    source: Annotated[str, Ref("sources", "source_id")]
    mode: Annotated[str | None, Ref("obs_modes", "obs_mode_id")] = None
    description: Text | None = None
    configurations: tuple[
        Annotated[str, Ref("observation_configurations", "observation_configuration_id")], ...
    ] = ()
    nominal_alt: Elevation | None = None
    mapping_parameters: ScanParameters = ScanParameters()
    additional_params: ScanParameters = ScanParameters()
    priority: Priority = 0
    requested_time: NotNegative | None = None
    available: bool = True


class PreScheduledSlotEntry(Entry):
    """Time that is set aside for an obs unit."""

    obs_unit: Annotated[str, Ref("obs_units", "obs_unit_id")]
    starts_at: UtcTime
    ends_at: UtcTime
    night: date | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise ValueError("ends_at is not after starts_at")
        return self
