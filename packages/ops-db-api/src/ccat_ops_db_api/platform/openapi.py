"""The OpenAPI description: the contract, and its snapshot in the repository."""

import sys
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import SecretStr

from ccat_ops_db.settings import OpsDbSettings
from ccat_ops_db_api.platform.errors import MEDIA_TYPE, ProblemDocument

SNAPSHOT = Path(__file__).parents[3] / "openapi.json"
PROBLEM = {"$ref": "#/components/responses/Problem"}
METHODS = {"get", "put", "post", "delete", "patch"}


def describe(app: FastAPI) -> None:
    """Make the description of an application say that every failure is a problem document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def snapshot_text(app: FastAPI) -> str:
    """Return the description as the snapshot keeps it."""
    return orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def write_snapshot() -> None:
    """Renew ``packages/ops-db-api/openapi.json`` (``python -m ccat_ops_db_api.platform.openapi``)."""
    from ccat_ops_db_api.application import create_app
    from ccat_ops_db_api.settings import ApiSettings

    nowhere = OpsDbSettings(database_url=SecretStr("postgresql://nowhere/none"))
    SNAPSHOT.write_text(snapshot_text(create_app(ApiSettings(site_id="ccat"), nowhere)))
    sys.stdout.write(f"wrote {SNAPSHOT}\n")


def _description(app: FastAPI) -> dict[str, Any]:
    description = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = description["components"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(problem.pop("$defs"))
    components["schemas"]["ProblemDocument"] = problem
    components["responses"] = {
        "Problem": {
            "description": "A problem document (RFC 9457).",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
    }
    for operations in description["paths"].values():
        for method, operation in operations.items():
            if method in METHODS:
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = PROBLEM
    return description


if __name__ == "__main__":
    write_snapshot()
