"""Settings of the transfer engine, from ``CCAT_DATA_TRANSFER_*``."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DataTransferSettings(BaseSettings):
    """What planner, workers and data server need to know besides the database."""

    model_config = SettingsConfigDict(env_prefix="CCAT_DATA_TRANSFER_", extra="ignore")

    broker_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis that wakes the workers; it keeps no truth."
    )
    sites: list[str] = Field(default=[], description="Sites to plan for; empty: all of this database.")
    credentials_folder: Path = Field(
        Path("/etc/ccat/credentials"), description="Folder with a folder per named credential."
    )
    tick: float = Field(5.0, gt=0, description="Longest time between two passes of the planner, seconds.")
    lease: float = Field(60.0, gt=1, description="A worker that is silent this long loses its work, seconds.")
    heartbeat: float = Field(5.0, gt=0, description="How often a worker renews its leases, seconds.")
    stall_limit: float = Field(
        600.0, gt=0, description="Work without any progress for this long is taken away, seconds."
    )
    redispatch: float = Field(
        15.0, gt=0, description="Workers are told again of work that none takes after this, seconds; doubles."
    )
    back_off_base: float = Field(
        5.0, gt=0, description="First wait after a failure, seconds; doubles each time."
    )
    back_off_limit: float = Field(1800.0, gt=0, description="Longest wait after a failure, seconds.")
    max_attempts: int = Field(
        3, ge=1, description="Attempts before work is given up (never for lost connections)."
    )
    circuit_failures: int = Field(
        5, ge=1, description="Failed connections in a row after which a route or location is paused."
    )
    usage_interval: float = Field(
        30.0, gt=0, description="How often workers measure their locations, seconds."
    )
    usage_age_limit: float = Field(
        600.0, gt=0, description="By older measurements nothing is admitted and nothing deleted, seconds."
    )
    part_buffers: int = Field(
        48,
        ge=8,
        description="Memory for the parts of all transfers to and from S3 stores of a process, MiB.",
    )
    concurrency: int = Field(4, ge=1, description="Units of work that one worker process does at once.")
    log_folder: Path | None = Field(
        None, description="Where each attempt's log is kept; none: not kept apart."
    )
    allow_http: bool = Field(False, description="Whether S3 stores may be spoken to without TLS.")
    data_server_secret: SecretStr | None = Field(
        None, description="Key of the signed addresses that the data server accepts."
    )
    metrics_port: int | None = Field(
        None, description="Port on which /healthz, /readyz and /metrics are served; none: not served."
    )

    @model_validator(mode="after")
    def _heart_beats_within_the_lease(self) -> Self:
        if self.heartbeat * 2 > self.lease:
            raise ValueError(
                f"heartbeat ({self.heartbeat:g} s) must be at most half of lease ({self.lease:g} s),"
                " or workers lose their work"
            )
        return self
