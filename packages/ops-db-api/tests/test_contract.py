"""The OpenAPI description: kept as a snapshot, and true for any input to a running server (schemathesis).

``CCAT_FUZZ_EXAMPLES=50`` sends what `Sample` and others leave out, as `make test-deep` does.
"""

import asyncio
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
import requests
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.generation.modes import GenerationMode
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ccat_ops_db.settings import OpsDbSettings
from ccat_ops_db_api.access.cookies import CSRF_HEADER, DEVELOPMENT_COOKIE
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.openapi_snapshot import (
    DEVELOPMENT_SNAPSHOT,
    SNAPSHOT,
    development_snapshot_text,
    snapshot_text,
)
from ccat_ops_db_api.platform.logs import configure_logs

from . import conftest, seed

EXAMPLES = int(os.environ.get("CCAT_FUZZ_EXAMPLES", "0"))
"""Inputs drawn for each operation, beside those that its description suggests; set for a long run."""
SAME_CODE = (
    "/(package-creations|archive-transfers|fixity-checks|staging-items|deletions"
    "|observatories|telescopes|observing-programs|obs-units|sources|routes|data-locations"
    "|open-work:cancel)"
)
"""Paths that are made by the code of other paths, which are always tried: these are in a long run."""

SAME_FILTER = ("/api/v1/open-work/groups", "/api/v1/open-work:retry")
"""Paths whose inputs are nearly all the filter of ``GET /api/v1/open-work``, which takes every value: theirs
are drawn, and take every value in a long run."""


def documents_conform(
    context: CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> bool | None:
    """A document is what its schema says, or with ``fields`` has these and no others."""
    fields = (case.query or {}).get("fields")
    if response.status_code != 200 or not fields:
        return response_schema_conformance(context, response, case)
    for document in response.json()["items"]:
        assert set(document) == {field.strip() for field in fields.split(",")}
    return None


LONGEST_ADDRESS = 60_000
"""Bytes; the HTTP server refuses more than 64 KiB itself, in plain text."""

TIMEOUT = 120
"""Seconds for an answer: how fast one comes on a busy machine is not what is asked here."""

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    documents_conform,
    status_code_conformance,
]


CHANGED = (
    "the API has changed: if on purpose, run python -m ccat_ops_db_api.openapi_snapshot and say in"
    " CHANGELOG.md what clients must know"
)


def test_the_snapshot_is_the_contract(built_contract_app: FastAPI) -> None:
    assert SNAPSHOT.read_text() == snapshot_text(built_contract_app), CHANGED


def test_many_threads_may_ask_for_the_description_first(built_contract_app: FastAPI) -> None:
    """The first requests of a browser come at the same time, and each list looks into the description."""
    asked = 6
    together = threading.Barrier(asked)
    built_contract_app.openapi_schema = None

    def ask(_: int) -> str:
        together.wait()
        return snapshot_text(built_contract_app)

    with ThreadPoolExecutor(asked) as pool:
        assert set(pool.map(ask, range(asked))) == {SNAPSHOT.read_text()}


def test_the_snapshot_of_development_is_what_it_adds(built_contract_app: FastAPI, built_app: FastAPI) -> None:
    text = development_snapshot_text(built_contract_app, built_app)
    assert DEVELOPMENT_SNAPSHOT.read_text() == text, CHANGED
    assert set(orjson.loads(text)["paths"]) == {"/api/v1/auth/development"}
    assert "/api/v1/auth/development" not in built_contract_app.openapi()["paths"]


def test_operation_ids_are_unique(built_app: FastAPI) -> None:
    ids = [
        operation["operationId"]
        for methods in built_app.openapi()["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))


class Server(NamedTuple):
    """A running server."""

    address: str
    token: str

    def by_token(self) -> dict[str, str]:
        """Return the headers of a request with the token."""
        return {"Authorization": f"Bearer {self.token}"}

    def by_session(self) -> dict[str, str]:
        """Return the headers of a request of a page, in a session made from the token."""
        headers = {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}
        signed_in = httpx.post(
            f"{self.address}/api/v1/auth/token", json={"token": self.token}, headers=headers
        )
        cookie = f"{DEVELOPMENT_COOKIE}={signed_in.cookies[DEVELOPMENT_COOKIE]}"
        return {**headers, "Cookie": cookie, CSRF_HEADER: signed_in.json()["csrf_token"]}


@pytest.fixture(scope="module")
def server(shared_database: str) -> Iterator[Server]:
    """A running server with some rows in its database, and a token that may do everything."""
    configure_logs("error")
    with conftest._session(shared_database) as session:
        token = seed.token(session)
        execution = seed.execution(session)
        package = seed.package(session, execution)
        seed.transfer(session, package)
    app = create_app(
        conftest.settings(
            requests_per_second=1e6,
            request_burst=10**6,
            session_requests_per_second=1e6,
            session_request_burst=10**6,
        ),
        OpsDbSettings(database_url=SecretStr(shared_database), token_key=SecretStr(seed.KEY)),
    )
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield Server(f"http://127.0.0.1:{port}", token)
    running.should_exit = True
    thread.join(10)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: object, value: object) -> bytes:
    return str(value).encode(errors="replace")


DESCRIPTION: dict[str, Any] = orjson.loads(SNAPSHOT.read_bytes())
SIGN_IN, SIGN_OUT = "/api/v1/auth/token", "/api/v1/auth/logout"
OPERATIONS = [(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods]

ALWAYS = [(path, method) for path, method in OPERATIONS if EXAMPLES or not re.search(SAME_CODE, path)]
IN_A_SESSION = [(path, method) for path, method in OPERATIONS if EXAMPLES or method == "post"]
"""What follows the cookie is the code that follows a token: reading, and every value of what is written, are
in a long run."""


def described(path: str, method: str, every_value: bool = True) -> schemathesis.BaseSchema:
    """Return the description of one operation alone.

    Each parameter and member takes one value after the other (`every_value`), or what is drawn.
    """
    config = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": every_value}}})
    paths = {path: {method: DESCRIPTION["paths"][path][method]}}
    return schemathesis.openapi.from_dict({**DESCRIPTION, "paths": paths}, config=config)


def _shape(parameter: dict[str, Any]) -> str:
    """Return what decides which values of a parameter are taken: its schema, without words about it."""
    kept = {key: value for key, value in parameter["schema"].items() if key not in ("title", "description")}
    return json.dumps(kept, sort_keys=True)


def _parameters(path: str, method: str) -> dict[str, str]:
    """Return the shapes of the query parameters of an operation by their names."""
    parameters = DESCRIPTION["paths"][path][method].get("parameters", ())
    return {each["name"]: _shape(each) for each in parameters if each["in"] == "query"}


HOMES: dict[str, tuple[str, str]] = {}
"""The first query parameter of each shape: path and name. It takes every value, right and wrong. Others of
its shape are taken apart by the same code: they take a right value and a wrong one, beside what is drawn, and
every value in a long run."""
for _path, _method in ALWAYS:
    for _name, _taken in _parameters(_path, _method).items():
        HOMES.setdefault(_taken, (_path, _name))


class Sample:
    """Which of the inputs that differ in one query parameter are sent, of one operation."""

    def __init__(self, path: str, method: str, every_value: bool) -> None:
        self._repeated = {
            name
            for name, shape in _parameters(path, method).items()
            if not every_value or HOMES[shape] != (path, name)
        }
        self._sent: set[tuple[str, bool]] = set()

    def has(self, case: schemathesis.Case[Any]) -> bool:
        """Say whether an input is to be sent."""
        if EXAMPLES or case.meta is None or not isinstance(case.meta.phase.data, CoveragePhaseData):
            return True
        name, mode = case.meta.phase.data.parameter, case.meta.generation.mode
        if name not in self._repeated:
            return True
        kind = (name, mode is GenerationMode.POSITIVE)
        if kind in self._sent:
            return False
        self._sent.add(kind)
        return True


def with_its_inputs(
    operation: schemathesis.BaseSchema, check: Callable[[schemathesis.Case[Any]], None], drawn: int = 2
) -> None:
    """Call `check` with one input of an operation after the other.

    They are made here, and not by ``parametrize``, which has every process make those of all operations
    while it collects the tests.
    """
    few = settings(max_examples=EXAMPLES or drawn, deadline=None, suppress_health_check=list(HealthCheck))
    [made] = get_all_tests(schema=operation, test_func=check, settings=few, given_kwargs={})
    assert isinstance(made, Ok), made
    _, test = made.ok()
    test()


def is_a_request(case: schemathesis.Case[Any]) -> bool:
    """Return whether the server takes an address as a request; of what is longer the API never hears."""
    asked = case.as_transport_kwargs(base_url="http://127.0.0.1")
    address = requests.Request(asked["method"], asked["url"], params=asked.get("params")).prepare().url
    return len(address or "") < LONGEST_ADDRESS


def connection() -> requests.Session:
    """Return a connection for many requests, none of which sends a cookie that an earlier one was given."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


@pytest.mark.parametrize("every_value", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize(("path", "method"), ALWAYS)
def test_no_input_breaks_an_operation(path: str, method: str, server: Server, every_value: bool) -> None:
    """Of each query parameter a right value and a wrong one are sent; every value in the long run."""
    sample = Sample(path, method, every_value)
    with connection() as session:

        def check(case: schemathesis.Case[Any]) -> None:
            if not sample.has(case) or not is_a_request(case):
                return
            case.call_and_validate(
                base_url=server.address,
                headers=server.by_token(),
                checks=CHECKS,
                timeout=TIMEOUT,
                session=session,
            )

        if path in SAME_FILTER and not EXAMPLES:
            with_its_inputs(described(path, method, every_value=False), check, drawn=25)
        else:
            with_its_inputs(described(path, method), check)


@pytest.fixture(scope="module")
def page(server: Server) -> dict[str, str]:
    """Headers of a page that is signed in."""
    return server.by_session()


@pytest.mark.parametrize(("path", "method"), IN_A_SESSION)
def test_no_input_breaks_an_operation_in_a_session(
    path: str, method: str, server: Server, page: dict[str, str]
) -> None:
    def check(case: schemathesis.Case[Any]) -> None:
        if not is_a_request(case):
            return
        case.headers.pop("Authorization", None)
        case.cookies = {}
        headers = server.by_session() if path == SIGN_OUT else page
        answer = case.call_and_validate(
            base_url=server.address, headers=headers, checks=CHECKS, timeout=TIMEOUT
        )
        assert answer.status_code not in (401, 403) or path == SIGN_IN

    with_its_inputs(described(path, method, every_value=bool(EXAMPLES)), check)


def test_documents_cut_to_fields_are_in_the_contract(server: Server) -> None:
    path = "/api/v1/physical-copies"
    case = described(path, "get")[path]["GET"].Case(query={"fields": "package_id, status"})
    answer = case.call_and_validate(
        base_url=server.address, headers=server.by_token(), checks=CHECKS, timeout=TIMEOUT
    )
    assert answer.json()["items"], "there is something to cut"
