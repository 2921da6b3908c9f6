"""What a command says by its end."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit status of ``ccat``; scripts rely on it."""

    DONE = 0
    """All that was asked is done, or is in the spool and will be."""
    NOT_DONE = 1
    """Nothing of it is done: one line on standard error says what is wrong and the remedy."""
    USAGE = 2
    """The command line is wrong; nothing was tried."""
    PART = 3
    """Done, but for what is named on standard error (``ccat file``: something was left out)."""
    INTERRUPTED = 130
    """Somebody pressed Ctrl-C: how far it came is not known."""
