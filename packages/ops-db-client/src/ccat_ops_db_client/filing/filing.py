"""File files: scan them, place them, read them in parallel, file them in batches."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from uuid import UUID

from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import (
    ApiAwayError,
    ApiError,
    CcatError,
    ConflictError,
    InvalidRequestError,
    PathError,
)
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.paths import check_relative_path, name_of, text_of
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.records import FiledFile, NewFile

from .ingest import ingest
from .read import Advance, ReadFile, Work, checksum_of, each_in_threads
from .scan import FoundFile
from .sources import Source, place_of

BATCH_FILES = 1000
REASONS_SHOWN = 5
BATCH_BYTES = 4 * 1024**3

# Modification times that are sent: the service takes the years from 1900, and a disk may hold anything.
EARLIEST = 0
LATEST = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000

# To ask which files are filed already costs about as much as to read this many.
WORTH_ASKING_FILES = 1000
WORTH_ASKING_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Order:
    """What is filed: for which execution and module, with which checksum and kind of file."""

    execution_id: UUID
    module: str
    algorithm: Algorithm
    file_type: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A file, the source location it is or comes in, and its path there."""

    file: FoundFile
    source: Source
    relative_path: str

    @property
    def target(self) -> Path:
        """Where the file is, or is copied to, in the source location."""
        return self.source.folder / name_of(self.relative_path)


@dataclass
class Outcome:
    """What became of the files: numbers of files, bytes that were read, and why some are in the spool."""

    filed: int = 0
    already_filed: int = 0
    spooled: int = 0
    bytes: int = 0
    spooled_because: CcatError | None = None


def place_where_they_are(files: Sequence[FoundFile], sources: Sequence[Source]) -> list[Placed]:
    """Place each file in the source location that contains it.

    Raises
    ------
    PathError
        A file is in none, or its path cannot be filed.
    """
    placed = [Placed(file, *place_of(file.path, sources)) for file in files]
    for item in placed:
        check_relative_path(item.relative_path)
    return placed


def place_copies(files: Sequence[FoundFile], source: Source, folder: str) -> list[Placed]:
    """Place a copy of each file below `folder` of a source location.

    Raises
    ------
    PathError
        Two files would get the same path, or a path cannot be filed.
    """
    placed: dict[str, Placed] = {}
    for file in files:
        relative_path = check_relative_path(str(PurePosixPath(text_of(folder)) / file.below))
        if relative_path in placed:
            raise PathError(
                f"{placed[relative_path].file.path} and {file.path} would both become {relative_path}",
                "copy them in with two commands and another --into",
            )
        placed[relative_path] = Placed(file, source, relative_path)
    return list(placed.values())


def leave_out_filed(recorder: Recorder, order: Order, placed: Sequence[Placed]) -> list[Placed]:
    """Return those that must be read: without files that are filed with the same size and time.

    Few small files are read rather than asked for: the API then says itself that they are filed.
    """
    total = sum(item.file.size for item in placed)
    if len(placed) < WORTH_ASKING_FILES and total < WORTH_ASKING_BYTES:
        return list(placed)
    try:
        filed = {
            file.relative_path: file
            for file in recorder.client.filed_files(execution_id=order.execution_id, module=order.module)
        }
    except (ApiAwayError, ApiError):
        # Away, a bad token, or the start itself still waits in the spool: filing will tell.
        return list(placed)
    return [item for item in placed if not _is_filed(item.file, filed.get(item.relative_path))]


def file_placed(
    recorder: Recorder,
    order: Order,
    placed: Sequence[Placed],
    *,
    read: Work,
    advance: Advance,
) -> Outcome:
    """Read the files in parallel and file them in batches.

    Parameters
    ----------
    recorder : Recorder
        Takes the batches.
    order : Order
        What they are filed as.
    placed : sequence of Placed
        The files.
    read : callable
        `in_place` or `copied_first`.
    advance : callable
        Is told the bytes read; must be safe for threads.

    Raises
    ------
    CcatError
        A file cannot be read, changed meanwhile or was refused. Batches before it are filed.
    """
    outcome = Outcome()
    # Closed at once when something fails, so that no thread reads on.
    with closing(each_in_threads([item.file for item in placed], read, advance)) as results:
        for batch in _batches(zip(placed, results, strict=True)):
            _file_batch(recorder, [_new_file(order, item, result) for item, result in batch], outcome)
    return outcome


def in_place(order: Order) -> Work:
    """Return how files are read that are in their source location."""
    return lambda file, advance: ReadFile(file, checksum_of(file, order.algorithm, advance))


def copied_first(order: Order, placed: Sequence[Placed]) -> Work:
    """Return how files are read that have to be copied to their place."""
    places = {item.file.path: item for item in placed}

    def read(file: FoundFile, advance: Advance) -> ReadFile:
        item = places[file.path]
        return ingest(file, item.target, item.source.folder, order.algorithm, advance)

    return read


def _file_batch(recorder: Recorder, files: list[NewFile], outcome: Outcome) -> None:
    try:
        receipt = recorder.file(files)
    except (InvalidRequestError, ConflictError) as error:
        raise _naming_files(error, files, outcome) from error
    if receipt.answer is not None:
        outcome.filed += receipt.answer.filed
        outcome.already_filed += receipt.answer.already_filed
    elif receipt.spooled:
        outcome.spooled += len(files)
        outcome.spooled_because = outcome.spooled_because or receipt.reason
    else:
        outcome.filed += len(files)
    outcome.bytes += sum(file.size for file in files)


def _naming_files(error: ApiError, files: list[NewFile], outcome: Outcome) -> ApiError:
    """Return the error with the paths instead of the lines of a batch that nobody sees."""
    reasons = [
        f"{files[entry.line - 1].relative_path}: {entry.field} {entry.reason}"
        for entry in error.errors
        if entry.line is not None and 0 < entry.line <= len(files)
    ]
    if not reasons:
        return error
    more = f"; and {len(reasons) - REASONS_SHOWN} more" if len(reasons) > REASONS_SHOWN else ""
    before = f"{outcome.filed} files are filed, but " if outcome.filed else ""
    return type(error)(
        f"{before}{len(files)} are not: {'; '.join(reasons[:REASONS_SHOWN])}{more}",
        status=error.status,
        slug=error.slug,
        errors=error.errors,
        request_id=error.request_id,
        remedy="correct them and file again; what is filed already is skipped",
    )


def _batches(
    results: Iterator[tuple[Placed, ReadFile | None]],
) -> Iterator[list[tuple[Placed, ReadFile]]]:
    batch: list[tuple[Placed, ReadFile]] = []
    size = 0
    for item, result in results:
        if result is None:
            continue
        batch.append((item, result))
        size += result.file.size
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _new_file(order: Order, item: Placed, result: ReadFile) -> NewFile:
    return NewFile(
        id=new_id(),
        execution_id=order.execution_id,
        module=order.module,
        relative_path=item.relative_path,
        size=result.file.size,
        checksum=result.checksum,
        source_location=item.source.id,
        file_type=order.file_type,
        written_until=_time(result.file.mtime_ns),
    )


def _is_filed(file: FoundFile, filed: FiledFile | None) -> bool:
    return (
        filed is not None
        and filed.size == file.size
        and filed.written_until == _time(file.mtime_ns) is not None
    )


def _time(nanoseconds: int) -> datetime | None:
    """Return a time, to the microsecond as the database keeps it; null where it is no credible time."""
    if not EARLIEST <= nanoseconds < LATEST:
        return None
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
