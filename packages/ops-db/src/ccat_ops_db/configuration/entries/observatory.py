"""The observatory, its telescopes, instruments, modules and their configurations."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from ccat_ops_db.configuration.entries.common import (
    Count,
    Entry,
    Latitude,
    Longitude,
    Positive,
    Ref,
    Text,
    UtcTime,
)


class ObservatoryEntry(Entry):
    """An observatory."""

    name: Text


class TelescopeEntry(Entry):
    """A telescope. Latitude and longitude in degrees (WGS 84, north, east positive), altitude in metres."""

    observatory: Annotated[str, Ref("observatories", "observatory_id")]
    site: Annotated[str, Ref("sites", "site_id")]
    name: Text
    latitude: Latitude
    longitude: Longitude
    altitude: float


class InstrumentEntry(Entry):
    """An instrument; ``available`` follows commissioning and maintenance."""

    telescope: Annotated[str, Ref("telescopes", "telescope_id")]
    name: Text
    description: Text | None = None
    available: bool = True


class InstrumentModuleEntry(Entry):
    """A part of an instrument that writes its own files. Frequencies in GHz."""

    instrument: Annotated[str, Ref("instruments", "instrument_id")]
    name: Text
    description: Text | None = None
    pixels: Count | None = None
    band: Text | None = None
    frequency_min: Positive | None = None
    frequency_max: Positive | None = None
    available: bool = True

    @model_validator(mode="after")
    def _band_is_ordered(self) -> Self:
        if self.frequency_min is not None and (
            self.frequency_max is None or self.frequency_min >= self.frequency_max
        ):
            raise ValueError("frequency_min needs a frequency_max above it")
        return self


class ModuleConfigurationEntry(Entry):
    """A way in which a module can be set up."""

    module: Annotated[str, Ref("instrument_modules", "instrument_module_id")]
    description: Text | None = None
    valid_from: UtcTime | None = None


class ChaiModuleConfigurationEntry(ModuleConfigurationEntry):
    """Set-up of a CHAI module; intermediate frequency and bandwidth in GHz."""

    type: Literal["chai"]
    line: Annotated[str | None, Ref("lines", "line_id")] = None
    side_band: Literal["lsb", "usb"] | None = None
    intermediate_frequency: Positive | None = None
    bandwidth: Positive | None = None
    channels: Count | None = None


class PrimeCamModuleConfigurationEntry(ModuleConfigurationEntry):
    """Set-up of a Prime-Cam module; sampling rate in Hz."""

    type: Literal["prime_cam"]
    sampling_rate: Positive | None = None
    readout_tones: Count | None = None
    filter_name: Text | None = None
