"""The small objects beside a tar: its byte index, in archives its metadata, and who succeeds a bad one.

Each is written once: what is there already stays, and is compared.
"""

import hashlib
import json
from uuid import UUID

from sqlalchemy import select

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Integrity, Permanent
from ccat_data_transfer.package_format import PackageFormatError, encode_index, find_index
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import Severity
from ccat_ops_db.events import record_error
from ccat_ops_db.models import RawDataPackage

OTHER_OBJECT_BESIDE = "other_object_beside"


def index_name(tar: str) -> str:
    """Return the name of the byte index beside a tar: ``<id>.tar`` → ``<id>.index.json``."""
    return tar.removesuffix(".tar") + ".index.json"


def metadata_name(tar: str) -> str:
    """Return the name of the metadata beside a tar: ``<id>.tar`` → ``<id>.metadata.json``."""
    return tar.removesuffix(".tar") + ".metadata.json"


def bad_name(tar: str) -> str:
    """Return the name of what tells that a tar is bad, and which succeeds it: ``<id>.bad.json``."""
    return tar.removesuffix(".tar") + ".bad.json"


def sidecars_of(tar: str) -> tuple[str, ...]:
    """Return the names of all that may lie beside a tar."""
    return index_name(tar), metadata_name(tar), bad_name(tar)


def leave_beside(work: Attempt, package_id: UUID, target: Storage, name: str, content: bytes) -> None:
    """Write a small object of a package, if its name is free; another that has it stays, and is told."""
    work.confirm()
    crash_point("sidecar.before_put")
    try:
        target.put(name, content)
    except Permanent as failure:
        if failure.category != "exists":
            raise
        info = target.stat(name)
        if info is not None and read_whole(target, name, info.size) != content:
            _tell_of_other(work, package_id, target, name)


def _tell_of_other(work: Attempt, package_id: UUID, target: Storage, name: str) -> None:
    table = KINDS[work.lease.operation].table
    with work.sessions.begin() as session:
        record_error(
            session,
            site_id=session.execute(select(table.site_id).where(table.id == work.id)).scalar_one(),
            at=database_now(session),
            severity=Severity.WARNING,
            category=OTHER_OBJECT_BESIDE,
            subject_type="raw_data_package",
            subject_id=package_id,
            data_location_id=target.location_id,
            message=f"{name} at {target.location_id} is another than was to be written; it stays",
        )


def tell_successor(work: Attempt, package_id: UUID, target: Storage, bad: str, successor: str) -> None:
    """Leave beside a bad tar which one succeeds it."""
    document = json.dumps({"bad": bad, "successor": successor}, indent=2, sort_keys=True)
    leave_beside(work, package_id, target, bad_name(bad), document.encode())


def copy_index(
    work: Attempt, package: RawDataPackage, source: Storage, tar: str, target: Storage, new_tar: str
) -> None:
    """Put the byte index beside the tar at the target: the one beside the source's, or else the one inside.

    Raises
    ------
    Integrity
        If the source has neither as it was made with the tar.
    """
    name = index_name(tar)
    info = source.stat(name)
    content = read_whole(source, name, info.size) if info is not None else b""
    if _checksum(content) != package.index_checksum:
        content = _index_inside(source, tar)
    if _checksum(content) != package.index_checksum:
        raise Integrity(
            "source_mismatch", f"{source.location_id} has no right index of the package", path=tar
        )
    leave_beside(work, package.id, target, index_name(new_tar), content)


def _index_inside(source: Storage, tar: str) -> bytes:
    info = source.stat(tar)
    if info is None:
        raise Integrity("source_missing", f"{source.location_id} does not have it any more", path=tar)
    try:
        return encode_index(find_index(lambda at, length: source.read_range(tar, at, length), info.size))
    except PackageFormatError as error:
        raise Integrity("source_mismatch", f"{source.location_id}: {error}", path=tar) from error


def _checksum(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read_whole(storage: Storage, path: str, size: int) -> bytes:
    """Return a small object as a whole."""
    offsets = range(0, size, MEBIBYTE)
    return b"".join(storage.read_range(path, start, min(MEBIBYTE, size - start)) for start in offsets)


def metadata_document(fields: dict[str, object]) -> bytes:
    """Return the metadata object of a package: its ObsCore fields as JSON."""
    return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False).encode()
