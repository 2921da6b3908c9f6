"""Writing a tar to another place, with what lies beside it, under a name that nothing had before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from ccat_data_transfer.failures import Transient
from ccat_data_transfer.movers.interface import Expected, Progress, SentReport
from ccat_data_transfer.planning.tar_names import TarName, is_used, next_tar
from ccat_data_transfer.stages.doubt import doubting
from ccat_data_transfer.stages.sidecars import copy_index, leave_beside, metadata_name, tell_successor
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.models import RawDataPackage


@dataclass(frozen=True)
class Sending:
    """A tar that is to be written to another place.

    Attributes
    ----------
    package : RawDataPackage
        What is in it.
    copy_id, source_id, source_path : UUID, str, str
        Copy that is read, its location, and its name there.
    target_id, name : str, TarName
        Location that it is written to, and its name there.
    metadata : bytes or None
        What lies beside it in an archive.
    """

    package: RawDataPackage
    copy_id: UUID
    source_id: str
    source_path: str
    target_id: str
    name: TarName
    metadata: bytes | None


def send_tar(
    work: Attempt, sending: Sending, method: str, progress: Progress, before_send: Callable[[], None]
) -> SentReport:
    """Write the tar and what lies beside it. What is found under the name is an earlier attempt's result.

    `before_send` is called when all that lies beside it is written.
    """
    package, name = sending.package, sending.name
    assert package.size is not None, "only sealed packages travel"
    assert package.checksum is not None, "only sealed packages travel"
    source, target = work.storage(sending.source_id), work.storage(sending.target_id)
    with doubting(work, sending.copy_id):
        copy_index(work, package, source, sending.source_path, target, name.path)
    if sending.metadata is not None:
        leave_beside(work, package.id, target, metadata_name(name.path), sending.metadata)
    if name.bad is not None:
        tell_successor(work, package.id, target, name.bad, name.path)

    def confirm() -> None:
        confirm_name(work, sending.target_id, name.path)

    before_send()
    with doubting(work, sending.copy_id):
        return work.world.mover(method).send(
            source,
            sending.source_path,
            target,
            name.path,
            Expected(package.size, package.checksum),
            work_id=str(work.id),
            tag=work.lease.tag,
            progress=progress,
            kept=work.kept,
            confirm=confirm,
        )


def free_name(session: Session, package_id: UUID, location_id: str) -> TarName:
    """Return the name of a package's tar at a place, where no copy of it is going.

    Raises
    ------
    Transient
        If one is being deleted there.
    """
    name = next_tar(session, package_id, location_id)
    if name.is_going:
        raise Transient("being_deleted", f"a copy at {location_id} is being deleted")
    return name


def confirm_name(work: Attempt, location_id: str, path: str) -> None:
    """See that the lease holds, and that no tar ever had a name, before one gets it.

    Raises
    ------
    LeaseLostError
        If the lease does not hold.
    Transient
        If other work has written a tar of that name meanwhile.
    """
    work.confirm()
    with work.sessions() as session:
        if is_used(session, location_id, path):
            raise Transient("name_used", f"other work wrote {path} at {location_id} meanwhile", path=path)
