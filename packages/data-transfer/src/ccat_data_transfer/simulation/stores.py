"""Object stores whose true bytes are known: versions, etags, uploads in parts, conditions by ability."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Self

from ccat_data_transfer.failures import Configuration, Integrity, Permanent, Transient
from ccat_data_transfer.simulation.acts import Act, SimulatedReader
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.place import Medium, SimulatedPlace
from ccat_data_transfer.simulation.schedule import Process
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Buffer,
    Expected,
    FileToRemove,
    Leftover,
    MarkerObject,
    ObjectInfo,
    Reader,
    Removal,
    RemoveObject,
    Upload,
    Waiting,
    do_nothing,
)
from ccat_data_transfer.storage.names import (
    TEMPORARY_PREFIX,
    begun_as,
    checked,
    checked_work_id,
    temporary_name,
)
from ccat_data_transfer.storage.s3_upload import part_bytes_for


@dataclass(frozen=True)
class Version:
    """One state of an object."""

    number: int
    content: Content
    etag: str
    modified_ns: int
    checksum: str | None


@dataclass(eq=False)
class UnfinishedUpload:
    """An upload in parts that nobody has completed."""

    path: str
    work_id: str
    expected: Expected
    parts: dict[int, Content] = field(default_factory=dict)


class Bucket(Medium):
    """What a store keeps.

    Parameters
    ----------
    now_ns : callable
        The time that it writes down.
    abilities : set of str
        Of ``create_only``, ``conditional_delete`` and ``versions``, those that it has.
    """

    def __init__(self, now_ns: Callable[[], int], abilities: frozenset[str] = frozenset()) -> None:
        self.objects: dict[str, list[Version]] = {}
        self.uploads: dict[int, UnfinishedUpload] = {}
        self.abilities = abilities
        self._now_ns = now_ns
        self._numbers = itertools.count(1)
        self._marker: Version | None = None

    @property
    def marker(self) -> MarkerObject | None:
        """See `Medium.marker`."""
        found = self._marker
        if found is None:
            return None
        version = found.number if "versions" in self.abilities else "-"
        return MarkerObject(found.content.literal, f"s3:bucket:{found.etag}:{version}:{found.modified_ns}")

    def write_marker(self, content: bytes) -> MarkerObject:
        """See `Medium.write_marker`."""
        etag = Content.of(content).checksum("md5").partition(":")[2]
        self._marker = Version(next(self._numbers), Content.of(content), etag, self._now_ns(), None)
        assert self.marker is not None, "it was written"
        return self.marker

    def copied(self) -> Bucket:
        """Return another bucket with the newest states of all objects, as synchronising makes it."""
        other = Bucket(self._now_ns, self.abilities)
        other._numbers = itertools.count(1_000_000)
        for path, versions in sorted(self.objects.items()):
            other.put(path, versions[-1].content, versions[-1].checksum)
        if self._marker is not None:
            other.write_marker(self._marker.content.literal)
        return other

    def contents(self) -> Iterable[tuple[str, Content]]:
        """See `Medium.contents`."""
        return [(path, versions[-1].content) for path, versions in self.objects.items()]

    def has_objects(self) -> bool:
        """See `Medium.has_objects`."""
        return bool(self.objects)

    def get(self, path: str) -> Version | None:
        """Return the newest state of an object, null if there is none."""
        versions = self.objects.get(path)
        return versions[-1] if versions else None

    def put(
        self,
        path: str,
        content: Content,
        checksum: str | None = None,
        parts: int = 0,
        *,
        if_none_match: bool = False,
    ) -> Version:
        """Write an object, as a new state if there is one.

        Raises
        ------
        FileExistsError
            There is one, the condition forbids that, and the store knows conditions.
        """
        if if_none_match and "create_only" in self.abilities and self.get(path) is not None:
            raise FileExistsError(path)
        etag = content.checksum("md5").partition(":")[2] + (f"-{parts}" if parts else "")
        version = Version(next(self._numbers), content, etag, self._now_ns(), checksum)
        kept = self.objects.get(path, []) if "versions" in self.abilities else []
        self.objects[path] = [*kept, version]
        return version

    def delete(self, path: str, number: int | None = None, *, if_match: str | None = None) -> bool:
        """Remove an object, or with versions its state of that number only; tell whether there was one.

        Raises
        ------
        FileExistsError
            Another one is there, and the store knows conditions.
        """
        found = self.get(path)
        conditional = if_match is not None and "conditional_delete" in self.abilities
        if found is not None and conditional and found.etag != if_match:
            raise FileExistsError(path)
        if number is not None and "versions" in self.abilities:
            kept = [version for version in self.objects.get(path, []) if version.number != number]
            if kept:
                self.objects[path] = kept
                return True
        return self.objects.pop(path, None) is not None

    def create_upload(self, path: str, work_id: str, expected: Expected) -> int:
        """Begin an upload in parts; return its id."""
        number = next(self._numbers)
        self.uploads[number] = UnfinishedUpload(path, work_id, expected)
        return number

    def upload(self, upload_id: int, path: str) -> UnfinishedUpload:
        """Return an upload.

        Raises
        ------
        Transient
            It was completed or removed.
        """
        if upload_id not in self.uploads:
            raise Transient("upload_gone", "another worker finished or removed the upload", path=path)
        return self.uploads[upload_id]

    def uploads_of(self, path: str, work_id: str | None = None) -> list[int]:
        """Return the ids of the unfinished uploads of an object: of one work, or of all (null)."""
        return [
            number
            for number, upload in self.uploads.items()
            if upload.path == path and work_id in (None, upload.work_id)
        ]


class SimulatedS3Storage(SimulatedPlace):
    """See `storage.interface.Storage`: a place in a bucket, as a process of a site sees it."""

    kind: Literal["s3"] = "s3"

    def __init__(
        self,
        location_id: str,
        site_id: str,
        bucket: Bucket,
        links: Links,
        process: Process,
        journal: Callable[[Act], None],
    ) -> None:
        super().__init__(location_id, site_id, links, process, journal)
        self.bucket = bucket

    @property
    def medium(self) -> Medium:
        """See `SimulatedPlace.medium`."""
        return self.bucket

    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""
        checked(path)
        self.act("stat", path)
        version = self.bucket.get(path)
        return None if version is None else _info(path, version, self.bucket)

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Storage.read_range`."""
        return self._present(path).content.part(offset, offset + length).shown()

    def open_read(
        self,
        path: str,
        *,
        offset: int = 0,
        length: int | None = None,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Reader:
        """See `Storage.open_read`; what is replaced while it is read is told."""
        opened = self._present(path)

        def content() -> Content:
            if self.bucket.get(path) is not opened:
                raise Transient("changed_while_read", "the object was replaced while it was read", path=path)
            return opened.content

        return SimulatedReader(self, path, content, offset, length)

    def drop_cache(self, path: str) -> None:
        """See `Storage.drop_cache`."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Storage.list`."""
        folder = f"{checked(prefix)}/" if prefix else ""
        self.act("list", prefix)
        for path, versions in sorted(self.bucket.objects.items()):
            if path.startswith(folder) and not path.rpartition("/")[2].startswith(TEMPORARY_PREFIX):
                yield _info(path, versions[-1], self.bucket)

    def usage(self) -> None:
        """See `Storage.usage`."""
        return

    def time_there(self) -> None:
        """See `Storage.time_there`."""
        return

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """See `Storage.put`."""
        checked(path)
        self.confirm_place()
        new = Content.of(content)
        self.act("look before put", path)
        if self.bucket.get(path) is not None:
            raise _name_is_taken(path)
        self.act("put", path, new.size)
        before = self.bucket.get(path)
        try:
            version = self.bucket.put(path, new, checksum, if_none_match=True)
        except FileExistsError:
            raise _name_is_taken(path) from None
        self.note("put", path, before.content if before else None, new)
        return _info(path, version, self.bucket)

    @contextlib.contextmanager
    def removing(self) -> Iterator[RemoveObject]:
        """See `Storage.removing`."""
        yield self._remove

    def removing_files(
        self, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> contextlib.AbstractContextManager[Callable[[FileToRemove], Removal]]:
        """See `Storage.removing_files`."""
        raise Configuration(
            "not_on_disk", f"{self.location_id} must be on disk for this; it is on {self.kind}"
        )

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
        """See `Storage.open_upload`."""
        checked(path)
        checked_work_id(work_id)
        self.act("open", path)
        return SimulatedS3Upload(self, path, work_id, expected, confirm, resume=resume)

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`."""
        checked(path)
        self.act("resume point", path)
        return sum(
            part.size
            for number in self.bucket.uploads_of(path, work_id)
            for part in self.bucket.uploads[number].parts.values()
        )

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`."""
        checked(path)
        self.act("remove temporary", path)
        self.abort(*self.bucket.uploads_of(path, work_id))

    def leftovers(self, waiting: Callable[[], None]) -> Iterator[Leftover]:
        """See `Storage.leftovers`."""
        self.act("look for leftovers")
        for number, upload in list(self.bucket.uploads.items()):
            waiting()
            begun = begun_as(temporary_name(upload.path.rpartition("/")[2], upload.work_id))
            if begun is not None:
                yield Leftover(upload.path, begun, 0, str(number))

    def time_of_changes(self) -> None:
        """See `Storage.time_of_changes`."""

    def remove_leftover(self, leftover: Leftover) -> bool:
        """See `Storage.remove_leftover`."""
        self.confirm_place()
        self.act("collect", leftover.path)
        self.abort(int(leftover.mark))
        return True

    def put_back(self, leftover: Leftover, name: str) -> bool:
        """See `Storage.put_back`."""
        return False

    def abort(self, *upload_ids: int) -> None:
        """Remove unfinished uploads."""
        for number in upload_ids:
            self.bucket.uploads.pop(number, None)

    def _remove(self, path: str, mark: str | None = None, /) -> Removal:
        checked(path)
        self.confirm_place()
        self.act("look before delete", path)
        found = self.bucket.get(path)
        if found is None:
            return Removal.GONE
        if mark is not None and mark != _info(path, found, self.bucket).mark:
            return Removal.CHANGED
        self.act("delete", path)
        now = self.bucket.get(path)
        if now is None:
            return Removal.GONE
        try:
            self.bucket.delete(path, found.number, if_match=None if mark is None else found.etag)
        except FileExistsError:
            return Removal.CHANGED
        # With versions the very state that was looked at goes, else what is there now.
        self.note("unlink", path, (found if "versions" in self.bucket.abilities else now).content)
        return Removal.REMOVED

    def is_same(self, mark: str, found: str) -> bool:
        """See `Storage.is_same`."""
        return mark == found

    def _present(self, path: str) -> Version:
        checked(path)
        self.act("get", path)
        found = self.bucket.get(path)
        if found is None:
            raise Permanent("missing", "there is no such object", path=path)
        return found


class SimulatedS3Upload:
    """See `storage.s3_upload.S3Upload`, of which this is the model."""

    def __init__(
        self,
        storage: SimulatedS3Storage,
        path: str,
        work_id: str,
        expected: Expected,
        confirm: Callable[[], None],
        *,
        resume: bool,
    ) -> None:
        self._storage = storage
        self._confirm = confirm
        self._path = path
        self._work_id = work_id
        self._expected = expected
        self._part_bytes = part_bytes_for(expected.size, path)
        self._filling = Content()
        self._next_number = 1
        self._upload_id: int | None = None
        self._find_earlier(resume=resume)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing has to be given back."""

    def adopt(self, update: Callable[[memoryview], object]) -> int:
        """See `Upload.adopt`."""
        return 0

    @property
    def kept(self) -> int:
        """See `Upload.kept`."""
        return 0

    def write(self, block: Buffer, /) -> None:
        """See `Upload.write`."""
        self._filling = self._filling + Content.of(block)
        while self._filling.size > self._part_bytes:
            part, self._filling = (
                self._filling.part(0, self._part_bytes),
                self._filling.part(self._part_bytes, self._filling.size),
            )
            self._send(part)
        written = (self._next_number - 1) * self._part_bytes + self._filling.size
        if written > self._expected.size:
            raise Integrity("too_many_bytes", "more bytes came than expected", path=self._path)

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`."""
        self._send(self._filling)
        bucket, ours = self._storage.bucket, self._upload_id
        self._confirm()
        self._storage.confirm_place()
        mine = bucket.uploads_of(self._path, self._work_id)
        self._storage.abort(*(number for number in mine if number != ours))
        self._storage.act("look before complete", self._path)
        if bucket.get(self._path) is not None:
            raise Permanent("exists", "another object took the name meanwhile", path=self._path)
        self._storage.act("complete", self._path)
        assert ours is not None, "a part was sent"
        upload = bucket.upload(ours, self._path)
        whole = Content.joined(part for _, part in sorted(upload.parts.items()))
        before = bucket.get(self._path)
        try:
            version = bucket.put(
                self._path, whole, self._expected.checksum, len(upload.parts), if_none_match=True
            )
        except FileExistsError:
            raise Permanent("exists", "another object took the name meanwhile", path=self._path) from None
        self._storage.abort(ours)
        self._storage.note("put", self._path, before.content if before else None, whole)
        self._storage.act("completed", self._path)
        if version.content.size != self._expected.size:
            raise Integrity("store_has_other_bytes", "the store has another size", path=self._path)
        return _info(self._path, version, bucket)

    def discard(self) -> None:
        """See `Upload.discard`."""
        self._storage.act("abort", self._path)
        if self._upload_id is not None:
            self._storage.abort(self._upload_id)

    def _find_earlier(self, *, resume: bool) -> None:
        bucket = self._storage.bucket
        for number in bucket.uploads_of(self._path, self._work_id):
            upload = bucket.uploads[number]
            if self._upload_id is None and resume and upload.expected == self._expected and upload.parts:
                self._upload_id = number
            else:
                self._storage.abort(number)

    def _send(self, part: Content) -> None:
        bucket = self._storage.bucket
        if self._upload_id is None:
            self._storage.act("create upload", self._path)
            self._upload_id = bucket.create_upload(self._path, self._work_id, self._expected)
            self._storage.note("write", self._path)
        there = bucket.upload(self._upload_id, self._path).parts.get(self._next_number)
        if there != part:
            self._storage.act("send part", self._path, part.size)
            bucket.upload(self._upload_id, self._path).parts[self._next_number] = part
        self._next_number += 1


def _name_is_taken(path: str) -> Permanent:
    return Permanent("exists", "something has that name already", path=path)


def _info(path: str, version: Version, bucket: Bucket) -> ObjectInfo:
    size, etag, modified_ns = version.content.size, version.etag, version.modified_ns
    number = version.number if "versions" in bucket.abilities else "-"
    mark = f"{etag}:{number}:{size}:{modified_ns}"
    return ObjectInfo(path, size, modified_ns, version.checksum, etag, mark)
