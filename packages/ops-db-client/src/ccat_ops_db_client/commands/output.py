"""How results look: tables for people, JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from ccat_ops_db_client.terminal_text import printable

# Without a terminal a table is as wide as it is: nothing may be cut off in a pipe.
WIDE = 1000
# On a narrow terminal rather the terminal breaks lines than a table its cells, letter by letter.
NARROWEST = 120

_STYLES = {
    "archived": "green",
    "completed": "green",
    "verified": "green",
    "staged": "green",
    "failed": "red",
    "corrupt": "red",
    "missing": "red",
    "aborted": "yellow",
    "running": "cyan",
    "transferring": "cyan",
    "in_progress": "cyan",
}


def print_json(value: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
    """Print a result as JSON."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=True) + "\n")


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(printable(text) + "\n")


def notice(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(f"ccat: {printable(text)}\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Text | str]], *, title: str = "") -> None:
    """Print a table.

    A column whose name begins with ``>`` is aligned to the right; neither it nor one that begins with ``=``
    is ever broken into lines.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    if title:
        table.title = Text(f"\n{title}", style="bold underline")
    for name in columns:
        table.add_column(
            name.lstrip(">="),
            justify="right" if name.startswith(">") else "left",
            overflow="fold",
            no_wrap=name.startswith((">", "=")),
        )
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    _console().print(table)


def state(text: str | None) -> Text:
    """Return a state in its colour."""
    return Text(printable(text or ""), style=_STYLES.get(text or "", ""))


def lines(cells: Iterable[Text]) -> Text:
    """Return several lines in one cell."""
    return Text("\n").join(cells)


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


@contextmanager
def byte_progress(description: str) -> Iterator[Progress]:
    """Show a bar in bytes on the terminal; nothing where there is none."""
    with _progress(
        TextColumn(description, markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ) as progress:
        yield progress


@contextmanager
def waiting_progress() -> Iterator[Progress]:
    """Show what is waited for on the terminal; nothing where there is none."""
    with _progress(SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn()) as progress:
        yield progress


def _progress(*columns: Any) -> Progress:
    terminal = Console(stderr=True)
    return Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal)


def _console() -> Console:
    if sys.stdout.isatty():
        return Console(highlight=False, width=max(Console().width, NARROWEST))
    return Console(highlight=False, width=WIDE)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
