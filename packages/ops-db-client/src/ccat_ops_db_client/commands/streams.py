"""Standard output and error as they should be, whatever the shell made of them."""

import os
import sys
from io import BufferedWriter, RawIOBase, TextIOWrapper

from ccat_ops_db_client.errors import CcatError

from .exit_status import ExitStatus
from .output import printing


def prepare_streams() -> None:
    """Let nothing that is printed keep a command from being done."""
    # Who closed them wants to read nothing; what is recorded is recorded nevertheless.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    # A name that the locale cannot show is shown with escapes; it must not stop a command that is done.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    own = sys.__stderr__
    if own is not None and sys.stderr is own:
        sys.stderr = TextIOWrapper(
            BufferedWriter(_Notices(own.fileno())),
            encoding=own.encoding,
            errors="backslashreplace",
            line_buffering=True,
        )


def flush_result() -> None:
    """Print what was not printed yet.

    Raises
    ------
    CcatError
        It cannot be printed.
    """
    try:
        with printing():
            sys.stdout.flush()
    except (CcatError, BrokenPipeError) as error:
        # What is left would be tried once more at the end of the program.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, CcatError):
            raise
        # Who reads has read enough.
        sys.exit(ExitStatus.NOT_DONE)


class _Notices(RawIOBase):
    """Standard error; what cannot be written (a log on a full disk, a terminal that is gone) is dropped.

    Parameters
    ----------
    descriptor : int
        Where it goes.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: "memoryview | bytes") -> int:  # type: ignore[override]
        try:
            return os.write(self._descriptor, data)
        except OSError:
            return len(data)
