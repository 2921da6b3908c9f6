"""Writing an S3 object in parts, so that a killed worker's next attempt goes on where it stopped."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Failure, Integrity, Permanent, Transient
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Buffer,
    Expected,
    ObjectInfo,
    Waiting,
    nanoseconds_of,
)
from ccat_data_transfer.storage.part_buffers import PartBuffers
from ccat_data_transfer.storage.reporting_wait import run_reporting
from ccat_data_transfer.storage.s3_body import Body
from ccat_data_transfer.storage.s3_client import CONNECTIONS, Answer, S3Client
from ccat_data_transfer.storage.s3_parts import (
    Marker,
    SentPart,
    abort,
    complete,
    list_uploads,
    sent_parts,
)

SMALLEST_PART_BYTES = 8 * MEBIBYTE
LARGEST_PART_BYTES = 48 * MEBIBYTE
_MOST_PARTS = 10_000
_WAIT_SECONDS = 0.5


def part_bytes_for(size: int, path: str) -> int:
    """Return the size of the parts of an object: small, for parallel sending in little memory, but few
    enough.

    Raises
    ------
    Permanent
        The object has more bytes than parts can hold.
    """
    if size > LARGEST_PART_BYTES * _MOST_PARTS:
        raise Permanent(
            "too_large", f"an S3 object can have {LARGEST_PART_BYTES * _MOST_PARTS} bytes here", path=path
        )
    per_part = -(-size // _MOST_PARTS)
    return max(SMALLEST_PART_BYTES, -(-per_part // MEBIBYTE) * MEBIBYTE)


def kept_with(checksum: str) -> dict[str, Any]:
    """Return what keeps the package's own checksum with an object."""
    return {"ContentType": "application/octet-stream", "Metadata": {"ccat-checksum": checksum}}


class S3Upload:
    """One object being written, in parts, of which it is made in the end if its name is free.

    Parts that the store has from an earlier attempt are compared with what is written now, by checksum, and
    only those that differ are sent again.
    """

    def __init__(
        self,
        client: S3Client,
        key: str,
        marker_key: str,
        path: str,
        expected: Expected,
        buffer_bytes: int,
        buffers: PartBuffers,
        waiting: Waiting | None,
        confirm: Callable[[], None],
        of_other_works: Callable[[], Iterable[str]],
        *,
        heeds_conditions: bool,
    ) -> None:
        self._client = client
        self._confirm = confirm
        self._of_other_works = of_other_works
        self._heeds_conditions = heeds_conditions
        self._key = key
        self._marker_key = marker_key
        self._path = path
        self._expected = expected
        self._waiting = waiting
        self._part_bytes = part_bytes_for(expected.size, path)
        # One part is being filled while the others are under way.
        self._parallel = max(1, min(CONNECTIONS, buffer_bytes // self._part_bytes - 1))
        self._threads = ThreadPoolExecutor(self._parallel, "s3-send")
        self._stopped = threading.Event()
        self._buffers = buffers
        self._filling = memoryview(b"")
        self._filled = 0
        self._upload_id: str | None = None
        self._there: dict[int, SentPart] = {}
        self._parts: dict[int, SentPart] = {}
        self._under_way: dict[Future[SentPart], tuple[int, memoryview]] = {}
        self._next_number = 1

    def open(self, *, resume: bool) -> None:
        """Find what an earlier attempt left, or remove it."""
        marker = Marker.load(self._client, self._marker_key)
        if marker is None:
            return
        if resume and marker.is_for(self._expected, self._part_bytes):
            self._there = sent_parts(self._client, self._key, marker.upload_id)
            if self._there:
                self._upload_id = marker.upload_id
                return
        abort(self._client, self._key, marker.upload_id)

    def __enter__(self) -> Self:
        if self._expected.size:
            self._filling = self._buffers.take(min(self._part_bytes, self._expected.size))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def adopt(self, update: Callable[[memoryview], object]) -> int:
        """See `Upload.adopt`: an unfinished S3 object cannot be read."""
        return 0

    @property
    def kept(self) -> int:
        """See `Upload.kept`."""
        return 0

    def write(self, block: Buffer, /) -> None:
        """See `Upload.write`."""
        view = memoryview(block)
        while view:
            if self._filled == self._part_bytes:
                self._send_filled()
                self._filling = self._next_buffer()
            count = min(len(view), len(self._filling) - self._filled)
            if count == 0:
                raise Integrity("too_many_bytes", "more bytes came than expected", path=self._path)
            self._filling[self._filled : self._filled + count] = view[:count]
            self._filled += count
            view = view[count:]

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`; `mtime_ns` is not kept."""
        self._send_filled()
        self._await_parts(0)
        self._stop()
        self._confirm()
        assert self._upload_id is not None, "a part was sent"
        # Before, so that nobody of this work who wakes later has anything left to complete.
        self._abort_others(self._upload_id)
        crash_point("storage.s3.before_complete")
        run_reporting(partial(self._complete, self._upload_id), self._waiting)
        crash_point("storage.s3.completed")
        info = self._confirmed(_composite(self._parts))
        # A key with the rights to write only cannot; what it leaves is for the collector.
        with contextlib.suppress(Failure):
            self._client.call("delete_object", Key=self._marker_key)
        return info

    def discard(self) -> None:
        """See `Upload.discard`."""
        self._stop()
        if self._upload_id is not None:
            abort(self._client, self._key, self._upload_id)
            self._client.call("delete_object", Key=self._marker_key)

    def _abort_others(self, ours: str) -> None:
        """Let the store forget the other uploads of this work, if it lets us list and abort them."""
        try:
            kept = {ours, *self._of_other_works()}
            for upload_id in list_uploads(self._client, self._key):
                if upload_id not in kept:
                    abort(self._client, self._key, upload_id)
        except Transient:
            raise
        except Failure:
            return

    def _complete(self, upload_id: str) -> None:
        """Make the object, if nothing has its name.

        Where the store heeds no condition the look before must do: as no name is used twice, that costs order
        and no bytes.
        """
        if self._client.head(self._key) is not None:
            raise self._name_is_taken()
        condition = {"IfNoneMatch": "*"} if self._heeds_conditions else {}
        try:
            complete(self._client, self._key, upload_id, self._parts, **condition)
        except Failure as failure:
            if failure.category == "changed_while_read":
                raise self._name_is_taken() from failure
            raise

    def _name_is_taken(self) -> Permanent:
        return Permanent(
            "exists", "another process put an object of that name there meanwhile", path=self._path
        )

    def _send_filled(self) -> None:
        """Hand the filled part to a thread; wait while all of them are busy."""
        if self._upload_id is None:
            self._upload_id = self._create()
        self._await_parts(self._parallel - 1)
        number, buffer = self._next_number, self._filling
        content = buffer[: self._filled]
        future = self._threads.submit(self._send_part, self._upload_id, number, content)
        self._under_way[future] = (number, buffer)
        self._next_number += 1
        self._filling, self._filled = memoryview(b""), 0

    def _next_buffer(self) -> memoryview:
        """Wait for room for one more part: at the latest until none of this upload is under way."""
        while self._under_way:
            buffer = self._buffers.take_if_room(self._part_bytes)
            if buffer is not None:
                return buffer
            self._await_parts(len(self._under_way) - 1)
        return self._buffers.take(self._part_bytes)

    def _create(self) -> str:
        kept = kept_with(self._expected.checksum)
        upload_id: str = self._client.store("create_multipart_upload", Key=self._key, **kept)["UploadId"]
        marker = Marker(upload_id, self._part_bytes, self._expected.size, self._expected.checksum)
        marker.save(self._client, self._marker_key)
        crash_point("storage.s3.upload_created")
        return upload_id

    def _send_part(self, upload_id: str, number: int, content: memoryview) -> SentPart:
        body = Body(content, self._is_stopped)
        there = self._there.get(number)
        if there is not None and _is_same(there, body):
            return there._replace(sha256=body.checksum)
        answer = self._client.store(
            "upload_part", Key=self._key, UploadId=upload_id, PartNumber=number, body=body
        )
        crash_point("storage.s3.part_sent")
        return SentPart(answer["ETag"].strip('"'), len(content), body.checksum)

    def _await_parts(self, most: int) -> None:
        """Wait until not more than so many parts are under way; raise what went wrong with one."""
        while len(self._under_way) > most:
            done = wait(self._under_way, _WAIT_SECONDS, FIRST_COMPLETED).done
            for future in done:
                number, buffer = self._under_way.pop(future)
                self._buffers.give_back(buffer)
                self._parts[number] = future.result()
            if not done and self._waiting is not None:
                self._waiting()

    def _confirmed(self, sha256: str) -> ObjectInfo:
        """Compare what the store says it has with what was sent."""
        answer = self._client.head(self._key)
        found = None if answer is None else object_info(self._path, answer)
        # Servers differ in whether they append the number of parts.
        kept = (answer or {}).get("ChecksumSHA256", sha256).partition("-")[0]
        if answer is None or found is None or kept != sha256 or not _is_expected(found, self._expected):
            there = f"{found.size:,} bytes, checksum {found.checksum}, sha256 {kept}" if found else "nothing"
            raise Integrity(
                "store_has_other_bytes",
                f"after the upload the store has {there};"
                f" sent were {self._expected.size:,} bytes, {self._expected.checksum}, {sha256};"
                " it must be sent again",
                path=self._path,
            )
        return found

    def _stop(self) -> None:
        self._stopped.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for future, (_, buffer) in self._under_way.items():
            self._buffers.give_back_after(future, buffer)
        self._under_way.clear()
        if self._filling:
            self._buffers.give_back(self._filling)
            self._filling = memoryview(b"")

    def _is_stopped(self) -> bool:
        return self._stopped.is_set()


def object_info(path: str, answer: Answer) -> ObjectInfo:
    """Return what a store says of an object."""
    size, modified_ns = answer["ContentLength"], nanoseconds_of(answer["LastModified"])
    etag, version = answer.get("ETag", "").strip('"'), answer.get("VersionId") or "-"
    return ObjectInfo(
        path,
        size,
        modified_ns,
        checksum=answer.get("Metadata", {}).get("ccat-checksum"),
        etag=etag or None,
        mark=f"{etag}:{version}:{size}:{modified_ns}",
    )


def _is_expected(found: ObjectInfo, expected: Expected) -> bool:
    return (found.size, found.checksum) == (expected.size, expected.checksum)


def _composite(parts: Mapping[int, SentPart]) -> str:
    """Return the checksum that S3 gives an object of parts: the digest of their digests."""
    digests = b"".join(base64.b64decode(part.sha256 or "") for _, part in sorted(parts.items()))
    return base64.b64encode(hashlib.sha256(digests).digest()).decode()


def _is_same(part: SentPart, body: Body) -> bool:
    """Return whether the store has those bytes, by its sha256 or else by its MD5 (a plain part's etag)."""
    if part.size != len(body.content):
        return False
    if part.sha256 is not None:
        return part.sha256 == body.checksum
    return part.etag == hashlib.md5(body.content, usedforsecurity=False).hexdigest()
