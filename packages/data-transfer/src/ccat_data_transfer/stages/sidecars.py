"""The small objects beside a tar: its byte index, and in archives its metadata."""

import hashlib
import json
from pathlib import Path

from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage


def index_name(tar: str) -> str:
    """Return the name of the byte index beside a tar: ``<id>.tar`` → ``<id>.index.json``."""
    return tar.removesuffix(".tar") + ".index.json"


def metadata_name(tar: str) -> str:
    """Return the name of the metadata beside a tar: ``<id>.tar`` → ``<id>.metadata.json``."""
    return tar.removesuffix(".tar") + ".metadata.json"


def index_path(tar: Path) -> Path:
    """Return the path of the byte index beside a tar on disk."""
    return tar.with_name(index_name(tar.name))


def copy_index(source: Storage, target: Storage, tar: str, checksum: str | None) -> None:
    """Put a copy of the byte index beside the tar at the target.

    Raises
    ------
    Integrity
        If the source has no index, or not the one that was made with the tar.
    """
    name = index_name(tar)
    info = source.stat(name)
    if info is None:
        raise Integrity("index_missing", f"{source.location_id} has the package but not its index", path=name)
    content = read_whole(source, name, info.size)
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != checksum:
        raise Integrity(
            "index_corrupt", f"{source.location_id} has a damaged index of the package", path=name
        )
    target.put(name, content)


def read_whole(storage: Storage, path: str, size: int) -> bytes:
    """Return a small object as a whole."""
    offsets = range(0, size, MEBIBYTE)
    return b"".join(storage.read_range(path, start, min(MEBIBYTE, size - start)) for start in offsets)


def metadata_document(fields: dict[str, object]) -> bytes:
    """Return the metadata object of a package: its ObsCore fields as JSON."""
    return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=False).encode()
