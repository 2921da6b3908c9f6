"""``SiteConfiguration``: reference data of a site, kept as its files say."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ccat_operator.resources.common import Conditions, Interval, ObjectName, Part, Resource, with_rules
from ccat_ops_db.configuration import Prune

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][-A-Za-z0-9._]*\.ya?ml$", max_length=253)]


class Mode(StrEnum):
    """Whether the files are only compared with the database, or applied."""

    PLAN = "plan"
    APPLY = "apply"


class OnDrift(StrEnum):
    """What is done about rows that were changed by hand."""

    REPORT = "report"
    CORRECT = "correct"


class DatabaseReference(Part):
    """An OpsDatabase in the same namespace."""

    name: ObjectName = Field(description="Its name.")


class ConfigMapReference(Part):
    """A ConfigMap in the same namespace whose keys are files of the configuration."""

    name: ObjectName = Field(description="Its name.")
    overlay: bool = Field(
        False, description="Laid over what comes before it, field by field; otherwise its files are added."
    )


class Source(Part):
    """Where the files are."""

    model_config = with_rules(
        ("has(self.configMapRefs) != has(self.inline)", "give either configMapRefs or inline"),
        (
            "!has(self.configMapRefs) || !self.configMapRefs[0].overlay",
            "the first of configMapRefs is no overlay: there is nothing below it",
        ),
    )

    config_map_refs: list[ConfigMapReference] | None = Field(
        None, min_length=1, max_length=20, description="ConfigMaps, in order."
    )
    inline: dict[FileName, str] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Files by name.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.config_map_refs is None) == (self.inline is None):
            raise ValueError("give either configMapRefs or inline")
        if self.config_map_refs and self.config_map_refs[0].overlay:
            raise ValueError("the first of configMapRefs is no overlay: there is nothing below it")
        return self


class SiteConfigurationSpec(Part):
    """What is wanted."""

    database_ref: DatabaseReference = Field(description="The OpsDatabase that it is for.")
    source: Source = Field(description="Where the files are.")
    mode: Mode = Field(Mode.PLAN, description="plan only says what would change; apply changes it.")
    prune: Prune = Field(
        Prune.RETIRE,
        description="What becomes of rows that the files cease to name; nothing is ever deleted.",
    )
    drift: OnDrift = Field(
        OnDrift.REPORT, description="What is done about rows that were changed by hand: report or correct."
    )
    interval: Interval = Field("5m", description="How often database and files are compared.")


class PlannedChanges(Part):
    """What applying would do."""

    create: int = 0
    change: int = 0
    retire: int = 0
    lines: list[str] = Field(default_factory=list, description="One for each row, the first fifty.")
    consequences: list[str] = Field(default_factory=list, description="What follows from it, counted.")


class DriftedField(Part):
    """A value that was changed by hand."""

    kind: str
    key: str
    field: str = Field(description="The field, or what happened to the row: retired or missing.")
    applied: Any = Field(None, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})
    now: Any = Field(None, json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})


class SiteConfigurationStatus(Part):
    """What was found."""

    observed_generation: int = 0
    conditions: Conditions = Field(default_factory=list)
    content_hash: str | None = Field(None, description="Of the files, as validated.")
    plan: PlannedChanges = Field(default_factory=PlannedChanges, description="What applying would do.")
    drift: list[DriftedField] = Field(
        default_factory=list, description="What was changed by hand, the first fifty."
    )
    last_applied: str | None = Field(
        None, description="When something was applied last.", json_schema_extra={"format": "date-time"}
    )


class SiteConfiguration(Resource):
    """Reference data of a site, kept as its files say."""

    spec: SiteConfigurationSpec
    status: SiteConfigurationStatus = Field(default_factory=SiteConfigurationStatus)
