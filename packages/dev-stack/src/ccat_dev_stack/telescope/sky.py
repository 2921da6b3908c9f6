"""Where the telescope points, and through how much water."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from astropy import units
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
from astropy.time import Time
from astropy.utils import iers
from numpy.typing import NDArray

from ccat_dev_stack.telescope.plan import ObsUnitPlan, Telescope

# A telescope on a mountain, or a test, must not wait for a download; the tables of the package suffice here.
iers.conf.auto_download = False
iers.conf.auto_max_age = None

LOWEST_ELEVATION = 20.0
"""Degrees; below it FYST does not observe."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pointing:
    """Where a scan goes; one value per time.

    Parameters
    ----------
    mjd
        UTC, days.
    right_ascension, declination
        ICRS, degrees.
    azimuth, elevation
        Degrees, without refraction.
    centre
        Of the field, ICRS, degrees.
    """

    mjd: Floats
    right_ascension: Floats
    declination: Floats
    azimuth: Floats
    elevation: Floats
    centre: tuple[float, float]


def elevation_of(plan: ObsUnitPlan, at: datetime) -> float:
    """Return the elevation of an obs unit's target, degrees."""
    if plan.target.horizontal is not None:
        return plan.target.horizontal[0]
    time = Time(at)
    place = place_of(plan.telescope)
    horizontal = _position(plan, time, place).transform_to(AltAz(obstime=time, location=place))
    return float(horizontal.alt.deg)


def follow(plan: ObsUnitPlan, start: datetime, phase: float, seconds: float, samples: int) -> Pointing:
    """Return the pointing during a piece of an obs unit's scan.

    Parameters
    ----------
    start
        Start of the piece.
    phase
        Seconds since the scan began.
    seconds, samples
        Length of the piece and number of equidistant times in it.
    """
    elapsed: Floats = np.arange(samples, dtype=np.float64) * (seconds / samples)
    times = Time(start) + elapsed * units.s
    place = place_of(plan.telescope)
    middle = Time(start + timedelta(seconds=seconds / 2))
    frame = AltAz(obstime=times, location=place)
    if plan.target.horizontal is not None:
        elevation, low, high = plan.target.horizontal
        velocity = float(plan.scan.get("onsky_velocity", 1.0)) / np.cos(np.deg2rad(elevation))
        azimuth = low + _triangle((phase + elapsed) * velocity, high - low)
        horizontal = SkyCoord(azimuth * units.deg, np.full(samples, elevation) * units.deg, frame=frame)
        sky = horizontal.icrs
        middle_of_field = SkyCoord(
            (low + high) / 2 * units.deg,
            elevation * units.deg,
            frame=AltAz(obstime=middle, location=place),
        ).icrs
    else:
        middle_of_field = _position(plan, middle, place).icrs
        x, y = _offsets(plan, phase + elapsed)
        sky = middle_of_field.spherical_offsets_by(x * units.deg, y * units.deg)
        horizontal = sky.transform_to(frame)
    return Pointing(
        mjd=np.asarray(times.utc.mjd),
        right_ascension=np.asarray(sky.ra.deg),
        declination=np.asarray(sky.dec.deg),
        azimuth=np.asarray(horizontal.az.deg),
        elevation=np.asarray(horizontal.alt.deg),
        centre=(float(middle_of_field.ra.deg), float(middle_of_field.dec.deg)),
    )


def water_vapour(seed: int, at: datetime) -> float:
    """Return the precipitable water vapour over Cerro Chajnantor, mm: slow waves around 0.6 mm."""
    hours = at.timestamp() / 3600
    generator = np.random.default_rng(seed)
    phases = generator.uniform(0, 2 * np.pi, 3)
    waves = sum(
        np.sin(2 * np.pi * hours / period + phase)
        for period, phase in zip((24.0, 7.3, 1.9), phases, strict=True)
    )
    return round(float(0.6 * np.exp(0.25 * waves)), 3)


def transmission(pwv: float, elevation: Floats, frequency: float) -> Floats:
    """Return the transmission of the atmosphere: a rough zenith opacity, scaled by the airmass.

    Parameters
    ----------
    pwv
        mm.
    elevation
        Degrees.
    frequency
        GHz.
    """
    opacity = 0.01 + 0.05 * pwv * (frequency / 280.0) ** 2.5
    transmitted: Floats = np.exp(-opacity / np.sin(np.deg2rad(elevation)))
    return transmitted


def _position(plan: ObsUnitPlan, time: Time, place: EarthLocation) -> SkyCoord:
    if plan.target.body is not None:
        # astropy's own ephemeris: good to arc seconds, and nothing to download.
        body = get_body(plan.target.body, time, place, ephemeris="builtin")
        return SkyCoord(body.ra, body.dec, frame="gcrs", obstime=time).icrs
    assert plan.target.position is not None, "a target has a position, a body or a field"
    right_ascension, declination = plan.target.position
    return SkyCoord(right_ascension * units.deg, declination * units.deg, frame="icrs")


def place_of(telescope: Telescope) -> EarthLocation:
    """Return the telescope's place on Earth."""
    return EarthLocation.from_geodetic(
        telescope.longitude * units.deg, telescope.latitude * units.deg, telescope.altitude * units.m
    )


def _offsets(plan: ObsUnitPlan, elapsed: Floats) -> tuple[Floats, Floats]:
    """Return offsets from the centre of the field, degrees."""
    scan = plan.scan
    velocity = float(scan.get("onsky_velocity", 0.1))
    if "R0" in scan:
        radius = float(scan["R0"])
        angle = velocity / radius * elapsed
        swing = radius * np.sin(angle)
        return swing * np.cos(angle / np.pi), swing * np.sin(angle / np.pi)
    width, height = float(scan.get("width", 0.1)), float(scan.get("height", 0.1))
    if plan.mode == "otf":
        row = np.floor(elapsed * velocity / width)
        rows = 20
        return _triangle(elapsed * velocity, width) - width / 2, (row % rows / rows - 0.5) * height
    # A pong is two triangle waves; the golden ratio keeps it from closing too soon.
    x = _triangle(elapsed * velocity, width) - width / 2
    y = _triangle(elapsed * velocity * 0.6180339887, height) - height / 2
    return x, y


def _triangle(distance: Floats, length: float) -> Floats:
    """Go to and fro between 0 and a length."""
    folded: Floats = length - np.abs(np.mod(distance, 2 * length) - length)
    return folded
