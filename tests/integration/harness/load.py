"""Requests to the API without end, each counted, none repeated: what an upgrade must not disturb."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx

from harness.api import PREFIX
from harness.deployment import OBS_UNIT, Deployment

_READ = ("site", "data-locations?limit=5", "executed-obs-units?limit=5", "raw-data-packages?limit=5")
_PAUSE_SECONDS = 0.1


class Load:
    """Readers and writers, each with a new connection for each request, until the end of the ``with``.

    Attributes
    ----------
    failures
        What failed and when: no connection, no answer, or a status of 400 and more.
    reads, writes
        How many requests were answered well.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.failures: list[str] = []
        self.reads = 0
        self.writes = 0
        self._url = f"{deployment.api_url}{PREFIX}"
        self._token, self._instrument_token = deployment.token, deployment.instrument_token
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(what,)) for what in (self._read, self._write)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _again_and_again(self, what: Callable[[], None]) -> None:
        while not self._ending.wait(_PAUSE_SECONDS):
            try:
                what()
            except httpx.HTTPError as error:
                self._fail(f"{type(error).__name__}: {error}")

    def _read(self) -> None:
        for path in _READ:
            if self._send("GET", path, self._token):
                self.reads += 1

    def _write(self) -> None:
        body = {"obs_unit": OBS_UNIT, "modules": ["chai-lfa"]}
        started = self._send("POST", "executed-obs-units:start", self._instrument_token, body)
        if started is None:
            return
        self.writes += 1
        path = f"executed-obs-units/{started.json()['id']}:finish"
        if self._send("POST", path, self._instrument_token, {"status": "completed"}):
            self.writes += 1

    def _send(self, method: str, path: str, token: str, body: object = None) -> httpx.Response | None:
        """Send one request; return the answer if it is good."""
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.request(method, f"{self._url}/{path}", headers=headers, json=body, timeout=60)
        if answer.is_success:
            return answer
        self._fail(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return None

    def _fail(self, what: str) -> None:
        self.failures.append(f"{datetime.now(UTC):%H:%M:%S.%f} {what}")
