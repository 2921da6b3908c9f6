"""The operations of the API as requests: what to ask, and how to read the answer. No input or output here.

`Client` and `AsyncClient` have a method of each name (`operations`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import quote
from uuid import UUID, uuid5

from pydantic import BaseModel, TypeAdapter

from .errors import CcatError, UnexpectedAnswerError
from .facts import check_end, check_id, check_start
from .identity import new_id
from .paths import in_utf_8, is_utf_8
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
ENDS = ("completed", "aborted", "failed")
"""How an execution can end."""


def _any(answer: object) -> bool:
    del answer
    return True


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
    fits : callable
        Says whether an answer can be that to this call, and not to another one.
    """

    method: str
    path: str
    parse: Callable[[bytes], Answer]
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = JSON
    idempotency_key: str | None = None
    fits: Callable[[Answer], bool] = _any

    def halves(self) -> "tuple[Call[Answer], Call[Answer]] | None":
        """Return a bulk request as two of half its lines; null if there is nothing to halve.

        Their keys follow from its key, so that a repetition is known as one.
        """
        lines = (self.body or b"").splitlines(keepends=True)
        if self.content_type != NDJSON or len(lines) < 2 or self.idempotency_key is None:
            return None
        key, middle = UUID(self.idempotency_key), len(lines) // 2
        first, second = b"".join(lines[:middle]), b"".join(lines[middle:])
        return (
            self._half(first, str(uuid5(key, "first half"))),
            self._half(second, str(uuid5(key, "second half"))),
        )

    def _half(self, body: bytes, key: str) -> "Call[Answer]":
        return replace(self, body=body, idempotency_key=key, fits=_fits(self.path, body, NDJSON))


def start_execution(
    obs_unit: str,
    modules: Sequence[str],
    *,
    started_at: datetime | None = None,
    execution_id: UUID | None = None,
) -> Call[Execution]:
    """Say that an obs unit is being executed with these modules.

    `execution_id` is an UUIDv7 of the caller; one is made where none is given. Without `started_at` the
    service takes the time at which the request comes, which may be late; `Recorder` says the time itself.

    Raises
    ------
    CcatError
        The id or a name can be none, no module is named, one is named twice, or the time has no zone.
    """
    check_start(obs_unit, modules)
    identifier = execution_id or new_id()
    check_id(identifier)
    facts = {
        "id": str(identifier),
        "obs_unit": obs_unit,
        "modules": list(modules),
        "started_at": _time(started_at),
    }
    return _recording(_write("/executed-obs-units:start", facts, Execution))


class EndFacts(TypedDict, total=False):
    """What is known of an execution at its end: water vapour in mm, angles in degrees."""

    mean_pwv: float | None
    elevation_min: float | None
    elevation_max: float | None
    azimuth_min: float | None
    azimuth_max: float | None
    comment: str | None


def finish_execution(
    execution_id: UUID,
    status: str = "completed",
    *,
    ended_at: datetime | None = None,
    **facts: Unpack[EndFacts],
) -> Call[Execution]:
    """Say that an execution ended: ``completed``, ``aborted`` or ``failed``.

    Without `ended_at` the service takes the time at which the request comes, which may be late.

    Raises
    ------
    CcatError
        The id can be none, the status is none of these, the time has no zone, or a fact can be none.
    """
    check_id(execution_id)
    if status not in ENDS:
        raise CcatError(f"{status!r} is no end of an execution", f"say {', '.join(ENDS)}")
    if unknown := facts.keys() - EndFacts.__annotations__.keys():
        raise TypeError(f"{', '.join(sorted(unknown))}: not known of the end of an execution")
    check_end(facts)
    given = {"ended_at": _time(ended_at), **facts}
    path = f"/executed-obs-units/{execution_id}:finish"
    return _recording(_write(path, {"status": status, **given}, Execution))


def kept(path: str, body: bytes, content_type: str, idempotency_key: str) -> Call[Any]:
    """Return a start, a finish or a bulk filing that was made earlier."""
    answer: type[Any] = Filing if content_type == NDJSON else Execution
    return _recording(
        Call(
            "POST",
            path,
            _parser(answer),
            body=body,
            content_type=content_type,
            idempotency_key=idempotency_key,
        )
    )


def execution(execution_id: UUID) -> Call[Execution]:
    """Ask for an execution."""
    return _about(_read(f"/executed-obs-units/{execution_id}", Execution), execution_id)


def executions(**filters: Any) -> Call[Page[Execution]]:
    """Ask for executions."""
    return _list("/executed-obs-units", Page[Execution], filters)


def progress(execution_id: UUID) -> Call[Progress]:
    """Ask how far the data of an execution are."""
    return _about(_read(f"/executed-obs-units/{execution_id}/progress", Progress), execution_id)


def file_bulk(files: Sequence[NewFile]) -> Call[Filing]:
    """File many files, all or none."""
    body = "\n".join([*(_line(_facts(file)) for file in files), ""]).encode()
    return kept(f"{API_PREFIX}/raw-data-files:bulk", body, NDJSON, str(new_id()))


def sum_of(first: Filing, second: Filing) -> Filing:
    """Return what two halves of a bulk filing did."""
    return Filing(filed=first.filed + second.filed, already_filed=first.already_filed + second.already_filed)


def file_one(file: NewFile) -> Call[FiledFile]:
    """File one file."""
    return _write("/raw-data-files", _facts(file), FiledFile)


def filed_files(**filters: Any) -> Call[Page[FiledFile]]:
    """Ask for filed files."""
    return _list("/raw-data-files", Page[FiledFile], filters)


def packages(**filters: Any) -> Call[Page[Package]]:
    """Ask for packages."""
    return _list("/raw-data-packages", Page[Package], filters)


def package(package_id: UUID) -> Call[Package]:
    """Ask for a package with its copies."""
    return _about(_read(f"/raw-data-packages/{package_id}", Package), package_id)


def package_index(package_id: UUID) -> Call[PackageIndex]:
    """Ask where each file of a sealed package lies in its tar."""
    return _read(f"/raw-data-packages/{package_id}/index", PackageIndex)


def package_content(package_id: UUID, location: str | None = None) -> Call[bytes]:
    """Ask for the bytes of a package; the answer leads to a data server."""
    query = {} if location is None else {"location": location}
    return Call("GET", f"{API_PREFIX}/raw-data-packages/{package_id}/content", bytes, query)


def stage(
    destination_location: str,
    *,
    execution_id: UUID | None = None,
    package_id: UUID | None = None,
    file_id: UUID | None = None,
    time_to_live: int | None = None,
    reason: str | None = None,
) -> Call[StagingJob]:
    """Ask for the data of one execution, package or file at a processing location.

    `time_to_live` is in seconds.
    """
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
    return _about(_read(f"/staging-jobs/{job_id}", StagingJob), job_id)


def site() -> Call[SiteInformation]:
    """Ask which site the API serves."""
    return _read("/site", SiteInformation)


def locations(**filters: Any) -> Call[Page[Location]]:
    """Ask for data locations."""
    return _list("/data-locations", Page[Location], filters)


def instruments(**filters: Any) -> Call[Page[Instrument]]:
    """Ask for instruments with their modules."""
    return _list("/instruments", Page[Instrument], filters)


def status() -> Call[Status]:
    """Ask what is where, what moves and what waits."""
    return _read("/status", Status)


def why(subject: str | UUID) -> Call[Explanation]:
    """Ask why something waits; `subject` is any id."""
    return _read(f"/why/{quote(in_utf_8(str(subject)), safe='')}", Explanation)


def with_cursor(call: Call[Page[Item]], cursor: str) -> Call[Page[Item]]:
    """Return the request for the page after `cursor`; `call` is that for the page before.

    Raises
    ------
    UnexpectedAnswerError
        It is the same page: something on the way answers without regard to what is asked.
    """
    if call.query.get("cursor") == cursor:
        raise UnexpectedAnswerError(f"the pages of {call.path} do not end: one comes again and again")
    return replace(call, query={**call.query, "cursor": cursor})


def _list(path: str, answer: type[Page[Item]], filters: Mapping[str, Any]) -> Call[Page[Item]]:
    return _read(path, answer, {"limit": PAGE_LIMIT, **filters})


def _read(path: str, answer: type[Answer], query: Mapping[str, Any] | None = None) -> Call[Answer]:
    given = {name: _parameter(value) for name, value in (query or {}).items() if value is not None}
    return Call("GET", f"{API_PREFIX}{path}", _parser(answer), query=given)


def _write(path: str, facts: Mapping[str, Any], answer: type[Answer]) -> Call[Answer]:
    given = {name: value for name, value in facts.items() if value is not None}
    try:
        body = _line(given).encode()
    except ValueError:
        raise CcatError("a number is not finite", "give a finite number") from None
    return Call("POST", f"{API_PREFIX}{path}", _parser(answer), body=body, idempotency_key=str(new_id()))


def _about(call: Call[Answer], identifier: UUID) -> Call[Answer]:
    return replace(call, fits=lambda answer: getattr(answer, "id", None) == identifier)


def _recording(call: Call[Answer]) -> Call[Answer]:
    return replace(call, fits=_fits(call.path, call.body or b"", call.content_type))


def _fits(path: str, body: bytes, content_type: str) -> Callable[[Any], bool]:
    """Return what says whether an answer is that to a start, a finish or a bulk filing."""
    if content_type == NDJSON:
        lines = body.count(b"\n")
        return lambda filing: (
            min(filing.filed, filing.already_filed) >= 0 and filing.filed + filing.already_filed == lines
        )
    facts = json.loads(body)
    identifier = str(facts.get("id") or path.rpartition("/")[2].partition(":")[0]).lower()
    status = facts.get("status")
    return lambda execution: str(execution.id) == identifier and status in {None, execution.status}


def _parser(answer: type[Answer]) -> Callable[[bytes], Answer]:
    kind: Any = answer
    parse: Callable[[bytes], Answer] = _adapter(kind).validate_json
    return parse


@cache
def _adapter(answer: Any) -> TypeAdapter[Any]:
    """Return what reads an answer; it is made once, which takes longer than all else of a request."""
    return TypeAdapter(answer)


def _facts(record: BaseModel) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude_none=True)


def _parameter(value: Any) -> str | Sequence[str]:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [in_utf_8(str(item)) for item in value]
        case _:
            return in_utf_8(str(value))


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise CcatError(f"the time {moment} has no zone", "give it one, for example UTC")
    return moment.isoformat()


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _line(facts: Mapping[str, Any]) -> str:
    """Return facts as JSON in one line that can be written as UTF-8."""
    line = json.dumps(facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if line.isascii() or is_utf_8(line):
        return line
    return json.dumps({name: _value_in_utf_8(value) for name, value in facts.items()}, separators=(",", ":"))


def _value_in_utf_8(value: Any) -> Any:
    if isinstance(value, list):
        return [_value_in_utf_8(entry) for entry in value]
    return in_utf_8(value) if isinstance(value, str) else value
