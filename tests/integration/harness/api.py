"""The REST API as a stranger uses it: plain HTTP, no client of ours."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

from harness.deployment import Deployment

PREFIX = "/api/v1"


class Api:
    """Sends requests with one token, or with none."""

    def __init__(self, deployment: Deployment, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url = f"{deployment.api_url}{PREFIX}"
        self.http = httpx.Client(headers=headers, timeout=60, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> httpx.Response:
        """Send a request whatever the answer will be; `path` is below the prefix."""
        # Not the base URL of httpx: it takes ``executed-obs-units:start`` for a URL with a scheme.
        return self.http.request(
            method, f"{self._url}/{path}", params=params, json=json, content=content, headers=headers
        )

    def get(self, path: str, **query: str | int | bool) -> Any:
        """Return the parsed answer of a GET that must succeed."""
        answer = self.send("GET", path, params=query)
        assert answer.status_code == 200, described(answer)
        return answer.json()

    def all(self, path: str, **query: str | int | bool) -> list[Any]:
        """Return all items of a list, page by page."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    def post(self, path: str, body: Any = None) -> Any:
        """Return the parsed answer of a POST that must succeed."""
        answer = self.send("POST", path, json=body)
        assert answer.is_success, described(answer)
        return answer.json()

    def progress(self, execution_id: str) -> Any:
        """Return the progress of an execution."""
        return self.get(f"executed-obs-units/{execution_id}/progress")

    def packages(self, execution_id: str) -> dict[str, Any]:
        """Return the packages of an execution by their module; there must be one of each."""
        found = self.all("raw-data-packages", execution_id=execution_id)
        packages = {package["module"]: package for package in found}
        assert len(packages) == len(found), f"several packages of one module: {found}"
        return packages

    def package(self, package_id: str) -> Any:
        """Return a package."""
        return self.get(f"raw-data-packages/{package_id}")


def described(answer: httpx.Response) -> str:
    """Return request and answer as text for a failure message."""
    request = answer.request
    return f"{request.method} {request.url}: {answer.status_code} {answer.text[:2000]}"


def problem(answer: httpx.Response, *statuses: int) -> Any:
    """Require that a request was refused as it should be; return the problem document."""
    assert answer.status_code in statuses, described(answer)
    assert answer.headers["content-type"].startswith("application/problem+json"), described(answer)
    document = answer.json()
    assert document["status"] == answer.status_code, document
    assert document["title"], document
    assert document["detail"], document
    assert document["request_id"], document
    for word in ("Traceback", "psycopg", "asyncpg", "sqlalchemy", "SELECT "):
        assert word not in answer.text, document
    return document


def fields(document: Any) -> set[str]:
    """Return the fields that a problem document names."""
    return {error["field"] for error in document.get("errors", [])}
