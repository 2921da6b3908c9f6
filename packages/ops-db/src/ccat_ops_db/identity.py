"""Keys of rows that a site makes while it is cut off."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): unique without asking anybody, and sorted by time of making."""
    return uuid_utils.compat.uuid7()


def time_of_id(identifier: UUID) -> datetime:
    """Return the time that a UUIDv7 carries, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
