"""What is kept of a deployment when a test fails."""

from collections.abc import Callable
from pathlib import Path

from harness.api import Api
from harness.ccat import Ccat
from harness.deployment import Deployment

_NEWEST = 25
_LOG_BYTES = 20_000


def describe(deployment: Deployment, ccat: Ccat) -> str:
    """Return status, why executions wait, and the ends of all logs."""
    parts = [_guarded("ccat status", lambda: str(ccat.run("status", limit_seconds=30)))]
    parts.append(_guarded("executions", lambda: _executions(deployment, ccat)))
    if deployment.log_folder is not None:
        logs = sorted(deployment.log_folder.glob("*.log"))
        parts += [f"===== {log}\n{_end(log)}" for log in logs]
    return "\n\n".join(parts)


def _executions(deployment: Deployment, ccat: Ccat) -> str:
    lines = []
    with Api(deployment, deployment.token) as api:
        for execution in api.get("executed-obs-units", limit=_NEWEST, sort="-started_at")["items"]:
            progress = api.progress(execution["id"])
            lines.append(str(progress))
            if progress["files"] and not progress["removed_at_source"]:
                lines.append(str(ccat.run("why", execution["id"], limit_seconds=30)))
                lines.append(str(ccat.run("packages", "--execution", execution["id"], limit_seconds=30)))
        lines += [str(error) for error in api.get("errors", limit=_NEWEST)["items"]]
    return "\n".join(lines)


def _guarded(what: str, look: Callable[[], str]) -> str:
    try:
        return f"===== {what}\n{look()}"
    except Exception as error:
        # A diagnosis of something broken may itself break; the rest is still wanted.
        return f"===== {what}: {type(error).__name__}: {error}"


def _end(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _LOG_BYTES))
        return stream.read().decode("utf-8", "replace")
