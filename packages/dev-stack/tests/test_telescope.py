"""The simulated telescope writes what real instruments would."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.telescope.fits import Piece, file_bytes
from ccat_dev_stack.telescope.plan import ObsUnitPlan, obs_unit_plans
from ccat_dev_stack.telescope.rate import RateError, parse_rate
from ccat_dev_stack.telescope.sky import elevation_of
from ccat_ops_db.configuration import load

pytestmark = pytest.mark.long

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plans() -> dict[str, ObsUnitPlan]:
    folder = checkout_folder() / "data-center-config"
    configuration = load(folder, [folder / "overlays" / "development"])
    return {plan.name: plan for plan in obs_unit_plans(configuration)}


def piece_of(plan: ObsUnitPlan) -> Piece:
    return Piece(plan, "0199", 3, START, phase=20.0, seconds=10.0, pwv=0.7, seed=1)


def open_file(plan: ObsUnitPlan, size: int = 400_000) -> fits.HDUList:
    content = file_bytes(piece_of(plan), plan.modules[0], size)
    return fits.open(io.BytesIO(content), checksum=True)


def test_every_obs_unit_of_the_configuration_can_be_observed(plans: dict[str, ObsUnitPlan]) -> None:
    assert len(plans) >= 4
    assert {module.instrument for plan in plans.values() for module in plan.modules} == {"chai", "prime-cam"}
    for plan in plans.values():
        with open_file(plan) as hdus:
            hdus.verify("exception")
            assert np.isfinite(hdus[1].data["DATA"]).all()


@pytest.mark.filterwarnings("error::astropy.utils.exceptions.AstropyWarning")
def test_checksums_and_headers(plans: dict[str, ObsUnitPlan]) -> None:
    plan = plans["Orion-KL_PrimeCam_280"]
    with open_file(plan) as hdus:
        for hdu in hdus:
            header = hdu.header
            assert header["DATE-OBS"] == "2026-11-21T08:00:00.000"
            assert header["DATE-END"] == "2026-11-21T08:00:10.000"
            assert header["TELESCOP"] == "FYST"
            assert header["INSTRUME"] == "Prime-Cam"
            assert header["MODULE"] == "prime-cam-280"
            assert header["OBJECT"] == "Orion-KL"
            assert header["PWV"] == 0.7
            assert header["ELEVATIO"] == pytest.approx(elevation_of(plan, START), abs=2.0)
            assert header["SITEELEV"] == 5600.0


def test_coverage_map_is_where_the_source_is(plans: dict[str, ObsUnitPlan]) -> None:
    plan = plans["Orion-KL_PrimeCam_280"]
    with open_file(plan) as hdus:
        wcs = WCS(hdus[0].header)
        middle = (hdus[0].data.shape[0] - 1) / 2
        centre = wcs.pixel_to_world(middle, middle)
        samples = hdus[1].data
        assert hdus[0].data.sum() == len(samples)
        # 2 degrees wide around the source.
        assert np.abs(samples["DEC"] - -5.375).max() <= 1.01
    assert plan.target.position is not None
    source = SkyCoord(*plan.target.position, unit="deg", frame="icrs")
    assert centre.separation(source).arcsec < 1.0


def test_spectra_have_the_line_where_the_header_says(plans: dict[str, ObsUnitPlan]) -> None:
    with open_file(plans["IRC10216_CHAI_CO43"], 4_000_000) as hdus:
        header, rows = hdus["SINGLE DISH"].header, hdus["SINGLE DISH"].data
        assert header["CTYPE1"] == "FREQ"
        assert header["RESTFREQ"] == pytest.approx(461.0407682e9)
        assert sorted(set(rows["FEED"])) == list(range(1, 65))
        mean = rows["DATA"].reshape(len(rows), -1).mean(axis=0)
        channel = int(mean.argmax()) + 1
        frequency = header["CRVAL1"] + (channel - header["CRPIX1"]) * header["CDELT1"]
    velocity = (1 - frequency / 461.0407682e9) * 299_792.458
    assert velocity == pytest.approx(-26.0, abs=6.0)


def test_jupiter_moves(plans: dict[str, ObsUnitPlan]) -> None:
    plan = plans["Jupiter_PrimeCam_280"]
    later = replace(piece_of(plan), start=datetime(2027, 1, 21, 8, 0, tzinfo=UTC))
    with open_file(plan) as now, fits.open(io.BytesIO(file_bytes(later, plan.modules[0], 400_000))) as then:
        assert abs(now[0].header["RA"] - then[0].header["RA"]) > 1.0


def test_constant_elevation_stays_at_its_elevation(plans: dict[str, ObsUnitPlan]) -> None:
    with open_file(plans["Equator_PrimeCam_280"]) as hdus:
        assert hdus[1].data["ELEVATIO"] == pytest.approx(45.0, abs=1e-6)
        assert (hdus[1].data["AZIMUTH"] >= 60.0 - 1e-6).all()
        assert (hdus[1].data["AZIMUTH"] <= 110.0 + 1e-6).all()


@pytest.mark.parametrize("size", [200_000, 4_000_000])
def test_files_have_about_the_size_asked_for(plans: dict[str, ObsUnitPlan], size: int) -> None:
    for plan in plans.values():
        written = len(file_bytes(piece_of(plan), plan.modules[0], size))
        assert size * 0.5 <= written <= size * 1.5


def test_same_seed_same_bytes(plans: dict[str, ObsUnitPlan]) -> None:
    for plan in plans.values():
        module = plan.modules[0]
        first = file_bytes(piece_of(plan), module, 200_000)
        assert first == file_bytes(piece_of(plan), module, 200_000)
        assert first != file_bytes(replace(piece_of(plan), seed=2), module, 200_000)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10MB/s", 10e6), ("500k", 5e5), ("1.5 MB/s", 1.5e6), ("0", 0.0), ("2gb/s", 2e9), ("7", 7.0)],
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "10 MB per s", "1e3", "MB/s"])
def test_what_is_no_rate_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(RateError, match="SIMULATE=10MB/s"):
        parse_rate(text)


def test_source_folders_come_from_the_configuration(plans: dict[str, ObsUnitPlan]) -> None:
    assert plans["IRC10216_CHAI_CO43"].source_location == "ccat.chai-raw-data"
    assert isinstance(plans["IRC10216_CHAI_CO43"].source_folder, Path)
