"""Keys of rows that a site makes while it is cut off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat

_make: Callable[[], UUID] = uuid_utils.compat.uuid7


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): unique without asking anybody, and sorted by time of making."""
    return _make()


@contextmanager
def ids_made_by(make: Callable[[], UUID]) -> Iterator[None]:
    """Have all keys made by a function meanwhile: those of a simulated world follow from its seed."""
    global _make
    before, _make = _make, make
    try:
        yield
    finally:
        _make = before


def time_of_id(identifier: UUID) -> datetime:
    """Return the time that a UUIDv7 carries, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
