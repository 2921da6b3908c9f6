"""What all entries of the configuration share: strictness, names, and references to other entries."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

SLUG = r"^[a-z][a-z0-9-]*$"
NAME = r"^[A-Za-z0-9][^\s/\\?#%]*$"
"""Names of programs, sources, obs units and the like: they stand in addresses and in file names."""


@dataclass(frozen=True)
class Ref:
    """Marks a field that names another entry."""

    kind: str
    """Section of the files in which the other entry is."""
    attribute: str
    """Attribute of the model class that keeps the key."""


class Entry(BaseModel):
    """An entry of the configuration. Its key is not part of it: it stands before it in the file."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True
    )


def _printable(text: str) -> str:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
            raise ValueError(f"contains the control character U+{ord(character):04X}")
    return text


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(_printable)]
"""Text for people."""
Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=60)]
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=200), AfterValidator(_printable)]
UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with its zone."""
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Elevation = Annotated[float, Field(ge=0, le=90)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(gt=0, lt=2**63)]
Amount = Annotated[int, Field(ge=0, lt=2**63)]
Priority = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
