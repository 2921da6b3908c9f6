"""One pass over the bytes: read, hash and write at the same time, in constant memory.

The caller lays the tar out in a few large buffers ("slabs"), reading file content straight into its place. A
full slab goes to the hashing thread (SHA-256 and filed checksum of the members in it), then to the writing
thread (xxh3-128 of the tar, and the write), then back. Nothing is copied, and small files share a slab. The
hash functions and system calls release the interpreter's lock, so two cores are busy.
"""

import hashlib
import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from ccat_data_transfer.checksums import Hasher, format_checksum, new_hasher

from .errors import SourceMismatchError, SourceUnreadableError

# Measured on two cores: less than 1 MiB costs CPU for hand-overs, more than 2 MiB gains nothing.
SLAB_BYTES = 2 * 1024 * 1024
SLABS = 8

# Smaller files are hashed where they were read: two threads that take the interpreter's lock in turns every
# few microseconds cost more than the other core gains. Measured: a quarter less time at 16 KiB, even at 48.
HASHED_AT_ONCE_BYTES = 32 * 1024

Progress = Callable[[int], object]


class MemberDigest:
    """The hashes of one file while it passes.

    Attributes
    ----------
    path : str
        Relative path, for errors.
    algorithm : str
        Of the checksum as filed.
    sha256 : str
        Hex digest, valid after `TarPipeline.wait_until_hashed`.
    """

    __slots__ = ("_expected", "_filed_hasher", "_sha256", "algorithm", "path", "sha256")

    def __init__(self, path: str, filed: str) -> None:
        self.algorithm, _, self._expected = filed.partition(":")
        self.path = path
        self._sha256 = hashlib.sha256()
        self._filed_hasher: Hasher = (
            self._sha256 if self.algorithm == "sha256" else new_hasher(self.algorithm)
        )
        self.sha256 = ""

    def update(self, data: memoryview) -> None:
        """Take the next bytes."""
        self._sha256.update(data)
        if self._filed_hasher is not self._sha256:
            self._filed_hasher.update(data)

    def finish(self) -> None:
        """Close the file.

        Raises
        ------
        SourceMismatchError
            The bytes are not the filed ones.
        """
        sha256, filed = self._sha256.hexdigest(), self._filed_hasher.hexdigest()
        del self._sha256, self._filed_hasher  # they would be held until the last file of the package
        self.conclude(sha256, filed)

    def conclude(self, sha256: str, filed: str) -> None:
        """Close the file with the digests of its bytes, in hex.

        Raises
        ------
        SourceMismatchError
            The bytes are not the filed ones.
        """
        self.sha256 = sha256
        if filed != self._expected:
            raise SourceMismatchError(
                self.path,
                format_checksum(self.algorithm, self._expected),
                format_checksum(self.algorithm, filed),
            )


class _Slab:
    """One buffer on its way round, with the pieces of members in it: digest, start, end, is the last one."""

    __slots__ = ("pieces", "used", "view")

    def __init__(self) -> None:
        self.view = memoryview(bytearray(SLAB_BYTES))
        self.used = 0
        self.pieces: list[tuple[MemberDigest, int, int, bool]] = []


class TarPipeline:
    """Writes a byte stream to a descriptor, hashing on the way. Leaving the context ends its threads.

    The first error of a thread is raised in the caller by its next call.

    Parameters
    ----------
    descriptor : int
        Open for writing; written from its current position. Not closed.
    on_progress : callable
        Called in the caller's thread with the bytes written so far, once a slab. What it raises ends the
        writing.
    """

    def __init__(self, descriptor: int, on_progress: Progress) -> None:
        self._descriptor = descriptor
        self._on_progress = on_progress
        self._tar_hasher = new_hasher("xxh3-128")
        self._handed_over = 0
        self._written = 0
        self._failure: BaseException | None = None
        self._to_hash: SimpleQueue[_Slab | None] = SimpleQueue()
        self._to_write: SimpleQueue[_Slab | None] = SimpleQueue()
        self._free: SimpleQueue[_Slab] = SimpleQueue()
        for _ in range(SLABS - 1):
            self._free.put(_Slab())
        self._slab = _Slab()
        self._threads = (
            Thread(target=self._hash_slabs, name="package-hash", daemon=True),
            Thread(target=self._write_slabs, name="package-write", daemon=True),
        )

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._failure is None:
            self._failure = error  # what is still under way need not be written
        self._to_hash.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def position(self) -> int:
        """Bytes laid out so far: the offset of the next byte in the tar."""
        return self._handed_over + self._slab.used

    @property
    def checksum(self) -> str:
        """Canonical xxh3-128 of everything written; call `wait_until_written` first."""
        return format_checksum("xxh3-128", self._tar_hasher.hexdigest())

    def write(self, data: bytes) -> None:
        """Append bytes that belong to no file: headers, padding, tag files."""
        start = 0
        while start < len(data):
            slab = self._slab_with_room()
            count = min(len(data) - start, SLAB_BYTES - slab.used)
            slab.view[slab.used : slab.used + count] = data[start : start + count]
            slab.used += count
            start += count

    def read_from(self, descriptor: int, size: int, digest: MemberDigest) -> int:
        """Append the next `size` bytes of an open file, fewer if it ends before; return how many.

        `digest` is closed only if all of them were there.
        """
        missing = size
        while True:
            slab = self._slab_with_room()
            start = slab.used
            end = min(SLAB_BYTES, start + missing)
            while slab.used < end and (count := _read_into(slab.view[slab.used : end], descriptor, digest)):
                slab.used += count
            missing -= slab.used - start
            if missing == 0 and size <= HASHED_AT_ONCE_BYTES and start + size == slab.used:
                digest.update(slab.view[start : slab.used])
                digest.finish()
                return size
            slab.pieces.append((digest, start, slab.used, missing == 0))
            if missing == 0 or slab.used < end:
                return size - missing

    def wait_until_written(self) -> None:
        """Hand everything over and wait until it is hashed and written."""
        self._hand_over()
        for slab in [self._next_free() for _ in range(SLABS - 1)]:
            self._free.put(slab)

    def _slab_with_room(self) -> _Slab:
        if self._slab.used == SLAB_BYTES:
            self._hand_over()
        return self._slab

    def _hand_over(self) -> None:
        self._handed_over += self._slab.used
        self._to_hash.put(self._slab)
        self._slab = self._next_free()
        self._on_progress(self._written)

    def _next_free(self) -> _Slab:
        slab = self._free.get()
        if self._failure is not None:
            raise self._failure
        return slab

    def _hash_slabs(self) -> None:
        while (slab := self._to_hash.get()) is not None:
            if self._failure is None:
                try:
                    _hash_pieces(slab)
                except BaseException as error:
                    self._failure = error
            self._to_write.put(slab)
        self._to_write.put(None)

    def _write_slabs(self) -> None:
        while (slab := self._to_write.get()) is not None:
            if self._failure is None:
                try:
                    self._write_slab(slab)
                except BaseException as error:
                    self._failure = error
            slab.used = 0
            slab.pieces.clear()
            self._free.put(slab)

    def _write_slab(self, slab: _Slab) -> None:
        content = slab.view[: slab.used]
        self._tar_hasher.update(content)
        done = 0
        while done < slab.used:
            count = os.write(self._descriptor, content[done:])
            done += count
            self._written += count


def _read_into(room: memoryview, descriptor: int, digest: MemberDigest) -> int:
    try:
        return os.readv(descriptor, [room])
    except OSError as error:
        raise SourceUnreadableError(digest.path, f"it cannot be read: {error.strerror}") from error


def _hash_pieces(slab: _Slab) -> None:
    for digest, start, end, is_last in slab.pieces:
        digest.update(slab.view[start:end])
        if is_last:
            digest.finish()
