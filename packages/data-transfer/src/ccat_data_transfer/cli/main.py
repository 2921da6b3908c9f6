"""``ccat-transfer``: the command of the transfer engine."""

import typer
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ccat_data_transfer.cli import act, doctor, files, findings, look, many, place, reading, services
from ccat_data_transfer.cli.context import fail
from ccat_ops_db.database_words import said_by_database

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
app.add_typer(place.app, name="place")
app.add_typer(files.app, name="file")
app.add_typer(findings.app, name="finding")
app.command("verify")(act.verify)
app.command("doubt")(reading.doubt)
app.command("scrub")(reading.scrub)
app.command("reconcile")(reading.reconcile)
app.command("retry")(many.retry)
app.command("cancel")(many.cancel)
app.command("resume")(act.resume)
app.command("trust")(act.trust)


def main() -> None:
    """Run ``ccat-transfer``; what is wrong with the database is said in one line."""
    try:
        app(prog_name="ccat-transfer")
    except ProgrammingError as error:
        fail(f"{said_by_database(error)}; run opsdb_migrate if the schema is not that of this release")
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        fail(f"the database does not answer: {said_by_database(error)}")
    except DBAPIError as error:
        fail(f"the database refused: {said_by_database(error)}")
