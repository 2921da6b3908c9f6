"""What the contract says of a path: its methods, and the thing that it is about."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from starlette.types import Scope

SAFE_METHODS = {"GET", "HEAD"}
NOT_THINGS = ("auth", "why", "me")
"""First parts of paths behind the prefix that are no collections."""
THING = re.compile(r"(?:/api/v1)?/(?P<collection>[a-z-]+)/\{(?P<parameter>\w+)\}")
VERB = re.compile(r":[a-z-]+$")
METHODS = {"get", "post", "put", "patch", "delete"}


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods of a path; where it ends in a verb, those of the verb."""
    found = [(template, methods) for template, methods in _paths(app) if template.fullmatch(path)]
    verbs = [methods for template, methods in found if VERB.search(template.pattern)]
    return sorted(set().union(*(verbs or [methods for _, methods in found])))


def is_verb_alone(app: FastAPI, method: str, path: str) -> bool:
    """Return whether a path is that of a verb, which has not this method.

    Reading ``/data-transfers/1:retry`` would otherwise look for a transfer of that name.
    """
    if not VERB.search(path):
        return False
    methods = allowed_methods(app, path)
    verbs = any(template.fullmatch(path) and VERB.search(template.pattern) for template, _ in _paths(app))
    return verbs and method not in methods


def subject_of(scope: Scope) -> Mapping[str, str] | None:
    """Return collection and id of the one thing that a request is about, if it is about one."""
    path: Any = getattr(scope.get("route"), "path", "")
    thing = THING.match(path)
    parameters = scope.get("path_params", {})
    if thing is None or thing["collection"] in NOT_THINGS or thing["parameter"] not in parameters:
        return None
    return {"collection": thing["collection"], "id": str(parameters[thing["parameter"]])}


@lru_cache(maxsize=1)
def _paths(app: FastAPI) -> list[tuple[re.Pattern[str], frozenset[str]]]:
    """Return the paths of the contract as patterns, and the methods of each."""
    return [
        (
            re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))),
            frozenset(method.upper() for method in operations if method in METHODS),
        )
        for path, operations in app.openapi()["paths"].items()
    ]
