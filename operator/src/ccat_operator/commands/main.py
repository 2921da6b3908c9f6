"""``ccat-operator``: the operator, and its work as single commands for clusters without it."""

import signal
import sys
from types import FrameType

import typer

from ccat_operator.commands.backup import backup
from ccat_operator.commands.configure import configure
from ccat_operator.commands.migrate import migrate
from ccat_operator.commands.restore import restore
from ccat_operator.commands.run import run

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Looks after operations databases and their configuration, in Kubernetes and by hand.",
)
app.command()(run)
app.command()(migrate)
app.command()(configure)
app.command()(backup)
app.command()(restore)


def main() -> None:
    """Run ``ccat-operator``."""
    # The first process of a container has no default action for SIGTERM: it would be killed a grace later.
    signal.signal(signal.SIGTERM, _end)
    app(prog_name="ccat-operator")


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
