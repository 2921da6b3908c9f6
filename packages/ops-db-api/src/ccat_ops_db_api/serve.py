"""``ccat-ops-db-api``: serve the API from one process that ends when it is asked to."""

import argparse
import gc

import uvicorn

REQUESTS_END_SECONDS = 6
"""How long requests may go on after SIGTERM; whoever kills waits ten seconds."""


def main() -> None:
    """Serve until SIGTERM; requests that are being answered then are finished, endless ones are cut."""
    parser = argparse.ArgumentParser(
        prog="ccat-ops-db-api", description="Serve the API of the operations database."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    arguments = parser.parse_args()
    # While the application is imported there is no garbage; its module switches this on again.
    gc.disable()
    uvicorn.run(
        "ccat_ops_db_api.main:app",
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=REQUESTS_END_SECONDS,
    )
