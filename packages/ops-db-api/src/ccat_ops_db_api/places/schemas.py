"""What the API says of places, and what people do to them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from ccat_ops_db.enumerations import (
    ConfirmBy,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    RouteType,
    StorageType,
    TransferMethod,
)
from ccat_ops_db_api.platform.fields import Reason, RequestBody, ResponseBody, Time


class Suspend(RequestBody):
    """Why something is taken out of service."""

    reason: Reason
    until: Time | None = Field(
        None, description="When this site ends it, by its own clock; only when resumed if left out."
    )


class Site(ResponseBody):
    """A place with its own database and machines."""

    id: str
    name: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    enabled: bool
    main: bool
    api_url: str | None
    data_server_url: str | None
    contact: str | None = Field(description="How to reach those who look after its machines.")
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    suspended_until: datetime | None
    retired_at: datetime | None


class Usage(ResponseBody):
    """How full a location was when last measured; bytes."""

    used_bytes: int
    total_bytes: int | None
    measured_at: datetime
    used_share: float | None = Field(description="Used of what it has or may have, 0 to 1.")
    bytes_per_second: float | None = Field(description="How fast it fills, over the last hour and longer.")
    full_at: datetime | None = Field(
        description="When new work has no room but the reserve of the location at that rate, within a year."
    )


class Service(ResponseBody):
    """Whether a place takes part, and if not why."""

    state: Literal["in_service", "suspended", "disabled", "in_doubt", "paused"]
    of: str = Field(description="Whose state it is: the place itself, or its site.")
    since: datetime | None
    by: str | None
    reason: str | None
    next_at: datetime | None = Field(
        description="When a pause after failures ends and one unit of work tries."
    )


class Health(ResponseBody):
    """Whether a location can be trusted now."""

    consecutive_failures: int
    open_until: datetime | None
    suspect_since: datetime | None
    suspect_reason: str | None


class Location(ResponseBody):
    """A place where copies are kept. What its storage does not have is null."""

    id: str
    site: str
    name: str
    location_type: LocationType
    storage_type: StorageType
    instrument: str | None
    priority: int
    enabled: bool
    read_only: bool
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    suspended_until: datetime | None
    watermark_low: float
    watermark_high: float
    capacity_bytes: int | None
    reserve_bytes: int
    retention_policy: str | None
    deletion_mode: DeletionMode
    scrub_interval: int = Field(
        description="The bytes of a copy here are read again at the latest after so long, seconds (archives)."
    )
    scrub_bytes_per_day: int | None = Field(
        description="At most so many bytes a day are read for that; null: whatever is due (archives)."
    )
    concurrency: int
    package_size_limit: int
    package_age_limit: int
    settle_time: int = Field(
        description="After the end of an execution files are packaged when none was filed so long, seconds."
    )
    leave_out_after: int | None = Field(
        description="A package goes on without a file that is not as filed so long, seconds; null: never."
    )
    path: str | None
    host: str | None
    endpoint: str | None
    bucket: str | None
    prefix: str | None
    region: str | None
    credential: str | None
    library: str | None
    retired_at: datetime | None
    usage: Usage | None
    health: Health | None
    service: Service


class PackagesThere(ResponseBody):
    """How many packages a location has, or had, with each status of their copies there."""

    present: int
    verified: int
    staged: int
    deletion_scheduled: int
    deletion_in_progress: int
    deleted: int
    missing: int
    corrupt: int


class Window(ResponseBody):
    """A daily time (UTC) in which a route may be used."""

    opens_at: str
    closes_at: str


class RouteHealth(ResponseBody):
    """Circuit breaker of a route."""

    consecutive_failures: int
    open_until: datetime | None


class Route(ResponseBody):
    """A way from one site to another."""

    id: str
    origin_site: str
    destination_site: str
    route_type: RouteType
    relay_site: str | None
    origin_location: str | None
    destination_location: str | None
    method: TransferMethod
    priority: int
    enabled: bool
    concurrency: int
    bytes_per_second: int | None
    windows: list[Window]
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    suspended_until: datetime | None
    retired_at: datetime | None
    health: RouteHealth | None
    service: Service


class Policy(ResponseBody):
    """When copies may be deleted; times in seconds."""

    id: str
    description: str | None
    trigger: DeletionTrigger
    min_archive_copies: int
    max_proof_age: int
    retention_time: int
    grace_period: int
    confirm_by: ConfirmBy
    retired_at: datetime | None


class SitePage(ResponseBody):
    """A page of sites."""

    items: list[Site]
    next_cursor: str | None


class LocationPage(ResponseBody):
    """A page of locations."""

    items: list[Location]
    next_cursor: str | None


class RoutePage(ResponseBody):
    """A page of routes."""

    items: list[Route]
    next_cursor: str | None


class PolicyPage(ResponseBody):
    """A page of retention policies."""

    items: list[Policy]
    next_cursor: str | None


class OwnSite(ResponseBody):
    """The site that this API stands at, and what it serves."""

    id: str
    name: str | None
    main: bool | None
    served_sites: list[str]
    version: str
    schema_revision: str | None
    locations: list[str]
