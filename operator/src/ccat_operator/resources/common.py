"""What both custom resources are made of."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Interval = Annotated[str, Field(pattern=r"^[1-9][0-9]*(s|m|h)$", max_length=12)]
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]*(ms|s|m|h)$", max_length=12)]
ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
DataKey = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]


def seconds(duration: str) -> float:
    """Return a duration such as ``30s``, ``5m`` or ``1h`` in seconds."""
    unit = duration.lstrip("0123456789")
    return int(duration.removesuffix(unit)) * _UNITS[unit]


class Part(BaseModel):
    """A part of a resource: camelCase outside, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)


def with_rules(*rules: tuple[str, str]) -> ConfigDict:
    """Return the configuration of a part with rules that the API server enforces: expression, message."""
    validations: list[JsonValue] = [{"rule": rule, "message": message} for rule, message in rules]
    return ConfigDict(json_schema_extra={"x-kubernetes-validations": validations})


class SecretKeyRef(Part):
    """A key of a Secret in the namespace of the resource."""

    name: ObjectName = Field(description="Name of the Secret.")
    key: DataKey = Field(
        "url", description="Key in it that holds postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
    )


class Truth(StrEnum):
    """Status of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Part):
    """What is the case, why, and what to do."""

    type: str = Field(max_length=60)
    status: Truth
    reason: str = Field(max_length=60, description="One word; docs/operate/conditions.md explains each.")
    message: str = Field(max_length=4000, description="For people: what is wrong and the remedy.")
    last_transition_time: str = Field(
        description="When the status changed last.", json_schema_extra={"format": "date-time"}
    )
    observed_generation: int = Field(0, description="Generation of the resource that it speaks of.")


Conditions = Annotated[
    list[Condition],
    Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]


class Metadata(BaseModel):
    """What is used of a resource's metadata."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)

    name: str
    namespace: str
    uid: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    annotations: dict[str, str] = {}


class Resource(BaseModel):
    """A whole resource as the API server gives it."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)

    metadata: Metadata

    @property
    def key(self) -> str:
        """Namespace and name."""
        return f"{self.metadata.namespace}/{self.metadata.name}"


def as_written(part: Part) -> dict[str, Any]:
    """Return a part as it stands in a manifest; what is not set is left out."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)
