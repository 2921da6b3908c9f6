"""The snapshot of the OpenAPI description: the contract, and what development adds to it."""

import sys
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from pydantic import SecretStr

from ccat_ops_db.settings import SHORTEST_KEY, Environment, OpsDbSettings
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.settings import ApiSettings

SNAPSHOT = Path(__file__).parents[2] / "openapi.json"
"""The contract: that of every environment but development."""
DEVELOPMENT_SNAPSHOT = SNAPSHOT.with_name("openapi-development.json")
"""What development adds to it, as a description of its own."""


def snapshot_text(app: FastAPI) -> str:
    """Return the description as the snapshot keeps it."""
    return _text(app.openapi())


def development_snapshot_text(contract: FastAPI, development: FastAPI) -> str:
    """Return what the second application has beyond the first: its further paths and what they refer to."""
    known, whole = contract.openapi(), development.openapi()
    paths = {path: item for path, item in whole["paths"].items() if path not in known["paths"]}
    components: dict[str, Any] = {}
    _add_components(paths, whole["components"], components)
    return _text({**whole, "paths": paths, "components": components})


def write_snapshot() -> None:
    """Renew the snapshots in ``packages/ops-db-api`` (``python -m ccat_ops_db_api.openapi_snapshot``)."""

    def app(environment: Environment) -> FastAPI:
        nowhere = OpsDbSettings(
            database_url=SecretStr("postgresql://nowhere/none"),
            environment=environment,
            token_key=SecretStr("k" * SHORTEST_KEY),
        )
        return create_app(ApiSettings(site_id="ccat"), nowhere)

    contract, development = app(Environment.PRODUCTION), app(Environment.DEVELOPMENT)
    SNAPSHOT.write_text(snapshot_text(contract))
    DEVELOPMENT_SNAPSHOT.write_text(development_snapshot_text(contract, development))
    sys.stdout.write(f"wrote {SNAPSHOT} and {DEVELOPMENT_SNAPSHOT}\n")


def _text(description: dict[str, Any]) -> str:
    return orjson.dumps(description, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _add_components(part: Any, known: dict[str, Any], found: dict[str, Any]) -> None:
    """Add to `found` the components that a part of a description refers to, and those that these refer to."""
    if isinstance(part, list):
        for item in part:
            _add_components(item, known, found)
    elif isinstance(part, dict):
        for name, item in part.items():
            if name == "$ref":
                _, _, kind, key = item.split("/")
                if key not in found.setdefault(kind, {}):
                    found[kind][key] = known[kind][key]
                    _add_components(known[kind][key], known, found)
            else:
                _add_components(item, known, found)


if __name__ == "__main__":
    write_snapshot()
