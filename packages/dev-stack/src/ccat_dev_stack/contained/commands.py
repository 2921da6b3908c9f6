"""The verbs of the stack in containers; the same words as for the embedded one."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack import processes
from ccat_dev_stack.contained import installation
from ccat_dev_stack.contained.engine import Compose, EngineError, docker, ensure_images
from ccat_dev_stack.contained.installation import ContainedStack, contained_folder
from ccat_dev_stack.locks import locked
from ccat_dev_stack.ports import LOOPBACK, NoFreePortError
from ccat_dev_stack.stack.addresses import SIGN_IN
from ccat_dev_stack.stack.dashboard import picture_of_data
from ccat_dev_stack.stack.installation import SITES, write_private
from ccat_dev_stack.stack.setup import make_tokens
from ccat_ops_db.settings import synchronous
from ccat_ops_db_client import CcatError, Client, Settings, calls

_UP_SECONDS = 240.0
_EVERY_PROFILE = ("--profile", "*")
"""Whatever is stopped, also if it was started with other profiles than those of now."""

app = typer.Typer(
    help="The data centre of one observatory in containers on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)


@app.command()
def up() -> None:
    """Start everything that does not run, and say where it is."""
    with _one_command_at_a_time() as path:
        program = docker()
        ensure_images(program)
        known = installation.load(path)
        running = known is not None and bool(known.compose(program).containers())
        stack = installation.make_or_mend(path, running=running)
        installation.write_places(stack)
        compose = stack.compose(program)
        out.print(f"Starting the stack of this checkout in containers (project {stack.project})")
        try:
            compose.run("up", "--detach", "--remove-orphans")
        except EngineError:
            _tell_what_failed(compose)
            raise
        _make_tokens(stack)
        write_private(stack.environment_file, installation.shell_file(stack))
        _wait_until_well(compose)
        services = {it.service for it in compose.containers()}
    out.print(addresses(stack, services))
    out.print(f"Use it:    . {stack.environment_file}")
    out.print("Watch it:  make dev-status BACKEND=compose")
    out.print("Stop it:   make dev-down BACKEND=compose   (dev-reset also deletes its data)")


@app.command()
def down() -> None:
    """Stop everything; data stay."""
    with _one_command_at_a_time() as path:
        stack = installation.load(path)
        if stack is not None:
            stack.compose(docker()).run(*_EVERY_PROFILE, "down", "--remove-orphans")
    out.print("The stack is down; make dev-up BACKEND=compose starts it again with its data.")


@app.command()
def reset() -> None:
    """Stop everything and delete the data of the stack."""
    with _one_command_at_a_time() as path:
        stack = installation.load(path)
        if stack is None:
            out.print("There is no stack in containers to reset.")
            return
        stack.compose(docker()).run(*_EVERY_PROFILE, "down", "--remove-orphans", "--volumes")
        installation.remove(stack)
    out.print("The stack is down and its data are deleted.")


@app.command()
def status() -> None:
    """Show containers, what is where, what moves and what waits."""
    with _errors_in_one_line():
        stack = _known_stack()
        containers = stack.compose(docker()).containers()
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("service", "state", "health"):
            table.add_column(heading)
        for container in containers:
            colour = "green" if container.is_well else "red" if container.has_failed else "yellow"
            table.add_row(container.service, f"[{colour}]{container.state}[/{colour}]", container.health)
        out.print(table)
    token = SecretStr(installation.read_tokens(stack).get("developer", ""))
    try:
        with Client(Settings(api_url=stack.api_url, api_token=token, read_timeout=10)) as client:
            for part in picture_of_data(client.send(calls.status(), retry_seconds=0)):
                out.print(part)
    except CcatError as error:
        out.print(f"The API does not tell what is where: {error}", style="yellow")
    raise typer.Exit(0 if containers and all(it.is_well for it in containers) else 1)


@app.command()
def logs(
    names: Annotated[list[str] | None, typer.Argument(help="Services; all by default.")] = None,
    lines: Annotated[int, typer.Option(min=0, help="Lines to begin with.")] = 20,
    follow_on: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on.")] = True,
) -> None:
    """Show the logs of the services together, each line with the name of its service."""
    with _errors_in_one_line():
        compose = _known_stack().compose(docker())
    options = ["--tail", str(lines), *(["--follow"] if follow_on else [])]
    command = compose.command("logs", *options, *(names or []))
    os.execvpe(command[0], command, compose.environment())


def _known_stack() -> ContainedStack:
    stack = installation.load(contained_folder())
    if stack is None:
        raise EngineError("the stack is down; make dev-up BACKEND=compose starts it")
    return stack


def _make_tokens(stack: ContainedStack) -> None:
    """Issue tokens for development; `up` has waited until the database is configured."""
    engine = create_engine(synchronous(stack.database_url))
    try:
        with Session(engine) as session, session.begin():
            tokens = make_tokens(session, installation.read_tokens(stack), stack.token_key)
    finally:
        engine.dispose()
    # After the commit: a token that is in the file is in the database.
    write_private(stack.tokens_file, json.dumps(tokens, indent=1) + "\n")


def _wait_until_well(compose: Compose) -> None:
    def decided() -> bool:
        containers = compose.containers()
        return all(it.is_well for it in containers) or any(it.has_failed for it in containers)

    if not processes.wait_until(decided, _UP_SECONDS) or not all(it.is_well for it in compose.containers()):
        _tell_what_failed(compose)
        out.print("The stack is not up. What runs goes on; make dev-down BACKEND=compose stops it.")
        raise typer.Exit(1)


def _tell_what_failed(compose: Compose) -> None:
    containers = compose.containers()
    failed = [it for it in containers if it.has_failed] or [it for it in containers if not it.is_well]
    for container in failed:
        out.print(f"\n{container.service}: {container.state} {container.health}; end of its log:")
        out.print(compose.run("logs", "--no-color", "--tail", "15", container.service), markup=False)


def addresses(stack: ContainedStack, services: set[str]) -> Table:
    """Return the table of addresses, of the services that run."""
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("web interface", f"{stack.ui_url}/   ({SIGN_IN})")
    table.add_row("API", stack.api_url)
    table.add_row("API documentation", f"{stack.api_url}/api/v1/docs")
    for site in SITES:
        table.add_row(f"data server {site}", stack.data_server_url(site))
    table.add_row("PostgreSQL", stack.database_url)
    table.add_row("Redis", stack.redis_url)
    table.add_row("S3", stack.s3_endpoint)
    for name in ("prometheus", "grafana"):
        if name in services:
            table.add_row(name.capitalize(), f"http://{LOOPBACK}:{stack.ports[name]}")
    table.add_row("raw data", str(stack.folder_of(installation.SOURCE_LOCATION)))
    table.add_row("logs", "make dev-logs BACKEND=compose")
    return table


@contextmanager
def _one_command_at_a_time() -> Iterator[Path]:
    path = contained_folder()
    # Beside the folder: reset deletes it.
    with _errors_in_one_line(), locked(path.with_name(f"{path.name}.lock")):
        yield path


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (EngineError, NoFreePortError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
