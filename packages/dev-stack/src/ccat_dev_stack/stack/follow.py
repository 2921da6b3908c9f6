"""Several logs read together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ccat_dev_stack.supervision_state import Folder

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
_PAUSE_SECONDS = 0.3
_TAIL_BYTES = 200_000


@dataclass
class _Followed:
    name: str
    path: Path
    colour: str
    offset: int = 0
    part: bytes = b""

    def new_lines(self) -> list[str]:
        """Return the lines that were written since the last look."""
        size = self.path.stat().st_size
        if size < self.offset:  # cut after it was copied away
            self.offset, self.part = 0, b""
        with self.path.open("rb") as log:
            log.seek(self.offset)
            data = self.part + log.read()
            self.offset = log.tell()
        *lines, self.part = data.split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def last_lines(self, number: int) -> list[str]:
        """Return the last lines so far."""
        self.offset = max(0, self.path.stat().st_size - _TAIL_BYTES)
        lines = self.new_lines()
        return lines[-number:] if number else []


def show(folder: Folder, names: Sequence[str], lines: int, out: Console, *, go_on: bool) -> None:
    """Print the last lines of some logs, then what is added, each line with the name of its unit."""
    followed = [
        _Followed(name, folder.log(name), _COLOURS[number % len(_COLOURS)])
        for number, name in enumerate(names)
    ]
    width = max(len(name) for name in names)
    for log in followed:
        _print(log, log.last_lines(lines), width, out)
    while go_on:
        time.sleep(_PAUSE_SECONDS)
        for log in followed:
            _print(log, log.new_lines(), width, out)


def _print(log: _Followed, lines: Sequence[str], width: int, out: Console) -> None:
    for line in lines:
        out.print(Text(f"{log.name:<{width}} ", log.colour) + Text(line), soft_wrap=True)
