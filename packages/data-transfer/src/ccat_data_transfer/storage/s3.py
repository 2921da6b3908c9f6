"""A place that is a prefix of a bucket of an S3 service."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Literal, Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Configuration, Failure, Permanent
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage import s3_leftovers
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Expected,
    FileToRemove,
    Leftover,
    LocationDescription,
    MarkerObject,
    ObjectInfo,
    Probed,
    Reader,
    Removal,
    RemoveObject,
    Upload,
    Waiting,
    do_nothing,
    nanoseconds_of,
)
from ccat_data_transfer.storage.known_place import KnownPlace
from ccat_data_transfer.storage.names import (
    MARKER_NAME,
    TEMPORARY_PREFIX,
    checked,
    is_temporary_of,
    temporary_stem,
)
from ccat_data_transfer.storage.part_buffers import PartBuffers
from ccat_data_transfer.storage.s3_body import Body
from ccat_data_transfer.storage.s3_client import Answer, S3Client
from ccat_data_transfer.storage.s3_parts import Marker, abort, list_uploads, marker_path, sent_parts
from ccat_data_transfer.storage.s3_probe import probe_store
from ccat_data_transfer.storage.s3_reader import S3Reader
from ccat_data_transfer.storage.s3_upload import S3Upload, kept_with, object_info
from ccat_ops_db.enumerations import Ability

_MAX_KEY_BYTES = 1024

_NO_VERSION = ("-", "null")
"""What stands for the version of objects whose states the store does not keep."""


class S3Storage(KnownPlace):
    """The objects of a bucket below a prefix.

    Parameters
    ----------
    location : LocationDescription
        The place.
    credentials : Credentials
        Where its keys are found.
    buffers : PartBuffers, optional
        Those of the process; null: of its own.
    """

    kind: Literal["s3"] = "s3"

    def __init__(
        self,
        location: LocationDescription,
        credentials: Credentials,
        buffers: PartBuffers | None = None,
    ) -> None:
        self.location_id = location.id
        self._buffers = buffers or PartBuffers()
        self._client = S3Client(location, credentials)
        self._prefix = f"{location.prefix}/" if location.prefix else ""
        self._bucket = f"{location.endpoint.rstrip('/')}/{location.bucket}"

    def again(self) -> Self:
        """Return the same place over the same connections, to be looked at anew."""
        return copy.copy(self)

    def read_marker(self) -> MarkerObject | None:
        """See `Storage.read_marker`."""
        try:
            answer = self._client.call("get_object", Key=self._prefix + MARKER_NAME)
        except Failure as failure:
            if failure.category == "missing":
                return None
            raise
        etag = answer.get("ETag", "").strip('"')
        version = answer.get("VersionId") or "-"
        written = _headers(answer).get("last-modified", "-")
        address = f"{self._bucket}/{self._prefix}".rstrip("/")
        return MarkerObject(answer["Body"], f"s3:{address}:{etag}:{version}:{written}")

    def write_marker(self, content: bytes, *, replace: bool = False) -> None:
        """See `Storage.write_marker`; also where a store ignores the condition."""
        if not replace and self.read_marker() is not None:
            raise Permanent("exists", "there is a marker already", path=MARKER_NAME)
        condition = {} if replace else {"IfNoneMatch": "*"}
        try:
            self._client.call("put_object", Key=self._prefix + MARKER_NAME, Body=content, **condition)
        except Failure as failure:
            if failure.category != "changed_while_read":
                raise
            raise Permanent("exists", "there is a marker already", path=MARKER_NAME) from failure

    def is_empty(self) -> bool:
        """See `Storage.is_empty`."""
        answer = self._client.call("list_objects_v2", Prefix=self._prefix, MaxKeys=2)
        found = {entry["Key"] for entry in answer.get("Contents", [])}
        return found <= {self._prefix + MARKER_NAME}

    def probe(self) -> Mapping[Ability, Probed]:
        """See `Storage.probe`."""
        return probe_store(self._client, self._prefix)

    def time_there(self) -> None:
        """See `Storage.time_there`."""
        return

    def file_system(self) -> str:
        """See `Storage.file_system`."""
        return f"s3:{self._bucket}"

    def check(self) -> None:
        """See `Storage.check`."""
        self._client.check()

    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""
        answer = self._client.head(self._key(path))
        return None if answer is None else object_info(path, answer)

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return self.stat(path) is not None

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Storage.read_range`."""
        if length == 0 or offset >= self._present(path).size:
            return b""
        part = f"bytes={offset}-{offset + length - 1}"
        content: bytes = self._client.call("get_object", Key=self._key(path), Range=part)["Body"]
        return content

    def open_read(
        self,
        path: str,
        *,
        offset: int = 0,
        length: int | None = None,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Reader:
        """See `Storage.open_read`; several ranges are fetched at the same time."""
        info = self._present(path)
        end = info.size if length is None else min(info.size, offset + length)
        return S3Reader(
            self._client, self._key(path), info.etag, offset, end, buffer_bytes, self._buffers, waiting
        )

    def drop_cache(self, path: str) -> None:
        """See `Storage.drop_cache`: a store's caches are its own."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Storage.list`."""
        folder = self._prefix + (f"{checked(prefix)}/" if prefix else "")
        for path, entry in self._listed(folder):
            name = path.rpartition("/")[2]
            if name and not name.startswith(TEMPORARY_PREFIX) and path != MARKER_NAME:
                yield ObjectInfo(
                    path,
                    entry["Size"],
                    nanoseconds_of(entry["LastModified"]),
                    etag=entry.get("ETag", "").strip('"') or None,
                )

    def usage(self) -> None:
        """See `Storage.usage`: S3 has no such question."""
        return

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """See `Storage.put`."""
        self.confirm_place()
        # Where the store heeds no condition the look before must do, as for uploads.
        if self.stat(path) is not None:
            raise _name_is_taken(path)
        facts = kept_with(checksum) if checksum else {}
        if Ability.CREATE_ONLY not in self.unable:
            facts["IfNoneMatch"] = "*"
        try:
            answer = self._client.store("put_object", Key=self._key(path), body=Body(content), **facts)
        except Failure as failure:
            if failure.category == "changed_while_read":
                raise _name_is_taken(path) from failure
            raise
        etag = answer.get("ETag", "").strip('"') or None
        written_at = nanoseconds_of(parsedate_to_datetime(_headers(answer)["date"]))
        return ObjectInfo(path, len(content), written_at, checksum, etag)

    def leftovers(self, waiting: Callable[[], None]) -> Iterator[Leftover]:
        """See `Storage.leftovers`."""
        return s3_leftovers.leftovers(
            self._client, self._prefix, waiting, lists_uploads=Ability.LIST_UPLOADS not in self.unable
        )

    def time_of_changes(self) -> int | None:
        """See `Storage.time_of_changes`."""
        return s3_leftovers.time_there(self._client)

    def remove_leftover(self, leftover: Leftover) -> bool:
        """See `Storage.remove_leftover`."""
        self.confirm_place()
        return s3_leftovers.remove(self._client, self._prefix, leftover)

    def put_back(self, leftover: Leftover, name: str) -> bool:
        """See `Storage.put_back`: nothing is moved away in a store."""
        return False

    @contextlib.contextmanager
    def removing(self) -> Iterator[RemoveObject]:
        """See `Storage.removing`."""
        yield self._remove

    def _remove(self, path: str, mark: str | None = None, /) -> Removal:
        """Remove an object: by its version, or on condition, or as the look before found it."""
        key = self._key(path)
        self.confirm_place()
        facts: dict[str, str] = {}
        if mark is not None:
            found = self.stat(path)
            if found is None:
                return Removal.GONE
            if found.mark is None or not self.is_same(mark, found.mark):
                return Removal.CHANGED
            facts = self._only(mark)
        crash_point("storage.s3.before_remove")
        try:
            self._client.call("delete_object", Key=key, **facts)
        except Failure as failure:
            if failure.category == "changed_while_read":
                return Removal.CHANGED
            if failure.category != "missing":
                raise
            return Removal.GONE
        crash_point("storage.s3.removed")
        return Removal.REMOVED

    def _only(self, mark: str) -> dict[str, str]:
        """Return what lets the store remove no other object; nothing where it cannot tell them apart."""
        etag, version, _ = mark.split(":", 2)
        if version not in _NO_VERSION:
            return {"VersionId": version}
        return {} if Ability.CONDITIONAL_DELETE in self.unable else {"IfMatch": f'"{etag}"'}

    def is_same(self, mark: str, found: str) -> bool:
        """See `Storage.is_same`."""
        return mark == found

    def removing_files(
        self, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> contextlib.AbstractContextManager[Callable[[FileToRemove], Removal]]:
        """See `Storage.removing_files`: nobody else writes to our stores."""
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
        """See `Storage.open_upload`; an upload has an id by which attempts are kept apart."""
        key, marker = self._keys(path, work_id)

        def confirm_all() -> None:
            confirm()
            self.confirm_place()

        upload = S3Upload(
            self._client,
            key,
            marker,
            path,
            expected,
            buffer_bytes,
            self._buffers,
            waiting,
            confirm_all,
            lambda: self._uploads_of_other_works(path, work_id),
            heeds_conditions=Ability.CREATE_ONLY not in self.unable,
        )
        upload.open(resume=resume)
        return upload

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`: the bytes of all parts that the store has."""
        key, marker_key = self._keys(path, work_id)
        marker = Marker.load(self._client, marker_key)
        if marker is None:
            return 0
        return sum(part.size for part in sent_parts(self._client, key, marker.upload_id).values())

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`: unfinished uploads and the markers that point to them."""
        key = self._key(path)
        folder, _, name = key.rpartition("/")
        prefix = f"{folder}/{TEMPORARY_PREFIX}" if folder else TEMPORARY_PREFIX
        for found, _entry in self._listed(prefix):
            if is_temporary_of(found.rpartition("/")[2], name, work_id):
                marker_key = self._prefix + found
                marker = Marker.load(self._client, marker_key)
                if marker is not None:
                    abort(self._client, key, marker.upload_id)
                self._client.call("delete_object", Key=marker_key)
        if work_id is None:
            for upload_id in list_uploads(self._client, key):
                abort(self._client, key, upload_id)

    def _listed(self, key_prefix: str) -> Iterator[tuple[str, Answer]]:
        """Yield relative path and facts of every key with that beginning, page by page."""
        for page in self._client.pages("list_objects_v2", Prefix=key_prefix):
            for entry in page.get("Contents", []):
                yield entry["Key"].removeprefix(self._prefix), entry

    def _uploads_of_other_works(self, path: str, work_id: str) -> Iterator[str]:
        folder, slash, name = self._key(path).rpartition("/")
        for found, _ in self._listed(f"{folder}{slash}{temporary_stem(name)}"):
            written = found.rpartition("/")[2]
            if is_temporary_of(written, name, None) and not is_temporary_of(written, name, work_id):
                marker = Marker.load(self._client, self._prefix + found)
                if marker is not None:
                    yield marker.upload_id

    def _present(self, path: str) -> ObjectInfo:
        info = self.stat(path)
        if info is None:
            raise Permanent("missing", "there is no such object", path=path)
        return info

    def _keys(self, path: str, work_id: str) -> tuple[str, str]:
        """Return the key of an object and that of the marker of a work for it."""
        return self._key(path), self._prefix + marker_path(path, work_id)

    def _key(self, path: str) -> str:
        key = self._prefix + checked(path)
        if len(key.encode()) > _MAX_KEY_BYTES:
            raise Permanent("name_too_long", f"S3 takes names of at most {_MAX_KEY_BYTES} bytes", path=path)
        return key


def _name_is_taken(path: str) -> Permanent:
    return Permanent("exists", "something has that name already", path=path)


def _headers(answer: Answer) -> Mapping[str, str]:
    found: Mapping[str, str] = answer["ResponseMetadata"]["HTTPHeaders"]
    return found
