"""On what kind of file system a folder is: on one of the network SQLite's locks may keep nobody out."""

import os
import re
from pathlib import Path

from .errors import ConfigurationError
from .settings import Settings

MOUNTS = Path("/proc/self/mountinfo")

_NETWORK = re.compile(
    r"nfs4?|cifs|smb3?|smbfs|lustre|ceph|gpfs|beegfs|beegfs_nodev|afs|9p|pvfs2|orangefs|glusterfs|panfs|wekafs"
    r"|fuse\.(sshfs|glusterfs|ceph|s3fs|davfs|rclone|beegfs.*)"
)
_LOCAL = re.compile(r"ext[234]|xfs|btrfs|zfs|f2fs|jfs|bcachefs|tmpfs|overlay")
_OCTAL = re.compile(r"\\([0-7]{3})")


def check_spool_folder(settings: Settings) -> None:
    """Refuse a spool on a network file system, unless the settings allow it.

    Raises
    ------
    ConfigurationError
        It is on one.
    """
    kind = network_file_system(settings.spool_folder)
    if kind is not None and not settings.spool_on_network:
        raise ConfigurationError(
            f"the spool {settings.spool_folder} is on a network file system ({kind}),"
            " where locks may not keep two computers apart",
            "set CCAT_SPOOL_FOLDER to a folder on a disk of this computer, or CCAT_SPOOL_ON_NETWORK=true",
        )


def network_file_system(folder: Path, mounts: Path | None = None) -> str | None:
    """Return the kind of network file system that a folder is, or will be, on; null if it is on none."""
    kind = _file_system(folder, mounts)
    return kind if kind is not None and _NETWORK.fullmatch(kind) else None


def is_on_disk_of_this_computer(folder: Path, mounts: Path | None = None) -> bool:
    """Say whether a folder is surely on a file system that no other computer can write to."""
    kind = _file_system(folder, mounts)
    return kind is not None and _LOCAL.fullmatch(kind) is not None


def _file_system(folder: Path, mounts: Path | None) -> str | None:
    try:
        lines = os.fsdecode((mounts or MOUNTS).read_bytes()).splitlines()
    except OSError:
        # Not Linux: nobody says.
        return None
    real = Path(os.path.realpath(folder))
    innermost, found = -1, ""
    for line in lines:
        # proc(5): ID, parent, device, root, mount point, options, optional fields, "-", kind, source, …
        before, _, after = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), before.split(" ")[4]))
        # A later mount covers an earlier one at the same place.
        if real.is_relative_to(point) and len(point.parts) >= innermost:
            innermost, found = len(point.parts), after.split(" ")[0]
    return found or None
