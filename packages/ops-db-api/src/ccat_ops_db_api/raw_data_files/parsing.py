"""Lines of bulk filing: checked one by one and turned into lines for COPY.

This is the hot loop of filing, so it does by hand what :class:`FileToFile` describes; a test holds both
to the same verdict.
"""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from uuid_utils import uuid7

from ccat_ops_db.models.base import CHECKSUM_PATTERN
from ccat_ops_db.paths import validate_relative_path
from ccat_ops_db_api.platform.errors import MOST_ERRORS, FieldError
from ccat_ops_db_api.platform.fields import (
    FIRST_YEAR,
    LARGEST,
    LAST_YEAR,
    LEAP_SECOND,
    LONGEST_NAME,
    is_leap_second,
)

LONGEST_LINE = 65_536
BATCH_BYTES = 262_144
NULL = "\\N"
REQUIRED = ("execution_id", "module", "relative_path", "size", "checksum", "source_location")
FIELDS = frozenset({*REQUIRED, "id", "file_type", "written_from", "written_until"})
COLUMNS = (
    "line",
    "id",
    "executed_obs_unit_id",
    "instrument_module_id",
    "relative_path",
    "size",
    "checksum",
    "file_type",
    "source_location_id",
    "written_from",
    "written_until",
)

_CHECKSUM = re.compile(CHECKSUM_PATTERN.removesuffix("$") + r"\Z")
_NAME = re.compile(rf"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{{1,{LONGEST_NAME}}}\Z")
_TIME_START = re.compile(r"\d{4}-")


class Place(NamedTuple):
    """What a file refers to: execution, module and source location."""

    execution_id: str
    module: str
    source_location: str


class _BadLineError(Exception):
    def __init__(self, field: str | None, reason: str) -> None:
        self.field, self.reason = field, reason


class LineReader:
    """Reads NDJSON from a stream and gives lines for COPY; remembers what is wrong and what is referred to.

    After the first bad line nothing is given any more: the request will be refused, and only the remaining
    errors are of interest.
    """

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.error_count = 0
        self.lines = 0
        self.first_lines: dict[Place, int] = {}
        self._executions: dict[str, str] = {}
        self._number = 0

    async def copy_lines(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the body as text for COPY, in pieces."""
        rest = b""
        async for chunk in body:
            pieces = (rest + chunk).split(b"\n")
            rest = pieces.pop()
            if len(rest) > LONGEST_LINE:
                self._number += len(pieces)
                self._refuse(self._number + 1, None, f"the line is longer than {LONGEST_LINE} bytes")
                return
            if text := self._convert(pieces):
                yield text
        if text := self._convert([rest]):
            yield text

    def _convert(self, pieces: list[bytes]) -> bytes:
        converted = []
        for piece in pieces:
            self._number += 1
            if not piece or piece.isspace():
                continue
            try:
                converted.append(self._line(piece))
            except _BadLineError as error:
                self._refuse(self._number, error.field, error.reason)
            self.lines += 1
        return "".join(converted).encode() if not self.error_count else b""

    def _refuse(self, line: int, field: str | None, reason: str) -> None:
        self.error_count += 1
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(line=line, field=field, reason=reason))

    def _line(self, piece: bytes) -> str:
        try:
            file = orjson.loads(piece)
        except orjson.JSONDecodeError as error:
            raise _BadLineError(None, f"is not JSON: {error}") from None
        if not isinstance(file, dict):
            raise _BadLineError(None, "is not a JSON object")
        if not file.keys() <= FIELDS:
            raise _BadLineError(min(file.keys() - FIELDS), "is not a field of a file")
        for name in REQUIRED:
            if name not in file:
                raise _BadLineError(name, "is missing")
        execution = self._execution(file["execution_id"])
        module, location = _name(file, "module"), _name(file, "source_location")
        place = Place(execution, module, location)
        if place not in self.first_lines:
            self.first_lines[place] = self._number
        file_type = file.get("file_type")
        written_from, written_until = _time(file, "written_from"), _time(file, "written_until")
        if written_from is not None and written_until is not None and written_from > written_until:
            raise _BadLineError("written_until", "is before written_from")
        kind = NULL if file_type is None else _escaped(_name(file, "file_type"))
        # Paths hold neither backslashes nor tabs, checksums and keys even less: only names need escaping.
        return (
            f"{self._number}\t{_new_id(file.get('id'))}\t{execution}\t{_escaped(module)}"
            f"\t{_path(file['relative_path'])}\t{_size(file['size'])}\t{_checksum(file['checksum'])}\t{kind}"
            f"\t{_escaped(location)}\t{written_from or NULL}\t{written_until or NULL}\n"
        )

    def _execution(self, value: Any) -> str:
        if type(value) is not str:
            raise _BadLineError("execution_id", "is not a UUID")
        known = self._executions.get(value)
        if known is None:
            known = self._executions[value] = str(_uuid("execution_id", value))
        return known


def _uuid(field: str, value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise _BadLineError(field, "is not a UUID") from None


def _new_id(value: Any) -> str:
    if value is None:
        return str(uuid7())
    identifier = _uuid("id", value)
    if identifier.version != 7:
        raise _BadLineError("id", "is not a UUID of version 7 (RFC 9562)")
    return str(identifier)


def _name(file: dict[str, Any], field: str) -> str:
    value = file[field]
    if type(value) is not str or not _NAME.match(value):
        raise _BadLineError(
            field, f"is not a name: 1 to {LONGEST_NAME} characters without control characters"
        )
    return value


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\") if "\\" in name else name


def _path(value: Any) -> str:
    if type(value) is not str:
        raise _BadLineError("relative_path", "is not text")
    try:
        return validate_relative_path(value)
    except ValueError as error:
        raise _BadLineError("relative_path", str(error)) from None


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise _BadLineError("size", f"is not a whole number from 0 to {LARGEST}")
    return value


def _checksum(value: Any) -> str:
    if type(value) is not str or not _CHECKSUM.match(value):
        raise _BadLineError(
            "checksum",
            "is not algorithm:hex in lower case, of xxh3-128, sha256, blake3, crc32c or md5",
        )
    return value


def _time(file: dict[str, Any], field: str) -> datetime | None:
    value = file.get(field)
    if value is None:
        return None
    if type(value) is not str or not _TIME_START.match(value):
        raise _BadLineError(field, "is not a time like 2026-11-21T04:05:06Z")
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        reason = LEAP_SECOND if is_leap_second(value) else "is not a time like 2026-11-21T04:05:06Z"
        raise _BadLineError(field, reason) from None
    if time.tzinfo is None:
        raise _BadLineError(field, "has no zone; add Z for UTC, or an offset like -03:00")
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise _BadLineError(field, f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return time.astimezone(UTC)
