"""What every method does that moves bytes through this process: read once, hash, write, compare, publish.

A thread reads and hashes while the caller's thread writes, with a few small buffers between them. The
checksum is taken from the very bytes that are written, so a source that changes meanwhile cannot slip
through. A clone of the blocks (reflink) would be cheaper, but then "two copies" share their bytes on the
medium; and copy_file_range saves nothing, because the bytes have to be read for the checksum in any case.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from ccat_data_transfer.checksums import Hasher, format_checksum, new_hasher, parse_checksum
from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Configuration, Failure, Integrity, Transient
from ccat_data_transfer.movers.interface import (
    Expected,
    Progress,
    SentReport,
    VerifyReport,
    WrongCopyError,
    forget,
)
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    ObjectInfo,
    Reader,
    Storage,
    StorageKind,
    Upload,
    Waiting,
    do_nothing,
)
from ccat_data_transfer.storage.part_buffers import new_buffer
from ccat_ops_db.enumerations import Finding

_BLOCK_BYTES = MEBIBYTE
_BLOCKS = 4
_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """How bytes pass through this process.

    Attributes
    ----------
    blocks : callable
        Gives the blocks of a reader, which it opens itself, and hashes them; a block is valid until the next
        is asked for. Calls the third argument now and then while it waits.
    new_hasher : callable
        Makes a hash of an algorithm.
    """

    blocks: Callable[[Callable[[], Reader], Hasher, Waiting], AbstractContextManager[Iterator[memoryview]]]
    new_hasher: Callable[[str], Hasher]


def _through_memory() -> Passage:
    return Passage(_read_ahead, new_hasher)


@dataclass(frozen=True, slots=True)
class StreamingMover:
    """A mover whose bytes go through this process.

    Attributes
    ----------
    method : str
        Name, as routes give it.
    between : frozenset
        Pairs of kinds of source and target that it serves.
    passage : Passage
        How bytes pass; simulated ones pass without being there.
    """

    method: str
    between: frozenset[tuple[StorageKind, StorageKind]]
    passage: Passage = field(default_factory=_through_memory)

    def send(
        self,
        source: Storage,
        source_path: str,
        target: Storage,
        target_path: str,
        expected: Expected,
        *,
        work_id: str,
        progress: Progress,
        kept: Callable[[int], None] = forget,
        tag: str | None = None,
        confirm: Callable[[], None] = do_nothing,
        resume: bool = True,
    ) -> SentReport:
        """See `Mover.send`."""
        if (source.kind, target.kind) not in self.between:
            raise Configuration(
                "method_does_not_fit",
                f"the method {self.method!r} does not go from {source.kind} to {target.kind}; "
                "set another one on the route",
            )
        crash_point("mover.before_send")
        job = _Job(
            source,
            source_path,
            target,
            target_path,
            expected,
            work_id,
            tag,
            progress,
            kept,
            confirm,
            self.passage,
        )
        report = job.result_of_earlier_attempt() or job.run(resume=resume)
        crash_point("mover.sent")
        return report

    def resume_point(self, target: Storage, target_path: str, work_id: str) -> int:
        """See `Mover.resume_point`."""
        return target.resume_point(target_path, work_id)

    def verify(self, target: Storage, path: str, expected: Expected, progress: Progress) -> VerifyReport:
        """See `Mover.verify`."""
        return _verify(target, path, expected, progress, self.passage)

    def remove_temporary(self, target: Storage, target_path: str, work_id: str | None = None) -> None:
        """See `Mover.remove_temporary`."""
        target.remove_temporary(target_path, work_id)


def _verify(
    target: Storage,
    path: str,
    expected: Expected,
    progress: Progress,
    passage: Passage,
) -> VerifyReport:
    info = target.stat(path)
    if info is None:
        raise WrongCopyError(
            "copy_missing",
            "the copy is not there; it must be sent again",
            path=path,
            finding=Finding.MISSING,
        )
    if info.size != expected.size:
        raise WrongCopyError(
            "copy_size",
            f"the copy has {info.size:,} bytes instead of {expected.size:,}; set it aside and send it again",
            path=path,
            finding=Finding.OTHER_SIZE,
            info=info,
        )
    checksum = _read_back(target, path, expected, progress, passage)
    crash_point("mover.read_back")
    _refuse_if_changed(target, info)
    if checksum != expected.checksum:
        raise WrongCopyError(
            "copy_checksum",
            f"the copy has the checksum {checksum} instead of {expected.checksum}; "
            "set it aside and send it again",
            path=path,
            finding=Finding.OTHER_CHECKSUM,
            info=info,
            checksum=checksum,
            read_bytes=info.size,
        )
    crash_point("mover.verified")
    return VerifyReport(info, checksum)


def _refuse_if_changed(target: Storage, before: ObjectInfo) -> None:
    """See that what was read is still there: what was found of an object is nothing about another."""
    after = target.stat(before.path)
    if after is None or after.mark != before.mark:
        raise Transient(
            "changed_while_read",
            "the object was replaced while it was read; it begins again",
            path=before.path,
        )


class _Job:
    """One object on its way, over several attempts in one process."""

    def __init__(
        self,
        source: Storage,
        source_path: str,
        target: Storage,
        target_path: str,
        expected: Expected,
        work_id: str,
        tag: str | None,
        progress: Progress,
        kept: Callable[[int], None],
        confirm: Callable[[], None],
        passage: Passage,
    ) -> None:
        self._source = source
        self._source_path = source_path
        self._target = target
        self._target_path = target_path
        self._expected = expected
        self._work_id = work_id
        self._tag = tag
        self._progress = progress
        self._kept = kept
        self._confirm = confirm
        self._passage = passage
        self._algorithm = _algorithm(expected.checksum)

    def result_of_earlier_attempt(self) -> SentReport | None:
        """Return what is at the target, null if there is nothing. Who reads it judges whether it is right."""
        info = self._target.stat(self._target_path)
        if info is None:
            return None
        self._target.remove_temporary(self._target_path, self._work_id)
        return SentReport(info.size, None, 0, info.etag)

    def run(self, *, resume: bool) -> SentReport:
        """Send, and once more from the start when an earlier attempt left wrong bytes."""
        self._refuse_other_size()
        try:
            report = self._attempt(resume=resume)
            while report is None:
                report = self._attempt(resume=False)
        except Failure as failure:
            if failure.category not in {"exists", "upload_gone"}:
                raise
            # Another process may have finished the same object while this one worked.
            report = self.result_of_earlier_attempt()
            if report is None:
                raise
        return report

    def _attempt(self, *, resume: bool) -> SentReport | None:
        """Send; null when the bytes are wrong, but some of them were an earlier attempt's."""
        hasher = self._passage.new_hasher(self._algorithm)
        with self._target.open_upload(
            self._target_path,
            self._work_id,
            self._expected,
            tag=self._tag,
            confirm=self._confirm,
            resume=resume,
            waiting=self._tick,
        ) as upload:
            adopted = upload.adopt(hasher.update)
            self._kept(upload.kept)
            sent = self._stream(upload, adopted, hasher)
            checksum = format_checksum(self._algorithm, hasher.hexdigest())
            crash_point("mover.before_compare")
            if adopted + sent != self._expected.size or checksum != self._expected.checksum:
                upload.discard()
                self._kept(0)
                if adopted:
                    return None
                raise self._mismatch(sent, checksum)
            info = upload.finish()
        return SentReport(self._expected.size, checksum, sent, info.etag)

    def _stream(self, upload: Upload, start: int, hasher: Hasher) -> int:
        def open_reader() -> Reader:
            # One byte more than expected tells a source that has grown.
            length = self._expected.size - start + 1
            return self._source.open_read(self._source_path, offset=start, length=length)

        sent = 0
        with self._passage.blocks(open_reader, hasher, self._tick) as blocks:
            for block in blocks:
                sent += len(block)
                if start + sent > self._expected.size:
                    break
                upload.write(block)
                self._kept(upload.kept)
                self._progress(len(block))
        return sent

    def _tick(self) -> None:
        self._progress(0)

    def _refuse_other_size(self) -> None:
        info = self._source.stat(self._source_path)
        if info is None:
            raise Integrity(
                "source_missing",
                f"{self._source.location_id} does not have it any more",
                path=self._source_path,
            )
        if info.size != self._expected.size:
            raise Integrity(
                "source_mismatch",
                f"at {self._source.location_id} it has {info.size:,} bytes instead of"
                f" {self._expected.size:,}; verify the copy there",
                path=self._source_path,
            )

    def _mismatch(self, sent: int, checksum: str) -> Integrity:
        found = (
            f"the checksum {checksum} instead of {self._expected.checksum}"
            if sent == self._expected.size
            else f"another number of bytes than the expected {self._expected.size:,}"
        )
        return Integrity(
            "source_mismatch",
            f"what came from {self._source.location_id} has {found}; verify the copy there",
            path=self._source_path,
        )


def _read_back(target: Storage, path: str, expected: Expected, progress: Progress, passage: Passage) -> str:
    algorithm = _algorithm(expected.checksum)
    hasher = passage.new_hasher(algorithm)
    target.drop_cache(path)
    with passage.blocks(lambda: target.open_read(path), hasher, lambda: progress(0)) as blocks:
        for block in blocks:
            progress(len(block))
    return format_checksum(algorithm, hasher.hexdigest())


@contextmanager
def _read_ahead(
    open_reader: Callable[[], Reader], hasher: Hasher, waiting: Waiting
) -> Iterator[Iterator[memoryview]]:
    """Give the blocks of a reader, read and hashed by a thread. A block is valid until the next is asked for.

    The thread opens and closes the reader by itself: it may hang in a dead file system longer than we wait.
    """
    free: queue.SimpleQueue[memoryview | None] = queue.SimpleQueue()
    filled: queue.SimpleQueue[memoryview | BaseException | None] = queue.SimpleQueue()
    for _ in range(_BLOCKS):
        free.put(new_buffer(_BLOCK_BYTES))

    def run() -> None:
        try:
            with open_reader() as reader:
                while (buffer := free.get()) is not None and (count := reader.readinto(buffer)):
                    hasher.update(buffer[:count])
                    filled.put(buffer[:count])
            filled.put(None)
        except BaseException as error:  # handed over to the caller
            filled.put(error)

    def blocks() -> Iterator[memoryview]:
        while (item := _next(filled, waiting)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            free.put(memoryview(item.obj))

    threading.Thread(target=run, name="read-ahead", daemon=True).start()
    try:
        yield blocks()
    finally:
        free.put(None)


def _next(
    filled: queue.SimpleQueue[memoryview | BaseException | None], waiting: Waiting
) -> memoryview | BaseException | None:
    while True:
        try:
            return filled.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            waiting()


def _algorithm(checksum: str) -> str:
    return parse_checksum(checksum).algorithm
