"""``opsdb_migrate``: bring an existing operations database to the schema of this release."""

from typing import Annotated

import typer

from ccat_ops_db import revisions, schema
from ccat_ops_db.commands.database import open_engine
from ccat_ops_db.commands.presentation import clear_errors

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def opsdb_migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the pending revisions.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Only print the SQL of all revisions.")] = False,
) -> None:
    """Bring the operations database to the schema of this release; one at a time, the others wait."""
    with clear_errors():
        if sql:
            typer.echo(schema.offline_sql())
            return
        with open_engine() as engine:
            with engine.connect() as connection:
                pending = revisions.pending(schema.current_revision(connection))
            for step in pending:
                typer.echo(f"{step.revision} {step.subject}")
                for line in (*step.destroys, *map(str, step.findings)):
                    typer.echo(f"    {line}")
            if not dry_run:
                schema.upgrade(engine.url)
                typer.echo(f"the database has revision {schema.head_revision()}")


def main() -> None:
    """Run ``opsdb_migrate``."""
    app(prog_name="opsdb_migrate")
