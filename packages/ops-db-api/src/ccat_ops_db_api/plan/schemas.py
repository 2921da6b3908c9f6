"""What the API says of the plan."""

from datetime import datetime
from typing import Any

from ccat_ops_db_api.platform.fields import ResponseBody


class SubProgram(ResponseBody):
    """A part of a program."""

    id: str
    name: str
    description: str | None
    retired_at: datetime | None


class Program(ResponseBody):
    """An observing program with its parts."""

    id: str
    name: str
    description: str | None
    principal_investigator: str | None
    granted_hours: float | None
    sub_programs: list[SubProgram]
    retired_at: datetime | None


class ObsUnit(ResponseBody):
    """The unit of planning; degrees and seconds."""

    id: str
    program: str
    sub_program: str | None
    source: str
    obs_mode: str | None
    description: str | None
    nominal_alt: float | None
    mapping_parameters: dict[str, Any]
    additional_params: dict[str, Any]
    configurations: list[str]
    priority: int
    requested_time: float | None
    available: bool
    retired_at: datetime | None


class Source(ResponseBody):
    """Something on the sky. What its type does not have is null; degrees, km/s."""

    id: str
    type: str
    description: str | None
    right_ascension: float | None
    declination: float | None
    radial_velocity: float | None
    ephemeris_name: str | None
    naif_id: int | None
    elevation: float | None
    azimuth_min: float | None
    azimuth_max: float | None
    retired_at: datetime | None


class ProgramPage(ResponseBody):
    """A page of programs."""

    items: list[Program]
    next_cursor: str | None


class ObsUnitPage(ResponseBody):
    """A page of obs units."""

    items: list[ObsUnit]
    next_cursor: str | None


class SourcePage(ResponseBody):
    """A page of sources."""

    items: list[Source]
    next_cursor: str | None
