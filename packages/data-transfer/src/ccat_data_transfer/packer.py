"""Writing packages and unpacking them again, at places: what stages ask, and how it is done on disk."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.package_format import (
    Member,
    PackageContents,
    SourceFile,
    SourceFileError,
    WrittenPackage,
    extract_member,
    extract_package,
    publish,
    remove_file,
    remove_leftovers,
    temporary_path,
    write_package,
    write_tar,
)
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage
from ccat_data_transfer.storage.root_folder import RootFolder, remove_folder

CHUNK_BYTES = 4 * MEBIBYTE


@dataclass(frozen=True)
class NewPackage:
    """A tar to be made at a place, by one attempt.

    Attributes
    ----------
    target : Storage
        Place.
    path : str
        Its name there.
    attempt : str
        Tag of the lease: part of temporary names, so that a stale worker has others.
    """

    target: Storage
    path: str
    attempt: str


@dataclass(frozen=True)
class Unpacking:
    """A tar to be unpacked at a place, by one attempt.

    Attributes
    ----------
    source : Storage
        Place of the tar.
    path : str
        Its name there.
    target : Storage
        Place to unpack at.
    folder : str
        Folder there below which each file gets its filed path.
    work_id : str
        Same for every attempt of this unit of work.
    attempt : str
        Tag of the lease.
    moved : callable
        Told how many more bytes were read; may raise to stop.
    """

    source: Storage
    path: str
    target: Storage
    folder: str
    work_id: str
    attempt: str
    moved: Callable[[int], None]


class Packer(Protocol):
    """Writes packages from files of a place, and files from packages."""

    def remove_leftovers(self, new: NewPackage) -> None:
        """Remove what other attempts left beside the tar."""
        ...

    def write(
        self, new: NewPackage, contents: PackageContents, source: Storage, on_progress: Callable[[int], None]
    ) -> WrittenPackage:
        """Write the tar under a temporary name, durably; see `package_format.write_package`."""
        ...

    def bad_files(
        self, files: Sequence[SourceFile], source: Storage, on_progress: Callable[[int], None]
    ) -> list[SourceFileError]:
        """Read files as for a package and write nothing; say of each what is not as it was filed."""
        ...

    def publish(self, new: NewPackage) -> None:
        """Give the tar its name. May run again after a crash at any line."""
        ...

    def discard(self, new: NewPackage) -> None:
        """Remove what was written and not published."""
        ...

    def unpack(self, unpacking: Unpacking, checksum: str | None) -> None:
        """Unpack the whole package; see `package_format.extract_package`."""
        ...

    def unpack_member(self, unpacking: Unpacking, member: Member) -> None:
        """Unpack one file by its byte range; see `package_format.extract_member`."""
        ...


def for_reading_only(file: SourceFile) -> PackageContents:
    """Return the contents of a package that nobody keeps: its file is read, and that is all."""
    return PackageContents(UUID(int=0), datetime.fromtimestamp(0, UTC), (file,), {}, {})


class DiskPacker:
    """Packs and unpacks on disks; a tar to unpack may be anywhere."""

    def remove_leftovers(self, new: NewPackage) -> None:
        """See `Packer.remove_leftovers`."""
        remove_leftovers(_root(new.target), new.path, new.attempt)

    def write(
        self, new: NewPackage, contents: PackageContents, source: Storage, on_progress: Callable[[int], None]
    ) -> WrittenPackage:
        """See `Packer.write`."""
        temporary = temporary_path(new.path, new.attempt)
        return write_package(contents, _root(source), _root(new.target), temporary, on_progress)

    def bad_files(
        self, files: Sequence[SourceFile], source: Storage, on_progress: Callable[[int], None]
    ) -> list[SourceFileError]:
        """See `Packer.bad_files`."""
        found = []
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for file in files:
                try:
                    write_tar(for_reading_only(file), _root(source), nowhere, on_progress)
                except SourceFileError as error:
                    found.append(error)
        finally:
            os.close(nowhere)
        return found

    def publish(self, new: NewPackage) -> None:
        """See `Packer.publish`."""
        new.target.confirm_place()
        publish(_root(new.target), temporary_path(new.path, new.attempt), new.path)

    def discard(self, new: NewPackage) -> None:
        """See `Packer.discard`."""
        remove_file(_root(new.target), temporary_path(new.path, new.attempt))

    def unpack(self, unpacking: Unpacking, checksum: str | None) -> None:
        """See `Packer.unpack`."""
        root = _root(unpacking.target)
        extract_package(
            _chunks(unpacking),
            checksum,
            root,
            unpacking.folder,
            _emptied_temporary(root, unpacking),
            unpacking.target.confirm_place,
        )

    def unpack_member(self, unpacking: Unpacking, member: Member) -> None:
        """See `Packer.unpack_member`."""

        def read_range(offset: int, length: int) -> bytes:
            content = unpacking.source.read_range(unpacking.path, offset, length)
            unpacking.moved(len(content))
            return content

        root = _root(unpacking.target)
        extract_member(
            read_range,
            member,
            root,
            unpacking.folder,
            _emptied_temporary(root, unpacking),
            unpacking.target.confirm_place,
        )


def _root(storage: Storage) -> RootFolder:
    """Return the root of a place on disk.

    Raises
    ------
    Configuration
        If it is not on disk.
    """
    if not isinstance(storage, DiskStorage):
        raise Configuration(
            "not_on_disk", f"{storage.location_id} must be on disk for this; it is on {storage.kind}"
        )
    return storage.root


def _emptied_temporary(root: RootFolder, unpacking: Unpacking) -> str:
    """Remove what killed attempts had unpacked; a stale worker then finds nothing to put in place."""
    with os.scandir(root.descriptor) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        if name.startswith(f".staging-{unpacking.work_id}-"):
            remove_folder(root, name)
    return f".staging-{unpacking.work_id}-{unpacking.attempt}"


def _chunks(unpacking: Unpacking) -> Iterator[bytes]:
    buffer = bytearray(CHUNK_BYTES)
    with unpacking.source.open_read(unpacking.path, waiting=lambda: unpacking.moved(0)) as reader:
        while count := reader.readinto(memoryview(buffer)):
            unpacking.moved(count)
            yield bytes(memoryview(buffer)[:count])
