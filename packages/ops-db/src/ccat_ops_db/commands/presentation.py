"""How commands speak: tables and colours in a terminal, JSON on request, errors in one way."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from ccat_ops_db.accounts import AccountError
from ccat_ops_db.configuration import (
    Action,
    Change,
    ConfigurationError,
    Drift,
    Plan,
    Problem,
    RefusedError,
)
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.settings import PREFIX, SettingsError
from ccat_ops_db.tokens import TokenError

_COLOURS = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.RETIRE: ("-", "red"),
    Action.RESTORE: ("↺", "cyan"),
}


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what can go wrong into one message on standard error and exit status 1."""
    try:
        yield
    except ConfigurationError as error:
        show_problems(error.problems)
        raise typer.Exit(1) from None
    except ValidationError as error:
        fail("\n".join(_setting_problem(detail) for detail in error.errors(include_url=False)))
    except (SettingsError, RefusedError, TokenError, AccountError) as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"the database refused: {said_by_database(error)}")
    except OSError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and end with status 1."""
    errors = Console(stderr=True, soft_wrap=True)
    for line in message.splitlines():
        errors.print(Text.assemble(("error: ", "bold red"), line))
    raise typer.Exit(1)


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    typer.echo(json.dumps(to_jsonable_python(value), indent=2, ensure_ascii=False))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on standard output; its first column is never broken, it is what people copy."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    _console().print(table)


def show_problems(problems: Sequence[Problem]) -> None:
    """Print all that is wrong with configuration files on standard error; ``file:line`` can be clicked."""
    console = Console(stderr=True, soft_wrap=True)
    for problem in problems:
        place = Text.assemble((f"{problem.file}:{problem.line}", "bold"), ": ")
        console.print(
            Text.assemble(place, (problem.key, "cyan"), ": " if problem.key else "", problem.reason)
        )
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    console.print(Text(f"{count}; nothing was changed", style="bold red"))


def show_plan(plan: Plan, drift: Sequence[Drift]) -> None:
    """Print what applying would do, with old and new values and what follows."""
    console = _console()
    for found in drift:
        values = "; ".join(f"{d.field}: {_value(d.old)} → {_value(d.new)}" for d in found.differences)
        console.print(Text.assemble(("drift ", "magenta"), f"{found.kind}.{found.key} {found.what} ", values))
    for change in plan.changes:
        _show_change(console, change)
    if plan.unmanaged:
        console.print(f"{len(plan.unmanaged)} rows were made outside the configuration and stay as they are")
    if not plan:
        console.print("nothing to do: the database is as the configuration says")
        return
    counts = ", ".join(f"{plan.count(action)} to {action}" for action in Action)
    console.print(Text(f"plan {plan.hash()}: {counts}", style="bold"))
    if plan.refusals:
        console.print(Text("it cannot be applied: see the lines marked ✗", style="bold red"))


def _show_change(console: Console, change: Change) -> None:
    mark, colour = _COLOURS[change.action]
    console.print(
        Text.assemble((f"{mark} {change.action} ", colour), (f"{change.kind}.{change.key}", "bold"))
    )
    for difference in change.differences:
        old = () if change.action is Action.CREATE else (f"{_value(difference.old)} → ",)
        console.print(Text.assemble(f"    {difference.field}: ", *old, _value(difference.new)))
    for consequence in change.consequences:
        console.print(Text.assemble(("    ⇒ ", "yellow"), consequence))
    for refusal in change.refusals:
        console.print(Text.assemble(("    ✗ ", "bold red"), refusal))


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _console() -> Console:
    return Console(soft_wrap=True)


def _setting_problem(detail: Any) -> str:
    name = PREFIX + "_".join(str(part) for part in detail["loc"]).upper()
    return f"{name}: {detail['msg']}"
