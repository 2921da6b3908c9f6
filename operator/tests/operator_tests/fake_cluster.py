"""A cluster without one: kmock answers for the API server, and Jobs are really run, by the test."""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from kmock import KubernetesEmulator

from ccat_operator import GROUP, VERSION
from ccat_operator.handlers.jobs import OWNER_LABEL

from .conftest import run

OURS = f"/apis/{GROUP}/{VERSION}/namespaces"
RESOURCES = {
    f"{GROUP}/{VERSION}/opsdatabases": ("OpsDatabase", {"status"}),
    f"{GROUP}/{VERSION}/siteconfigurations": ("SiteConfiguration", {"status"}),
    "v1/secrets": ("Secret", set()),
    "v1/configmaps": ("ConfigMap", set()),
    "v1/pods": ("Pod", set()),
    "v1/events": ("Event", set()),
    "batch/v1/jobs": ("Job", set()),
    "kopf.dev/v1/kopfpeerings": ("KopfPeering", set()),
    "v1/namespaces": ("Namespace", set()),
    "apiextensions.k8s.io/v1/customresourcedefinitions": ("CustomResourceDefinition", set()),
}
VERBS = ["get", "list", "watch", "patch", "create", "delete"]
LIMIT = 180.0
"""Seconds for which a condition is waited for; never asserted."""
PAUSE = 0.2
"""Seconds between two looks: each costs the emulator as much as what is waited for."""

_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}

Json = dict[str, Any]


@dataclass
class FakeCluster:
    """What a person does with kubectl, and what a kubelet does with Jobs."""

    kmock: KubernetesEmulator
    session: aiohttp.ClientSession
    job_settings: dict[str, str] = field(default_factory=dict)
    """Environment of the Jobs besides what their manifest says."""
    jobs_run: list[str] = field(default_factory=list)
    by_hand: bool = False

    async def apply(self, path: str, manifest: Json) -> None:
        """Make an object."""
        async with self.session.post(f"{path}", json=manifest) as answer:
            assert answer.status < 300, await answer.text()

    async def patch(self, path: str, change: Json) -> None:
        """Merge a change into an object."""
        async with self.session.patch(path, json=change) as answer:
            assert answer.status < 300, await answer.text()

    async def delete(self, path: str) -> None:
        """Delete an object."""
        async with self.session.delete(path) as answer:
            assert answer.status < 300, await answer.text()

    async def get(self, path: str) -> Json:
        """Return an object, or an empty one."""
        async with self.session.get(path) as answer:
            found: Json = await answer.json()
            return found if answer.status < 300 else {}

    async def items(self, path: str) -> list[Json]:
        """Return the objects of a kind."""
        return list((await self.get(path)).get("items") or [])

    async def secret(self, name: str, **values: str) -> None:
        """Make or change a Secret."""
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        if await self.get(f"/api/v1/namespaces/site/secrets/{name}"):
            await self.patch(f"/api/v1/namespaces/site/secrets/{name}", {"data": data})
        else:
            await self.apply("/api/v1/namespaces/site/secrets", {"metadata": _meta(name), "data": data})

    async def database(self, name: str = "main", created: str = "2026-01-01T00:00:00Z", **spec: Any) -> None:
        """Make an OpsDatabase."""
        manifest = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "OpsDatabase",
            "metadata": {**_meta(name), "uid": f"uid-{name}", "generation": 1, "creationTimestamp": created},
            "spec": {
                "connection": {"secretRef": {"name": "owner"}},
                "migrations": {"backup": {"before": "never"}},
                "interval": "1s",
                **spec,
            },
        }
        await self.apply(f"{OURS}/site/opsdatabases", manifest)

    async def configuration(self, name: str = "observatory", **spec: Any) -> None:
        """Make a SiteConfiguration."""
        manifest = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "SiteConfiguration",
            "metadata": {**_meta(name), "uid": f"uid-{name}", "generation": 1},
            "spec": {
                "databaseRef": {"name": "main"},
                "source": {"configMapRefs": [{"name": "files"}]},
                "interval": "1s",
                **spec,
            },
        }
        await self.apply(f"{OURS}/site/siteconfigurations", manifest)

    async def condition(self, plural: str, name: str, kind: str) -> Json:
        """Return a condition of a resource, or an empty one."""
        status = (await self.get(f"{OURS}/site/{plural}/{name}")).get("status") or {}
        return next((one for one in status.get("conditions") or [] if one["type"] == kind), {})

    async def until(self, name: str, reason: str, kind: str = "Ready", plural: str = "opsdatabases") -> Json:
        """Wait until a condition has a reason; return it."""
        end, found = time.monotonic() + LIMIT, {}
        while time.monotonic() < end:
            found = await self.condition(plural, name, kind)
            if found.get("reason") == reason:
                return found
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"{kind} of {name} is {found}, not {reason}")

    async def until_message(self, name: str, part: str) -> None:
        """Wait until an OpsDatabase says something."""
        end = time.monotonic() + LIMIT
        while part not in (said := (await self.condition("opsdatabases", name, "Ready")).get("message", "")):
            assert time.monotonic() < end, said
            await asyncio.sleep(PAUSE)

    async def until_true(self, check: Callable[[Json], bool], path: str) -> None:
        """Wait until a check of an object is true."""
        end = time.monotonic() + LIMIT
        while not check(found := await self.get(path)):
            assert time.monotonic() < end, found
            await asyncio.sleep(PAUSE)

    async def events(self) -> set[tuple[str, str, str]]:
        """Return name, type and reason of the events."""
        found = await self.items("/api/v1/namespaces/site/events")
        return {(one["involvedObject"]["name"], one["type"], one["reason"]) for one in found}

    async def until_event(self, *event: str) -> None:
        """Wait for an event: it is written after the status."""
        end = time.monotonic() + LIMIT
        while event not in (told := await self.events()):
            assert time.monotonic() < end, told
            await asyncio.sleep(PAUSE)

    async def until_told(self, message: str) -> None:
        """Wait for an event with a message."""
        end = time.monotonic() + LIMIT
        while True:
            found = [one["message"] for one in await self.items("/api/v1/namespaces/site/events")]
            if message in found:
                return
            assert time.monotonic() < end, found
            await asyncio.sleep(PAUSE)

    async def eventually(self, check: Callable[[], Any]) -> None:
        """Wait until a check is true."""
        end = time.monotonic() + LIMIT
        while not check():
            assert time.monotonic() < end, check
            await asyncio.sleep(PAUSE)

    def run_jobs_by_hand(self) -> None:
        """Let no kubelet run Jobs."""
        self.by_hand = True

    async def run_waiting_jobs(self) -> None:
        """Run what is to be run."""
        for job in await self.items("/apis/batch/v1/namespaces/site/jobs"):
            if not job.get("status"):
                await self._run_job(job)

    async def run_jobs(self) -> None:
        """Run what is to be run, as kubelets do, until cancelled."""
        while True:
            if not self.by_hand:
                await self.run_waiting_jobs()
            await asyncio.sleep(PAUSE)

    async def _run_job(self, job: Json) -> None:
        name = job["metadata"]["name"]
        self.jobs_run.append(name)
        path = f"/apis/batch/v1/namespaces/site/jobs/{name}"
        await self.patch(path, {"status": {"active": 1, "startTime": "2026-11-21T12:00:00Z"}})
        (container,) = job["spec"]["template"]["spec"]["containers"]
        done = await asyncio.to_thread(run, *container["args"], **await self._environment(container))
        said = done.log.strip().splitlines()[-1]
        pod = {
            "metadata": {
                **_meta(f"{name}-{len(self.jobs_run)}"),
                "labels": {
                    "job-name": name,
                    OWNER_LABEL: job["metadata"]["labels"][OWNER_LABEL],
                },
                "creationTimestamp": f"2026-11-21T12:00:{len(self.jobs_run):02}Z",
            },
            "status": {
                "containerStatuses": [
                    {
                        "name": "migrate",
                        "state": {
                            "terminated": {"exitCode": done.status, "message": said, "reason": "Error"}
                        },
                    }
                ]
            },
        }
        await self.apply("/api/v1/namespaces/site/pods", pod)
        ended = {"type": "Complete" if done.status == 0 else "Failed", "status": "True"}
        await self.patch(path, {"status": {"active": 0, "conditions": [ended]}})

    async def _environment(self, container: Json) -> dict[str, str]:
        settings = {}
        for one in container["env"]:
            if "value" in one:
                settings[one["name"]] = one["value"]
            else:
                reference = one["valueFrom"]["secretKeyRef"]
                secret = await self.get(f"/api/v1/namespaces/site/secrets/{reference['name']}")
                settings[one["name"]] = base64.b64decode(secret["data"][reference["key"]]).decode()
        settings["url"] = settings.pop("CCAT_OPS_DB_DATABASE_URL")
        return {**settings, **self.job_settings}

    def rights_used(self, agent: str) -> set[tuple[str, str, str]]:
        """Return group, resource and verb of what a program asked for, but for the discovery."""
        used = set()
        for one in self.kmock:
            path = one.url.path.strip("/").split("/")
            if not one.headers.get("User-Agent", "").startswith(agent) or "namespaces" not in path:
                continue
            group = path[1] if path[0] == "apis" else ""
            resource, *rest = path[path.index("namespaces") + 2 :]
            verb = _VERBS[one.method.value.upper()]
            if verb == "get" and not rest:
                verb = "watch" if "watch" in one.url.query else "list"
            used.add((group, "/".join([resource, *rest[1:]]), verb))
        return used

    def requests(self, method: str, part: str) -> list[Any]:
        """Return the requests that the API server got."""
        return [one for one in self.kmock if one.method.value.upper() == method and part in str(one.url)]


@contextlib.asynccontextmanager
async def fake_cluster(kmock: KubernetesEmulator, folder: Path) -> AsyncIterator[FakeCluster]:
    """Set up the API server's resources and a kubeconfig for it."""
    for name, (kind, subresources) in RESOURCES.items():
        kmock.resources[name] = {
            "kind": kind,
            "singular": kind.lower(),
            "verbs": VERBS,
            "namespaced": kind not in {"Namespace", "CustomResourceDefinition"},
            "shortnames": [],
            "categories": [],
            "subresources": subresources,
        }
    server = str(kmock.url).rstrip("/")
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "fake",
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        "clusters": [{"name": "fake", "cluster": {"server": server}}],
        "users": [{"name": "fake", "user": {"token": "of-the-test"}}],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    async with aiohttp.ClientSession(base_url=server) as session:
        cluster = FakeCluster(kmock, session)
        jobs = asyncio.create_task(cluster.run_jobs())
        try:
            yield cluster
        finally:
            jobs.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await jobs


def _meta(name: str) -> Json:
    return {"name": name, "namespace": "site"}
