"""Checksums of many files at once, noticing files that change meanwhile."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from ccat_ops_db_client.checksums import Algorithm, new_hasher
from ccat_ops_db_client.errors import FileChangedError, FileGoneError, PathError
from ccat_ops_db_client.paths import shown

from .left_out import LeftOut
from .scan import GONE, FoundFile, path_error

PIECE_BYTES = 1024 * 1024
MAX_THREADS = 8
FILES_AHEAD = 2000

Write = Callable[[memoryview], object]
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file and the checksum (``algorithm:hex``) of its bytes."""

    file: FoundFile
    checksum: str


Work = Callable[[FoundFile, Advance], ReadFile]


class InterruptedReadError(Exception):
    """Another thread asked to stop."""


def each_in_threads(
    files: Sequence[FoundFile], work: Work, advance: Advance
) -> Generator[ReadFile | LeftOut | None, None, None]:
    """Yield what `work` makes of each file, in order, while several threads work ahead.

    Of a file that cannot be read it is the reason. Of one that is gone meanwhile it is null, unless it was an
    argument itself: it was the temporary of another program.

    Parameters
    ----------
    files : sequence of FoundFile
        What the scan found.
    work : callable
        Takes a file, and what to tell the number of bytes after each piece read.
    advance : callable
        Is told these numbers; must be safe for threads.
    """
    stop = threading.Event()
    stoppable = _stoppable(advance, stop)
    threads = min(os.cpu_count() or 1, MAX_THREADS)
    remaining = iter(files)
    with ThreadPoolExecutor(threads, thread_name_prefix="ccat-read") as executor:
        ahead: deque[Future[ReadFile | LeftOut | None]] = deque()

        def go_ahead(count: int) -> None:
            for file in islice(remaining, count):
                ahead.append(executor.submit(_read_or_left_out, work, file, stoppable))

        try:
            go_ahead(FILES_AHEAD)
            while ahead:
                yield ahead.popleft().result()
                go_ahead(1)
        finally:
            stop.set()
            executor.shutdown(cancel_futures=True)


def _read_or_left_out(work: Work, file: FoundFile, advance: Advance) -> ReadFile | LeftOut | None:
    try:
        return work(file, advance)
    except FileGoneError as error:
        return LeftOut.because_of(error, file.path) if file.is_argument else None
    except PathError as error:
        return LeftOut.because_of(error, file.path)


def checksum_of(file: FoundFile, algorithm: Algorithm, advance: Advance, write: Write | None = None) -> str:
    """Return ``algorithm:hex`` of a file; each piece is also given to `write`.

    Raises
    ------
    FileChangedError, PathError
        It is not as the scan saw it, changed while it was read, or cannot be read.
    """
    hasher = new_hasher(algorithm)
    count = 0
    with open_unchanged(file) as stream:
        # Room for one byte more, so that a file which grew is noticed.
        buffer = memoryview(bytearray(min(file.size + 1, PIECE_BYTES)))
        while read := stream.readinto(buffer):  # type: ignore[attr-defined]
            piece = buffer[:read]
            hasher.update(piece)
            if write is not None:
                write(piece)
            count += read
            advance(read)
            if count > file.size:
                break
    if count != file.size:
        raise FileChangedError(shown(file.path))
    return f"{algorithm}:{hasher.hexdigest()}"


@contextmanager
def open_unchanged(file: FoundFile) -> Iterator[BinaryIO]:
    """Open a file for reading; at the end it must still be as the scan saw it, under the same name.

    Raises
    ------
    FileChangedError, FileGoneError, PathError
    """
    # Not blocking: meanwhile the name may be that of a pipe.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with open(os.open(file.path, flags), "rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            _compare(before, file)
            yield stream
            _compare(os.fstat(stream.fileno()), file)
        now = file.path.lstat()
    except OSError as error:
        if error.errno in GONE:
            raise FileGoneError(shown(file.path)) from error
        raise path_error(file.path, error) from error
    if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
        raise FileChangedError(shown(file.path))


def _compare(status: os.stat_result, file: FoundFile) -> None:
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise FileChangedError(shown(file.path))


def _stoppable(advance: Advance, stop: threading.Event) -> Advance:
    def advance_unless_stopped(count: int) -> None:
        if stop.is_set():
            raise InterruptedReadError
        advance(count)

    return advance_unless_stopped
