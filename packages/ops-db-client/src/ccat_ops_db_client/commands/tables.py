"""Tables and progress bars."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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

from .output import printing

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
        table.add_row(*map(_cell, row))
    with printing():
        _console().print(table)


def state(text: str | None) -> Text:
    """Return a state in its colour."""
    return styled(text or "", _STYLES.get(text or "", ""))


def lines(cells: Iterable[Text | str]) -> Text:
    """Return several lines in one cell."""
    return Text("\n").join(map(_cell, cells))


def styled(text: str, style: str = "") -> Text:
    """Return a text in a style, safe for a terminal; a `Text` of Rich's own is not."""
    return Text(printable(text), style=style)


def _cell(cell: Text | str) -> Text:
    return cell if isinstance(cell, Text) else styled(cell)


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
