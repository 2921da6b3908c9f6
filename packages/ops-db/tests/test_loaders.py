"""Obs units, sources and slots from files."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_ops_db import models
from ccat_ops_db.configuration import Action, ConfigurationError, RefusedError, apply_configuration, load
from ccat_ops_db.loaders import init_obs_units, read_obs_units, read_pre_scheduled_slots, read_sources
from ccat_ops_db.loaders.sources import angle

from .conftest import CONFIGURATION, NOW

WriteFile = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def make(text: str) -> Path:
        path = tmp_path / "file"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def problems(error: pytest.ExceptionInfo[ConfigurationError]) -> list[tuple[int, str]]:
    return [(problem.line, problem.key) for problem in error.value.problems]


class TestObsUnitsFromYaml:
    TEXT = """\
sources:
  M82: {type: fixed, right_ascension: 148.97, declination: 69.68}
obs_units:
  M82_CHAI_CO43:
    program: GEco
    source: M82
    configurations: [IRC10216_CHAI_CO43_otf]
    mapping_parameters: {width: 0.5, their_own_key: kept}
"""

    def test_load_and_again(self, configured: Session, tmp_path: Path) -> None:
        (tmp_path / "units.yaml").write_text(self.TEXT)
        plan = init_obs_units(tmp_path, "units.yaml", configured)
        assert [(change.action, change.key) for change in plan.changes] == [
            (Action.CREATE, "M82"),
            (Action.CREATE, "M82_CHAI_CO43"),
        ]
        unit = configured.get_one(models.ObsUnit, "M82_CHAI_CO43")
        assert unit.mapping_parameters == {"width": 0.5, "their_own_key": "kept"}
        assert not init_obs_units(str(tmp_path), "units.yaml", configured)
        events = select(func.count()).where(models.Event.subject_id == "M82_CHAI_CO43")
        assert configured.scalar(events) == 1

    def test_applying_the_configuration_leaves_it_alone(self, configured: Session, tmp_path: Path) -> None:
        (tmp_path / "units.yaml").write_text(self.TEXT)
        init_obs_units(tmp_path, "units.yaml", configured)
        assert not apply_configuration(configured, load(CONFIGURATION), actor="tests", at=NOW)
        assert configured.get_one(models.ObsUnit, "M82_CHAI_CO43").retired_at is None

    def test_error_names_file_line_and_key_and_nothing_is_written(
        self, configured: Session, tmp_path: Path
    ) -> None:
        (tmp_path / "units.yaml").write_text(self.TEXT.replace("program: GEco", "program: none"))
        with pytest.raises(ConfigurationError, match="there is no 'none' in observing_programs") as raised:
            init_obs_units(tmp_path, "units.yaml", configured)
        assert problems(raised) == [(5, "obs_units.M82_CHAI_CO43.program")]
        assert configured.get(models.Source, "M82") is None

    def test_program_and_part_must_fit(self, configured: Session, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text(
            "obs_units:\n  a: {program: Cal, sub_program: GEco-Molecular-Clouds, source: Jupiter}\n"
        )
        with pytest.raises(ConfigurationError, match="is a part of GEco, not of Cal"):
            init_obs_units(tmp_path, "a.yaml", configured)

    def test_what_the_configuration_manages_is_changed_there(
        self, configured: Session, tmp_path: Path
    ) -> None:
        (tmp_path / "a.yaml").write_text("sources:\n  Jupiter: {type: solar_system, ephemeris_name: mars}\n")
        with pytest.raises(ConfigurationError, match="is in the configuration that was applied"):
            init_obs_units(tmp_path, "a.yaml", configured)

    def test_sites_do_not_belong_there(self, configured: Session, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("sites:\n  mars: {name: Mars}\n")
        with pytest.raises(ConfigurationError, match="belongs into the configuration"):
            init_obs_units(tmp_path, "a.yaml", configured)
        assert configured.get(models.Site, "mars") is None

    def test_needs_a_configured_database(self, session: Session, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("lines:\n  a: {name: a, rest_frequency: 1}\n")
        with pytest.raises(RefusedError, match="apply a configuration first"):
            init_obs_units(tmp_path, "a.yaml", session)


class TestObsUnitsFromCsv:
    HEADER = "name, program, sub_program, source, mode, configurations, priority, width, queue\n"

    def test_load(self, configured: Session, write: WriteFile) -> None:
        file = write(
            f"{self.HEADER}# a comment\n"
            "a, GEco, GEco-Molecular-Clouds, Orion-KL, otf,"
            " Orion-KL_CHAI_CO76_otf; IRC10216_CHAI_CO43_otf, 3, 0.5, fast\n\n"
            "b, Cal,, Jupiter,,,,,7\n"
        )
        assert read_obs_units(file, configured).count(Action.CREATE) == 2
        unit = configured.get_one(models.ObsUnit, "a")
        assert (unit.sub_observing_program_id, unit.priority) == ("GEco-Molecular-Clouds", 3)
        assert (unit.mapping_parameters, unit.additional_params) == ({"width": 0.5}, {"queue": "fast"})
        link = models.ObsUnitObservationConfiguration
        assert configured.scalar(select(func.count()).where(link.obs_unit_id == "a")) == 2
        assert configured.get_one(models.ObsUnit, "b").additional_params == {"queue": 7}

    @pytest.mark.parametrize(
        ("text", "line", "key"),
        [
            ("name,program\na,b\n", 1, "source"),
            ("name,name,program,source\na,b,c,d\n", 1, ""),
            (f"{HEADER}a, GEco,, Orion-KL,,,,,, too, many\n", 2, ""),
            (f"{HEADER}a, GEco,, Orion-KL,,, high\n", 2, "obs_units.a.priority"),
            (f"{HEADER}a, GEco,, Orion-KL,,,,-1\n", 2, "obs_units.a.mapping_parameters.width"),
            (f"{HEADER}a, GEco,, Orion-KL,,,,nan\n", 2, "obs_units.a.mapping_parameters.width"),
            (f"{HEADER}a, GEco,, Nowhere\n", 2, "obs_units.a.source"),
            (f"{HEADER}a b, GEco,, Orion-KL\n", 2, "obs_units.a b"),
            (f"{HEADER}, GEco,, Orion-KL\n", 2, "obs_units."),
            (f"{HEADER}a, GEco,, Orion-KL\n\na, GEco,, Jupiter\n", 4, "obs_units.a"),
            (f"{HEADER}{'x' * 200_000}, GEco\n", 1, ""),
        ],
    )
    def test_error_names_the_line(
        self, configured: Session, write: WriteFile, text: str, line: int, key: str
    ) -> None:
        with pytest.raises(ConfigurationError) as raised:
            read_obs_units(write(text), configured)
        assert problems(raised) == [(line, key)]
        assert configured.get(models.ObsUnit, "a") is None


class TestSources:
    def test_csv_in_degrees_and_sexagesimal(self, configured: Session, write: WriteFile) -> None:
        file = write(
            "name,ra,dec,vlsr,description\nM82,148.96846,69.67970,203,\nM83,13:37:00.95,-29:51:55.5,,x\n"
        )
        read_sources(file, "csv", "fixed", configured)
        first, second = (configured.get_one(models.FixedSource, name) for name in ("M82", "M83"))
        assert (first.right_ascension, first.radial_velocity) == (148.96846, 203.0)
        assert second.right_ascension == pytest.approx(204.253958, abs=1e-6)
        assert second.declination == pytest.approx(-29.865417, abs=1e-6)

    def test_kosma(self, configured: Session, write: WriteFile) -> None:
        file = write(
            "! catalogue\nM82  EQ 2000 09:55:52.43 +69:40:46.9 LSR 203.0 ! starburst\n\n"
            "SMALL EQ 2000 00:00:01 -00:00:01\n"
        )
        read_sources(str(file), "kosma", "fixed", configured)
        assert configured.get_one(models.FixedSource, "M82").right_ascension == pytest.approx(
            148.968458, abs=1e-6
        )
        small = configured.get_one(models.FixedSource, "SMALL")
        assert small.declination == pytest.approx(-1 / 3600)

    def test_solar_system(self, configured: Session, write: WriteFile) -> None:
        read_sources(write("name,ephemeris_name,naif_id\nMars,mars,499\n"), "csv", "solar_system", configured)
        assert configured.get_one(models.SolarSystemObject, "Mars").naif_id == 499

    def test_constant_elevation(self, configured: Session, write: WriteFile) -> None:
        text = "name,elevation,azimuth_min,azimuth_max\nWest,45,200,300\n"
        read_sources(write(text), "csv", "constant_elevation", configured)
        assert configured.get_one(models.ConstantElevationSource, "West").azimuth_max == 300

    @pytest.mark.parametrize(
        ("text", "kind", "line", "key"),
        [
            ("M82 EQ 1950 09:55:52.43 +69:40:46.9\n", "kosma", 1, "M82"),
            ("M82 GA 2000 0 0\n", "kosma", 1, "M82"),
            ("M82 EQ 2000 0\n", "kosma", 1, "M82"),
            ("M82 EQ 2000 here there\n", "kosma", 1, "M82"),
            ("M82 EQ 2000 0 0 HEL 3\n", "kosma", 1, "M82"),
            ("M82 EQ 2000 25:00:00 +69:40:46.9\n", "kosma", 1, "sources.M82.right_ascension"),
            ("name,ra,dec\nM82,here,0\n", "csv", 2, "sources.M82.right_ascension"),
            ("name,ra,dec\nM82,0\n", "csv", 2, "sources.M82.declination"),
            ("name,ra,dec,colour\nM82,0,0,red\n", "csv", 1, "colour"),
        ],
    )
    def test_error_names_the_line(
        self, configured: Session, write: WriteFile, text: str, kind: str, line: int, key: str
    ) -> None:
        with pytest.raises(ConfigurationError) as raised:
            read_sources(write(text), kind, "fixed", configured)
        assert problems(raised) == [(line, key)]

    @pytest.mark.parametrize(
        ("file_format", "source_type", "reason"),
        [
            ("fits", "fixed", "must be kosma or csv"),
            ("csv", "comet", "must be fixed, solar_system"),
            ("kosma", "solar_system", "has sources of type fixed"),
        ],
    )
    def test_unknown_format_and_type(
        self, configured: Session, write: WriteFile, file_format: str, source_type: str, reason: str
    ) -> None:
        with pytest.raises(ValueError, match=reason):
            read_sources(write(""), file_format, source_type, configured)

    def test_missing_file(self, configured: Session, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_sources(tmp_path / "none.csv", "csv", "fixed", configured)

    @given(st.floats(min_value=-359, max_value=359, allow_nan=False))
    def test_angles_survive(self, degrees: float) -> None:
        total = round(abs(degrees) * 3600 * 1000)
        seconds, thousandths = divmod(total, 1000)
        minutes, seconds = divmod(seconds, 60)
        whole, minutes = divmod(minutes, 60)
        text = f"{'-' if degrees < 0 else ''}{whole}:{minutes:02}:{seconds:02}.{thousandths:03}"
        assert angle(text) == pytest.approx(degrees, abs=1e-6)

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=80), st.sampled_from(["kosma", "csv"]))
    def test_any_text_is_loaded_or_told(
        self, configured: Session, tmp_path: Path, text: str, file_format: str
    ) -> None:
        file = tmp_path / "any"
        file.write_bytes(text.encode("utf-8", "replace"))
        try:
            read_sources(file, file_format, "fixed", configured)
        except ConfigurationError as error:
            assert error.problems  # noqa: PT017  (both ways are right; any other exception is not)


class TestSlots:
    def test_load_and_again(self, configured: Session, write: WriteFile) -> None:
        file = write(
            "obs_unit,starts_at,ends_at,night\n"
            "Jupiter_PrimeCam_280,2027-02-01T23:00:00-03:00,2027-02-02T02:30:00Z,2027-02-01\n"
        )
        assert read_pre_scheduled_slots(file, configured).count(Action.CREATE) == 1
        assert not read_pre_scheduled_slots(file, configured)
        starts = configured.scalars(select(models.PreScheduledSlot.starts_at)).all()
        assert datetime(2027, 2, 2, 2, 0, tzinfo=UTC) in starts

    @pytest.mark.parametrize(
        ("cells", "key"),
        [
            ("Jupiter_PrimeCam_280,2027-02-01T23:00:00,2027-02-02T02:30:00Z", "starts_at"),
            ("Jupiter_PrimeCam_280,2027-02-01T23:00:00Z,2027-02-01T22:30:00Z", ""),
            ("Jupiter_PrimeCam_280,tomorrow,2027-02-01T22:30:00Z", "starts_at"),
            ("Nothing,2027-02-01T21:00:00Z,2027-02-01T22:30:00Z", "obs_unit"),
            ("Jupiter_PrimeCam_280,2027-02-01T21:00:00Z", "ends_at"),
        ],
    )
    def test_error_names_the_line(self, configured: Session, write: WriteFile, cells: str, key: str) -> None:
        with pytest.raises(ConfigurationError) as raised:
            read_pre_scheduled_slots(write(f"obs_unit,starts_at,ends_at\n{cells}\n"), configured)
        (problem,) = raised.value.problems
        assert problem.line == 2
        assert problem.key.endswith(f".{key}" if key else "Z")
