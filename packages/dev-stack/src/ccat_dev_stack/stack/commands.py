"""The verbs of the stack."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from ccat_dev_stack import processes
from ccat_dev_stack.accounts import NoAccountError
from ccat_dev_stack.locks import locked
from ccat_dev_stack.ports import NoFreePortError
from ccat_dev_stack.services import log_end
from ccat_dev_stack.stack import follow, installation
from ccat_dev_stack.stack.addresses import address_table
from ccat_dev_stack.stack.configuration import PlacesError, places_of, write_overlay
from ccat_dev_stack.stack.dashboard import Dashboard
from ccat_dev_stack.stack.environment import shell_file
from ccat_dev_stack.stack.installation import Installation, development_folder
from ccat_dev_stack.stack.units import development_units
from ccat_dev_stack.supervision_state import GUARDIAN, SETTLED, SUPERVISOR, Folder, Report, State
from ccat_dev_stack.supervisor import stop_all, supervisor_program
from ccat_dev_stack.telescope.rate import RateError, parse_rate
from ccat_ops_db.configuration import ConfigurationError

_UNITS = "ccat_dev_stack.stack.units:development_units"
_UP_SECONDS = 240.0
_TOO_MANY_RESTARTS = 5
_DEFAULT_RATE = "20kB/s"

app = typer.Typer(
    help="The data centre of one observatory on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# In a pipe an address must not be broken over two lines.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def main() -> None:
    """Run a verb."""
    app(prog_name="python -m ccat_dev_stack")


@app.command()
def up(
    simulate: Annotated[
        str | None,
        typer.Option(
            envvar="SIMULATE", help="Rate of the simulated telescope, for example 10MB/s; 0 is off."
        ),
    ] = None,
) -> None:
    """Start everything that does not run, and say where it is."""
    path = development_folder()
    with _errors_in_one_line(), _one_command_at_a_time(path):
        known = installation.load(path)
        rate = simulate or (known.simulate if known else _DEFAULT_RATE)
        if rate != "0":
            parse_rate(rate)
        wanted = installation.make_or_mend(path, rate)
        places = places_of(write_overlay(wanted))
        ran_already = _runs_as_wanted(wanted)
        try:
            if not ran_already:
                _start(wanted)
        finally:
            # After setup, which makes the tokens; what runs can be used even when something else does not.
            installation.write_private(wanted.environment_file, shell_file(wanted, places))
    if ran_already:
        out.print("The stack is up already.\n")
    out.print(address_table(wanted))


@app.command()
def down() -> None:
    """Stop everything; data stay."""
    path = development_folder()
    with _errors_in_one_line(), _one_command_at_a_time(path):
        _stop(Folder(path))
    out.print("The stack is down; make dev-up starts it again with its data.")


@app.command()
def reset() -> None:
    """Stop everything and delete the data of the stack."""
    path = development_folder()
    if not path.exists():
        out.print("There is no stack to reset.")
        return
    with _errors_in_one_line(), _one_command_at_a_time(path):
        _stop(Folder(path))
        known = installation.load(path)
        if known is not None:
            installation.remove(known)
        shutil.rmtree(path, ignore_errors=True)
    out.print("The stack is down and its data are deleted.")


@app.command()
def status(
    once: Annotated[bool, typer.Option("--once", help="Print once and end.")] = False,
) -> None:
    """Show processes, what is where, what moves, what waits and why, and errors; live in a terminal."""
    known = installation.load(development_folder())
    if known is None or not known.folder.is_wanted():
        out.print("The stack is down; make dev-up starts it.")
        raise typer.Exit(3)
    dashboard = Dashboard(known)
    if once or not out.is_terminal:
        out.print(dashboard.picture())
        raise typer.Exit(0 if dashboard.is_healthy() else 1)
    with contextlib.suppress(KeyboardInterrupt), Live(console=out, screen=True) as live:
        while True:
            live.update(dashboard.picture())
            time.sleep(1.0)


@app.command()
def logs(
    names: Annotated[list[str] | None, typer.Argument(help="Units; all by default.")] = None,
    lines: Annotated[int, typer.Option(min=0, help="Lines to begin with.")] = 20,
    follow_on: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on.")] = True,
) -> None:
    """Show the logs of the units together, each line with the name of its unit."""
    folder = Folder(development_folder())
    known = {log.stem for log in folder.logs.glob("*.log")}
    unknown = set(names or ()) - known
    if unknown or not known:
        out.print(
            f"There is no log of {', '.join(sorted(unknown)) or 'any unit'}; "
            f"there are: {', '.join(sorted(known)) or 'none, the stack was never up'}."
        )
        raise typer.Exit(2)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        follow.show(folder, sorted(names or known), lines, out, go_on=follow_on)


def _start(wanted: Installation) -> None:
    folder = wanted.folder
    folder.want()
    program = supervisor_program(folder, _UNITS, wanted.revision())
    # A supervisor of another configuration, or one that waits to try again: its successor adopts what runs as
    # it should and tries the rest at once.
    for name in (GUARDIAN, SUPERVISOR):
        processes.stop(folder.run, name)
    process = processes.start(program, folder.run, folder.log(SUPERVISOR))
    process.returncode = 0  # it outlives us: not ours to wait for
    _wait_until_settled(wanted)


def _wait_until_settled(wanted: Installation) -> None:
    folder = wanted.folder
    said: set[tuple[str, str]] = set()

    def decided() -> bool:
        reports = folder.reports()
        for report in reports:
            line = (report.name, _progress(report))
            if line not in said and report.state not in (State.WAITING, State.STARTING):
                out.print(f"  {report.name:<20} {line[1]}", markup=False)
                said.add(line)
        settled = bool(reports) and all(report.state in SETTLED for report in reports)
        return settled or any(report.restarts >= _TOO_MANY_RESTARTS for report in reports)

    out.print("Starting the stack of this checkout:")
    if processes.wait_until(decided, _UP_SECONDS) and _is_settled(folder):
        return
    left = [report for report in folder.reports() if report.state not in SETTLED]
    guilty = [report for report in left if report.state is not State.WAITING]
    for report in guilty:
        out.print(f"\n{report.name}: {_progress(report)}; end of {folder.log(report.name)}:", markup=False)
        out.print(log_end(folder.log(report.name)), markup=False)
    if not left:
        out.print(f"\nThe supervisor does not run; end of {folder.log(SUPERVISOR)}:", markup=False)
        out.print(log_end(folder.log(SUPERVISOR)), markup=False)
    out.print("\nThe stack is not up. What runs goes on and is tried again; make dev-down stops it.")
    raise typer.Exit(1)


def _progress(report: Report) -> str:
    return f"{report.state.value} {report.detail}".strip()


def _runs_as_wanted(wanted: Installation) -> bool:
    program = supervisor_program(wanted.folder, _UNITS, wanted.revision())
    running = processes.running(wanted.folder.run, SUPERVISOR)
    return (
        wanted.folder.is_wanted()
        and running is not None
        and running.fingerprint == program.fingerprint
        and _is_settled(wanted.folder)
    )


def _is_settled(folder: Folder) -> bool:
    reports = folder.reports()
    return bool(reports) and all(report.state in SETTLED for report in reports)


def _stop(folder: Folder) -> None:
    try:
        units = development_units(folder.path)
    except (OSError, ValueError):
        # No installation, or a configuration that somebody broke meanwhile: names are enough to stop.
        units = ()
    stop_all(folder, units)


@contextlib.contextmanager
def _one_command_at_a_time(path: Path) -> Iterator[None]:
    # Beside the folder: reset deletes it.
    with locked(path.with_name(f"{path.name}.lock")):
        yield


@contextlib.contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (
        ConfigurationError,
        PlacesError,
        RateError,
        NoAccountError,
        NoFreePortError,
        processes.StartError,
        TimeoutError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        if os.environ.get("CCAT_DEBUG"):
            raise
        raise typer.Exit(1) from None
