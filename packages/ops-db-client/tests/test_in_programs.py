"""The client in the hands of programmers: what can never be right is said at once, API or no API."""

import copy
import inspect
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    ],
)
def test_what_can_never_be_filed_is_no_file(name: str, value: object) -> None:
    NewFile.model_validate(FILE | {"written_until": datetime.now(UTC)})
    with pytest.raises((ValidationError, errors.PathError)):
        NewFile.model_validate(FILE | {name: value})


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
