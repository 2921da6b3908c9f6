"""``/healthz``, ``/readyz`` and ``/metrics`` of a process that serves nothing else."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ccat_data_transfer.observe.readiness import Check, problems

Answer = tuple[HTTPStatus, str, bytes]


def serve_probes(port: int, checks: Mapping[str, Check], host: str = "0.0.0.0") -> WSGIServer:
    """Answer from a thread of its own, until the process ends; return the server.

    Raises
    ------
    OSError
        If the port is taken.
    """
    server = make_server(host, port, _application(checks), server_class=_Server, handler_class=_QuietHandler)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server


def readiness(checks: Mapping[str, Check]) -> tuple[HTTPStatus, dict[str, Any]]:
    """Return the answer to whether all is there: status and document, with the words of each check."""
    missing = problems(checks)
    document = {
        "status": "not ready" if missing else "ready",
        "checks": {name: missing.get(name, "ok") for name in checks},
    }
    return (HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK), document


def _application(checks: Mapping[str, Check]) -> Callable[..., Iterable[bytes]]:
    def answer(path: str) -> Answer:
        if path == "/healthz":
            return HTTPStatus.OK, "application/json", b'{"status":"ok"}'
        if path == "/readyz":
            status, document = readiness(checks)
            return status, "application/json", json.dumps(document).encode()
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
        return HTTPStatus.NOT_FOUND, "text/plain", b"there are /healthz, /readyz and /metrics\n"

    def application(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, media_type, body = answer(environ["PATH_INFO"])
        headers = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return application


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = 10
    """Seconds after which a silent client is hung up on."""

    def log_message(self, *_: Any) -> None:
        """Write nothing: probes come every few seconds."""
