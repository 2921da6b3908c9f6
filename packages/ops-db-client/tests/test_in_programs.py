"""The client in the hands of programmers: what can never be right is said at once, API or no API."""

import copy
import inspect
import json
import os
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from ccat_ops_db_client import AsyncClient, Client, NewFile, errors
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.operations import Operations
from ccat_ops_db_client.recorder import Recorder

from .conftest import MakeClient

NOWHERE = "http://127.0.0.1:1"
NAIVE = datetime(2026, 11, 21)  # noqa: DTZ001
FILE = {
    "id": new_id(),
    "execution_id": new_id(),
    "module": "m",
    "relative_path": "a/b.fits",
    "size": 1,
    "checksum": "md5:" + "0" * 32,
    "source_location": "ccat.chai-raw-data",
}
ERRORS: list[errors.CcatError] = [
    errors.CcatError("m", "r"),
    errors.PathError("m", "r", errors.PathReason.OUTSIDE),
    errors.FileGoneError("p"),
    errors.FileChangedError("p"),
    errors.ConflictError("m", status=409, slug="s", errors=[errors.FieldError("f", "r", 3)], request_id="1"),
    errors.UnavailableError("m", status=503, retry_after=2.0),
    errors.UnexpectedAnswerError("m", status=404),
]


def _beyond(name: str) -> list[tuple[str, object]]:
    """Return values of each field of a body that are just outside of what the contract takes."""
    beyond: list[tuple[str, object]] = []
    for field, schema in CONTRACT["components"]["schemas"][name]["properties"].items():
        for part in schema.get("anyOf", [schema]):
            part = part | part.get("items", {})
            if "minimum" in part:
                beyond += [(field, part["minimum"] - 1), (field, int(part["maximum"]) + 1)]
            if "maxLength" in part:
                beyond += [(field, "x" * (part["maxLength"] + 1))]
            if "minLength" in part:
                beyond += [(field, "")]
            if "maxItems" in part:
                beyond += [(field, [str(number) for number in range(part["maxItems"] + 1)])]
    return beyond


CONTRACT = json.loads((Path(__file__).parents[2] / "ops-db-api" / "openapi.json").read_text())
BEYOND = {name: _beyond(name) for name in ("StartExecution", "FinishExecution", "FileToFile")}


def _start(name: str, value: Any, recorder: Recorder) -> object:
    if name == "modules":
        return recorder.start("O", value if isinstance(value, list) else ["m", value])
    assert name == "obs_unit"
    return recorder.start(value, ["m"])


def _finish(name: str, value: Any, recorder: Recorder) -> object:
    facts: Any = {name: value}
    return recorder.finish(new_id(), **facts)


def test_the_contract_has_bounds() -> None:
    assert {name: len(beyond) for name, beyond in BEYOND.items()} == {
        "StartExecution": 5,
        "FinishExecution": 11,
        "FileToFile": 8,
    }


@pytest.fixture
def recorder(client_of: MakeClient) -> Recorder:
    """While the API is away, all that is not refused here would be kept, and be refused much later."""
    return Recorder(client_of(NOWHERE))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (lambda it: it.start("O", "chai-lfa"), TypeError),
        (lambda it: it.start("O", []), errors.CcatError),
        (lambda it: it.start("O", ["m", "m"]), errors.CcatError),
        (lambda it: it.start("O", ["m"], started_at=NAIVE), errors.CcatError),
        (lambda it: it.finish(new_id(), "complete"), errors.CcatError),
        (lambda it: it.finish(new_id(), mean_pvw=0.6), TypeError),
        (lambda it: it.finish(new_id(), mean_pwv=float("nan")), errors.CcatError),
        (lambda it: it.finish(new_id(), ended_at=NAIVE), errors.CcatError),
        (lambda it: it.start("O", ["m"], execution_id=uuid4()), errors.CcatError),
        (lambda it: it.start("O\n", ["m"]), errors.CcatError),
        (lambda it: it.start("O", ["m", "n\u2028"]), errors.CcatError),
        (lambda it: it.start("O", ["m"], started_at=datetime(1899, 1, 1, tzinfo=UTC)), errors.CcatError),
        (lambda it: it.finish(uuid4()), errors.CcatError),
        (lambda it: it.finish(new_id(), ended_at=datetime(2201, 1, 1, tzinfo=UTC)), errors.CcatError),
        (lambda it: it.finish(new_id(), elevation_min=50.0, elevation_max=40.0), errors.CcatError),
        (lambda it: it.finish(new_id(), comment="a\0b"), errors.CcatError),
        *((partial(_finish, name, value), errors.CcatError) for name, value in BEYOND["FinishExecution"]),
        *((partial(_start, name, value), errors.CcatError) for name, value in BEYOND["StartExecution"]),
    ],
)
def test_what_can_never_be_recorded_is_not_kept(
    recorder: Recorder, record: Callable[[Any], object], kind: type[Exception], spool_folder: Path
) -> None:
    with pytest.raises(kind):
        record(recorder)
    assert not spool_folder.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("relative_path", "../b.fits"),
        ("relative_path", "/data/b.fits"),
        ("size", -1),
        ("checksum", "0" * 32),
        ("checksum", "md5:" + "A" * 32),
        ("module", ""),
        ("written_until", NAIVE),
        ("written_until", datetime(1899, 1, 1, tzinfo=UTC)),
        ("written_from", datetime(2200, 1, 1, tzinfo=UTC)),
        ("module", "m\n"),
        ("id", uuid4()),
        ("execution_id", uuid4()),
        *BEYOND["FileToFile"],
    ],
)
def test_what_can_never_be_filed_is_no_file(name: str, value: object) -> None:
    whole = FILE | {"written_until": datetime.now(UTC)}
    NewFile.model_validate(whole)
    with pytest.raises((ValidationError, errors.PathError)):
        NewFile.model_validate(whole | {name: value})


def test_forked_processes_make_no_id_twice() -> None:
    """By chance alone, for clocks are coarse: of two requests with one key one would be lost."""
    new_id()
    made: list[str] = []
    for _ in range(2):
        reads, writes = os.pipe()
        if os.fork() == 0:
            os.write(writes, "".join(f"{new_id().hex[16:]}\n" for _ in range(100)).encode())
            os._exit(0)
        os.close(writes)
        with open(reads) as stream:
            made += stream.read().split()
        os.wait()
    assert len(set(made)) == len(made) == 200


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_goes_to_another_process_as_it_is(error: errors.CcatError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_each_method_says_what_it_takes_and_does(kind: type[Operations], client_of: MakeClient) -> None:
    client = client_of(NOWHERE) if kind is Client else AsyncClient(client_of(NOWHERE).settings)
    for name in (name for name in vars(Operations) if not name.startswith("_")):
        method = getattr(client, name)
        assert method.__name__ == name
        assert inspect.getdoc(method)
    assert list(inspect.signature(client.stage).parameters)[:2] == ["destination_location", "execution_id"]
