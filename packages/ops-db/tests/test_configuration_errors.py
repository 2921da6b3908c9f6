# ruff: noqa: E501  (tables of cases read better in one line each)
"""Each kind of error in configuration files is told with file, line, key and reason, all of them at once."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccat_ops_db.configuration import Configuration, ConfigurationError, Problem, load
from ccat_ops_db.permissions import PermissionName

from .conftest import CONFIGURATION

Write = Callable[..., Path]

SITES = """\
sites:
  ccat:
    name: CCAT
    main: true
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a folder and return it; ``a_yaml`` stands for a.yaml, folders by ``__``."""

    def make(folder: str = "configuration", **files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / folder / f"{name.replace('__', '/').replace('_yaml', '.yaml')}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path / folder

    return make


def problems_of(folder: Path, *overlays: Path) -> list[Problem]:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, overlays)
    return raised.value.problems


def test_shipped_configuration_is_valid() -> None:
    configuration = load(CONFIGURATION)
    assert set(configuration.entries["instrument_modules"]) == {
        "chai-lfa", "chai-hfa", "mini-chai", "prime-cam-280",
    }  # fmt: skip
    assert set(configuration.entries["sites"]) == {"ccat", "cologne", "us"}
    assert configuration.main_site() == "cologne"
    assert configuration.entries["telescopes"]["fyst"].values["altitude"] == 5600
    types = {loaded.values["location_type"] for loaded in configuration.entries["data_locations"].values()}
    assert types == {"source", "buffer", "long_term_archive", "processing"}
    names = {"IRC10216_CHAI_CO43", "Orion-KL_PrimeCam_280", "Jupiter_PrimeCam_280"}
    assert names <= set(configuration.entries["obs_units"])
    admin = configuration.entries["roles"]["admin"].values["permissions"]
    assert set(admin) == {permission.value for permission in PermissionName}


def test_development_overlay_is_valid() -> None:
    configuration = load(CONFIGURATION, [CONFIGURATION / "overlays" / "development"])
    buffer = configuration.entries["data_locations"]["cologne.input-buffer"].values
    assert buffer["storage_type"] == "disk"
    assert "bucket" not in buffer


@pytest.mark.parametrize(
    ("text", "line", "key", "reason"),
    [
        ("sites:\n  ccat:\n    name: CCAT\n    main: true\n    colour: red\n", 5, "sites.ccat.colour", "unknown field"),
        ("sites:\n  ccat:\n    main: true\n", 2, "sites.ccat.name", "field required"),
        ("sites:\n  ccat:\n    name: CCAT\n    main: 1\n", 4, "sites.ccat.main", "input should be a valid boolean"),
        ("sites:\n  ccat:\n    name: CCAT\n    main: 'true'\n", 4, "sites.ccat.main", "input should be a valid boolean"),
        ("sites:\n  ccat:\n    name: 4\n    main: true\n", 3, "sites.ccat.name", "input should be a valid string"),
        (f"{SITES}    latitude: 91.0\n", 5, "sites.ccat.latitude", "less than or equal to 90"),
        (f"{SITES}    time_zone: Mars/Olympus\n", 5, "sites.ccat.time_zone", "is not an IANA time zone"),
        (f"{SITES}    api_url: ftp://a\n", 5, "sites.ccat.api_url", "is not an http or https address"),
        (f"{SITES}    api_url: https://me:hush@a\n", 5, "sites.ccat.api_url", "carries a user or password"),
        (f'{SITES}    contact: "ops@a\\nops@b"\n', 5, "sites.ccat.contact", "is not one line of words"),
        (f"{SITES}    contact: {201 * 'a'}\n", 5, "sites.ccat.contact", "longer than 200 characters"),
        (f"{SITES}  CCAT:\n    name: a\n", 5, "sites.CCAT", "lower-case letters, digits and hyphens"),
        (f"{SITES}  4:\n    name: a\n", 5, "sites.4", "cannot be a key here"),
        (f"{SITES}  us: Cornell\n", 5, "sites.us", "must be a mapping from fields to values"),
        (f"{SITES}  us:\n    name: Cornell\n    main: true\n", 7, "sites.us.main", "ccat is the main site already"),
        ("sites:\n  ccat:\n    name: CCAT\n", 2, "sites.ccat.main", "no site is the main site"),
        ("lines: {}\n", 1, "sites", "there is no site"),
        ("sites: []\n", 1, "sites", "must be a mapping from keys to entries"),
        (f"{SITES}planets:\n  a: {{}}\n", 5, "planets", "unknown section; there are sites, observatories"),
        (f"{SITES}permissions:\n  a: {{}}\n", 5, "permissions", "closed list in the code"),
        (f"{SITES}  ccat:\n    name: again\n", 5, "", 'found duplicate key "ccat"'),
        (f"{SITES}lines: [\n", 6, "", "not YAML"),
        (f"{SITES}\tlines: 1\n", 5, "", "not YAML"),
        ("- a\n", 1, "", "must be a mapping with the sections"),
        (f"{SITES}lines:\n  a: &a\n    name: a\n  b: *a\n", 1, "", "aliases and merge keys are not used"),
        (f"{SITES}    latitude: !!binary aGk=\n", 5, "sites.ccat.latitude", "has a tag or type of YAML"),
        (f"{SITES}    latitude: .nan\n", 5, "sites.ccat.latitude", "is not a finite number"),
        (f"{SITES}    1: a\n", 5, "sites.ccat", "the field 1 must be text"),
        (f'{SITES}    api_url: "a\\0b"\n', 5, "sites.ccat.api_url", "contains the control character U+0000"),
        (f"{SITES}roles:\n  a:\n    permissions: [read:everything]\n", 7, "roles.a.permissions",
         "there is no 'read:everything' in permissions"),
        (f"{SITES}telescopes:\n  a:\n    observatory: b\n    site: ccat\n    name: a\n    latitude: 0\n    longitude: 0\n    altitude: 0\n",
         7, "telescopes.a.observatory", "there is no 'b' in observatories"),
        (f"{SITES}lines:\n  CO:\n    name: CO\n    rest_frequency: -1.0\n", 8, "lines.CO.rest_frequency", "greater than 0"),
        (f"{SITES}sources:\n  a:\n    type: star\n", 7, "sources.a.type",
         "is 'star'; it must be constant_elevation, fixed, solar_system"),
        (f"{SITES}sources:\n  a:\n    description: b\n", 6, "sources.a.type", "is missing; it must be"),
        (f"{SITES}sources:\n  a b:\n    type: fixed\n", 6, "sources.a b", "no white space"),
        (f"{SITES}sources:\n  a:\n    type: fixed\n    right_ascension: 360\n    declination: 0\n", 8,
         "sources.a.right_ascension", "less than 360"),
        (f"{SITES}retention_policies:\n  a:\n    trigger: when_archived\n    min_archive_copies: 0\n", 8,
         "retention_policies.a.min_archive_copies", "greater than or equal to 1"),
        (f"{SITES}pre_scheduled_slots:\n  - obs_unit: a\n", 6, "pre_scheduled_slots[0]", "at least obs_unit, starts_at"),
        (f"{SITES}pre_scheduled_slots:\n  - obs_unit: a\n    starts_at: 2026-01-01T00:00:00\n"
         "    ends_at: 2026-01-01T01:00:00Z\n", 7, "pre_scheduled_slots.a@2026-01-01T00:00:00.starts_at", "timezone"),
    ],
)  # fmt: skip
def test_error_names_file_line_key_and_reason(
    write: Write, text: str, line: int, key: str, reason: str
) -> None:
    folder = write(sites_yaml=text)
    found = problems_of(folder)
    file = "sites" if text == "lines: {}\n" else str(folder / "sites.yaml")
    assert [(problem.file, problem.line, problem.key) for problem in found] == [(file, line, key)]
    assert reason in found[0].reason


def test_message_reads_like_a_compiler(write: Write) -> None:
    folder = write(a_yaml="sites:\n  ccat:\n    name: CCAT\n    main: true\n    latitude: 91.5\n")
    assert str(problems_of(folder)[0]) == (
        f"{folder}/a.yaml:5: sites.ccat.latitude: input should be less than or equal to 90 (it is 91.5)"
    )


def test_value_of_an_unknown_field_is_not_repeated(write: Write) -> None:
    folder = write(a_yaml=f"{SITES}    secret_access_key: hush\n")
    assert "hush" not in str(problems_of(folder)[0])


def test_all_errors_at_once(write: Write) -> None:
    folder = write(
        a_yaml="sites:\n  ccat:\n    name: CCAT\n    main: true\n    latitude: 91.0\n    longitude: 181.0\n",
        b_yaml="lines:\n  CO:\n    name: CO\nplanets: {}\n",
        c_yaml="a: [\n",
    )
    assert [(Path(problem.file).name, problem.line) for problem in problems_of(folder)] == [
        ("a.yaml", 5),
        ("a.yaml", 6),
        ("b.yaml", 2),
        ("b.yaml", 4),
        ("c.yaml", 2),
    ]


def test_what_refers_to_a_wrong_entry_is_not_wrong_itself(write: Write) -> None:
    folder = write(
        a_yaml=f"{SITES}observatories:\n  o: {{}}\ntelescopes:\n  t: {{observatory: o, site: ccat, name: t, latitude: 0,"
        " longitude: 0, altitude: 0}\n"
    )
    assert [problem.key for problem in problems_of(folder)] == ["observatories.o.name"]


def test_same_key_in_two_files(write: Write) -> None:
    folder = write(a_yaml=SITES, b_yaml="lines: {}\nsites:\n  ccat:\n    name: again\n")
    found = problems_of(folder)
    assert (Path(found[0].file).name, found[0].line) == ("b.yaml", 3)
    assert f"is also in {folder}/a.yaml:2" in found[0].reason


def test_folder_that_is_none(tmp_path: Path) -> None:
    assert "there is no such folder" in str(problems_of(tmp_path / "none")[0])
    assert "has no YAML files" in str(problems_of(tmp_path)[0])


def test_file_that_is_not_text(write: Write) -> None:
    folder = write(a_yaml=SITES)
    (folder / "b.yaml").write_bytes(b"\xff\xfe\x00")
    assert [problem.key for problem in problems_of(folder)] == [""]


@pytest.mark.long
def test_deep_nesting_is_an_error_not_a_crash(write: Write) -> None:
    folder = write(a_yaml=SITES, b_yaml="lines: " + "[" * 3_000)
    assert len(problems_of(folder)) == 1


def test_hidden_files_and_overlays_are_not_read(write: Write) -> None:
    folder = write(a_yaml=SITES, overlays__development__a_yaml="nonsense: 1\n")
    write(**{".hidden_yaml": "nonsense: 1\n"})
    assert set(load(folder).entries["sites"]) == {"ccat"}


class TestPlaces:
    BASE = """\
sites:
  ccat: {name: CCAT, main: true}
  cologne: {name: Cologne}
  us: {name: Cornell}
retention_policies:
  two: {trigger: when_archived}
  one: {trigger: when_archived, min_archive_copies: 1}
"""
    DISK = "{{location_type: {0}, storage_type: disk, path: {1}{2}}}"

    def disk(self, kind: str, path: str, more: str = "") -> str:
        return self.DISK.format(kind, path, f", {more}" if more else "")

    def check(self, write: Write, lines: str) -> Problem:
        folder = write(a_yaml=self.BASE, b_yaml=lines)
        found = problems_of(folder)
        assert len(found) == 1, found
        assert found[0].file.endswith("b.yaml")
        return found[0]

    @pytest.mark.parametrize(
        ("entry", "field", "reason"),
        [
            (f"ccat.a: {DISK.format('buffer', 'data', '')}", ".path", "is not an absolute path"),
            (f"ccat.a: {DISK.format('buffer', '/data/../etc', '')}", ".path", "is not a plain path"),
            (f"ccat.a: {DISK.format('buffer', '/', '')}", ".path", "is not a plain path"),
            (f"ccat.a: {DISK.format('attic', '/data', '')}", ".location_type", "'source', 'buffer'"),
            (f"mars.a: {DISK.format('buffer', '/data', '')}", "", "there is no site 'mars'"),
            (f"ccat: {DISK.format('buffer', '/data', '')}", "", "<site>.<name>"),
            (f"ccat.A: {DISK.format('buffer', '/data', '')}", "", "<site>.<name>"),
            (f"ccat.a: {DISK.format('buffer', '/data', ', watermark_low: 90.0')}", "", "watermark_low is above"),
            (f"ccat.a: {DISK.format('buffer', '/data', ', deletion_mode: enabled')}", "", "no retention_policy"),
            (f"ccat.a: {DISK.format('buffer', '/data', ', instrument: chai')}", "", "only a location of type source"),
            (f"ccat.a: {DISK.format('buffer', '/data', ', concurrency: 0')}", ".concurrency", "greater than 0"),
            (f"ccat.a: {DISK.format('buffer', '/data', ', suspended_at: null')}", ".suspended_at", "unknown field"),
            ("ccat.a: {location_type: source, storage_type: tape, library: a, mount_path: /a}", "", "only serves as"),
            ("ccat.a: {location_type: buffer, storage_type: s3, endpoint: 'https://a', bucket: bbb}", ".credential",
             "field required"),
            ("ccat.a: {location_type: source, storage_type: s3, endpoint: 'https://a', bucket: bbb, credential: c}",
             "", "instruments write to disk"),
            ("ccat.a: {location_type: buffer, storage_type: s3, endpoint: 'https://a', bucket: bbb, credential: c,"
             " prefix: /p}", ".prefix", "begins or ends with a slash"),
            ("ccat.a: {location_type: buffer, storage_type: s3, endpoint: 'https://a', bucket: B_, credential: c}",
             ".bucket", "match pattern"),
        ],
    )  # fmt: skip
    def test_location(self, write: Write, entry: str, field: str, reason: str) -> None:
        found = self.check(write, f"data_locations:\n  {entry}\n")
        assert found.key == f"data_locations.{entry.partition(':')[0]}{field}"
        assert reason in found.reason

    @pytest.mark.parametrize(
        ("first", "second"),
        [("/data", "/data"), ("/data", "/data/buffer"), ("/data/buffer", "/data")],
    )
    def test_locations_must_not_overlap(self, write: Write, first: str, second: str) -> None:
        found = self.check(
            write,
            f"data_locations:\n  ccat.a: {self.disk('buffer', first)}\n  ccat.b: {self.disk('buffer', second)}\n",
        )
        assert (found.line, found.key) == (3, "data_locations.ccat.b.path")
        assert f"overlaps {first} of ccat.a" in found.reason

    def test_same_path_at_other_sites_and_hosts_is_fine(self, write: Write) -> None:
        load(
            write(
                a_yaml=self.BASE,
                b_yaml=f"data_locations:\n  ccat.a: {self.disk('buffer', '/data')}\n"
                f"  us.a: {self.disk('buffer', '/data', 'host: one')}\n"
                f"  us.b: {self.disk('buffer', '/data', 'host: two')}\n"
                f"  cologne.a: {self.disk('buffer', '/data')}\n  cologne.b: {self.disk('buffer', '/data-2')}\n",
            )
        )

    def test_policy_that_wants_more_archives_than_there_are(self, write: Write) -> None:
        found = self.check(
            write,
            f"data_locations:\n  cologne.lta: {self.disk('long_term_archive', '/lta')}\n"
            f"  ccat.a: {self.disk('buffer', '/data', 'retention_policy: two')}\n",
        )
        assert found.key == "data_locations.ccat.a.retention_policy"
        assert (
            found.reason == "two wants 2 archive copies elsewhere, but there is 1 enabled long-term archive"
        )

    def test_policy_at_an_archive_does_not_count_the_archive_itself(self, write: Write) -> None:
        lta = self.disk("long_term_archive", "/lta", "retention_policy: one")
        assert "there are 0" in self.check(write, f"data_locations:\n  cologne.lta: {lta}\n").reason

    @pytest.mark.parametrize(
        ("route", "reason"),
        [
            ("origin: ccat, destination: ccat, method: s3", "only a custom route may stay"),
            ("origin: ccat, destination: us, method: pigeon", "'posix', 's3'"),
            ("origin: ccat, destination: mars, method: s3", "there is no 'mars' in sites"),
            ("origin: ccat, destination: us, method: s3, relay: cologne", "exactly if its route_type is relay"),
            ("origin: ccat, destination: us, method: s3, route_type: relay", "exactly if its route_type is relay"),
            ("origin: ccat, destination: us, method: s3, route_type: custom", "needs origin_location"),
            ("origin: ccat, destination: us, method: s3, bytes_per_second: 0", "greater than 0"),
            ("origin: ccat, destination: us, method: s3, windows: [{opens_at: '25:00', closes_at: '04:00'}]", "hour"),
            ("origin: ccat, destination: us, method: s3, windows: [{opens_at: 04:00, closes_at: 04:00}]",
             "the window is empty"),
            ("origin: ccat, destination: us, method: s3, destination_location: cologne.lta",
             "cologne.lta is not at the site us"),
        ],
    )  # fmt: skip
    def test_route(self, write: Write, route: str, reason: str) -> None:
        folder = write(
            a_yaml=self.BASE + f"data_locations:\n  cologne.lta: {self.disk('long_term_archive', '/lta')}\n",
            b_yaml=f"data_transfer_routes:\n  a: {{{route}}}\n",
        )
        found = problems_of(folder)
        assert len(found) == 1, found
        assert found[0].line == 2
        assert reason in found[0].reason

    def test_relay_needs_both_legs(self, write: Write) -> None:
        found = problems_of(
            write(
                a_yaml=self.BASE,
                b_yaml="data_transfer_routes:\n"
                "  a: {origin: ccat, destination: us, method: s3, route_type: relay, relay: cologne}\n"
                "  b: {origin: ccat, destination: cologne, method: s3}\n",
            )
        )
        assert [p.reason for p in found] == ["there is no route from cologne to us to relay over"]


class TestScanPatterns:
    HEAD = f"""{SITES}observatories:
  o: {{name: o}}
telescopes:
  t: {{observatory: o, site: ccat, name: t, latitude: 0, longitude: 0, altitude: 0}}
instruments:
  prime-cam: {{telescope: t, name: a}}
  chai: {{telescope: t, name: a}}
instrument_modules:
  chai-lfa: {{instrument: chai, name: a}}
observation_configurations:
  c:
    instrument: prime-cam
    type: prime_cam
"""
    PONG = "name: p, onsky_velocity: 0.5, width: 1, height: 1, spacing: 0.1, num_terms: 4"

    def check(self, write: Write, pattern: str, parameters: str) -> Configuration:
        text = f"    scan_pattern: {pattern}\n    mapping_parameters: {{{parameters}}}\n"
        return load(write(a_yaml=self.HEAD + text))

    @pytest.mark.parametrize(
        ("pattern", "parameters"),
        [
            ("pong", f"{PONG}, angle: 0.0"),
            ("pong", f"{PONG}, angle_var: [0.0, 45.0]"),
            ("daisy", "name: d, onsky_velocity: 0.3, R0: 0.5, Rt: 0.1, Ra: 0.1"),
            ("constant_elevation", "nominal_alt: 45, onsky_velocity: 1,"
             " table: [{elevation: 45, az_min: 350, az_max: 370, duration: 60}], min_lsa: 350, max_lsa: 10"),
        ],
    )  # fmt: skip
    def test_unknown_keys_are_kept(self, write: Write, pattern: str, parameters: str) -> None:
        configuration = self.check(write, pattern, f"{parameters}, dither: {{kind: random, steps: [1, 2]}}")
        stored = configuration.entries["observation_configurations"]["c"].values["mapping_parameters"]
        assert stored["dither"] == {"kind": "random", "steps": [1, 2]}
        assert None not in stored.values()

    @pytest.mark.parametrize(
        ("pattern", "parameters", "key", "reason"),
        [
            ("pong", PONG, "", "either angle or angle_var"),
            ("pong", f"{PONG}, angle: 0.0, angle_var: 1.0", "", "either angle or angle_var"),
            ("pong", f"{PONG.replace('0.5', '0')}, angle: 0.0", ".onsky_velocity", "greater than 0"),
            ("pong", f"{PONG.replace('4', '4.5')}, angle: 0.0", ".num_terms", "valid integer"),
            ("daisy", "name: d, onsky_velocity: 0.3, R0: 0.5, Rt: 0.1", ".Ra", "field required"),
            ("constant_elevation", "nominal_alt: 45, onsky_velocity: 1, table: []", "", "the table is empty"),
            ("constant_elevation", "nominal_alt: 45, onsky_velocity: 1,"
             " table: [{elevation: 45, az_min: 9, az_max: 1, duration: 60}]", ".table.0", "az_min is not below"),
        ],
    )  # fmt: skip
    def test_wrong_parameter(
        self, write: Write, pattern: str, parameters: str, key: str, reason: str
    ) -> None:
        with pytest.raises(ConfigurationError) as raised:
            self.check(write, pattern, parameters)
        (found,) = raised.value.problems
        assert found.key == f"observation_configurations.c.mapping_parameters{key}"
        assert found.line == len(self.HEAD.splitlines()) + 2
        assert reason in found.reason

    def test_unknown_pattern(self, write: Write) -> None:
        with pytest.raises(
            ConfigurationError, match="scan_pattern: is 'zigzag'; it must be constant_elevation"
        ):
            self.check(write, "zigzag", self.PONG)

    def test_set_up_of_another_instrument(self, write: Write) -> None:
        folder = write(
            a_yaml=self.HEAD
            + f"    scan_pattern: pong\n    mapping_parameters: {{{self.PONG}, angle: 0}}\n"
            + "    module_configuration: s\n"
            + "instrument_module_configurations:\n  s: {type: chai, module: chai-lfa}\n"
        )
        assert [problem.reason for problem in problems_of(folder)] == [
            "s is of type chai, not prime_cam",
            "s sets up chai-lfa of chai, another instrument",
        ]


class TestOverlays:
    BASE = "sites:\n  ccat: {name: CCAT, main: true}\ndata_locations:\n"

    def test_fields_are_replaced_one_by_one(self, write: Write) -> None:
        base = write(
            a_yaml=self.BASE
            + "  ccat.a: {location_type: buffer, storage_type: disk, path: /data, priority: 3}\n"
        )
        first = write("first", a_yaml="data_locations:\n  ccat.a: {path: /first, host: one}\n")
        second = write("second", b_yaml="data_locations:\n  ccat.a: {path: /second}\n")
        values = load(base, [first, second]).entries["data_locations"]["ccat.a"].values
        assert (values["path"], values["host"], values["priority"]) == ("/second", "one", 3)

    def test_null_takes_a_field_away(self, write: Write) -> None:
        base = write(
            a_yaml=self.BASE
            + "  ccat.a: {location_type: buffer, storage_type: s3, endpoint: 'https://a', bucket: bbb, credential: c}\n"
        )
        overlay = write(
            "o",
            a_yaml="data_locations:\n  ccat.a: {storage_type: disk, path: /data, endpoint: null, bucket: null,"
            " credential: null}\n",
        )
        assert load(base, [overlay]).entries["data_locations"]["ccat.a"].values["path"] == "/data"

    def test_error_is_told_where_it_stands(self, write: Write) -> None:
        base = write(
            a_yaml=self.BASE + "  ccat.a: {location_type: buffer, storage_type: disk, path: /data}\n"
        )
        overlay = write("o", x_yaml="data_locations:\n  ccat.a:\n    priority: 1\n    path: relative\n")
        (found,) = problems_of(base, overlay)
        assert (found.file, found.line) == (str(overlay / "x.yaml"), 4)

    def test_entry_that_the_base_lacks_must_be_whole(self, write: Write) -> None:
        base = write(
            a_yaml=self.BASE + "  ccat.a: {location_type: buffer, storage_type: disk, path: /data}\n"
        )
        overlay = write("o", x_yaml="data_locations:\n  ccat.b:\n    path: /other\n")
        (found,) = problems_of(base, overlay)
        assert (found.file, found.line, found.key) == (
            str(overlay / "x.yaml"),
            2,
            "data_locations.ccat.b.storage_type",
        )

    def test_missing_overlay(self, write: Write, tmp_path: Path) -> None:
        assert "no such folder" in problems_of(write(a_yaml=SITES), tmp_path / "none")[0].reason


def test_order_of_files_and_keys_does_not_matter(write: Write) -> None:
    one = load(
        write(
            "one",
            a_yaml=f"{SITES}lines:\n  B: {{name: b, rest_frequency: 1}}\n  A: {{name: a, rest_frequency: 2.0}}\n",
        )
    )
    two = load(
        write(
            "two",
            b_yaml=SITES,
            a_yaml="lines:\n  A: {rest_frequency: 2, name: a}\n  B: {name: b, rest_frequency: 1.0}\n",
        )
    )
    assert one.content_hash() == two.content_hash()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=st.sampled_from("sites:ccanlm \n-{}[]&*!#%@|>'\"?\t0,.~\x85\u2028é"), max_size=60)
)
def test_any_text_is_valid_or_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with suppress(ConfigurationError):
        load(tmp_path)
