"""``opsdb``: the operations database's own command."""

import typer

from ccat_ops_db.commands import configure, settings, tokens, users

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Configuration, accounts and tokens of the operations database.",
)
app.add_typer(configure.app, name="config")
app.add_typer(tokens.app, name="token")
app.add_typer(users.app, name="user")
app.command("settings")(settings.settings)


def main() -> None:
    """Run ``opsdb``."""
    app(prog_name="opsdb")
