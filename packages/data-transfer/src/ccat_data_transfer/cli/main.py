"""``ccat-transfer``: the command of the transfer engine."""

import typer
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ccat_data_transfer.cli import act, doctor, look, services
from ccat_data_transfer.cli.context import fail

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Packages, moves, verifies, archives, stages and deletes raw data.",
)
app.command("planner")(services.planner)
app.command("worker")(services.worker)
app.command("data-server")(services.data_server)
app.command("status")(look.status)
app.command("why")(look.why)
app.command("queues")(look.queues)
app.command("doctor")(doctor.doctor)
app.command("verify")(act.verify)
app.command("retry")(act.retry)
app.command("trust")(act.trust)


def main() -> None:
    """Run ``ccat-transfer``; what is wrong with the database is said in one line."""
    try:
        app(prog_name="ccat-transfer")
    except ProgrammingError as error:
        fail(f"the database has not the schema that is needed, run opsdb_migrate: {_first_line(error)}")
    except (DBAPIError, PoolTimeoutError) as error:
        fail(f"the database does not answer: {_first_line(error)}")


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
