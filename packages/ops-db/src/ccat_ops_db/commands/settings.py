"""``opsdb settings``: what the settings came out as."""

import difflib
import os

import typer
from pydantic import SecretStr
from sqlalchemy import URL

from ccat_ops_db.commands.configure import AsJson
from ccat_ops_db.commands.presentation import clear_errors, fail, show_json, show_table
from ccat_ops_db.settings import PREFIX, OpsDbSettings, unknown_keys

HIDDEN = "********"


def settings(as_json: AsJson = False) -> None:
    """Show the resolved settings, secrets hidden. Exit status 1 if one is unknown or cannot be."""
    with clear_errors():
        resolved = OpsDbSettings()
        rows = [
            {
                "name": PREFIX + name.upper(),
                "value": _shown(getattr(resolved, name)),
                "from": "environment" if name in resolved.model_fields_set else "default",
            }
            for name in OpsDbSettings.model_fields
        ]
        address = safe_address(resolved.url())
        unknown = unknown_keys(os.environ)
        if as_json:
            show_json({"settings": rows, "address": address, "unknown": unknown})
        else:
            show_table("Settings", ("name", "value", "from"), [[*row.values()] for row in rows])
            typer.echo(f"the database is at {address}")
        if unknown:
            fail("\n".join(map(_unknown, unknown)))
        resolved.key_of_tokens()


def safe_address(url: URL) -> str:
    """Return an address without its password, wherever it stands."""
    secret = {name for name in url.query if "pass" in name.lower() or "key" in name.lower()}
    shown = url.set(query={name: HIDDEN if name in secret else value for name, value in url.query.items()})
    return shown.render_as_string(hide_password=True)


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return HIDDEN
    return None if value is None else str(value)


def _unknown(name: str) -> str:
    known = [PREFIX + field.upper() for field in OpsDbSettings.model_fields]
    close = difflib.get_close_matches(name.upper(), known, n=1)
    return f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else "")
