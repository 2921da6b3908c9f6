"""What the transfer engine asks of a place that keeps bytes.

Paths are always relative to the place, with ``/``, legal in the sense of
`ccat_ops_db.paths.validate_relative_path`; every method refuses others with `Permanent`. All methods raise
only `Failure` (and what a `waiting` hook raises).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Literal, NamedTuple, Protocol, Self
from uuid import UUID

from ccat_data_transfer.storage.names import Begun
from ccat_ops_db.enumerations import Ability

StorageKind = Literal["disk", "s3"]

Buffer = bytes | bytearray | memoryview

Waiting = Callable[[], None]
"""Called at least once a second while a method waits for a slow storage; may raise to stop it."""

MEBIBYTE = 1024 * 1024


def do_nothing() -> None:
    """Confirm nothing."""


def is_same_file(mark: str, found: str, *, lasting_inodes: bool) -> bool:
    """Tell whether two marks are of one file of a disk, whose last change may have moved.

    Where inodes do not last, size and time of the last writing have to do.
    """
    first = 0 if lasting_inodes else 1
    return mark.split(":")[first:3] == found.split(":")[first:3]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LocationDescription:
    """A place, as far as bytes are concerned.

    Attributes
    ----------
    id : str
        ``<site>.<name>``.
    kind : {"disk", "s3"}
        What it is on.
    path : str
        Absolute path of the root folder (disk).
    host : str
        Host that has the folder; empty: every worker of the site (disk).
    endpoint : str
        Address of the service, such as ``https://s3.example.org`` (s3).
    bucket, prefix, region : str
        Where the objects are (s3); prefix without a slash at its ends.
    credential : str
        Name of the credential that the deployment supplies (s3).
    mount_point : bool
        Whether the folder must be the root of a mounted file system (disk).
    create : bool
        Whether the folder may be made when the place is adopted (disk).
    """

    id: str
    kind: StorageKind
    path: str = ""
    host: str = ""
    endpoint: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = "us-east-1"
    credential: str = ""
    mount_point: bool = False
    create: bool = False


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a place says about an object without reading it.

    Attributes
    ----------
    path : str
        Relative to the place.
    size : int
        Bytes.
    modified_ns : int
        When it was last written, nanoseconds since 1970-01-01 UTC; may be a time for which there is no date.
    checksum : str or None
        The package's or file's own checksum, ``algorithm:hex``, that was stored with the object by its
        upload, which finishes only if the bytes have it; null where the storage keeps none (disk) or somebody
        else wrote it.
    etag : str or None
        The store's own mark of the content (s3), without quotes.
    mark : str or None
        Which object it is: ``<inode>:<size>:<mtime ns>:<ctime ns>`` or
        ``<etag>:<version or ->:<size>:<last modified ns>``; null in lists and for what was just written.
    """

    path: str
    size: int
    modified_ns: int
    checksum: str | None = None
    etag: str | None = None
    mark: str | None = None

    @property
    def modified_at(self) -> datetime:
        """The same as a date; for times before the first or after the last date: that one."""
        try:
            return _EPOCH + timedelta(microseconds=self.modified_ns // 1000)
        except OverflowError:
            return _LATEST if self.modified_ns > 0 else _EARLIEST


def nanoseconds_of(moment: datetime) -> int:
    """Return nanoseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a place is, in bytes, by the storage's own account."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What an object must be: size in bytes, checksum as ``algorithm:hex``."""

    size: int
    checksum: str


@dataclass(frozen=True, slots=True)
class MarkerObject:
    """The object by which a place is known, as it is there now.

    Attributes
    ----------
    content : bytes
        What stands in it.
    identity : str
        Which object it is. A copy of the place has the same content and another identity.
    """

    content: bytes
    identity: str


class Probed(NamedTuple):
    """Whether a place can do something, as tried, and what it said."""

    works: bool
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class FileToRemove:
    """A file to be removed from where others write, too, if it still is the one that is meant.

    Attributes
    ----------
    path : str
        Relative to the place.
    number : int
        Unlike that of any other file that the same work removes in its folder.
    size : int
        Bytes.
    sha256 : bytes
        Digest of its bytes.
    modified_ns : int or None
        When it was last written, as `ObjectInfo`.
    seen_at_ns : int or None
        The time at the place, by its own clock, before its bytes were read and found right: while nothing of
        it has changed since, it need not be read again; null: unknown.
    """

    path: str
    number: int
    size: int
    sha256: bytes
    modified_ns: int | None = None
    seen_at_ns: int | None = None


class Removal(Enum):
    """What became of a file that was to be removed."""

    REMOVED = auto()
    GONE = auto()
    """There was none."""
    CHANGED = auto()
    """It is another one, which stays."""


class RemoveObject(Protocol):
    """Removes one object; no error if there is none."""

    def __call__(self, path: str, mark: str | None = None, /) -> Removal:
        """Remove what has a name, if it is the object that is meant.

        Parameters
        ----------
        mark : str, optional
            Of that object, as `ObjectInfo`; only the time of its last change may have moved. Another stays.
            Null: whatever has the name.
        """
        ...


class Reader(AbstractContextManager["Reader"], Protocol):
    """The bytes of one object in order. Close it after use."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer from its start and return the number of bytes; 0 at the end."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class Upload(AbstractContextManager["Upload"], Protocol):
    """One object being written, invisible under its name until `finish`.

    Leaving the context without `finish` keeps what was written, for the next attempt of the same work.
    """

    def __enter__(self) -> Self: ...

    def adopt(self, update: Callable[[memoryview], object]) -> int:
        """Take over what an earlier attempt left, and return at which byte the sender goes on.

        The bytes before are given to `update` (a hash), as they are stored. A storage that cannot read an
        unfinished object (s3) returns 0 and instead compares the parts that it has with what is written.
        """
        ...

    def write(self, block: Buffer, /) -> None:
        """Append bytes; the buffer may be used again afterwards."""
        ...

    @property
    def kept(self) -> int:
        """How many bytes lie there now that the next attempt takes over; 0 in stores, which have no end."""
        ...

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """Make the object durable, and visible under its name.

        The caller has compared size and checksum before. `mtime_ns` is the modification time to give it
        (disk only).

        Raises
        ------
        Integrity
            What the storage holds is not what was written, or another object took the name meanwhile.
        """
        ...

    def discard(self) -> None:
        """Remove what was written."""
        ...


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something at a place that was begun and is no object.

    Attributes
    ----------
    path : str
        Where it is; of an upload: the object that it was to become.
    begun : Begun
        What its name says.
    changed_ns : int
        When it last changed, by the place's own time, nanoseconds.
    mark : str
        Which one it is; only that is removed.
    """

    path: str
    begun: Begun
    changed_ns: int
    mark: str


class Storage(Protocol):
    """One place."""

    @property
    def location_id(self) -> str:
        """``<site>.<name>``."""
        ...

    @property
    def kind(self) -> StorageKind:
        """What it is on."""
        ...

    @property
    def marker_id(self) -> UUID | None:
        """Marker by which the place was opened; null: nobody compared it."""
        ...

    @property
    def unable(self) -> Set[Ability]:
        """What it cannot do, as a probe found out; what was never probed is not in it."""
        ...

    def known_by(
        self, marker_id: UUID | None, look: Callable[[Self], None], unable: Set[Ability] = frozenset()
    ) -> None:
        """Note by which marker the place was opened, what compares it again, and what it cannot do."""
        ...

    def is_same(self, mark: str, found: str) -> bool:
        """Tell whether two marks are of one object of the place, which nobody has written to since."""
        ...

    def confirm_place(self) -> None:
        """See that it is still the place that was opened, before something that cannot be taken back.

        Storage does so itself before it publishes or removes an object.

        Raises
        ------
        PlaceUnavailable
            Its marker is gone, or is not the location's any more.
        """
        ...

    def read_marker(self) -> MarkerObject | None:
        """Return the marker of the place; null if it has none."""
        ...

    def write_marker(self, content: bytes, *, replace: bool = False) -> None:
        """Give the place a marker, durably; if it has one already, only with `replace`.

        Raises
        ------
        Permanent
            There is one (category ``exists``).
        """
        ...

    def is_empty(self) -> bool:
        """Return whether there is nothing in it, be it ours or not, but a marker."""
        ...

    def probe(self) -> Mapping[Ability, Probed]:
        """Try on decoys what the place can do; those of its kind of storage, and nothing is left behind.

        Raises
        ------
        Failure
            Nothing can be written there.
        """
        ...

    def time_there(self) -> int | None:
        """Return the time by which the place dates changes of files, in nanoseconds, as a decoy shows.

        Null where no decoy can be written, and in stores.
        """
        ...

    def file_system(self) -> str:
        """Return the name of the file system or bucket that it is on: places with one name share it."""
        ...

    def check(self) -> None:
        """Raise the `Failure` that stands in the way of using the place at all; a cheap call."""
        ...

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is known about an object; null if there is none (a folder is none)."""
        ...

    def exists(self, path: str) -> bool:
        """Return whether there is an object of that name."""
        ...

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`, or all up to the end when the object is shorter.

        Raises
        ------
        Permanent
            There is no such object (category ``missing``).
        """
        ...

    def open_read(
        self,
        path: str,
        *,
        offset: int = 0,
        length: int | None = None,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Reader:
        """Open an object for reading in order, from `offset`, at most `length` bytes.

        `buffer_bytes` bounds what a storage reads ahead.
        """
        ...

    def drop_cache(self, path: str) -> None:
        """Let the next read come from the medium, as far as the system allows."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield every finished object below a folder (``""``: all), in no certain order.

        `prefix` is a whole folder path without a slash at its end. Of the facts only path, size, time and
        etag are filled in.
        """
        ...

    def usage(self) -> Usage | None:
        """Return how full the place is; null where the storage does not say (s3)."""
        ...

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """Write a small object at once: whole, or not at all.

        Raises
        ------
        Permanent
            Something has that name (category ``exists``); it stays.
        """
        ...

    def leftovers(self, waiting: Callable[[], None]) -> Iterator[Leftover]:
        """Yield what was begun there and has a name that only we give; what others made is no matter.

        `waiting` is called for everything that is passed on the way; may raise to stop.
        """
        ...

    def time_of_changes(self) -> int | None:
        """Return the time by which `leftovers` dates them, in nanoseconds; null where it cannot be known."""
        ...

    def remove_leftover(self, leftover: Leftover) -> bool:
        """Remove what was found, if it is still that; tell whether it was."""
        ...

    def put_back(self, leftover: Leftover, name: str) -> bool:
        """Give a file that was moved away its name back, if that is free, or is that of the same file.

        Tells whether it has it.
        """
        ...

    def removing(self) -> AbstractContextManager[RemoveObject]:
        """Give what removes one object after the other, durably when the block is left without an error."""
        ...

    def removing_files(
        self, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> AbstractContextManager[Callable[[FileToRemove], Removal]]:
        """Give what removes files where others write, too, durably when the block is left without an error.

        A file is read before, unless it was seen and did not change since; what is not as it is meant to be
        stays, or is put back. What an earlier attempt of the same work left half removed is taken through the
        same steps.

        Parameters
        ----------
        work_id, tag : str
            Of the work and its lease: parts of the names to which files are moved before they go.
        waiting : callable
            Called while files are read; may raise to stop.

        Raises
        ------
        Configuration
            Nothing could be put back there (category ``place_misconfigured``), or it is no disk.
        """
        ...

    def open_upload(
        self,
        path: str,
        work_id: str,
        expected: Expected,
        *,
        tag: str | None = None,
        confirm: Callable[[], None] = do_nothing,
        resume: bool = True,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Upload:
        """Begin to write an object, or go on with what the same work left.

        When it is finished, what other attempts of the work wrote for it is removed first; then it gets its
        name, if that is free.

        Parameters
        ----------
        work_id : str
            Same for every attempt of one unit of work (``[A-Za-z0-9-]``, at most 64); part of the temporary
            name.
        expected : Expected
            Bytes that will come, and the checksum to store with the object.
        tag : str, optional
            Of the lease: part of the name of what is written where attempts cannot be kept apart otherwise.
        confirm : callable
            Called before the object gets its name; what it raises keeps it from that.
        resume : bool
            Whether to use what an earlier attempt left.
        """
        ...

    def resume_point(self, path: str, work_id: str) -> int:
        """Return how many bytes an earlier attempt of that work left behind, 0 if nothing."""
        ...

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """Remove what unfinished work left for that object: of one unit of work, or of all (null).

        Never touches the object itself. No error if there is nothing.
        """
        ...
