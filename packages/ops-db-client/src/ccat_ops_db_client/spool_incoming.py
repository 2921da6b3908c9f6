"""Requests that are kept beside the file of the spool while that cannot be changed.

Each is a file of its own, whole or not there, and needs no lock: a process that was stopped in the middle of
a change keeps nobody from recording. The next one that changes the spool takes them in, in their order.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from .durable import PART, clear_abandoned, fresh_temporary, make_folder, sync_folder
from .spool_tables import REQUEST_COLUMNS, Row

_WHOLE = ".request"
_UNREADABLE = ".unreadable"
_MOST_AT_ONCE = 128 * 1024
"""Bytes; on a full disk there is room for little more."""


class Incoming:
    """The requests beside the file.

    Parameters
    ----------
    folder : Path
        That of the spool.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "incoming"

    def put(self, row: Row) -> None:
        """Keep a request; it is on disk when this returns.

        Raises
        ------
        OSError
            It cannot be kept.
        """
        facts = dict(zip(REQUEST_COLUMNS, row, strict=True))
        body = facts.pop("body")
        assert isinstance(body, bytes)
        make_folder(self._folder, mode=0o700)
        path = self._folder / f"{self._next_number():012}-{uuid4()}{_WHOLE}"
        with fresh_temporary(path) as (stream, temporary):
            stream.write(json.dumps({**facts, "size": len(body)}).encode() + b"\n" + body)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.rename(path)
        sync_folder(self._folder)

    def files(self) -> list[Path]:
        """Return the files of requests that wait here, in their order.

        While a folder is read, a name that comes may be passed over and a later one seen. So only what is not
        behind one of the first look counts: all that is before it was there when the second one began.
        """
        if not (first := self._with(_WHOLE)):
            return []
        return [path for path in self._with(_WHOLE) if path <= first[-1]]

    def clear_abandoned(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        clear_abandoned(self._folder, f"*{PART}")

    def unreadable(self) -> list[Path]:
        """Return the files that are no requests."""
        return self._with(_UNREADABLE)

    def rows(self) -> Iterator[tuple[Path, Row]]:
        """Yield some of the first ones with their files; one that is none gets another name."""
        size = 0
        for path in self.files():
            row = _row(path)
            if row is not None:
                yield path, row
                size += sum(map(len, row))
            if size > _MOST_AT_ONCE:
                return

    def _next_number(self) -> int:
        """Return a number behind all that wait; a clock that was set must not change their order."""
        numbers = (path.name.partition("-")[0] for path in self._with(_WHOLE))
        return 1 + max((int(number) for number in numbers if number.isdecimal()), default=0)

    def _with(self, suffix: str) -> list[Path]:
        try:
            return sorted(Path(entry) for entry in os.scandir(self._folder) if entry.name.endswith(suffix))
        except OSError:
            return []


def _row(path: Path) -> Row | None:
    try:
        first, _, body = path.read_bytes().partition(b"\n")
        facts = {**json.loads(first), "body": body}
        if facts["size"] != len(body):
            raise ValueError("it was cut")
        row = tuple(facts[name] for name in REQUEST_COLUMNS)
        if not all(isinstance(value, str | bytes) for value in row):
            raise ValueError("a value is no text")
    except OSError:
        # Another process took it in this moment, or the disk does not give it now.
        return None
    except (ValueError, KeyError, TypeError):
        with suppress(OSError):
            path.rename(path.with_suffix(_UNREADABLE))
        return None
    return row
