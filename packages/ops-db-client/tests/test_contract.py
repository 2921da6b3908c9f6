"""The operations and records of the client against the API's contract."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from ccat_ops_db_client import NewFile, calls
from ccat_ops_db_client.calls import Call
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.operations import Listing, Operation, Operations
from ccat_ops_db_client.records import Record

CONTRACT = json.loads((Path(__file__).parents[2] / "ops-db-api" / "openapi.json").read_text())
ID = new_id()
FILE = NewFile(
    id=ID,
    execution_id=ID,
    module="m",
    relative_path="a.fits",
    size=1,
    checksum="md5:" + "0" * 32,
    source_location="ccat.chai-raw-data",
)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "start_execution": ("O", ["m"]),
    "finish_execution": (ID,),
    "execution": (ID,),
    "progress": (ID,),
    "file_one": (FILE,),
    "file_bulk": ([FILE],),
    "package": (ID,),
    "package_index": (ID,),
    "stage": ("ccat.processing",),
    "staging_job": (ID,),
    "why": (ID,),
}
OPERATIONS: dict[str, Operation[..., Any] | Listing[..., Any]] = {
    name: value for name, value in vars(Operations).items() if isinstance(value, Operation | Listing)
}

each_operation = pytest.mark.parametrize("name", OPERATIONS)


def call_of(name: str) -> Call[Any]:
    make: Callable[..., Call[Any]] = OPERATIONS[name].call
    return make(*ARGUMENTS.get(name, ()))


def documented(call: Call[Any]) -> dict[str, Any]:
    """Return the operation of the contract that a call is."""
    for path, methods in CONTRACT["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(path))
        if re.fullmatch(pattern, call.path) and call.method.lower() in methods:
            return dict(methods[call.method.lower()])
    raise AssertionError(f"the contract has no {call.method} {call.path}")


def schema_of_answer(operation: dict[str, Any]) -> dict[str, Any]:
    (success,) = [answer for status, answer in operation["responses"].items() if status in {"200", "201"}][:1]
    return dict(success["content"]["application/json"]["schema"])


def schema_of_body(operation: dict[str, Any]) -> dict[str, Any]:
    return _resolved(operation["requestBody"]["content"][calls.JSON]["schema"])


def test_every_operation_is_tested() -> None:
    assert {operation.call.__name__ for operation in OPERATIONS.values()} == set(OPERATIONS)
    assert set(ARGUMENTS) <= set(OPERATIONS)
    assert len(OPERATIONS) > 15


@each_operation
def test_it_is_in_the_contract_with_its_parameters(name: str) -> None:
    call = call_of(name)
    operation = documented(call)
    names = {_resolved(parameter)["name"].lower() for parameter in operation.get("parameters", [])}
    assert set(call.query) <= names
    if call.idempotency_key is not None:
        assert "idempotency-key" in names
    if call.body is not None:
        assert call.content_type in operation["requestBody"]["content"]


@each_operation
def test_the_body_has_what_the_contract_wants(name: str) -> None:
    call = call_of(name)
    if call.body is None:
        assert call.method == "GET"
        return
    assert call.content_type in {calls.JSON, calls.NDJSON}
    if call.content_type == calls.JSON:
        wanted = schema_of_body(documented(call))
        facts = json.loads(call.body)
        assert set(wanted.get("required", [])) <= set(facts) <= set(wanted["properties"])


@each_operation
def test_the_record_fits_the_answer(name: str) -> None:
    """What a record requires is always there, what may be null may be null, and no field is invented."""
    call = call_of(name)
    record = _record_of(call)
    assert list(_misfits(record, schema_of_answer(documented(call)), record.__name__)) == []


def test_a_misfit_is_found() -> None:
    class Wrong(Record):
        size: int
        invented: str

    schema = {
        "type": "object",
        "properties": {"size": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        "required": ["size"],
    }
    assert list(_misfits(Wrong, schema, "Wrong")) == [
        "Wrong.size may be null",
        "Wrong.invented is not in the contract",
    ]


def test_the_new_file_is_that_of_the_contract() -> None:
    schema = schema_of_body(documented(call_of("file_one")))
    assert set(NewFile.model_fields) == set(schema["properties"])
    required = {name for name, field in NewFile.model_fields.items() if field.is_required()}
    assert set(schema["required"]) <= required


def _record_of(call: Call[Any]) -> type[BaseModel]:
    record = call.parse.__self__._type  # type: ignore[attr-defined]
    assert isinstance(record, type)
    assert issubclass(record, BaseModel)
    return record


def _misfits(record: type[BaseModel], schema: dict[str, Any], where: str) -> Iterator[str]:
    schema = _resolved(schema)
    required = set(schema.get("required", []))
    for name, field in record.model_fields.items():
        given = schema["properties"].get(name)
        if given is None:
            yield f"{where}.{name} is not in the contract"
            continue
        if field.is_required() and name not in required:
            yield f"{where}.{name} may be absent"
        if _may_be_null(given) and NoneType not in _kinds(field.annotation):
            yield f"{where}.{name} may be null"
        for kind in _kinds(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _misfits(kind, _items(given), f"{where}.{name}")


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the types that an annotation names: those of a union, and what a list holds."""
    origin = get_origin(annotation)
    if origin in {None, dict}:
        return (annotation,)
    return tuple(kind for argument in get_args(annotation) for kind in _kinds(argument))


def _may_be_null(schema: dict[str, Any]) -> bool:
    return any(part.get("type") == "null" for part in schema.get("anyOf", [schema]))


def _items(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _resolved(schema)
    return _resolved(schema["items"]) if schema.get("type") == "array" else schema


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: Any = CONTRACT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(found)
    if "anyOf" in schema and (others := [part for part in schema["anyOf"] if part.get("type") != "null"]):
        return _resolved(others[0])
    return schema
