"""``opsdb config``: check, plan, apply and export the configuration."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ccat_ops_db.commands.database import open_session
from ccat_ops_db.commands.presentation import (
    clear_errors,
    fail,
    show_json,
    show_plan,
    show_problems,
    show_table,
)
from ccat_ops_db.configuration import (
    ConfigurationError,
    apply_configuration,
    export,
    find_drift,
    load,
    make_plan,
)
from ccat_ops_db.database_time import database_now
from ccat_ops_db.own_name import own_name

app = typer.Typer(no_args_is_help=True, help="Reference data as validated files.")

Folder = Annotated[Path, typer.Argument(help="Folder of the configuration.")]
Overlays = Annotated[
    list[Path] | None,
    typer.Option("--overlay", help="Folder whose entries replace fields of those with the same key."),
]
Moved = Annotated[
    list[str] | None,
    typer.Option(help="Location whose bytes were brought to their new place already."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

HERE = Path("data-center-config")


@app.command()
def check(folder: Folder = HERE, overlay: Overlays = None, as_json: AsJson = False) -> None:
    """Check the files without a database. Exit status 1 if anything is wrong."""
    with clear_errors():
        try:
            configuration = load(folder, overlay or [])
        except ConfigurationError as error:
            if as_json:
                show_json({"valid": False, "problems": [problem.as_dict() for problem in error.problems]})
            else:
                show_problems(error.problems)
            raise typer.Exit(1) from None
        counts = {kind: len(entries) for kind, entries in configuration.entries.items()}
        if as_json:
            show_json({"valid": True, "entries": counts, "hash": configuration.content_hash()})
        else:
            show_table("The configuration is valid", ("kind", "entries"), [*counts.items()])


@app.command()
def plan(
    folder: Folder = HERE,
    overlay: Overlays = None,
    moved: Moved = None,
    detailed_exit_code: Annotated[
        bool, typer.Option("--detailed-exit-code", help="Exit status 2 if there is something to do.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what applying the files would do to the database, and what was changed there by hand."""
    with clear_errors():
        configuration = load(folder, overlay or [])
        with open_session() as session:
            intended = make_plan(session, configuration, moved or [])
            drift = find_drift(session)
        if as_json:
            show_json(intended.as_dict() | {"drift": [found.as_dict() for found in drift]})
        else:
            show_plan(intended, drift)
        if intended and detailed_exit_code:
            raise typer.Exit(2)


@app.command()
def apply(
    folder: Folder = HERE,
    overlay: Overlays = None,
    moved: Moved = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    expect: Annotated[
        str | None, typer.Option(help="Hash of the plan that was looked at; another plan is refused.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who applies it. Default: the user of the system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the database what the files say, in one transaction. Nothing is deleted; again it does nothing."""
    with clear_errors():
        configuration = load(folder, overlay or [])
        with open_session() as session:
            intended = make_plan(session, configuration, moved or [])
            if not as_json:
                show_plan(intended, find_drift(session))
            session.rollback()
            if intended and not intended.refusals and not yes and expect is None:
                if as_json or not sys.stdin.isatty():
                    fail(f"nobody can be asked here: give --yes, or --expect {intended.hash()}")
                if not typer.confirm("apply it?"):
                    raise typer.Exit(1)
            done = apply_configuration(
                session,
                configuration,
                actor=by or own_name(),
                at=database_now(session),
                moved=moved or [],
                expected_hash=expect or intended.hash(),
            )
            session.commit()
        if as_json:
            show_json(done.as_dict())
        elif done:
            typer.echo("applied")


@app.command("export")
def export_command(
    output: Annotated[
        Path | None, typer.Option(help="Folder to write to, new or empty. Default: standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the database's reference data as configuration files."""
    with clear_errors():
        with open_session() as session:
            files = export(session)
        if as_json:
            show_json(files)
        elif output is None:
            for name, text in files.items():
                typer.echo(f"# {name}\n{text}")
        else:
            _write(output, files)


@app.command()
def drift(as_json: AsJson = False) -> None:
    """Show what was changed in the database since the last apply. Exit status 2 if anything was."""
    with clear_errors():
        with open_session() as session:
            found = find_drift(session)
        if as_json:
            show_json([item.as_dict() for item in found])
        elif not found:
            typer.echo("no drift: the database is as it was applied")
        else:
            rows = [
                (f"{item.kind}.{item.key}", item.what, d.field, d.old, d.new)
                for item in found
                for d in item.differences
            ] + [(f"{item.kind}.{item.key}", item.what) for item in found if not item.differences]
            show_table("Drift", ("entry", "what", "field", "applied", "now"), rows)
        if found:
            raise typer.Exit(2)


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        fail(f"{folder} is not empty")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    typer.echo(f"wrote {len(files)} files to {folder}")
