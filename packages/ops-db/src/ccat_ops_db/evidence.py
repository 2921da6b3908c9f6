"""Whether a copy counts: one SQL expression over what was found of it, used everywhere. It has no time in it.

How old a proof may be is judged where it matters: at the site of the copy, for the question that is asked.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from ccat_ops_db.enumerations import (
    CopyForm,
    Finding,
    PhysicalCopyStatus,
    ReadingMethod,
)
from ccat_ops_db.models import (
    Doubt,
    DoubtAnswer,
    PhysicalCopy,
    PlaceMarker,
    RawDataPackage,
    Verification,
)

READABLE = (PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.VERIFIED)
"""States in which a copy can be read and may count."""


def trusted(copy: type[PhysicalCopy] = PhysicalCopy) -> ColumnElement[bool]:
    """Return whether a tar counts as a good copy of its package.

    Its newest finding is right, by its bytes, under the marker that its place has now, and nobody doubts it
    or its place.

    Parameters
    ----------
    copy : type
        ``PhysicalCopy`` or an alias of it.
    """
    return and_(
        copy.status.in_(READABLE),
        copy.form == CopyForm.TAR,
        proof(copy).exists(),
        ~_open_doubts(copy).exists(),
        ~_doubts_of_place(copy).exists(),
    )


def proof(copy: type[PhysicalCopy] = PhysicalCopy) -> Select[Any]:
    """Return the finding by which a tar is right under the marker that its place has now, if there is one.

    It may be doubted since.
    """
    found, package, marker = aliased(Verification), aliased(RawDataPackage), aliased(PlaceMarker)
    return (
        select(found.id)
        .join(package, package.id == copy.raw_data_package_id)
        .join(marker, marker.id == found.place_marker_id)
        .where(
            is_newest(found, copy),
            found.finding == Finding.RIGHT,
            found.checksum_found == package.checksum,
            found.size_found == package.size,
            marker.data_location_id == copy.data_location_id,
            marker.retired_at.is_(None),
        )
        .correlate(copy)
    )


def proved_at(copy: type[PhysicalCopy] = PhysicalCopy) -> ScalarSelect[Any]:
    """Return when the bytes of a copy were last found right, whatever was found since."""
    return _of_latest_proof(copy, "proved_at")


def verified_by(copy: type[PhysicalCopy] = PhysicalCopy) -> ScalarSelect[Any]:
    """Return how the bytes of a copy were last found right."""
    return _of_latest_proof(copy, "method")


def checksum_found(copy: type[PhysicalCopy] = PhysicalCopy) -> ScalarSelect[Any]:
    """Return the checksum that a copy had when its bytes were last found right."""
    return _of_latest_proof(copy, "checksum_found")


def identity_found(copy: type[PhysicalCopy] = PhysicalCopy) -> ScalarSelect[Any]:
    """Return which object a copy was when its bytes were last found right."""
    return _of_latest_proof(copy, "identity")


def _of_latest_proof(copy: type[PhysicalCopy], column: str) -> ScalarSelect[Any]:
    found = aliased(Verification)
    return (
        select(getattr(found, column))
        .where(found.physical_copy_id == copy.id, found.proved_at.is_not(None))
        .order_by(found.number.desc())
        .limit(1)
        .correlate(copy)
        .scalar_subquery()
    )


def is_right(copy: type[PhysicalCopy] = PhysicalCopy) -> ColumnElement[bool]:
    """Return whether what was last found of a copy, of whichever form, is that it is right."""
    found = aliased(Verification)
    newest = select(found.id).where(is_newest(found, copy), found.finding == Finding.RIGHT)
    return newest.correlate(copy).exists()


def is_newest(found: type[Verification], copy: type[PhysicalCopy] = PhysicalCopy) -> ColumnElement[bool]:
    """Return whether a finding is the one that a copy is judged by: the newest that is no confirmation."""
    return and_(found.physical_copy_id == copy.id, found.number == _newest(copy))


def _newest(copy: type[PhysicalCopy]) -> ScalarSelect[Any]:
    """Return the number of the newest finding; that it was unchanged, and right, confirms an older one."""
    newest = aliased(Verification)
    confirms = and_(newest.method == ReadingMethod.UNCHANGED, newest.finding == Finding.RIGHT)
    return (
        select(func.max(newest.number))
        .where(newest.physical_copy_id == copy.id, ~confirms)
        .correlate(copy)
        .scalar_subquery()
    )


def doubted_since(location_id: str, moment: datetime) -> ColumnElement[bool]:
    """Return whether a location is in doubt, or was at some time after a moment."""
    answer = aliased(DoubtAnswer)
    ended_before = exists().where(answer.doubt_id == Doubt.id, answer.created_at <= moment)
    return exists().where(Doubt.data_location_id == location_id, ~ended_before)


def is_open(doubt: type[Doubt] = Doubt) -> ColumnElement[bool]:
    """Return whether a doubt was not answered yet."""
    answer = aliased(DoubtAnswer)
    return ~select(answer.id).where(answer.doubt_id == doubt.id).correlate(doubt).exists()


def _open_doubts(copy: type[PhysicalCopy]) -> Select[Any]:
    doubt = aliased(Doubt)
    return select(doubt.id).where(doubt.physical_copy_id == copy.id, is_open(doubt)).correlate(copy)


def _doubts_of_place(copy: type[PhysicalCopy]) -> Select[Any]:
    doubt = aliased(Doubt)
    return (
        select(doubt.id)
        .where(doubt.data_location_id == copy.data_location_id, is_open(doubt))
        .correlate(copy)
    )
