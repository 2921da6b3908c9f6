"""The operator: what kopf sees goes in, decisions are made elsewhere, Jobs, statuses and events come out."""

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import structlog
from pydantic import ValidationError

from ccat_operator import GROUP
from ccat_operator.handlers import jobs, metrics
from ccat_operator.handlers.cluster import Cluster, ClusterError
from ccat_operator.handlers.events import changed_conditions, event
from ccat_operator.handlers.leadership import Leadership
from ccat_operator.handlers.reconcile_loops import ReconcileLoops
from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.conditions import Finding, Reason, no, settle, unknown
from ccat_operator.reconcile.configuration import (
    APPLIED,
    ConfigurationSurroundings,
    reconcile_configuration,
)
from ccat_operator.reconcile.database import (
    OtherDatabase,
    Surroundings,
    job_refused,
    reconcile_database,
)
from ccat_operator.reconcile.jobs import JobOrder, MigrationJob, Phase
from ccat_operator.reconcile.roles import RoleKind
from ccat_operator.reconcile.sources import Layer
from ccat_operator.resources import (
    OpsDatabase,
    OpsDatabaseStatus,
    SiteConfiguration,
    SiteConfigurationStatus,
    seconds,
)
from ccat_operator.resources.common import Metadata, Truth, as_written
from ccat_operator.settings import OperatorSettings
from ccat_ops_db.clock import Clock
from ccat_ops_db.settings import OpsDbSettings

APPROVE = f"{GROUP}/approve"
MOVED = f"{GROUP}/moved"
WHILE_A_JOB_RUNS = 5.0
"""Seconds between looks while a Job runs: its pod may tell why it does not start."""
WHILE_NOT_READY = 30.0
"""Most seconds between looks at a resource that is not ready: what it waits for may come unseen."""
WHILE_FOLLOWING = 15.0
"""Seconds until a replica that does not lead asks again whether it does."""

Status = OpsDatabaseStatus | SiteConfigurationStatus
Json = Mapping[str, Any]


class Controller:
    """Looks after all resources of a cluster, or of some namespaces."""

    def __init__(
        self, cluster: Cluster, leadership: Leadership, settings: OperatorSettings, clock: Clock
    ) -> None:
        self.databases = ReconcileLoops(self._look_at_database)
        self.configurations = ReconcileLoops(self._look_at_configuration)
        self._cluster, self._leadership, self._settings, self._clock = cluster, leadership, settings, clock
        self._log = structlog.get_logger()
        self._told: dict[str, _Told] = {}
        """What the watch told of each OpsDatabase: bodies also have what was written and is not told yet."""

    def database_seen(self, key: str, body: Json) -> None:
        """Take news of an OpsDatabase."""
        self.databases.seen(key, body, (_mark(body), _annotation(body, APPROVE)))
        before, now = self._told.get(key), _Told.of(body)
        self._told[key] = now
        if before is None or before.identity != now.identity:
            for other in self.databases.bodies:
                if other != key:
                    self.databases.wake(other)  # it may wait behind this one
        if before is None or before.schema != now.schema:
            self._wake_configurations_of(key)

    def configuration_seen(self, key: str, body: Json) -> None:
        """Take news of a SiteConfiguration."""
        self.configurations.seen(key, body, (_mark(body), _annotation(body, MOVED)))

    def config_map_changed(self, namespace: str, name: str) -> None:
        """Look at the configurations that are made from a ConfigMap."""
        for key, body in self.configurations.bodies.items():
            references = body.get("spec", {}).get("source", {}).get("configMapRefs") or []
            if body["metadata"]["namespace"] == namespace and name in {one.get("name") for one in references}:
                self.configurations.wake(key)

    def database_gone(self, key: str) -> None:
        """Forget an OpsDatabase; its database, backups and Jobs stay as they are."""
        self.databases.gone(key)
        self._told.pop(key, None)
        metrics.forget("OpsDatabase", *key.split("/", 1))
        for other in self.databases.bodies:
            self.databases.wake(other)  # one may have waited behind it
        self._wake_configurations_of(key)

    def configuration_gone(self, key: str) -> None:
        """Forget a SiteConfiguration; what it applied stays."""
        self.configurations.gone(key)
        metrics.forget("SiteConfiguration", *key.split("/", 1))

    async def stop(self) -> None:
        """Look at nothing any more and close the session."""
        await self.databases.stop()
        await self.configurations.stop()
        await self._cluster.close()

    def _wake_configurations_of(self, database: str) -> None:
        for key, body in self.configurations.bodies.items():
            named = body.get("spec", {}).get("databaseRef", {}).get("name")
            if database == f"{body['metadata']['namespace']}/{named}":
                self.configurations.wake(key)

    async def _look_at_database(self, key: str) -> float:
        if not await self._leadership.is_ours():
            return WHILE_FOLLOWING
        body = self.databases.bodies[key]
        try:
            resource = OpsDatabase.model_validate(_readable(body, OpsDatabaseStatus))
        except ValidationError as error:
            await self._tell_invalid("OpsDatabase", body, error)
            return seconds("1m")
        with metrics.SECONDS.labels("OpsDatabase").time():
            around = await self._surroundings(resource)
            now = self._clock.utc_now()
            try:
                outcome = await asyncio.to_thread(reconcile_database, resource, around, now)
            except Exception as error:
                await self._tell_broken("OpsDatabase", body, error)
                raise
            status = outcome.status
            if outcome.order is not None:
                try:
                    await self._start(resource, outcome.order)
                except ClusterError as error:
                    status = job_refused(resource, status, str(error), now)
            await self._tell(resource, status)
        running = outcome.order is not None or any(job.phase is Phase.ACTIVE for job in around.jobs)
        return WHILE_A_JOB_RUNS if running else _pause(resource, status)

    async def _look_at_configuration(self, key: str) -> float:
        if not await self._leadership.is_ours():
            return WHILE_FOLLOWING
        body = self.configurations.bodies[key]
        try:
            resource = SiteConfiguration.model_validate(_readable(body, SiteConfigurationStatus))
        except ValidationError as error:
            await self._tell_invalid("SiteConfiguration", body, error)
            return seconds("1m")
        with metrics.SECONDS.labels("SiteConfiguration").time():
            around = ConfigurationSurroundings(
                connection=await self._connection_of(resource),
                layers=await self._layers(resource),
                moved=_names(resource.metadata.annotations.get(MOVED)),
                more=OpsDbSettings().more_migrations(),
            )
            now = self._clock.utc_now()
            try:
                status = await asyncio.to_thread(reconcile_configuration, resource, around, now)
            except Exception as error:
                await self._tell_broken("SiteConfiguration", body, error)
                raise
            await self._tell(resource, status)
        return _pause(resource, status)

    async def _surroundings(self, resource: OpsDatabase) -> Surroundings:
        namespace, spec = resource.metadata.namespace, resource.spec
        wanted = {
            RoleKind.APPLICATION: spec.roles.application,
            RoleKind.READ_ONLY: spec.roles.read_only,
            RoleKind.REPLICATION: spec.roles.replication,
        }
        return Surroundings(
            connection=await self._cluster.secret(namespace, spec.connection.secret_ref),
            roles={
                kind: await self._cluster.secret(namespace, reference.secret_ref)
                for kind, reference in wanted.items()
                if reference is not None
            },
            jobs=await self._jobs(resource),
            older=await self._older(resource),
            approved=resource.metadata.annotations.get(APPROVE),
            more=OpsDbSettings().more_migrations(),
        )

    async def _jobs(self, resource: OpsDatabase) -> list[MigrationJob]:
        namespace, selector = resource.metadata.namespace, jobs.selector(resource.metadata.name)
        found = await self._cluster.jobs(namespace, selector)
        pods = await self._cluster.pods(namespace, selector) if found else []
        return [jobs.read_job(job, pods) for job in found]

    async def _older(self, resource: OpsDatabase) -> list[OtherDatabase]:
        """Return the resources made earlier, as the API server knows them: the watch may lag."""
        older = []
        for body in await self._cluster.databases(self._leadership.namespace):
            metadata = Metadata.model_validate(body["metadata"])
            key = f"{metadata.namespace}/{metadata.name}"
            if (str(metadata.creation_timestamp), key) < _age(resource):
                database, looked_at = _identity(body)
                older.append(OtherDatabase(key, database, looked_at))
        return older

    async def _connection_of(self, resource: SiteConfiguration) -> Secret | None:
        namespace, name = resource.metadata.namespace, resource.spec.database_ref.name
        found = await self._cluster.databases(namespace)
        body = next((one for one in found if one["metadata"]["name"] == name), None)
        if body is None:
            return None
        try:
            database = OpsDatabase.model_validate(_readable(body, OpsDatabaseStatus))
        except ValidationError:
            return Secret("its OpsDatabase", None, "the OpsDatabase is not valid: see its conditions")
        return await self._cluster.secret(namespace, database.spec.connection.secret_ref)

    async def _layers(self, resource: SiteConfiguration) -> tuple[Layer, ...]:
        source = resource.spec.source
        if source.inline is not None:
            return (Layer("inline", source.inline),)
        return tuple(
            [
                await self._cluster.config_map(resource.metadata.namespace, one.name, one.overlay)
                for one in source.config_map_refs or []
            ]
        )

    async def _start(self, resource: OpsDatabase, order: JobOrder) -> None:
        own = OpsDbSettings()
        made = jobs.manifest(resource, order, self._settings, own.environment.value, own.more_migrations())
        if await self._cluster.create_job(resource.metadata.namespace, made):
            self._log.info("migration.job_made", resource=resource.key, job=made["metadata"]["name"])

    async def _tell(self, resource: OpsDatabase | SiteConfiguration, status: Status) -> None:
        await self._write(type(resource).__name__, resource.metadata, resource.status, status)

    async def _tell_invalid(self, kind: str, body: Json, error: ValidationError) -> None:
        problems = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False)[:10]
        ]
        await self._tell_ready(kind, body, no(Reason.INVALID_SPEC, "; ".join(problems)))

    async def _tell_broken(self, kind: str, body: Json, error: Exception) -> None:
        metadata = Metadata.model_validate(body["metadata"])
        metrics.FAILURES.labels(kind, metadata.namespace, metadata.name).inc()
        message = f"the operator broke off: {type(error).__name__}; its log says more. Please report it"
        await self._tell_ready(kind, body, unknown(Reason.INTERNAL_ERROR, message))

    async def _tell_ready(self, kind: str, body: Json, ready: Finding) -> None:
        """Write of a resource that was not judged only whether it is ready."""
        model = OpsDatabaseStatus if kind == OpsDatabase.__name__ else SiteConfigurationStatus
        before: Status = model.model_validate(_readable(body, model)["status"])
        metadata, now = Metadata.model_validate(body["metadata"]), self._clock.utc_now()
        conditions = settle(before.conditions, {"Ready": ready}, now, metadata.generation)
        changes = {"conditions": conditions, "observed_generation": metadata.generation}
        await self._write(kind, metadata, before, before.model_copy(update=changes))

    async def _write(self, kind: str, metadata: Metadata, before: Status, after: Status) -> None:
        """Write a status if it is another than before, and events of what is new in it."""
        metrics.record(kind, metadata, after)
        written, old = as_written(after), as_written(before)
        if written == old:
            return
        absent = {name: None for name in old if name not in written}
        status = {**written, **absent}
        await self._cluster.patch_status(f"{kind.lower()}s", metadata.namespace, metadata.name, status)
        loops = self.databases if kind == OpsDatabase.__name__ else self.configurations
        loops.wrote(f"{metadata.namespace}/{metadata.name}", written)
        applied = isinstance(after, SiteConfigurationStatus) and old.get("lastApplied") != after.last_applied
        again = {APPLIED} if applied else set()
        for condition in changed_conditions(before.conditions, after.conditions, again):
            self._log.info(
                "condition.changed",
                kind=kind,
                namespace=metadata.namespace,
                name=metadata.name,
                condition=condition.type,
                status=condition.status.value,
                reason=condition.reason,
                message=condition.message,
            )
            try:
                told = event(kind, metadata, condition, self._clock.utc_now())
                await self._cluster.create_event(metadata.namespace, told)
            except ClusterError as error:
                self._log.warning("event.not_written", name=metadata.name, reason=str(error))


def _mark(body: Json) -> tuple[str, int]:
    metadata = body["metadata"]
    return metadata.get("uid", ""), metadata.get("generation", 0)


def _annotation(body: Json, name: str) -> str | None:
    found: str | None = (body["metadata"].get("annotations") or {}).get(name)
    return found


def _identity(body: Json) -> tuple[str | None, bool]:
    """Return which database a resource has, and whether anybody looked."""
    status = body.get("status") or {}
    return status.get("database"), bool(status.get("conditions"))


@dataclass(frozen=True)
class _Told:
    """What others wait for in the status of an OpsDatabase."""

    identity: tuple[str | None, bool]
    schema: tuple[Hashable, ...]

    @classmethod
    def of(cls, body: Json) -> Self:
        status = body.get("status") or {}
        conditions = {one["type"]: one for one in status.get("conditions") or []}
        ready: Json = conditions.get("Ready", {})
        return cls(_identity(body), (status.get("currentRevision"), ready.get("status"), ready.get("reason")))


def _pause(resource: OpsDatabase | SiteConfiguration, status: Status) -> float:
    """Return after how many seconds a resource is looked at again."""
    wanted = seconds(resource.spec.interval)
    ready = any(one.type == "Ready" and one.status is Truth.TRUE for one in status.conditions)
    return wanted if ready else min(wanted, WHILE_NOT_READY)


def _age(resource: OpsDatabase) -> tuple[str, str]:
    return str(resource.metadata.creation_timestamp), resource.key


def _names(annotation: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (annotation or "").split(",") if name.strip())


def _readable(body: Json, status: type[OpsDatabaseStatus] | type[SiteConfigurationStatus]) -> dict[str, Any]:
    """Return a resource without a status that another version wrote and this one cannot read."""
    try:
        status.model_validate(body.get("status") or {})
    except ValidationError:
        return {**body, "status": {}}
    return {**body, "status": body.get("status") or {}}
