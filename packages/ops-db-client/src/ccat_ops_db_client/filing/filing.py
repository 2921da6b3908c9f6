"""File files: scan them, place them, read them in parallel, file them in batches.

What can be filed is filed; what cannot is left out with its reason, and is part of the outcome.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ccat_ops_db_client import calls
from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.errors import (
    ApiAwayError,
    ApiError,
    CcatError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    PathError,
    PathReason,
)
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.paths import shown
from ccat_ops_db_client.recorder import Recorder, pages
from ccat_ops_db_client.records import FiledFile, NewFile
from ccat_ops_db_client.sending import named_lines

from .ingest import clear_copies, ingest
from .left_out import LeftOut
from .placing import Placed, apart, place_copies, place_where_they_are, same_name
from .read import Advance, ReadFile, Work, checksum_of, each_in_threads
from .scan import FoundFile, scan
from .sources import instrument_of, load_sources, source_for

BATCH_FILES = 1000
BATCH_BYTES = 4 * 1024**3

# Modification times that are sent: the service takes the years from 1900, and a disk may hold anything.
EARLIEST = 0
LATEST = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000

# To ask which files are filed already costs about as much as to read this many.
WORTH_ASKING_FILES = 1000
WORTH_ASKING_BYTES = 256 * 1024**2

_OTHER_CONTENT = "what is filed cannot change: give the new content another name"
_REMEDIES = {
    "size": _OTHER_CONTENT,
    "checksum": _OTHER_CONTENT,
    "source_location": "file it from the source location where it was filed first",
    "relative_path": "rename it",
}

FIELDS_OF_A_FILE = frozenset({"relative_path", "size", "checksum", "id", "written_from", "written_until"})
"""Fields that can be wrong for one file of a batch; the others are the same for all."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is filed: for which execution and module, with which checksum and kind of file."""

    execution_id: UUID
    module: str
    algorithm: Algorithm = Algorithm.XXH3_128
    file_type: str | None = None


@dataclass(frozen=True, slots=True)
class Copying:
    """That files are copied into a source location first.

    Attributes
    ----------
    location : str or None
        Id of the location; null: that of the module's instrument.
    folder : str or None
        Folder there, ``.`` for its top; null: ``EXECUTION/MODULE``.
    """

    location: str | None = None
    folder: str | None = None


@dataclass
class Outcome:
    """What became of the files.

    Attributes
    ----------
    filed, already_filed, spooled : int
        Numbers of files: filed now, filed before, and kept in the spool.
    bytes : int
        Bytes that were read.
    spooled_because : CcatError or None
        Why some are in the spool.
    left_out : list of LeftOut
        What could not be filed.
    ignored : list of Path
        Names that are no data: what was removed while it was open, copies under way, and the folder
        ``lost+found`` of a file system.
    """

    filed: int = 0
    already_filed: int = 0
    spooled: int = 0
    bytes: int = 0
    spooled_because: CcatError | None = None
    left_out: list[LeftOut] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)

    @property
    def nothing_is_filed(self) -> bool:
        """Whether there was something, and all of it was left out."""
        return bool(self.left_out) and not (self.filed or self.already_filed or self.spooled)


Progress = Callable[[int], AbstractContextManager[Advance]]
"""Is told how many bytes will be read, and gives what is told the bytes that were; safe for threads."""


def _nobody(count: int) -> None:
    del count


def _in_silence(total: int) -> AbstractContextManager[Advance]:
    del total
    return nullcontext(_nobody)


def file_paths(
    recorder: Recorder,
    order: Order,
    paths: Sequence[Path],
    *,
    copying: Copying | None = None,
    progress: Progress = _in_silence,
) -> Outcome:
    """File all that the paths mean and that can be filed.

    Files that are filed already are skipped, so this can be repeated after a break.

    Parameters
    ----------
    recorder : Recorder
        Takes the batches.
    order : Order
        What they are filed as.
    paths : sequence of Path
        Files, and folders with all in them.
    copying : Copying, optional
        Copy them into a source location first; otherwise they are in one.
    progress : callable
        Shows how far the reading is.

    Returns
    -------
    Outcome
        Also what was left out, each thing with its reason.

    Raises
    ------
    CcatError
        Nothing at all can be filed so: no source location fits, or the API refuses what is the same for all
        files (execution, module, location). Batches before it are filed.
    """
    found = scan(paths)
    outcome = Outcome(left_out=found.left_out, ignored=found.ignored)
    placed, read = _plan(recorder, order, found.files, copying, outcome)
    # What is there already is compared with the original, so that each is read.
    needed = leave_out_filed(recorder, order, placed) if copying is None else placed
    outcome.already_filed += len(placed) - len(needed)
    with progress(sum(item.file.size for item in needed)) as advance:
        file_placed(recorder, order, needed, outcome, read=read, advance=advance)
    return outcome


def _plan(
    recorder: Recorder, order: Order, files: Sequence[FoundFile], copying: Copying | None, outcome: Outcome
) -> tuple[list[Placed], Work]:
    sources = load_sources(recorder)
    if copying is None:
        placed, misplaced = place_where_they_are(files, sources)
    else:
        instrument = None if copying.location else instrument_of(recorder, order.module)
        source = source_for(instrument, sources, copying.location)
        folder = copying.folder or f"{order.execution_id}/{order.module}"
        placed, misplaced = place_copies(files, source, folder)
        clear_copies({item.target.parent for item in placed}, source.folder)
    outcome.left_out += misplaced
    placed, groups = apart(placed)
    for group in groups:
        placed += _settled(recorder, order, group, outcome)
    return placed, in_place(order) if copying is None else copied_first(order, placed)


def _settled(recorder: Recorder, order: Order, group: Sequence[Placed], outcome: Outcome) -> list[Placed]:
    """Return the one of a group with one name that is filed already; leave out the others."""
    filed = [item for item in group if _is_known(recorder, order, item)][:1]
    for item in group:
        if item not in filed:
            other = filed[0] if filed else next(other for other in group if other is not item)
            outcome.left_out.append(same_name(item, other, other_is_filed=bool(filed)))
    return filed


def _is_known(recorder: Recorder, order: Order, item: Placed) -> bool:
    asked = {"execution_id": order.execution_id, "module": order.module, "relative_path": item.relative_path}
    try:
        return any(
            file.size == item.file.size and file.source_location == item.source.id
            for file in pages(recorder.ask, calls.filed_files(**asked))
        )
    except (ApiAwayError, ApiError):
        return False


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
            for file in pages(
                recorder.ask, calls.filed_files(execution_id=order.execution_id, module=order.module)
            )
        }
    except (ApiAwayError, ApiError):
        # Away, a bad token, or the start itself still waits in the spool: filing will tell.
        return list(placed)
    return [item for item in placed if not _is_filed(item.file, filed.get(item.relative_path))]


def file_placed(
    recorder: Recorder,
    order: Order,
    placed: Sequence[Placed],
    outcome: Outcome,
    *,
    read: Work,
    advance: Advance,
) -> None:
    """Read the files in parallel, file them in batches, and add to the outcome what became of them.

    Parameters
    ----------
    recorder : Recorder
        Takes the batches.
    order : Order
        What they are filed as.
    placed : sequence of Placed
        The files.
    outcome : Outcome
        What became of the files before.
    read : callable
        `in_place` or `copied_first`.
    advance : callable
        Is told the bytes read; must be safe for threads.

    Raises
    ------
    CcatError
        What is the same for all files was refused. Batches before it are filed.
    """
    # Closed at once when something fails, so that no thread reads on.
    with closing(each_in_threads([item.file for item in placed], read, advance)) as results:
        for batch in _batches(zip(placed, results, strict=True), outcome):
            _file_batch(recorder, [(item, _new_file(order, item, result)) for item, result in batch], outcome)


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


def _file_batch(recorder: Recorder, batch: list[tuple[Placed, NewFile]], outcome: Outcome) -> None:
    """File a batch, without the files that the API refuses by name."""
    while batch:
        try:
            receipt = recorder.file([file for _, file in batch])
        except (InvalidRequestError, ConflictError) as error:
            refused = _refused_lines(error, len(batch))
            if not refused:
                raise _after(outcome, error) from error
            for line, reason in refused.items():
                outcome.left_out.append(_refused_file(batch[line - 1][0], reason))
            batch = [entry for line, entry in enumerate(batch, 1) if line not in refused]
            continue
        if receipt.answer is not None:
            outcome.filed += receipt.answer.filed
            outcome.already_filed += receipt.answer.already_filed
        elif receipt.spooled:
            outcome.spooled += len(batch)
            outcome.spooled_because = outcome.spooled_because or receipt.reason
        else:
            outcome.filed += len(batch)
        outcome.bytes += sum(file.size for _, file in batch)
        return


def _refused_lines(error: ApiError, lines: int) -> dict[int, FieldError]:
    """Return the lines of a batch that were refused for what they say; none if it is true of all lines."""
    named = named_lines(error, lines)
    of_files = isinstance(error, ConflictError) or all(
        entry.field in FIELDS_OF_A_FILE for entry in named.values()
    )
    return named if of_files else {}


def _refused_file(item: Placed, refusal: FieldError) -> LeftOut:
    error = PathError(
        f"{shown(item.file.path)} is refused by the API: {refusal.reason}",
        _REMEDIES.get(refusal.field, "correct it and file it again"),
        PathReason.REFUSED,
    )
    return LeftOut.because_of(error, item.file.path)


def _after(outcome: Outcome, error: ApiError) -> ApiError:
    """Return an error that also says what is filed already."""
    if not outcome.filed:
        return error
    return type(error)(
        f"{outcome.filed} files are filed, but then: {error.message}",
        status=error.status,
        slug=error.slug,
        errors=error.errors,
        request_id=error.request_id,
        remedy="correct it and file again; what is filed already is skipped",
    )


def _batches(
    results: Iterator[tuple[Placed, ReadFile | LeftOut | None]], outcome: Outcome
) -> Iterator[list[tuple[Placed, ReadFile]]]:
    batch: list[tuple[Placed, ReadFile]] = []
    size = 0
    for item, result in results:
        if isinstance(result, LeftOut):
            outcome.left_out.append(result)
        elif result is not None:
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
