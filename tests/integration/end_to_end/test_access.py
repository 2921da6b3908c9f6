"""Nobody gets in without a token, and nobody does more than the token says."""

from typing import Any

import httpx
import pytest
from harness.api import Api, described, problem
from harness.deployment import Deployment

ID = "01980000-0000-7000-8000-000000000000"

OPEN = {("GET", "auth/providers"), ("POST", "auth/token")}
"""What somebody asks who is not signed in yet."""
OPEN_IN_DEVELOPMENT = {("POST", "auth/development")}


@pytest.fixture(scope="module")
def operations(api: Api) -> list[tuple[str, str]]:
    """Every method and path that asks for a credential, with an id where one is asked for."""
    paths: dict[str, Any] = api.get("openapi.json")["paths"]
    found: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for path, methods in paths.items():
        if path.startswith("/api/v1/"):
            filled = path.removeprefix("/api/v1/")
            while "{" in filled:
                filled = f"{filled[: filled.index('{')]}{ID}{filled[filled.index('}') + 1 :]}"
            for method, operation in methods.items():
                found["security" in operation].append((method.upper(), filled))
    assert set(found[False]) - OPEN_IN_DEVELOPMENT == OPEN
    assert len(found[True]) > 60
    return found[True]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer ccat_aaaaaaaaaaaa_" + "b" * 43,
        "Basic Y2NhdDpjY2F0",
        "Bearer " + "x" * 7000,
        "Bearer \xff\xfe",
    ],
    ids=["none", "empty", "bare", "nonsense", "unknown", "basic", "long", "not-ascii"],
)
def test_without_a_valid_token_every_operation_refuses(
    authorization: str | None, operations: list[tuple[str, str]], deployment: Deployment
) -> None:
    headers = [] if authorization is None else [(b"Authorization", authorization.encode("latin-1"))]
    with Api(deployment, None) as stranger:
        for method, path in operations:
            answer = stranger.send(method, path, headers=headers)
            document = problem(answer, 401)
            assert answer.headers["www-authenticate"].startswith("Bearer"), described(answer)
            assert (authorization or "none")[7:] not in document["detail"] or not (authorization or "")[7:]


def test_a_token_with_a_changed_letter_is_none(deployment: Deployment) -> None:
    token = deployment.token
    for position in (6, len(token) // 2, len(token) - 1):
        changed = token[:position] + ("a" if token[position] != "a" else "b") + token[position + 1 :]
        with Api(deployment, changed) as stranger:
            problem(stranger.send("GET", "me"), 401)


def test_a_token_in_the_query_is_none(deployment: Deployment) -> None:
    with Api(deployment, None) as stranger:
        problem(stranger.send("GET", "me", params={"token": deployment.token}), 401)


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "staging-jobs", "stage:data"),
        ("POST", f"package-creations/{ID}:retry", "manage:transfers"),
        ("POST", f"data-transfers/{ID}:cancel", "manage:transfers"),
        ("POST", f"physical-copies/{ID}:verify", "manage:transfers"),
        ("POST", "deletion-holds", "manage:holds"),
        ("POST", "sites/ccat:suspend", "manage:locations"),
        ("POST", "routes/ccat-cologne:suspend", "manage:locations"),
        ("POST", f"errors/{ID}:acknowledge", "acknowledge:errors"),
        ("GET", "errors", "read:errors"),
        ("GET", "events", "read:events"),
        ("GET", "data-transfers", "read:transfers"),
    ],
)
def test_an_instrument_may_do_what_instruments_do_and_no_more(
    method: str, path: str, permission: str, instrument_api: Api
) -> None:
    answer: httpx.Response = instrument_api.send(method, path, json={} if method == "POST" else None)
    assert permission in problem(answer, 403)["detail"]


def test_an_instrument_may_read_what_it_needs(instrument_api: Api, deployment: Deployment) -> None:
    me = instrument_api.get("me")
    assert "write:data" in me["permissions"]
    assert "stage:data" not in me["permissions"]
    assert deployment.source_location in {
        place["id"] for place in instrument_api.get("data-locations")["items"]
    }
