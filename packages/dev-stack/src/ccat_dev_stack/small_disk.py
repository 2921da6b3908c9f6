"""A file system of a few MiB, for tests of what happens when it is full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o "size=$1,mode=0755" small-disk "$2" && echo mounted && exec cat'


@cache
def can_mount() -> bool:
    """Say whether `small_disk` works here: an ordinary user needs user namespaces."""
    command = [*_unshare(), "mount", "-t", "tmpfs", "small-disk", "/tmp"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(size: int, mount_point: Path) -> Iterator[Path]:
    """Give the path of a new file system in memory; it is gone at the end.

    It is mounted in a namespace of a process of its own. So an ordinary user may do it, and nothing stays if
    the test is killed. Other processes of the user get there by the path that is given.

    Parameters
    ----------
    size : int
        Bytes.
    mount_point : Path
        An empty folder.
    """
    command = [*_unshare(), "sh", "-c", _MOUNT, "sh", str(size), str(mount_point)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != b"mounted\n":
                raise OSError("the small disk cannot be mounted; only root can here")
            yield Path(f"/proc/{holder.pid}/root{mount_point}")
        finally:
            holder.stdin.close()


def _unshare() -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", "--mount", *as_root]
