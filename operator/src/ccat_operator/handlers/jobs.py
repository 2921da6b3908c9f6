"""Migration Jobs: the manifest, and reading back what became of one."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ccat_operator import GROUP
from ccat_operator.reconcile.jobs import JobOrder, MigrationJob, Phase
from ccat_operator.reconcile.migration import Result
from ccat_operator.resources import OpsDatabase
from ccat_operator.settings import OperatorSettings

OWNER_LABEL = f"{GROUP}/opsdatabase"
"""Label, and annotation: a label is too short for some names."""
REVISION_ANNOTATION = f"{GROUP}/revision"
MANAGED_BY = {"app.kubernetes.io/managed-by": "ccat-operator"}
USER = 10001
BACKUPS = "/backups"
LONGEST_NAME = 63
RETRIES = 6
DEADLINE_SECONDS = 24 * 3600

Json = dict[str, Any]


def selector(database: str) -> str:
    """Return the labels by which the Jobs of an OpsDatabase are found."""
    return f"{OWNER_LABEL}={_label(database)}"


def job_name(database: str, revision: str) -> str:
    """Return the name of the Job that migrates a database to a revision: two replicas make one Job."""
    name = re.sub(r"[^a-z0-9-]", "-", f"{database}-migrate-{revision}".lower())
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(f"{database}/{revision}".encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9].rstrip('-')}-{digest}"


def manifest(
    resource: OpsDatabase,
    order: JobOrder,
    settings: OperatorSettings,
    environment: str,
    more: Path | None = None,
) -> Json:
    """Return the Job that migrates a database; it passes the restricted pod security standard.

    Parameters
    ----------
    resource : OpsDatabase
        Its owner is not this: deleting the resource leaves a running migration alone.
    order : JobOrder
        What it does.
    settings : OperatorSettings
        Image, service account, limits and place.
    environment : str
        development, staging or production.
    more : Path, optional
        Folder of further revisions in the image; for development.
    """
    labels = {
        **MANAGED_BY,
        "app.kubernetes.io/name": "ccat-migration",
        "app.kubernetes.io/component": "migration",
        "app.kubernetes.io/part-of": "data-center",
        OWNER_LABEL: _label(resource.metadata.name),
    }
    volumes: list[Json] = [{"name": "tmp", "emptyDir": {}}]
    if order.backs_up:
        claim = resource.spec.migrations.backup.volume_claim
        volumes.append({"name": "backups", "persistentVolumeClaim": {"claimName": claim}})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(resource.metadata.name, order.revision),
            "namespace": resource.metadata.namespace,
            "labels": labels,
            "annotations": {REVISION_ANNOTATION: order.revision, OWNER_LABEL: resource.metadata.name},
        },
        "spec": {
            "backoffLimit": RETRIES,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "podFailurePolicy": {
                "rules": [
                    {
                        # What failed for good fails again: 75 is all that may pass by itself.
                        "action": "FailJob",
                        "onExitCodes": {"containerName": "migrate", "operator": "In", "values": [1, 2, 3]},
                    },
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                ]
            },
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": settings.job_service_account,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    **settings.job_placement.model_dump(by_alias=True, exclude_defaults=True),
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": USER,
                        "runAsGroup": USER,
                        "fsGroup": USER,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(resource, order, settings, environment, more)],
                    "volumes": volumes,
                },
            },
        },
    }


def read_job(job: Json, pods: list[Json]) -> MigrationJob:
    """Return what became of a Job, by it and its pods."""
    metadata, status = job["metadata"], job.get("status") or {}
    conditions = {
        condition["type"]: condition
        for condition in status.get("conditions") or []
        if condition["status"] == "True"
    }
    own = [pod for pod in pods if pod["metadata"].get("labels", {}).get("job-name") == metadata["name"]]
    own.sort(key=lambda pod: pod["metadata"].get("creationTimestamp") or "")
    result, said = _last_words(own)
    phase = Phase.ACTIVE
    if "Complete" in conditions:
        phase = Phase.SUCCEEDED
    elif "Failed" in conditions:
        phase = Phase.FAILED
        said = said or conditions["Failed"].get("message")
    started = status.get("startTime")
    return MigrationJob(
        name=metadata["name"],
        revision=(metadata.get("annotations") or {}).get(REVISION_ANNOTATION, ""),
        phase=phase,
        started=datetime.fromisoformat(started) if started else None,
        result=result,
        trouble=said or (_why_it_waits(own) if phase is Phase.ACTIVE else None),
    )


def _container(
    resource: OpsDatabase, order: JobOrder, settings: OperatorSettings, environment: str, more: Path | None
) -> Json:
    rules, reference = resource.spec.migrations, resource.spec.connection.secret_ref
    arguments = ["migrate", f"--revision={order.revision}"]
    arguments += [f"--lock-timeout={rules.lock_timeout}", f"--statement-timeout={rules.statement_timeout}"]
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]
    if order.backs_up:
        arguments += [f"--backup-folder={BACKUPS}", f"--keep={rules.backup.keep}"]
        mounts.append({"name": "backups", "mountPath": BACKUPS})
    return {
        "name": "migrate",
        "image": settings.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["ccat-operator"],
        "args": arguments,
        "env": [
            {"name": "HOME", "value": "/tmp"},
            {"name": "CCAT_OPS_DB_ENVIRONMENT", "value": environment},
            *([{"name": "CCAT_OPS_DB_MIGRATIONS", "value": str(more)}] if more is not None else []),
            {
                "name": "CCAT_OPS_DB_DATABASE_URL",
                "valueFrom": {"secretKeyRef": {"name": reference.name, "key": reference.key}},
            },
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": {
            # Little: the database works, and on a full node all else waits for this.
            "requests": {"cpu": "10m", "memory": "128Mi"},
            "limits": {"cpu": settings.job_cpu, "memory": settings.job_memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def _last_words(pods: list[Json]) -> tuple[Result | None, str | None]:
    """Return what the newest container that ended told: a result, or something else."""
    for pod in reversed(pods):
        for container in (pod.get("status") or {}).get("containerStatuses") or []:
            ended = (container.get("state") or {}).get("terminated")
            if ended is None:
                continue
            said = (ended.get("message") or "").strip()
            try:
                return Result.model_validate_json(said), None
            except ValidationError:
                end = ended.get("reason") or f"exit status {ended.get('exitCode')}"
                return None, f"{end}: {said[-500:]}" if said else str(end)
    return None, None


def _why_it_waits(pods: list[Json]) -> str | None:
    """Return why the newest pod does not run: image, volume or place are missing."""
    if not pods:
        return "it has no pod yet; if that lasts, kubectl describe the Job"
    status = pods[-1].get("status") or {}
    for container in status.get("containerStatuses") or []:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"its pod waits: {waiting['reason']} {waiting.get('message', '')}".strip()
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"its pod has no place: {condition.get('message', '')}"
    return None


def _label(name: str) -> str:
    """Return a name as the value of a label, which is shorter than a name may be."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:50].rstrip('-.')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
