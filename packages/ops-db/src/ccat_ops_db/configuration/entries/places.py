"""Sites, locations, routes and retention policies."""

import datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from ccat_ops_db.configuration.entries.common import (
    Amount,
    Count,
    Entry,
    Latitude,
    Longitude,
    Priority,
    Ref,
    Slug,
    Text,
)
from ccat_ops_db.enumerations import (
    ConfirmBy,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    RouteType,
    TransferMethod,
)

LONGEST_CONTACT = 200
"""Characters of a contact: it stands in a line beside whose turn it is."""


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not an IANA time zone, for example America/Santiago")
    return name


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("carries a user or password; credentials do not belong into the configuration")
    return url


def _absolute_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("is not an absolute path")
    if str(PurePosixPath(path)) != path or ".." in PurePosixPath(path).parts or path == "/":
        raise ValueError("is not a plain path: no '..', no '//', no '/' at its end, not the root")
    return path


def _prefix(prefix: str) -> str:
    if prefix != prefix.strip("/"):
        raise ValueError("begins or ends with a slash; leave it out")
    if any(part in {"", ".", ".."} for part in prefix.split("/")) and prefix:
        raise ValueError("has an empty, '.' or '..' part")
    return prefix


def _contact(text: str) -> str:
    if len(text) > LONGEST_CONTACT:
        raise ValueError(f"is longer than {LONGEST_CONTACT} characters")
    if text != " ".join(text.split()):
        raise ValueError("is not one line of words with single spaces")
    return text


Url = Annotated[Text, AfterValidator(_address)]
AbsolutePath = Annotated[Text, AfterValidator(_absolute_path)]
Contact = Annotated[Text, AfterValidator(_contact)]
PerCent = Annotated[float, Field(gt=0, le=100)]


class SiteEntry(Entry):
    """A place with its own database and machines. Exactly one is the main site.

    ``contact`` says in one line how to reach those who look after its machines, by telephone or e-mail.
    Everybody who may read the sites sees it.
    """

    name: Text
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    enabled: bool = True
    main: bool = False
    api_url: Url | None = None
    data_server_url: Url | None = None
    contact: Contact | None = None


class DataLocationEntry(Entry):
    """A place at a site where copies are kept. Watermarks in per cent, sizes in bytes, ages in seconds."""

    location_type: LocationType
    instrument: Annotated[str | None, Ref("instruments", "instrument_id")] = None
    priority: Priority = 0
    enabled: bool = True
    read_only: bool = False
    watermark_low: PerCent = 70.0
    watermark_high: PerCent = 85.0
    capacity_bytes: Count | None = None
    reserve_bytes: Amount = 0
    retention_policy: Annotated[str | None, Ref("retention_policies", "retention_policy_id")] = None
    deletion_mode: DeletionMode = DeletionMode.DRY_RUN
    scrub_interval: Annotated[int, Field(ge=86_400, lt=2**63)] = 90 * 86400
    scrub_bytes_per_day: Count | None = None
    concurrency: Count = 4
    package_size_limit: Count = 50_000_000_000
    package_age_limit: Count = 3600
    settle_time: Amount = 60
    leave_out_after: Amount | None = 21_600

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.watermark_low > self.watermark_high:
            raise ValueError("watermark_low is above watermark_high")
        if self.instrument is not None and self.location_type is not LocationType.SOURCE:
            raise ValueError("only a location of type source has an instrument")
        if self.deletion_mode is DeletionMode.ENABLED and self.retention_policy is None:
            raise ValueError("deletion_mode is enabled, but there is no retention_policy to delete by")
        return self


class DiskDataLocationEntry(DataLocationEntry):
    """A folder of a file system.

    With ``mount_point`` it must be the root of what is mounted there; with ``create`` it is made when its
    place is adopted for the first time.
    """

    storage_type: Literal["disk"]
    path: AbsolutePath
    host: Text | None = None
    mount_point: bool = False
    create: bool = False

    @model_validator(mode="after")
    def _a_mount_point_is_not_made(self) -> Self:
        if self.mount_point and self.create:
            raise ValueError("create makes a missing folder; a mount_point is made by mounting its disk")
        return self


class S3DataLocationEntry(DataLocationEntry):
    """A prefix of a bucket of an S3-compatible store; the deployment supplies the named credential."""

    storage_type: Literal["s3"]
    endpoint: Url
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, AfterValidator(_prefix)] = ""
    region: Text = "us-east-1"
    credential: Slug

    @model_validator(mode="after")
    def _is_not_written_by_instruments(self) -> Self:
        if self.location_type is LocationType.SOURCE:
            raise ValueError("instruments write to disk: a location of type source has storage_type disk")
        return self


class TapeDataLocationEntry(DataLocationEntry):
    """A tape library behind a disk cache."""

    storage_type: Literal["tape"]
    library: Text
    mount_path: AbsolutePath

    @model_validator(mode="after")
    def _is_an_archive(self) -> Self:
        if self.location_type is not LocationType.LONG_TERM_ARCHIVE:
            raise ValueError("tape only serves as location_type long_term_archive")
        return self


class RouteWindow(Entry):
    """A daily time in UTC; one that closes before it opens runs over midnight."""

    opens_at: datetime.time
    closes_at: datetime.time

    @model_validator(mode="after")
    def _is_plain_utc(self) -> Self:
        if self.opens_at.tzinfo is not None or self.closes_at.tzinfo is not None:
            raise ValueError("times of a window are UTC and written without a zone, for example 22:30")
        if self.opens_at == self.closes_at:
            raise ValueError("the window is empty; for all day give no window at all")
        return self


class DataTransferRouteEntry(Entry):
    """A way from one site to another."""

    origin: Annotated[str, Ref("sites", "origin_site_id")]
    destination: Annotated[str, Ref("sites", "destination_site_id")]
    route_type: RouteType = RouteType.DIRECT
    relay: Annotated[str | None, Ref("sites", "relay_site_id")] = None
    origin_location: Annotated[str | None, Ref("data_locations", "origin_location_id")] = None
    destination_location: Annotated[str | None, Ref("data_locations", "destination_location_id")] = None
    method: TransferMethod
    priority: Priority = 0
    enabled: bool = True
    concurrency: Count = 4
    bytes_per_second: Count | None = None
    windows: tuple[RouteWindow, ...] = ()

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        custom = self.route_type is RouteType.CUSTOM
        if (self.route_type is RouteType.RELAY) != (self.relay is not None):
            raise ValueError("a route has a relay exactly if its route_type is relay")
        if custom and (self.origin_location is None or self.destination_location is None):
            raise ValueError("a custom route needs origin_location and destination_location")
        if self.origin == self.destination and not custom:
            raise ValueError("origin and destination are the same site; only a custom route may stay at one")
        if self.relay is not None and self.relay in {self.origin, self.destination}:
            raise ValueError("the relay is the origin or the destination")
        if self.origin_location is not None and self.origin_location == self.destination_location:
            raise ValueError("the route leads from a location to itself")
        if len({window.opens_at for window in self.windows}) < len(self.windows):
            raise ValueError("two windows open at the same time")
        return self


class RetentionPolicyEntry(Entry):
    """When copies at a location may be deleted; times in seconds. Nothing here can weaken the proof."""

    description: Text | None = None
    trigger: DeletionTrigger
    min_archive_copies: Annotated[int, Field(ge=1, le=100)] = 2
    max_proof_age: Count = 30 * 86400
    retention_time: Amount = 0
    grace_period: Amount = 0
    confirm_by: ConfirmBy = ConfirmBy.UNCHANGED
