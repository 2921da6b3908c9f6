"""The closed list of rights, named ``action:resource``.

Roles in the configuration, scopes of tokens and the routes of the API all name members of this list; a name
that is not here does not exist.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PermissionName(StrEnum):
    """A right; what it allows is in :data:`PERMISSIONS`."""

    READ_OBSERVATIONS = "read:observations"
    WRITE_OBSERVATIONS = "write:observations"
    DELETE_OBSERVATIONS = "delete:observations"
    READ_DATA = "read:data"
    WRITE_DATA = "write:data"
    STAGE_DATA = "stage:data"
    READ_TRANSFERS = "read:transfers"
    MANAGE_TRANSFERS = "manage:transfers"
    READ_LOCATIONS = "read:locations"
    MANAGE_LOCATIONS = "manage:locations"
    MANAGE_HOLDS = "manage:holds"
    READ_ERRORS = "read:errors"
    ACKNOWLEDGE_ERRORS = "acknowledge:errors"
    READ_EVENTS = "read:events"
    MANAGE_USERS = "manage:users"
    MANAGE_TOKENS = "manage:tokens"
    CONFIGURE_SYSTEM = "configure:system"


PERMISSIONS: Mapping[PermissionName, str] = MappingProxyType(
    {
        PermissionName.READ_OBSERVATIONS: "See the observatory, programs, sources, obs units and executions.",
        PermissionName.WRITE_OBSERVATIONS: "Start and finish executions.",
        PermissionName.DELETE_OBSERVATIONS: "Remove executions that were entered by mistake.",
        PermissionName.READ_DATA: "See raw data files, packages, copies and staging jobs, and download.",
        PermissionName.WRITE_DATA: "File raw data files.",
        PermissionName.STAGE_DATA: "Ask for data at a processing location, and cancel such requests.",
        PermissionName.READ_TRANSFERS: "See work of every kind, what waits and why, and the status page.",
        PermissionName.MANAGE_TRANSFERS: "Retry and cancel work, ask for verifications.",
        PermissionName.READ_LOCATIONS: "See sites, locations, routes and retention policies.",
        PermissionName.MANAGE_LOCATIONS: "Take sites, locations and routes out of service and back.",
        PermissionName.MANAGE_HOLDS: "Place and lift holds on deletion.",
        PermissionName.READ_ERRORS: "See error records.",
        PermissionName.ACKNOWLEDGE_ERRORS: "Acknowledge error records.",
        PermissionName.READ_EVENTS: "See the record of who did what, when and why.",
        PermissionName.MANAGE_USERS: "Create and close accounts, give roles.",
        PermissionName.MANAGE_TOKENS: "Create and revoke tokens of other users.",
        PermissionName.CONFIGURE_SYSTEM: "Apply configuration.",
    }
)
"""What each right allows."""
