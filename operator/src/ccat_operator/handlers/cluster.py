"""The few calls to the API of Kubernetes that the operator makes by itself; kopf watches."""

import base64
import binascii
from typing import Any

import aiohttp
import kopf

from ccat_operator import GROUP, VERSION
from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.sources import Layer
from ccat_operator.resources import SecretKeyRef

REQUEST_SECONDS = 15
FORBIDDEN, NOT_FOUND, CONFLICT, UNAUTHORIZED = 403, 404, 409, 401

Json = dict[str, Any]


class ClusterError(RuntimeError):
    """The API server refused a request or did not answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def credentials(settings: kopf.OperatorSettings | None = None) -> kopf.ConnectionInfo:
    """Return how to reach the API server: by the pod's service account, else by the kubeconfig.

    Raises
    ------
    kopf.LoginError
        If there is neither.
    """
    using = settings or kopf.OperatorSettings()
    found = kopf.login_with_service_account(settings=using) or kopf.login_with_kubeconfig(settings=using)
    if found is None:
        raise kopf.LoginError("neither a service account nor a kubeconfig is here; set KUBECONFIG")
    return found


class Cluster:
    """A session with the API server; a token that was renewed is taken up by itself."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._server = ""

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def secret(self, namespace: str, reference: SecretKeyRef) -> Secret:
        """Return a value of a Secret, or why there is none."""
        where = f"the key {reference.key} of the Secret {namespace}/{reference.name}"
        try:
            found = await self._get(f"/api/v1/namespaces/{namespace}/secrets/{reference.name}")
        except ClusterError as error:
            if error.status not in {NOT_FOUND, FORBIDDEN}:
                raise
            missing = "there is no" if error.status == NOT_FOUND else "the operator may not read the"
            return Secret(
                where, None, f"{missing} Secret {namespace}/{reference.name}: {_REMEDIES[error.status]}"
            )
        data = found.get("data") or {}
        if reference.key not in data:
            keys = ", ".join(sorted(data)) or "none"
            return Secret(where, None, f"there is not {where}; its keys are {keys}")
        try:
            return Secret(where, base64.b64decode(data[reference.key]).decode())
        except (binascii.Error, UnicodeDecodeError):
            return Secret(where, None, f"{where} is no text")

    async def config_map(self, namespace: str, name: str, overlay: bool) -> Layer:
        """Return the files of a ConfigMap, or why there are none."""
        try:
            found = await self._get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        except ClusterError as error:
            if error.status not in {NOT_FOUND, FORBIDDEN}:
                raise
            missing = "there is no" if error.status == NOT_FOUND else "the operator may not read the"
            problem = f"{missing} ConfigMap {namespace}/{name}: {_REMEDIES[error.status]}"
            return Layer(name, overlay=overlay, problem=problem)
        return Layer(name, found.get("data") or {}, overlay)

    async def databases(self, namespace: str | None) -> list[Json]:
        """Return the OpsDatabases of a namespace, or of all."""
        place = f"namespaces/{namespace}/opsdatabases" if namespace is not None else "opsdatabases"
        return list((await self._get(f"/apis/{GROUP}/{VERSION}/{place}"))["items"])

    async def jobs(self, namespace: str, selector: str) -> list[Json]:
        """Return Jobs by label."""
        path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        return list((await self._get(path, {"labelSelector": selector}))["items"])

    async def pods(self, namespace: str, selector: str) -> list[Json]:
        """Return pods by label."""
        path = f"/api/v1/namespaces/{namespace}/pods"
        return list((await self._get(path, {"labelSelector": selector}))["items"])

    async def create_job(self, namespace: str, manifest: Json) -> bool:
        """Make a Job; False if there is one of that name."""
        try:
            await self._request("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", manifest)
        except ClusterError as error:
            if error.status != CONFLICT:
                raise
            return False
        return True

    async def create_event(self, namespace: str, manifest: Json) -> None:
        """Make an event that people see with kubectl describe."""
        await self._request("POST", f"/api/v1/namespaces/{namespace}/events", manifest)

    async def patch_status(self, plural: str, namespace: str, name: str, status: Json) -> None:
        """Write the status of a resource; one that is gone needs none."""
        path = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{plural}/{name}/status"
        try:
            await self._request("PATCH", path, {"status": status})
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise

    async def peers(self, name: str, namespace: str | None) -> dict[str, Json]:
        """Return the replicas that kopf's peering knows; none if there is no such peering."""
        place = f"namespaces/{namespace}/kopfpeerings" if namespace is not None else "clusterkopfpeerings"
        try:
            found = await self._get(f"/apis/kopf.dev/v1/{place}/{name}")
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise
            return {}
        return dict(found.get("status") or {})

    async def served_resources(self) -> set[str]:
        """Return the plural names of our resources that the API server knows."""
        try:
            found = await self._get(f"/apis/{GROUP}/{VERSION}")
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise
            return set()
        return {resource["name"] for resource in found["resources"]}

    async def _get(self, path: str, query: dict[str, str] | None = None) -> Json:
        return await self._request("GET", path, None, query)

    async def _request(
        self, method: str, path: str, body: Json | None = None, query: dict[str, str] | None = None
    ) -> Json:
        try:
            return await self._once(method, path, body, query)
        except ClusterError as error:
            if error.status != UNAUTHORIZED:
                raise
        await self.close()  # the token ran out; the file holds a new one
        return await self._once(method, path, body, query)

    async def _once(self, method: str, path: str, body: Json | None, query: dict[str, str] | None) -> Json:
        session = self._open()
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Content-Type": kind} if body is not None else {}
        try:
            async with session.request(
                method, self._server + path, json=body, params=query, headers=headers
            ) as answer:
                if answer.status >= 400:
                    raise ClusterError(
                        answer.status, f"{method} {path}: {answer.status} {await _said(answer)}"
                    )
                found: Json = await answer.json()
                return found
        except (TimeoutError, aiohttp.ClientError) as error:
            raise ClusterError(0, f"{method} {path}: {type(error).__name__} {error}") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            info = credentials()
            self._server = info.server.rstrip("/")
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=info.as_ssl_context()),
                headers={"User-Agent": "ccat-operator", **info.as_http_headers()},
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            )
        return self._session


_REMEDIES = {
    NOT_FOUND: "make it, or correct the reference",
    FORBIDDEN: "the chart's role must name it, see `kubectl auth can-i`",
}


async def _said(answer: aiohttp.ClientResponse) -> str:
    try:
        return str((await answer.json()).get("message", ""))[:300]
    except (aiohttp.ClientError, ValueError):
        return (await answer.text())[:300]
