"""How results look: lines for people, JSON for scripts; `tables` has what needs Rich, which starts slowly."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import Any

from pydantic import BaseModel

from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.paths import text_of
from ccat_ops_db_client.terminal_text import printable, undecodable_escaped


@contextmanager
def printing() -> Iterator[None]:
    """Say of a result that cannot be printed that it is the result; a reader who is gone is another thing.

    Raises
    ------
    CcatError
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CcatError(
            f"the result cannot be printed ({error.strerror or error})", "see where the output goes"
        ) from error


def print_json(value: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
    """Print a result as JSON."""
    with printing():
        sys.stdout.write(json_text(value, 2) + "\n")


def json_text(value: Any, spaces: int | None = None) -> str:
    """Return a value as JSON of printable ASCII, which every parser takes and no terminal obeys."""
    return json.dumps(_plain(value), indent=spaces, ensure_ascii=True).replace("\x7f", "\\u007f")


def print_json_with_lists(first: Mapping[str, Any], lists: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Print a result as JSON whose lists, at its end, may be longer than memory holds."""
    with printing():
        sys.stdout.write(json_text(first, 2).removesuffix("\n}"))
        for name, entries in lists.items():
            sys.stdout.write(f',\n  "{name}": [')
            for position, entry in enumerate(entries):
                text = indent(json_text(entry, 2), "    ")
                sys.stdout.write(f"{',' if position else ''}\n{text}")
            sys.stdout.write("\n  ]")
        sys.stdout.write("\n}\n")


def say(text: str) -> None:
    """Print a line of the result."""
    with printing():
        sys.stdout.write(printable(text) + "\n")


def say_path(path: Path) -> None:
    """Print a path, which a script may open: with the bytes that it has on disk, whatever the locale."""
    with printing():
        sys.stdout.flush()
        sys.stdout.buffer.write(printable(text_of(path)).encode() + b"\n")
        sys.stdout.buffer.flush()


def notice(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(f"ccat: {printable(text)}\n")


def size(count: int | None) -> str:
    """Return a number of bytes with a decimal unit."""
    if count is None:
        return ""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while value >= 999.95 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.1f} {units[0]}"


def number(count: int | None) -> str:
    """Return a number with groups of three digits."""
    return "" if count is None else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Return a number of things, ``1 file`` or ``2,000 files``."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def time(moment: datetime | str | None) -> str:
    """Return a time in UTC, to the second."""
    if moment is None:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def duration(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Path):
        value = text_of(value)
    if isinstance(value, str):
        return undecodable_escaped(value)
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
