"""Requests that no software of ours would send: each is refused, names the field, and changes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.api import Api, described, fields, problem
from harness.deployment import OBS_UNIT, Deployment

UNKNOWN = "01980000-0000-7000-8000-000000000000"
MD5 = "md5:d41d8cd98f00b204e9800998ecf8427e"
BULK_LINES = 100_000
BULK_BAD_LINE = 54_321


@pytest.fixture(scope="module")
def execution(instrument_api: Api) -> Iterator[str]:
    """A running observation; when all tests are over, nothing may be filed in it."""
    started = instrument_api.post("executed-obs-units:start", {"obs_unit": OBS_UNIT, "modules": ["chai-lfa"]})
    yield started["id"]
    assert instrument_api.progress(started["id"])["files"] == 0
    instrument_api.post(f"executed-obs-units/{started['id']}:finish", {"status": "aborted"})


@pytest.fixture
def filed(execution: str, deployment: Deployment) -> dict[str, Any]:
    """A file as it may be filed."""
    return {
        "execution_id": execution,
        "module": "chai-lfa",
        "relative_path": "never filed.fits",
        "size": 1,
        "checksum": MD5,
        "source_location": deployment.source_location,
    }


BAD_FILES = [
    ("relative_path", "../escape"),
    ("relative_path", "a/../../escape"),
    ("relative_path", "a/.."),
    ("relative_path", "/etc/passwd"),
    ("relative_path", "//host/share"),
    ("relative_path", "nul\0nul"),
    ("relative_path", "new\nline"),
    ("relative_path", "carriage\rreturn"),
    ("relative_path", "escape\x1b[31m"),
    ("relative_path", "back\\slash"),
    ("relative_path", ""),
    ("relative_path", "."),
    ("relative_path", "./a"),
    ("relative_path", "a//b"),
    ("relative_path", "a/"),
    ("relative_path", "ends in blank "),
    ("relative_path", "x" * 256),
    ("relative_path", "/".join(["x" * 100] * 60)),
    ("relative_path", 7),
    ("relative_path", None),
    ("size", -1),
    ("size", 2**63),
    ("size", 2**200),
    ("size", 1.5),
    ("size", "many"),
    ("size", None),
    ("checksum", "d41d8cd98f00b204e9800998ecf8427e"),
    ("checksum", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("checksum", "md5:abc"),
    ("checksum", MD5.upper()),
    ("checksum", MD5 + "\n"),
    ("module", "no-such-module"),
    ("module", "chai-hfa"),
    ("module", "chai-lfa'; DROP TABLE site; --"),
    ("source_location", "ccat.no-such-place"),
    ("source_location", "../ccat"),
    ("execution_id", "not-a-uuid"),
    ("written_from", "2026-01-01T00:00:00"),
    ("written_from", "yesterday"),
    ("written_until", "2026-02-30T00:00:00Z"),
    ("no_such_field", 1),
]


@pytest.mark.parametrize(("field", "value"), BAD_FILES, ids=lambda part: repr(part)[:40])
def test_a_bad_file_is_refused_and_the_field_named(
    field: str, value: object, filed: dict[str, Any], instrument_api: Api
) -> None:
    document = problem(instrument_api.send("POST", "raw-data-files", json=filed | {field: value}), 422)
    assert fields(document) == {field}, document


@pytest.mark.parametrize(("field", "value"), BAD_FILES, ids=lambda part: repr(part)[:40])
def test_in_bulk_too_with_the_line(
    field: str, value: object, filed: dict[str, Any], instrument_api: Api
) -> None:
    good = {**filed, "relative_path": "good.fits"}
    lines = [good, filed | {field: value}]
    document = problem(_bulk(instrument_api, "".join(json.dumps(line) + "\n" for line in lines)), 422)
    assert {(error["line"], error["field"]) for error in document["errors"]} == {(2, field)}, document


def test_a_lone_surrogate_in_a_name_is_refused(filed: dict[str, Any], instrument_api: Api) -> None:
    body = json.dumps(filed | {"relative_path": "\ud800"}).encode()
    answer = instrument_api.send(
        "POST", "raw-data-files", content=body, headers=[(b"content-type", b"application/json")]
    )
    assert fields(problem(answer, 422)) == {"relative_path"}


def test_a_file_written_until_before_it_was_written_is_refused(
    filed: dict[str, Any], instrument_api: Api
) -> None:
    times = {"written_from": "2026-01-02T00:00:00Z", "written_until": "2026-01-01T00:00:00Z"}
    document = problem(instrument_api.send("POST", "raw-data-files", json=filed | times), 422)
    assert "written_until" in json.dumps(document["errors"])


def test_a_file_of_an_unknown_execution_is_refused(filed: dict[str, Any], instrument_api: Api) -> None:
    answer = instrument_api.send("POST", "raw-data-files", json=filed | {"execution_id": UNKNOWN})
    assert UNKNOWN in problem(answer, 404, 422)["detail"]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '"text"', "{}\n{}", '{"execution_id":' * 5000, "\xff", "7" * 5000],
    ids=["open", "list", "null", "text", "empty", "deep", "not utf-8", "number"],
)
def test_what_is_no_file_at_all_is_refused(text: str, execution: str, instrument_api: Api) -> None:
    headers = [(b"content-type", b"application/json")]
    for path in ("raw-data-files", "executed-obs-units:start"):
        problem(instrument_api.send("POST", path, content=text.encode("latin-1"), headers=headers), 400, 422)
    problem(_bulk(instrument_api, text), 400, 422)


def test_one_bad_line_of_very_many_is_named_and_nothing_is_filed(
    filed: dict[str, Any], execution: str, instrument_api: Api
) -> None:
    lines = [
        json.dumps(filed | {"relative_path": f"{number:06}.fits"}) for number in range(1, BULK_LINES + 1)
    ]
    lines[BULK_BAD_LINE - 1] = json.dumps(filed | {"size": -1})
    document = problem(_bulk(instrument_api, "\n".join(lines) + "\n"), 422)
    assert [(error["line"], error["field"]) for error in document["errors"]] == [(BULK_BAD_LINE, "size")]
    assert instrument_api.get("raw-data-files", execution_id=execution)["items"] == []


@pytest.mark.long
def test_the_last_line_of_very_many_may_contradict_the_first(
    filed: dict[str, Any], execution: str, instrument_api: Api
) -> None:
    lines = [
        json.dumps(filed | {"relative_path": f"{number:06}.fits"}) for number in range(1, BULK_LINES + 1)
    ]
    lines[-1] = json.dumps(filed | {"relative_path": "000001.fits", "size": 2})
    document = problem(_bulk(instrument_api, "\n".join(lines)), 409, 422)
    assert BULK_LINES in {error["line"] for error in document["errors"]}, document
    assert instrument_api.get("raw-data-files", execution_id=execution)["items"] == []


def test_the_same_file_with_other_facts_is_a_conflict(api: Api, deployment: Deployment) -> None:
    """Filing again with the same facts is harmless, alone and in bulk."""
    started = api.post("executed-obs-units:start", {"obs_unit": OBS_UNIT, "modules": ["chai-lfa"]})
    file = {
        "execution_id": started["id"],
        "module": "chai-lfa",
        "relative_path": f"never written {started['id']}.fits",
        "size": 0,
        "checksum": MD5,
        "source_location": deployment.source_location,
    }
    first = api.send("POST", "raw-data-files", json=file)
    again = api.send("POST", "raw-data-files", json=file)
    assert (first.status_code, again.status_code) == (201, 200), described(again)
    assert first.json()["id"] == again.json()["id"]
    for other in ({"size": 1}, {"checksum": "md5:" + "0" * 32}, {"checksum": "crc32c:00000000"}):
        problem(api.send("POST", "raw-data-files", json=file | other), 409)
        document = problem(_bulk(api, json.dumps(file | other)), 409)
        assert document["errors"][0]["line"] == 1, document
    known = _bulk(api, json.dumps(file) + "\n")
    assert known.json() == {"filed": 0, "already_filed": 1}
    assert api.progress(started["id"])["files"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"obs_unit": "no such unit"}, "obs_unit"),
        ({"obs_unit": "x\0"}, "obs_unit"),
        ({"obs_unit": None}, "obs_unit"),
        ({"modules": []}, "modules"),
        ({"modules": ["no-such-module"]}, "modules.0"),
        ({"modules": ["chai-lfa", "chai-lfa"]}, "modules"),
        ({"modules": "chai-lfa"}, "modules"),
        ({"started_at": "2026-01-01T00:00:00"}, "started_at"),
        ({"started_at": "2026-13-01T00:00:00Z"}, "started_at"),
        ({"started_at": 1e300}, "started_at"),
        ({"id": "00000000-0000-4000-8000-000000000000"}, "id"),
        ({"id": "7"}, "id"),
        ({"no_such_field": 1}, "no_such_field"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_a_bad_start_is_refused_and_the_field_named(
    change: dict[str, Any], field: str, instrument_api: Api
) -> None:
    body = {"obs_unit": OBS_UNIT, "modules": ["chai-lfa"]} | change
    document = problem(instrument_api.send("POST", "executed-obs-units:start", json=body), 404, 422)
    assert {name.split(".")[0] for name in fields(document)} == {field.split(".")[0]}, document


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "running"}, "status"),
        ({"status": "splendid"}, "status"),
        ({"status": None}, "status"),
        ({"ended_at": "2001-01-01T00:00:00Z"}, "ended_at"),
        ({"ended_at": "2026-01-01T00:00:00"}, "ended_at"),
        ({"mean_pwv": -1}, "mean_pwv"),
        ({"mean_pwv": "wet"}, "mean_pwv"),
        ({"elevation_min": 91}, "elevation_min"),
        ({"comment": "a\0b"}, "comment"),
        ({"no_such_field": 1}, "no_such_field"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_a_bad_finish_is_refused_and_the_observation_runs_on(
    change: dict[str, Any], field: str, execution: str, instrument_api: Api
) -> None:
    body = {"status": "completed"} | change
    answer = instrument_api.send("POST", f"executed-obs-units/{execution}:finish", json=body)
    assert fields(problem(answer, 422)) == {field}
    assert instrument_api.get(f"executed-obs-units/{execution}")["status"] == "running"


def test_finishing_again_with_other_facts_is_a_conflict(instrument_api: Api) -> None:
    started = instrument_api.post("executed-obs-units:start", {"obs_unit": OBS_UNIT, "modules": ["chai-lfa"]})
    path = f"executed-obs-units/{started['id']}:finish"
    instrument_api.post(path, {"status": "aborted", "comment": "clouds"})
    instrument_api.post(path, {"status": "aborted", "comment": "clouds"})
    problem(instrument_api.send("POST", path, json={"status": "completed"}), 409)
    again = {"id": started["id"], "obs_unit": OBS_UNIT, "modules": ["chai-hfa"]}
    problem(instrument_api.send("POST", "executed-obs-units:start", json=again), 409)
    late = {
        "execution_id": started["id"],
        "module": "chai-hfa",
        "relative_path": "late.fits",
        "size": 1,
        "checksum": MD5,
        "source_location": "ccat.chai-raw-data",
    }
    assert fields(problem(instrument_api.send("POST", "raw-data-files", json=late), 422)) == {"module"}


def test_unknown_things_are_not_found_and_nonsense_is_named(api: Api) -> None:
    paths: dict[str, Any] = api.get("openapi.json")["paths"]
    singles = [
        path.removeprefix("/api/v1/") for path, methods in paths.items() if "{" in path and "get" in methods
    ]
    assert len(singles) > 20
    for path in singles:
        start, _, rest = path.partition("{")
        _, _, end = rest.partition("}")
        unknown = problem(api.send("GET", f"{start}{UNKNOWN}{end}"), 404)
        assert UNKNOWN in unknown["detail"], (path, unknown)
        for nonsense in ("no-such-thing", "%00", "..%2f..%2fetc%2fpasswd", "%0a", "x" * 3000, "%ff"):
            problem(api.send("GET", f"{start}{nonsense}{end}"), 404, 422)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("sort=no_such_field", "sort"),
        ("no_such_filter=1", "no_such_filter"),
    ],
)
def test_a_bad_list_request_is_refused_everywhere(query: str, field: str, api: Api) -> None:
    paths: dict[str, Any] = api.get("openapi.json")["paths"]
    seen = 0
    for path, methods in paths.items():
        parameters = {parameter["name"] for parameter in methods.get("get", {}).get("parameters", [])}
        takes = field in parameters or (field == "no_such_filter" and "cursor" in parameters)
        if takes and "{" not in path:
            seen += 1
            document = problem(api.send("GET", f"{path.removeprefix('/api/v1/')}?{query}"), 422)
            assert fields(document) == {field}, (path, document)
    assert seen > 5


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("raw-data-files?execution_id=nonsense", "execution_id"),
        ("raw-data-files?packaged=perhaps", "packaged"),
        ("raw-data-packages?state=splendid", "state"),
        ("raw-data-packages?since=2026-01-01T00:00:00", "since"),
        ("executed-obs-units?since=2026-01-01", "since"),
        ("executed-obs-units?status=splendid", "status"),
        ("events?since=yesterday", "since"),
        ("physical-copies?status=splendid", "status"),
        ("data-transfers?status=splendid", "status"),
        ("staging-jobs?state=splendid", "state"),
        ("errors?open=perhaps", "open"),
        ("errors?severity=splendid", "severity"),
    ],
)
def test_a_bad_filter_is_named(path: str, field: str, api: Api) -> None:
    assert fields(problem(api.send("GET", path), 422)) == {field}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"destination_location": "cologne.no-such-place"}, "destination_location"),
        ({"destination_location": "ccat.output-buffer"}, "destination_location"),
        ({"destination_location": None}, "destination_location"),
        ({"package_id": "nonsense"}, "package_id"),
        ({"package_id": UNKNOWN}, "package_id"),
        ({"package_id": None, "execution_id": UNKNOWN}, "execution_id"),
        ({"package_id": None, "file_id": UNKNOWN}, "file_id"),
        ({"time_to_live": -1}, "time_to_live"),
        ({"time_to_live": 10**30}, "time_to_live"),
        ({"pinned_until": "2027-01-01T00:00:00"}, "pinned_until"),
        ({"no_such_field": 1}, "no_such_field"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_a_bad_staging_request_is_refused_and_the_field_named(
    change: dict[str, Any], field: str, api: Api, deployment: Deployment
) -> None:
    before = len(api.all("staging-jobs"))
    body = {"destination_location": deployment.processing_location, "package_id": UNKNOWN} | change
    body = {name: value for name, value in body.items() if value is not None or name == field}
    document = problem(api.send("POST", "staging-jobs", json=body), 404, 422)
    assert field in fields(document) or UNKNOWN in document["detail"], document
    assert len(api.all("staging-jobs")) == before


def test_a_staging_request_for_two_things_is_refused(api: Api, deployment: Deployment) -> None:
    body = {"destination_location": deployment.processing_location, "package_id": UNKNOWN, "file_id": UNKNOWN}
    problem(api.send("POST", "staging-jobs", json=body), 422)
    problem(
        api.send("POST", "staging-jobs", json={"destination_location": deployment.processing_location}), 422
    )


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"{kind}/{UNKNOWN}:{verb}"
            for kind in (
                "package-creations",
                "data-transfers",
                "archive-transfers",
                "fixity-checks",
                "deletions",
            )
            for verb in ("retry", "cancel")
        ),
        f"staging-jobs/{UNKNOWN}:cancel",
        f"physical-copies/{UNKNOWN}:verify",
        f"errors/{UNKNOWN}:acknowledge",
        f"deletion-holds/{UNKNOWN}:lift",
    ],
)
def test_acting_on_what_is_not_there_is_not_found(path: str, api: Api) -> None:
    assert UNKNOWN in problem(api.send("POST", path, json={"reason": "test"}), 404)["detail"]


@pytest.mark.parametrize(
    "path", ["data-locations/nowhere:suspend", "sites/nowhere:resume", "routes/nowhere:suspend"]
)
def test_acting_on_a_place_that_is_not_there_is_not_found(path: str, api: Api) -> None:
    assert "nowhere" in problem(api.send("POST", path, json={"reason": "test"}), 404)["detail"]


def test_a_wrong_method_or_path_is_a_problem_document(api: Api) -> None:
    problem(api.send("DELETE", "raw-data-files"), 405)
    problem(api.send("PUT", "executed-obs-units", json={}), 405)
    problem(api.send("GET", "no-such-resource"), 404)


def _bulk(api: Api, text: str) -> Any:
    return api.send(
        "POST",
        "raw-data-files:bulk",
        content=text.encode("utf-8", "surrogatepass"),
        headers=[(b"content-type", b"application/x-ndjson")],
    )
