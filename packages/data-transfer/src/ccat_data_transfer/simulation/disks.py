"""Disks whose true bytes are known: inodes, names, times, locks, mounts, and what a power cut loses."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.place import Medium
from ccat_data_transfer.storage.interface import MarkerObject


@dataclass(eq=False)
class Inode:
    """A file, whatever its names."""

    number: int
    mtime_ns: int
    ctime_ns: int
    content: Content = field(default_factory=Content)
    synced: Content = field(default_factory=Content)
    links: int = 0
    locked_by: object | None = None


class Disk(Medium):
    """A file system.

    Parameters
    ----------
    name : str
        For reports.
    now_ns : callable
        The time that it writes down.
    capacity : int
        Bytes.
    """

    def __init__(self, name: str, now_ns: Callable[[], int], capacity: int = 10**15) -> None:
        self.name = name
        self.capacity = capacity
        self.names: dict[str, Inode] = {}
        self.taken = 0
        """Bytes that others took."""
        self._stored = 0
        self._durable: dict[str, Inode] = {}
        self._not_synced: set[str] = set()
        self.now_ns = now_ns
        self._numbers = itertools.count(1)
        self._marker: Inode | None = None

    @property
    def marker(self) -> MarkerObject | None:
        """See `Medium.marker`."""
        if self._marker is None:
            return None
        identity = f"disk:{self._marker.number}:{self._marker.ctime_ns}"
        return MarkerObject(self._marker.content.literal, identity)

    def write_marker(self, content: bytes) -> MarkerObject:
        """See `Medium.write_marker`."""
        now = self.now_ns()
        self._marker = Inode(next(self._numbers), now, now, Content.of(content))
        assert self.marker is not None, "it was written"
        return self.marker

    def copied(self) -> Disk:
        """Return another disk with the same files and times, as copying file by file makes it."""
        other = Disk(f"copy of {self.name}", self.now_ns, self.capacity)
        other._numbers = itertools.count(1_000_000)
        for path, inode in sorted(self.names.items()):
            new = other.create(path)
            other.write(new, inode.content)
            new.mtime_ns, new.synced = inode.mtime_ns, inode.content
            other.sync_folder(path)
        if self._marker is not None:
            other.write_marker(self._marker.content.literal)
        return other

    def change_owner(self) -> None:
        """Give all files to another user, who lets everybody do the same as before."""
        for inode in (*self.names.values(), *([self._marker] if self._marker else [])):
            inode.ctime_ns = self.now_ns()

    def contents(self) -> Iterable[tuple[str, Content]]:
        """See `Medium.contents`."""
        return [(path, inode.content) for path, inode in self.names.items()]

    def has_objects(self) -> bool:
        """See `Medium.has_objects`."""
        return bool(self.names)

    def create(self, path: str) -> Inode:
        """Make a new file; whoever calls has looked that the name is free."""
        now = self.now_ns()
        inode = Inode(next(self._numbers), now, now)
        self._name(path, inode)
        return inode

    def write(self, inode: Inode, content: Content) -> None:
        """Change the bytes of a file.

        Raises
        ------
        OSError
            There is no space for them.
        """
        if content.size - inode.content.size > self.free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if inode.links:
            self._stored += content.size - inode.content.size
        inode.content = content
        inode.mtime_ns = inode.ctime_ns = self.now_ns()

    def link(self, old: str, new: str) -> None:
        """Give a file a second name, which must be free.

        Raises
        ------
        FileExistsError
            It is not.
        """
        if new in self.names:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        inode = self.names[old]
        self._name(new, inode)
        inode.ctime_ns = self.now_ns()

    def unlink(self, path: str) -> None:
        """Take a name away."""
        inode = self.names.pop(path)
        self._not_synced.add(path)
        inode.links -= 1
        inode.ctime_ns = self.now_ns()
        if inode.links == 0:
            self._stored -= inode.content.size

    def rename(self, old: str, new: str) -> None:
        """Rename over whatever is there."""
        inode = self.names[old]
        if self.names.get(new) is inode:
            return
        if new in self.names:
            self.unlink(new)
        self._name(new, inode)
        self.unlink(old)

    def sync(self, inode: Inode) -> None:
        """Make the bytes of a file last."""
        inode.synced = inode.content

    def sync_folder(self, path: str) -> None:
        """Make the names in the folder of a path last."""
        folder = path.rpartition("/")[0]
        for name in [name for name in list(self._not_synced) if name.rpartition("/")[0] == folder]:
            self._not_synced.discard(name)
            if name in self.names:
                self._durable[name] = self.names[name]
            else:
                self._durable.pop(name, None)

    def lose_power(self) -> None:
        """Go back to what was made to last."""
        self.names = dict(self._durable)
        for inode in self.names.values():
            inode.content = inode.synced
            inode.links = sum(other is inode for other in self.names.values())
            inode.locked_by = None
        self._not_synced.clear()
        self._stored = sum(inode.content.size for inode in set(self.names.values()))

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        return max(0, self.capacity - self.taken - self._stored)

    def _name(self, path: str, inode: Inode) -> None:
        self.names[path] = inode
        self._not_synced.add(path)
        if inode.links == 0:
            self._stored += inode.content.size
        inode.links += 1


class Host:
    """A machine of a site, with the disks that it has mounted."""

    def __init__(self, name: str, site_id: str, now_ns: Callable[[], int]) -> None:
        self.name = name
        self.site_id = site_id
        self.mounts: dict[str, Disk] = {}
        self.clock_ahead = timedelta()
        self._below: dict[str, Disk] = {}
        self._now_ns = now_ns

    def disk_at(self, path: str) -> Disk:
        """Return the disk that is mounted at a path, or the empty folder below it."""
        if path in self.mounts:
            return self.mounts[path]
        return self._below.setdefault(path, Disk(f"{self.name}:{path}", self._now_ns))
