"""Types of fields that come from outside: what they admit can be stored, compared and sent on."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST = 2**63 - 1
LONGEST_NAME = 200
LONGEST_TEXT = 10_000

LEAP_SECOND = "is a leap second, which no database can keep: give the second after it"
_LEAP_SECOND = re.compile(r"\d{4}-\d\d-\d\d.\d\d:\d\d:60(?!\d)")


def _storable(text: str) -> str:
    """Refuse what PostgreSQL cannot keep or a terminal should not be shown."""
    if "\x00" in text:
        raise ValueError("contains a NUL character")
    return text


def _name(text: str) -> str:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"}:
            raise ValueError(f"contains the control character U+{ord(character):04X}")
    return text


def _text_of_time(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("is not text like 2026-11-21T04:05:06Z")
    if not value[:4].isdigit() or "-" not in value[4:5]:
        raise ValueError(f"{value[:40]!r} is not a time like 2026-11-21T04:05:06Z")
    if is_leap_second(value):
        raise ValueError(LEAP_SECOND)
    return value


def is_leap_second(text: str) -> bool:
    """Say whether a text tells a leap second, 23:59:60, which RFC 3339 has and no database."""
    return _LEAP_SECOND.match(text) is not None


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("has no zone; add Z for UTC, or an offset like -03:00")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value.astimezone(UTC)


def _version_7(value: UUID) -> UUID:
    if value.version != 7:
        raise ValueError("is not a UUID of version 7 (RFC 9562)")
    return value


Name = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_storable), AfterValidator(_name)
]
"""A name or natural key: one line of text."""

Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_storable)]
"""What people say, in several lines if they like."""

Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_storable)]
"""Why a person does something; never empty."""

Time = Annotated[
    datetime,
    BeforeValidator(_text_of_time, json_schema_input_type=str),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time with a zone (RFC 3339), kept in UTC."""

NewId = Annotated[UUID, AfterValidator(_version_7)]
"""A key that the client made: UUIDv7."""

Bytes = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
"""A number of bytes."""

Degrees = Annotated[float, Field(allow_inf_nan=False)]
"""An angle in degrees."""


class RequestBody(BaseModel):
    """Base of bodies: what is not known is refused, so that a misspelt field is not lost in silence."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ResponseBody(BaseModel):
    """Base of the descriptions of answers."""

    model_config = ConfigDict(extra="allow", from_attributes=True)
