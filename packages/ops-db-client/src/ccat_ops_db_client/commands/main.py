"""The command ``ccat``: its parts, and how errors end it."""

import errno
import os
import sys
from importlib import import_module
from typing import Any

import typer

from ccat_ops_db_client.errors import ApiError, CcatError
from ccat_ops_db_client.paths import shown
from ccat_ops_db_client.terminal_text import printable

from . import ASKED_BY_SHELL
from .exit_status import ExitStatus
from .output import json_text
from .streams import flush_result, prepare_streams

COMMANDS = ("obs", "file", "packages", "wait", "stage", "get", "find", "status", "why", "spool", "completion")
"""A module each, which has the command under its name, or several in a Typer application `app`."""


_REMEDIES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room, or ask for a larger quota",
    errno.EACCES: "see that you may read and write there",
    errno.EPERM: "see that you may read and write there",
    errno.EROFS: "choose a folder on a disk that may be written",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EMFILE: "raise the number of files that a process may have open (ulimit -n)",
}


def application(*names: str) -> typer.Typer:
    """Return ``ccat`` with some of its commands, or with all; it imports no others, so it starts sooner."""
    app = typer.Typer(
        name="ccat",
        help="File, find, follow and get the raw data of the CCAT observatory.\n\n"
        "Set CCAT_API_URL and CCAT_API_TOKEN first, or give a --profile. Exit status: 0 done, or kept in the"
        " spool; 1 not done; 2 wrong usage; 3 done, but something was left out (`ccat file`).",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
        # With it a single command is still asked for by its name.
        callback=lambda: None,
    )
    for name in names or COMMANDS:
        module = import_module(f".{name}", __package__)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def main() -> None:
    """Run ``ccat``; an error is one line with its remedy."""
    prepare_streams()
    try:
        _run()
    except SystemExit:
        try:
            flush_result()
        except CcatError as error:
            _fail(error)
        raise


def _run() -> None:
    try:
        application(*(name for name in _words()[:1] if name in COMMANDS))()
    except CcatError as error:
        _fail(error)
    except KeyboardInterrupt:
        # As typer ends a command that has begun.
        sys.exit(ExitStatus.INTERRUPTED)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "see whether the disk and the folder are as they should be")
        _fail(CcatError(f"{_name(error)}: {error.strerror or error}", remedy))
    except Exception as error:
        if os.environ.get("CCAT_DEBUG"):
            raise
        _fail(
            CcatError(
                f"{type(error).__name__}: {error}",
                "this is a defect of ccat: report it with what CCAT_DEBUG=1 shows",
            )
        )


def _words() -> list[str]:
    """Return the words of the command line, or of the one that a shell asks about."""
    if ASKED_BY_SHELL not in os.environ:
        return sys.argv[1:]
    from .completion import words_asked_for

    return words_asked_for()


def _fail(error: CcatError) -> None:
    if "--json" in sys.argv:
        document: dict[str, Any] = {
            "message": error.message,
            "remedy": error.remedy,
            "kind": type(error).__name__,
        }
        if isinstance(error, ApiError):
            document |= {"status": error.status, "problem": error.slug}
        document |= error.details
        sys.stderr.write(json_text({"error": document}) + "\n")
    else:
        sys.stderr.write(f"ccat: error: {printable(str(error))}\n")
    sys.exit(ExitStatus.NOT_DONE)


def _name(error: OSError) -> str:
    return (
        shown(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else "input or output"
    )
