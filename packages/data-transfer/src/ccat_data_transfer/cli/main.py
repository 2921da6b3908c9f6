"""``ccat-transfer``: the command of the transfer engine."""

import typer

from ccat_data_transfer.cli import act, doctor, look, services

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
    """Run ``ccat-transfer``."""
    app(prog_name="ccat-transfer")
