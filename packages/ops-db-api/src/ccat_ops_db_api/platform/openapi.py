"""The OpenAPI description of an application."""

import threading
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ccat_ops_db_api.access.cookies import CSRF_HEADER
from ccat_ops_db_api.platform.errors import MEDIA_TYPE, ProblemDocument

PROBLEM = {"$ref": "#/components/responses/Problem"}
UNSAFE_METHODS = {"put", "post", "delete", "patch"}
METHODS = UNSAFE_METHODS | {"get"}
CSRF_PARAMETER = {
    "name": CSRF_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "title": CSRF_HEADER},
    "description": "Needed with the cookie of a session: `csrf_token` of `GET /me`.",
}


def describe(app: FastAPI) -> None:
    """Make the description of an application say that every failure is a problem document.

    It is made once, by whoever asks first: several threads may ask at the same time, and FastAPI's own way of
    making it is not safe then.
    """
    lock = threading.Lock()

    def openapi() -> dict[str, Any]:
        with lock:
            if app.openapi_schema is None:
                app.openapi_schema = _description(app)
            return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


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
            if method in UNSAFE_METHODS and "security" in operation:
                operation.setdefault("parameters", []).append(CSRF_PARAMETER)
    return description
