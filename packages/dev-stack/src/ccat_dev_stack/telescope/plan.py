"""What the simulated telescope can observe, taken from the observatory's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccat_dev_stack.stack.installation import TELESCOPE_SITE
from ccat_ops_db.configuration import Configuration


@dataclass(frozen=True)
class Telescope:
    """Where it stands: degrees (WGS 84), metres."""

    name: str
    latitude: float
    longitude: float
    altitude: float


@dataclass(frozen=True)
class Module:
    """An instrument module in the set-up of an obs unit.

    Parameters
    ----------
    pixels
        Of a heterodyne array; None for a camera.
    rest_frequency
        Of the line, GHz; None for a camera.
    bandwidth
        GHz.
    sampling_rate
        Of a camera, Hz.
    """

    name: str
    instrument: str
    instrument_name: str
    pixels: int | None
    rest_frequency: float | None
    line: str | None
    bandwidth: float
    sampling_rate: float


@dataclass(frozen=True)
class Target:
    """What is looked at; one of position (ICRS, degrees), body, or a field fixed in azimuth and elevation."""

    name: str
    position: tuple[float, float] | None = None
    radial_velocity: float = 0.0
    body: str | None = None
    horizontal: tuple[float, float, float] | None = None
    """Elevation, smallest and largest azimuth, degrees."""


@dataclass(frozen=True)
class ObsUnitPlan:
    """An obs unit that can be observed.

    Parameters
    ----------
    source_location, source_folder
        Where its instrument writes.
    scan
        Parameters of the scan as in the configuration: degrees, degrees per second, seconds.
    """

    name: str
    program: str
    mode: str
    target: Target
    telescope: Telescope
    modules: tuple[Module, ...]
    source_location: str
    source_folder: Path
    scan: Mapping[str, Any] = field(default_factory=dict)


def obs_unit_plans(configuration: Configuration) -> list[ObsUnitPlan]:
    """Return the obs units whose instrument is available and has a folder to write to, in a fixed order."""
    plans = []
    for name, unit in sorted(configuration.entries["obs_units"].items()):
        set_ups = [
            configuration.entries["observation_configurations"][key].values
            for key in unit.values["configurations"]
        ]
        modules = tuple(
            _module(configuration, set_up["module_configuration"])
            for set_up in set_ups
            if set_up["module_configuration"] is not None
        )
        if not modules or not unit.values["available"]:
            continue
        instrument = configuration.entries["instruments"][modules[0].instrument].values
        location = _source_location(configuration, modules[0].instrument)
        if location is None or not instrument["available"]:
            continue
        plans.append(
            ObsUnitPlan(
                name=name,
                program=unit.values["program"],
                mode=unit.values["mode"] or "",
                target=_target(configuration, unit.values["source"]),
                telescope=_telescope(configuration, instrument["telescope"]),
                modules=modules,
                source_location=location[0],
                source_folder=location[1],
                scan=set_ups[0]["mapping_parameters"],
            )
        )
    return plans


def _module(configuration: Configuration, set_up: str) -> Module:
    values = configuration.entries["instrument_module_configurations"][set_up].values
    module = configuration.entries["instrument_modules"][values["module"]].values
    line = values.get("line")
    rest = None if line is None else configuration.entries["lines"][line].values["rest_frequency"]
    return Module(
        name=values["module"],
        instrument=module["instrument"],
        instrument_name=configuration.entries["instruments"][module["instrument"]].values["name"],
        pixels=module["pixels"] if values["type"] == "chai" else None,
        rest_frequency=rest,
        line=line,
        bandwidth=values.get("bandwidth") or 4.0,
        sampling_rate=values.get("sampling_rate") or 200.0,
    )


def _source_location(configuration: Configuration, instrument: str) -> tuple[str, Path] | None:
    for key, entry in sorted(configuration.entries["data_locations"].items()):
        values = entry.values
        if key.startswith(f"{TELESCOPE_SITE}.") and values["instrument"] == instrument and values["enabled"]:
            return key, Path(values["path"])
    return None


def _telescope(configuration: Configuration, key: str) -> Telescope:
    values = configuration.entries["telescopes"][key].values
    return Telescope(values["name"], values["latitude"], values["longitude"], values["altitude"])


def _target(configuration: Configuration, key: str) -> Target:
    values = configuration.entries["sources"][key].values
    if values["type"] == "fixed":
        position = (values["right_ascension"], values["declination"])
        return Target(key, position=position, radial_velocity=values["radial_velocity"] or 0.0)
    if values["type"] == "solar_system":
        return Target(key, body=values["ephemeris_name"])
    horizontal = (values["elevation"], values["azimuth_min"], values["azimuth_max"])
    return Target(key, horizontal=horizontal)
