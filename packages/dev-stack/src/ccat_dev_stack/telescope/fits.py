"""The files that the simulated instruments write: CHAI spectra (SDFITS) and Prime-Cam time streams.

The primary array of each is a small map of where the telescope was, with a celestial WCS. The same arguments
give the same bytes.
"""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from ccat_dev_stack.telescope.plan import Module, ObsUnitPlan
from ccat_dev_stack.telescope.sky import Floats, Pointing, follow, place_of, transmission

_MAP_PIXELS = 32
_DUMPS_PER_SECOND = 2
_SPEED_OF_LIGHT = 299_792_458.0
_RECEIVER_TEMPERATURE = 150.0
_SKY_TEMPERATURE = 260.0
_HEADER_BYTES = 20_000


@dataclass(frozen=True)
class Piece:
    """A piece of an observation that becomes one file per module.

    Parameters
    ----------
    number
        From 1 in its execution.
    phase
        Seconds since the start of the execution.
    seconds
        Length.
    pwv
        Precipitable water vapour, mm.
    seed
        Decides the noise, with everything else here.
    """

    plan: ObsUnitPlan
    execution: str
    number: int
    start: datetime
    phase: float
    seconds: float
    pwv: float
    seed: int


def file_bytes(piece: Piece, module: Module, size: int) -> bytes:
    """Return a FITS file of about a size, in bytes."""
    generator = np.random.default_rng([piece.seed, piece.number, *module.name.encode()])
    if module.pixels is not None:
        table, pointing = _spectra(piece, module, size, generator)
    else:
        table, pointing = _time_streams(piece, module, size, generator)
    primary = _coverage_map(piece, module, pointing)
    stamp = piece.start.strftime("%Y-%m-%dT%H:%M:%S")
    buffer = io.BytesIO()
    # Put together first: that adds a card to the primary header, which the checksum covers.
    hdus = fits.HDUList([primary, table])
    for hdu in hdus:
        hdu.add_datasum(when=stamp)
        hdu.add_checksum(when=stamp, override_datasum=True)
    hdus.writeto(buffer)
    return buffer.getvalue()


def _spectra(
    piece: Piece, module: Module, size: int, generator: np.random.Generator
) -> tuple[fits.BinTableHDU, Pointing]:
    """One row per dump and pixel, as SDFITS has it."""
    assert module.pixels is not None
    assert module.rest_frequency is not None
    dumps = max(1, round(piece.seconds * _DUMPS_PER_SECOND))
    rows = dumps * module.pixels
    channels = max(16, (size - _HEADER_BYTES) // (rows * 4))
    pointing = follow(piece.plan, piece.start, piece.phase, piece.seconds, dumps)
    exposure = piece.seconds / dumps
    through = transmission(piece.pwv, pointing.elevation, module.rest_frequency)
    system = (_RECEIVER_TEMPERATURE + _SKY_TEMPERATURE * (1 - through)) / through
    width = module.bandwidth * 1e9 / channels
    noise = system / np.sqrt(width * exposure)
    spectra = generator.standard_normal((dumps, module.pixels, channels), dtype=np.float32)
    spectra *= noise.astype(np.float32)[:, None, None]
    velocity = (np.arange(channels) - (channels - 1) / 2) * width / (module.rest_frequency * 1e9)
    line = 20.0 * np.exp(-0.5 * (velocity * _SPEED_OF_LIGHT / 5000.0) ** 2)  # 5 km/s wide, K
    spectra += line.astype(np.float32)

    def per_row(values: Floats) -> Floats:
        return np.repeat(values, module.pixels or 1)

    columns = [
        fits.Column("MJD", "D", unit="d", array=per_row(pointing.mjd)),
        fits.Column("FEED", "I", array=np.tile(np.arange(1, module.pixels + 1), dumps)),
        fits.Column("EXPOSURE", "E", unit="s", array=np.full(rows, exposure)),
        fits.Column("TSYS", "E", unit="K", array=per_row(system)),
        fits.Column("AZIMUTH", "D", unit="deg", array=per_row(pointing.azimuth)),
        fits.Column("ELEVATIO", "D", unit="deg", array=per_row(pointing.elevation)),
        fits.Column("CRVAL2", "D", unit="deg", array=per_row(pointing.right_ascension)),
        fits.Column("CRVAL3", "D", unit="deg", array=per_row(pointing.declination)),
        fits.Column(
            "DATA",
            f"{channels}E",
            unit="K",
            dim=f"({channels},1,1)",
            array=spectra.reshape(rows, 1, 1, channels),
        ),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="SINGLE DISH")
    header = table.header
    _describe(header, piece, module, pointing)
    header["CTYPE1"], header["CUNIT1"] = "FREQ", "Hz"
    header["CRPIX1"] = (channels + 1) / 2
    # Towards the source, the line is where the source's velocity puts it.
    shift = 1 - piece.plan.target.radial_velocity * 1000 / _SPEED_OF_LIGHT
    header["CRVAL1"] = module.rest_frequency * 1e9 * shift
    header["CDELT1"] = -width
    header["CTYPE2"], header["CTYPE3"] = "RA", "DEC"
    header["RESTFREQ"] = (module.rest_frequency * 1e9, "[Hz]")
    header["VELDEF"], header["SPECSYS"] = "RADI-LSR", "LSRK"
    header["TEMPSCAL"] = "TA*"
    header["LINE"] = module.line
    header["BANDWID"] = (module.bandwidth * 1e9, "[Hz]")
    return table, pointing


def _time_streams(
    piece: Piece, module: Module, size: int, generator: np.random.Generator
) -> tuple[fits.BinTableHDU, Pointing]:
    """One row per sample, all detectors in it."""
    samples = max(2, round(piece.seconds * module.sampling_rate))
    detectors = max(1, (size - _HEADER_BYTES - 40 * samples) // (samples * 4))
    pointing = follow(piece.plan, piece.start, piece.phase, piece.seconds, samples)
    through = transmission(piece.pwv, pointing.elevation, 280.0)
    streams = generator.standard_normal((samples, detectors), dtype=np.float32)
    # What all detectors see of the atmosphere, and slow drifts of each.
    streams += ((1 - through) * _SKY_TEMPERATURE).astype(np.float32)[:, None]
    drift = np.linspace(0, 1, samples, dtype=np.float32)[:, None]
    streams += drift * generator.standard_normal(detectors, dtype=np.float32)
    columns = [
        fits.Column("MJD", "D", unit="d", array=pointing.mjd),
        fits.Column("RA", "D", unit="deg", array=pointing.right_ascension),
        fits.Column("DEC", "D", unit="deg", array=pointing.declination),
        fits.Column("AZIMUTH", "D", unit="deg", array=pointing.azimuth),
        fits.Column("ELEVATIO", "D", unit="deg", array=pointing.elevation),
        fits.Column("DATA", f"{detectors}E", unit="K", array=streams),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="TIMESTREAM")
    _describe(table.header, piece, module, pointing)
    table.header["SAMPRATE"] = (module.sampling_rate, "[Hz]")
    table.header["NDET"] = (detectors, "number of detectors")
    table.header["BUNIT"] = "K"
    return table, pointing


def _coverage_map(piece: Piece, module: Module, pointing: Pointing) -> fits.PrimaryHDU:
    """Count the samples per pixel of a map around the centre of the field."""
    reach = max(
        float(np.ptp(pointing.declination)),
        float(np.ptp(np.unwrap(pointing.right_ascension, period=360)))
        * np.cos(np.deg2rad(pointing.centre[1])),
        0.01,
    )
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.crval = list(pointing.centre)
    wcs.wcs.crpix = [(_MAP_PIXELS + 1) / 2] * 2
    step = 2.2 * reach / _MAP_PIXELS
    wcs.wcs.cdelt = [-step, step]
    wcs.wcs.radesys = "ICRS"
    x, y = wcs.world_to_pixel_values(pointing.right_ascension, pointing.declination)
    edges = np.arange(_MAP_PIXELS + 1) - 0.5
    hits, _, _ = np.histogram2d(y, x, bins=(edges, edges))
    primary = fits.PrimaryHDU(hits.astype(np.int32), header=wcs.to_header())
    primary.header["BUNIT"] = ("", "samples per pixel")
    _describe(primary.header, piece, module, pointing)
    return primary


def _describe(header: fits.Header, piece: Piece, module: Module, pointing: Pointing) -> None:
    plan = piece.plan
    end = piece.start + timedelta(seconds=piece.seconds)
    telescope, place = plan.telescope, place_of(plan.telescope)
    for key, value, comment in (
        ("ORIGIN", "CCAT", "simulated telescope"),
        ("TELESCOP", "FYST", telescope.name),
        ("OBSGEO-X", float(place.x.value), "[m] geocentric position of the telescope"),
        ("OBSGEO-Y", float(place.y.value), "[m] geocentric position of the telescope"),
        ("OBSGEO-Z", float(place.z.value), "[m] geocentric position of the telescope"),
        ("SITELONG", telescope.longitude, "[deg] longitude of the telescope"),
        ("SITELAT", telescope.latitude, "[deg] latitude of the telescope"),
        ("SITEELEV", telescope.altitude, "[m] altitude of the telescope"),
        ("INSTRUME", module.instrument_name, "instrument"),
        ("MODULE", module.name, "instrument module"),
        ("PROJID", plan.program, "observing program"),
        ("OBSUNIT", plan.name, "obs unit"),
        ("OBSMODE", plan.mode, "way of observing"),
        ("OBSID", piece.execution, "executed obs unit"),
        ("FILENUM", piece.number, "number of the file in its execution"),
        ("OBJECT", plan.target.name, "source"),
        ("TIMESYS", "UTC", "time scale"),
        ("DATE-OBS", _iso(piece.start), "start"),
        ("DATE-BEG", _iso(piece.start), "start"),
        ("DATE-END", _iso(end), "end"),
        ("MJD-OBS", float(pointing.mjd[0]), "[d] start"),
        ("EXPTIME", piece.seconds, "[s]"),
        ("RADESYS", "ICRS", "reference frame of positions"),
        ("RA", pointing.centre[0], "[deg] centre of the field"),
        ("DEC", pointing.centre[1], "[deg] centre of the field"),
        ("AZIMUTH", float(pointing.azimuth.mean()), "[deg] mean"),
        ("ELEVATIO", float(pointing.elevation.mean()), "[deg] mean"),
        ("AIRMASS", float(1 / np.sin(np.deg2rad(pointing.elevation.mean()))), "mean, plane-parallel"),
        ("PWV", piece.pwv, "[mm] precipitable water vapour"),
    ):
        header[key] = (value, comment)


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
