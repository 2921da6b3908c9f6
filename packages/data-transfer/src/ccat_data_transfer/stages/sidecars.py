"""The small objects beside a tar: its byte index, and in archives its metadata."""

import hashlib
import json

from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.package_format import PackageFormatError, encode_index, find_index
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage


def index_name(tar: str) -> str:
    """Return the name of the byte index beside a tar: ``<id>.tar`` → ``<id>.index.json``."""
    return tar.removesuffix(".tar") + ".index.json"


def metadata_name(tar: str) -> str:
    """Return the name of the metadata beside a tar: ``<id>.tar`` → ``<id>.metadata.json``."""
    return tar.removesuffix(".tar") + ".metadata.json"


def copy_index(source: Storage, target: Storage, tar: str, checksum: str | None) -> None:
    """Put the byte index beside the tar at the target: the one beside the source's, or else the one inside.

    Raises
    ------
    Integrity
        If the source has neither as it was made with the tar.
    """
    name = index_name(tar)
    info = source.stat(name)
    content = read_whole(source, name, info.size) if info is not None else b""
    if _checksum(content) != checksum:
        content = _index_inside(source, tar)
    if _checksum(content) != checksum:
        raise Integrity(
            "source_mismatch", f"{source.location_id} has no right index of the package", path=tar
        )
    target.put(name, content)


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
