"""What a deleter sees of a tar before it is decided on: which object it is, and that it is ours."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from ccat_data_transfer.deletion.rule import Candidate, copies_of
from ccat_data_transfer.evidence.identity import mark_of
from ccat_data_transfer.movers.interface import Expected, WrongCopyError
from ccat_data_transfer.stages.archiving import method_between
from ccat_data_transfer.storage.interface import ObjectInfo, Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.enumerations import CopyForm, PhysicalCopyStatus
from ccat_ops_db.evidence import identity_found
from ccat_ops_db.models import PhysicalCopy, RawDataPackage


@dataclass(frozen=True)
class Seen:
    """A copy as it was seen before the decision.

    Attributes
    ----------
    copy_id : UUID
        Copy.
    tar : str or None
        Its name; null for files.
    mark : str or None
        Which object the tar is; null: there is none that is ours.
    """

    copy_id: UUID
    tar: str | None = None
    mark: str | None = None


def look_at(work: Attempt, storage: Storage, candidate: Candidate) -> list[Seen]:
    """Look at the copies that a deletion would remove.

    An object that is not the one of the last right reading is read, and is ours if it has the bytes. So is
    one that nobody ever read if its removal had begun: something else may have its name since.
    """
    with work.sessions() as session:
        copies = session.execute(
            select(
                PhysicalCopy.id,
                PhysicalCopy.form,
                PhysicalCopy.status,
                PhysicalCopy.relative_path,
                RawDataPackage.size,
                RawDataPackage.checksum,
                identity_found().label("identity"),
            )
            .outerjoin(RawDataPackage, RawDataPackage.id == PhysicalCopy.raw_data_package_id)
            .where(*copies_of(candidate))
            .order_by(PhysicalCopy.id)
        ).all()
    seen = []
    for copy in copies:
        if copy.form is CopyForm.FILES:
            seen.append(Seen(copy.id))
            continue
        info = storage.stat(copy.relative_path)
        proved = copy.identity and mark_of(copy.identity, storage)
        begun = copy.status is PhysicalCopyStatus.DELETION_IN_PROGRESS
        expected = Expected(copy.size, copy.checksum)
        ours = info is not None and (
            _is_known(storage, info, proved, expected, begun=begun)
            or _is_read_right(work, storage, info, expected)
        )
        seen.append(Seen(copy.id, copy.relative_path, info.mark if info is not None and ours else None))
    return seen


def _is_known(
    storage: Storage, info: ObjectInfo, proved: str | None, expected: Expected, *, begun: bool
) -> bool:
    if proved is None or info.mark is None:
        return info.size == expected.size and not begun
    return storage.is_same(proved, info.mark)


def _is_read_right(work: Attempt, storage: Storage, info: ObjectInfo, expected: Expected) -> bool:
    mover = work.world.mover(method_between(storage, storage))
    try:
        mover.verify(storage, info.path, expected, work.moved)
    except WrongCopyError:
        return False
    return True
