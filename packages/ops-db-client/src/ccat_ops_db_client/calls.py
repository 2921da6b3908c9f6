"""The requests of the API as values: what to ask, and how to read the answer. No input or output here."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from .errors import CcatError
from .identity import new_id
from .records import (
    Execution,
    Explanation,
    FiledFile,
    Filing,
    Instrument,
    Location,
    NewFile,
    Package,
    PackageIndex,
    Page,
    Progress,
    SiteInformation,
    StagingJob,
    Status,
)
from .settings import API_PREFIX

Answer = TypeVar("Answer")
Item = TypeVar("Item")

JSON = "application/json"
NDJSON = "application/x-ndjson"
PAGE_LIMIT = 1000


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request of the API.

    Attributes
    ----------
    method, path : str
        Verb, and path from the root of the service.
    parse : callable
        Makes the answer from the JSON text.
    query : mapping
        Query parameters.
    body : bytes or None
        What is sent, of type `content_type`.
    idempotency_key : str or None
        Key by which the service knows a repetition; each write has one.
    """

    method: str
    path: str
    parse: Callable[[bytes], Answer]
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    idempotency_key: str | None = None


def start_execution(
    obs_unit: str, modules: Sequence[str], *, started_at: datetime | None, execution_id: UUID
) -> Call[Execution]:
    """Say that an obs unit is being executed; `execution_id` is made by the caller."""
    facts = {
        "id": str(execution_id),
        "obs_unit": obs_unit,
        "modules": list(modules),
        "started_at": _time(started_at),
    }
    return _write("/executed-obs-units:start", facts, Execution)


def finish_execution(execution_id: UUID, facts: Mapping[str, Any]) -> Call[Execution]:
    """Say that an execution ended; `facts` are ``status``, ``ended_at``, ``mean_pwv`` (mm), and so on."""
    return _write(f"/executed-obs-units/{execution_id}:finish", facts, Execution)


def execution(execution_id: UUID) -> Call[Execution]:
    """Ask for an execution."""
    return _read(f"/executed-obs-units/{execution_id}", Execution)


def executions(filters: Mapping[str, Any]) -> Call[Page[Execution]]:
    """Ask for a page of executions."""
    return _read("/executed-obs-units", Page[Execution], filters)


def progress(execution_id: UUID) -> Call[Progress]:
    """Ask how far the data of an execution are."""
    return _read(f"/executed-obs-units/{execution_id}/progress", Progress)


def file_bulk(files: Iterable[NewFile]) -> Call[Filing]:
    """File many files, all or none."""
    lines = [json.dumps(_facts(file), ensure_ascii=False, separators=(",", ":")) for file in files]
    return Call(
        "POST",
        f"{API_PREFIX}/raw-data-files:bulk",
        _parser(Filing),
        body=_encoded("\n".join([*lines, ""])),
        content_type=NDJSON,
        idempotency_key=str(new_id()),
    )


def file_one(file: NewFile) -> Call[FiledFile]:
    """File one file."""
    return _write("/raw-data-files", _facts(file), FiledFile)


def filed_files(filters: Mapping[str, Any]) -> Call[Page[FiledFile]]:
    """Ask for a page of filed files."""
    return _read("/raw-data-files", Page[FiledFile], filters)


def packages(filters: Mapping[str, Any]) -> Call[Page[Package]]:
    """Ask for a page of packages."""
    return _read("/raw-data-packages", Page[Package], filters)


def package(package_id: UUID) -> Call[Package]:
    """Ask for a package with its copies."""
    return _read(f"/raw-data-packages/{package_id}", Package)


def package_index(package_id: UUID) -> Call[PackageIndex]:
    """Ask where each file of a sealed package lies in its tar."""
    return _read(f"/raw-data-packages/{package_id}/index", PackageIndex)


def package_content(package_id: UUID, location: str | None) -> Call[bytes]:
    """Ask for the bytes of a package; the answer leads to a data server."""
    query = {} if location is None else {"location": location}
    return Call("GET", f"{API_PREFIX}/raw-data-packages/{package_id}/content", bytes, query)


def stage(
    destination_location: str,
    *,
    execution_id: UUID | None,
    package_id: UUID | None,
    file_id: UUID | None,
    time_to_live: int | None,
    reason: str | None,
) -> Call[StagingJob]:
    """Ask for data at a processing location; `time_to_live` in seconds."""
    facts = {
        "id": str(new_id()),
        "destination_location": destination_location,
        "execution_id": _text(execution_id),
        "package_id": _text(package_id),
        "file_id": _text(file_id),
        "time_to_live": time_to_live,
        "reason": reason,
    }
    return _write("/staging-jobs", facts, StagingJob)


def staging_job(job_id: UUID) -> Call[StagingJob]:
    """Ask how far a staging job is."""
    return _read(f"/staging-jobs/{job_id}", StagingJob)


def site() -> Call[SiteInformation]:
    """Ask which site the API serves."""
    return _read("/site", SiteInformation)


def locations(filters: Mapping[str, Any]) -> Call[Page[Location]]:
    """Ask for a page of data locations."""
    return _read("/data-locations", Page[Location], filters)


def instruments(filters: Mapping[str, Any]) -> Call[Page[Instrument]]:
    """Ask for a page of instruments with their modules."""
    return _read("/instruments", Page[Instrument], filters)


def status() -> Call[Status]:
    """Ask what is where, what moves and what waits."""
    return _read("/status", Status)


def why(subject: str) -> Call[Explanation]:
    """Ask why something waits; `subject` is any id."""
    return _read(f"/why/{quote(subject, safe='')}", Explanation)


def with_cursor(call: Call[Page[Item]], cursor: str) -> Call[Page[Item]]:
    """Return the request for the page after `cursor`."""
    return replace(call, query={**call.query, "cursor": cursor})


def _read(path: str, answer: type[Answer], query: Mapping[str, Any] | None = None) -> Call[Answer]:
    given = {name: _parameter(value) for name, value in (query or {}).items() if value is not None}
    return Call("GET", f"{API_PREFIX}{path}", _parser(answer), query=given)


def _write(path: str, facts: Mapping[str, Any], answer: type[Answer]) -> Call[Answer]:
    given = {name: value for name, value in facts.items() if value is not None}
    try:
        body = _encoded(json.dumps(given, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    except ValueError:
        raise CcatError("a number is not finite", "give a finite number") from None
    return Call("POST", f"{API_PREFIX}{path}", _parser(answer), body=body, idempotency_key=str(new_id()))


def _parser(answer: type[Answer]) -> Callable[[bytes], Answer]:
    return TypeAdapter(answer).validate_json


def _facts(record: BaseModel) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude_none=True)


def _parameter(value: Any) -> str | Sequence[str]:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [str(item) for item in value]
        case _:
            return str(value)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CcatError("a name or text is not valid UTF-8", "write it in UTF-8") from None
