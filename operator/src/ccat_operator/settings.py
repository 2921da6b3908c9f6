"""Settings of the operator, from ``CCAT_OPERATOR_*``."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel
from pydantic_settings import BaseSettings, SettingsConfigDict


class Placement(BaseModel):
    """Where pods may run and how much they matter, as Kubernetes spells it."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    node_selector: dict[str, str] = {}
    tolerations: list[dict[str, Any]] = []
    priority_class_name: str | None = None


class OperatorSettings(BaseSettings):
    """How the operator runs, and how the Jobs that it makes run."""

    model_config = SettingsConfigDict(env_prefix="CCAT_OPERATOR_", extra="ignore")

    image: str | None = Field(None, description="Image of the migration Jobs: the operator's own.")
    image_pull_policy: str = Field("IfNotPresent", pattern="^(Always|IfNotPresent|Never)$")
    job_service_account: str = Field(
        "ccat-migration", description="Of the migration Jobs; it needs no right."
    )
    job_cpu: str = Field("1", description="Limit of processor cores of a migration Job.")
    job_memory: str = Field("512Mi", description="Limit of memory of a migration Job.")
    job_placement: Placement = Field(
        Placement(), description="nodeSelector, tolerations and priorityClassName of migration Jobs, as JSON."
    )
    postgresql_programs: Path | None = Field(
        None, description="Folder with pg_dump and pg_restore. Default: those on the PATH."
    )
    peering: str | None = Field(
        None, description="Name of the kopf peering among which one replica leads. Default: stand alone."
    )
    health_port: int = Field(8080, ge=0, le=65535, description="Of /healthz; 0: none.")
    metrics_port: int = Field(9100, ge=0, le=65535, description="Of /metrics; 0: none.")
    restore_from: str | None = Field(
        None, description="File that `restore` restores, where `--from` names none."
    )
    application_url: SecretStr | None = Field(None, description="`migrate` makes this role of the services.")
    read_only_url: SecretStr | None = Field(None, description="`migrate` makes this role that only reads.")
    replication_url: SecretStr | None = Field(None, description="`migrate` makes this role of replication.")
