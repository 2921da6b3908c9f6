"""Commands, from their Typer applications."""

from collections.abc import Iterator
from typing import Any

import typer

from ccat_data_transfer.cli.main import app as ccat_transfer_app
from ccat_dev_stack.stack.commands import app as stack_app
from ccat_operator.commands.main import app as ccat_operator_app
from ccat_ops_db.commands.initialise import app as opsdb_init_app
from ccat_ops_db.commands.main import app as opsdb_app
from ccat_ops_db.commands.migrate import app as opsdb_migrate_app
from ccat_ops_db_client.commands.main import application as ccat_application

from .markdown import code, table


def ccat() -> str:
    """Return the reference of ``ccat``."""
    return _reference("ccat", ccat_application())


def ccat_transfer() -> str:
    """Return the reference of ``ccat-transfer``."""
    return _reference("ccat-transfer", ccat_transfer_app)


def opsdb() -> str:
    """Return the reference of the commands of the operations database."""
    commands = (("opsdb", opsdb_app), ("opsdb_init", opsdb_init_app), ("opsdb_migrate", opsdb_migrate_app))
    return "\n".join(_reference(name, app) for name, app in commands)


def ccat_operator() -> str:
    """Return the reference of ``ccat-operator``."""
    return _reference("ccat-operator", ccat_operator_app)


def stack() -> str:
    """Return the reference of what is behind ``make dev-…``."""
    return _reference("python -m ccat_dev_stack", stack_app)


def _reference(name: str, app: typer.Typer) -> str:
    command = typer.main.get_command(app)
    return "\n".join(_command(name, command, typer.Context(command, info_name=name)))


def _command(name: str, command: Any, context: typer.Context) -> Iterator[str]:
    within: dict[str, Any] = getattr(command, "commands", {})
    if not within:
        yield f"# `{name}`\n\n{command.help or ''}\n"
        yield f"```console\n$ {name} {' '.join(command.collect_usage_pieces(context))}\n```\n"
        yield _parameters(command, context)
    for its_name, its_command in within.items():
        its_context = typer.Context(its_command, info_name=its_name, parent=context)
        yield from _command(f"{name} {its_name}", its_command, its_context)


def _parameters(command: Any, context: typer.Context) -> str:
    records = (parameter.get_help_record(context) for parameter in command.params)
    # Blanks let a long list of choices break.
    rows = [(code(names.replace("|", " | ")), meaning) for names, meaning in filter(None, records)]
    return table(("parameter", "meaning"), rows) if rows else ""
