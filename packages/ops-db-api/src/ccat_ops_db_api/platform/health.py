"""``/healthz``, ``/readyz`` and ``/metrics``: what machines ask of the process; no token needed."""

from typing import Any

import redis.asyncio
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccat_ops_db.schema_gap import schema_gap
from ccat_ops_db_api.platform.database import DATABASE_ERRORS

router = APIRouter(tags=["operations"])
LONGEST_CHECK = 3.0


@router.get("/healthz", operation_id="get_health")
async def get_health() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="get_readiness", responses={503: {"description": "Not ready; says why."}})
async def get_readiness(request: Request) -> JSONResponse:
    """Tell whether everything that the service needs is there, and what is missing."""
    state = request.app.state
    checks = {"database": await _database(state.engine)}
    if state.settings.redis_url is not None:
        checks["broker"] = await _broker(state.settings.redis_url.get_secret_value())
    ready = all(problem is None for problem in checks.values())
    document: dict[str, Any] = {
        "status": "ready" if ready else "not ready",
        "checks": {name: problem or "ok" for name, problem in checks.items()},
    }
    return JSONResponse(document, 200 if ready else 503)


@router.get("/metrics", operation_id="get_metrics", response_class=Response)
async def get_metrics() -> Response:
    """Give the metrics of this process in the format of Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database(engine: AsyncEngine) -> str | None:
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(schema_gap)
    except DATABASE_ERRORS as error:
        return f"the database does not answer ({type(error).__name__}); see CCAT_OPS_DB_DATABASE_*"


async def _broker(url: str) -> str | None:
    try:
        client = redis.asyncio.from_url(
            url, socket_connect_timeout=LONGEST_CHECK, socket_timeout=LONGEST_CHECK
        )
    except ValueError:
        return "the broker's address cannot be; see CCAT_OPS_DB_API_REDIS_URL"
    try:
        await client.ping()
    except (redis.exceptions.RedisError, OSError) as error:
        return f"the broker does not answer ({type(error).__name__}); see CCAT_OPS_DB_API_REDIS_URL"
    finally:
        await client.aclose()
    return None
