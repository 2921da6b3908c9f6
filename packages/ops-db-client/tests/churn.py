"""A process that keeps changing a folder: makes, renames and removes names, and lets files grow.

A line of the input names the folder; it is changed until the next line. An empty line changes nothing. Each
line is answered when it holds.
"""

import contextlib
import itertools
import os
import select
import stat
import sys
from pathlib import Path

GROWING, PASSING = "grow-", "pass-"


def main() -> None:
    """Change the folder that the last line named."""
    folder = None
    while True:
        if folder is None or select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            folder = Path(line[:-1]) if line != "\n" else None
            rounds = itertools.count()
            if folder is not None:
                change(folder, next(rounds))
            print("done", flush=True)
        if folder is not None:
            change(folder, next(rounds))


def change(top: Path, number: int) -> None:
    """Change all folders below `top` once."""
    for folder, _, names in os.walk(top):
        with contextlib.suppress(OSError):
            _pass_by(Path(folder), number)
        for name in names:
            if name.startswith(GROWING):
                with contextlib.suppress(OSError):
                    _grow(Path(folder) / name)


def _grow(path: Path) -> None:
    """Append to a file; what is a link or a pipe is left alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.write(descriptor, b"more")
    finally:
        os.close(descriptor)


def _pass_by(folder: Path, number: int) -> None:
    temporary = folder / f"{PASSING}{number % 3}.tmp"
    temporary.write_bytes(b"x" * (number % 5))
    temporary.rename(folder / f"{PASSING}{number % 2}.fits")
    inner = folder / f"{PASSING}folder"
    inner.mkdir()
    (inner / "a").write_bytes(b"")
    (inner / "a").unlink()
    inner.rmdir()
    if number % 2:
        (folder / f"{PASSING}1.fits").unlink()


if __name__ == "__main__":
    main()
