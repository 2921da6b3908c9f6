"""What the API says of the observatory."""

from datetime import datetime

from ccat_ops_db_api.platform.fields import ResponseBody


class Observatory(ResponseBody):
    """An observatory."""

    id: str
    name: str
    telescopes: list[str]
    retired_at: datetime | None


class Telescope(ResponseBody):
    """A telescope; degrees and metres."""

    id: str
    observatory: str
    name: str
    latitude: float
    longitude: float
    altitude: float
    instruments: list[str]
    retired_at: datetime | None


class Module(ResponseBody):
    """A part of an instrument; frequencies in GHz."""

    id: str
    name: str
    description: str | None
    pixels: int | None
    band: str | None
    frequency_min: float | None
    frequency_max: float | None
    available: bool
    retired_at: datetime | None


class Instrument(ResponseBody):
    """An instrument with its modules."""

    id: str
    telescope: str
    name: str
    description: str | None
    available: bool
    modules: list[Module]
    retired_at: datetime | None


class ObservatoryPage(ResponseBody):
    """A page of observatories."""

    items: list[Observatory]
    next_cursor: str | None


class TelescopePage(ResponseBody):
    """A page of telescopes."""

    items: list[Telescope]
    next_cursor: str | None


class InstrumentPage(ResponseBody):
    """A page of instruments."""

    items: list[Instrument]
    next_cursor: str | None
