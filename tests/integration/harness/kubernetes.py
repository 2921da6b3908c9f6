"""A site in a cluster: installed, changed and looked at as its operator does it, with helm and kubectl."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import yaml
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.contained.installation import (
    ARCHIVE_BUCKET,
    DISKS,
    IMAGE_USER,
    PROCESSING_LOCATION,
    SOURCE_LOCATION,
)
from ccat_dev_stack.stack.setup import make_tokens
from ccat_ops_db.settings import synchronous
from harness.cluster import (
    PREFIX,
    TAG,
    Cluster,
    ClusterError,
)
from harness.deployment import Deployment
from harness.trees import hand_over
from harness.waiting import wait_for

RELEASE = "data-center"
GROUP = "data-center.ccatobservatory.org"
READY_LIMIT_SECONDS = 420
NODE_PORTS = {
    "api": 30080,
    "ui": 30088,
    "s3": 30083,
    "postgresql": 30432,
    "telescope": 30101,
    "archive": 30102,
}
"""Ports of the node, by what listens there."""
PORTS_OF_A_SITE = 1000
"""Distance of the ports of two sites."""


@dataclass(frozen=True)
class Site:
    """The release of a site in a namespace.

    Parameters
    ----------
    number
        Distinguishes the ports of sites in one cluster.
    """

    cluster: Cluster
    namespace: str
    number: int = 0

    def node_port(self, name: str) -> int:
        """Return the port of the node on which something of this site listens."""
        return NODE_PORTS[name] + self.number * PORTS_OF_A_SITE

    def url(self, name: str) -> str:
        """Return where this machine reaches a service of the site."""
        return f"http://{self.cluster.address_of(self.node_port(name))}"

    @property
    def folder(self) -> Path:
        """Folder of the locations of the site, the same outside as inside."""
        return self.cluster.shared / self.namespace

    def folder_of(self, location: str) -> Path:
        """Return the folder of a disk location."""
        place, _, name = location.partition(".")
        return self.folder / place / name

    # --- what a person does -------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the namespace, in which only locked-down pods may be, its folders, and the configuration."""
        labels = {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        }
        self.cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}}
        )
        for location in DISKS:
            folder = self.folder_of(location)
            folder.mkdir(parents=True, exist_ok=True)
            hand_over(folder.parent, self.files_owner)
        files = sorted((checkout_folder() / "data-center-config").glob("*.yaml"))
        self.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "data-center-config", "namespace": self.namespace},
                "data": {file.name: file.read_text("utf-8") for file in files},
            }
        )

    @property
    def files_owner(self) -> tuple[int, int] | None:
        """User whom the workers run as, if that is not who runs the tests."""
        user, _, group = IMAGE_USER.partition(":")
        return (int(user), int(group)) if os.geteuid() == 0 else None

    def values(self) -> dict[str, Any]:
        """Return what this site has other than ``examples/development.yaml``: folders, ports, intervals."""
        [sites] = self._example["siteConfiguration"]["overlay"]
        overlay = yaml.safe_load(self._example["siteConfiguration"]["overlay"][sites])
        for location in DISKS:
            overlay["data_locations"].setdefault(location, {})["path"] = str(self.folder_of(location))
        overlay["sites"]["ccat"] = {"api_url": self.url("api"), "data_server_url": self.url("telescope")}
        overlay["sites"]["cologne"] = {"api_url": self.url("api"), "data_server_url": self.url("archive")}
        run_as = {} if os.geteuid() == 0 else {"securityContext": _as_this_user()}
        places = {"telescope": self.folder / "ccat", "archive": self.folder / "cologne"}
        mounts = {name: [{"name": name, "mountPath": str(path)}] for name, path in places.items()}
        # Nodes that were given may have an image of the same name from an earlier run.
        policy = "Always" if self.cluster.given else "IfNotPresent"
        return {
            "global": {"imagePrefix": PREFIX, "imagePullPolicy": policy},
            # Servers stay as they are when the images of ours change.
            "dev-services": {
                "image": {"tag": TAG},
                "postgresql": {"nodePort": self.node_port("postgresql")},
                "s3": {"nodePort": self.node_port("s3")},
            },
            "ops-db-api": {
                "service": {"type": "NodePort", "nodePort": self.node_port("api")},
                # Tests give many wrong tokens from one address.
                "settings": {"failureBurst": 1000},
            },
            "ops-db-ui": {
                "service": {"type": "NodePort", "nodePort": self.node_port("ui")},
            },
            "data-transfer": {
                "volumes": {
                    name: {"hostPath": {"path": str(path), "capacity": "10Gi"}}
                    for name, path in places.items()
                },
                "workers": {name: {"volumes": mounts[name], **run_as} for name in places},
                "dataServers": {
                    name: {
                        "volumes": mounts[name],
                        "service": {"type": "NodePort", "nodePort": self.node_port(name)},
                        **run_as,
                    }
                    for name in places
                },
            },
            "opsDatabase": {"interval": "5s"},
            "siteConfiguration": {"interval": "5s", "overlay": {sites: yaml.safe_dump(overlay)}},
        }

    def upgrade(self, *settings: str, tag: str = TAG, chart: Path | None = None) -> str:
        """Run the one command with which a site is installed and changed; do not wait for what it does."""
        return self.cluster.helm(*self.upgrade_command(*settings, tag=tag, chart=chart))

    def upgrade_command(self, *settings: str, tag: str = TAG, chart: Path | None = None) -> list[str]:
        """Return the arguments of helm of that command; each setting is a ``key=value``."""
        chart = chart or self.cluster.build / "charts" / "data-center"
        file = self.cluster.build / f"values-{self.namespace}.yaml"
        file.write_text(yaml.safe_dump(self.values()))
        files = [f"--values={chart / 'examples' / 'development.yaml'}", f"--values={file}"]
        options = [f"--set={setting}" for setting in (f"global.imageTag={tag}", *settings)]
        return [
            "upgrade",
            "--install",
            RELEASE,
            str(chart),
            f"--namespace={self.namespace}",
            *files,
            *options,
        ]

    def rollback(self, revision: int) -> None:
        """Go back to a revision of the release."""
        self.cluster.helm("rollback", RELEASE, str(revision), f"--namespace={self.namespace}")

    def revision(self) -> int:
        """Return the revision of the release."""
        [release] = json.loads(self.cluster.helm("list", f"--namespace={self.namespace}", "--output=json"))
        return int(release["revision"])

    def uninstall(self) -> None:
        """Uninstall the release and wait until its pods are gone."""
        self.cluster.helm("uninstall", RELEASE, f"--namespace={self.namespace}")
        wait_for("all pods are gone", self.pods, lambda pods: not pods, READY_LIMIT_SECONDS, first_pause=0.5)

    def remove(self) -> None:
        """Delete the namespace and what the release keeps when it goes."""
        # Workers whose database goes with them would use up their grace, to hand back what they hold.
        self.cluster.try_to("kubectl", f"--namespace={self.namespace}", "delete", "deployments,jobs", "--all")
        now = ["delete", "pods", "--all", "--grace-period=0", "--force"]
        self.cluster.try_to("kubectl", f"--namespace={self.namespace}", *now)
        self.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait")
        for volume in self.cluster.get("persistentvolumes")["items"]:
            ours = volume["spec"].get("claimRef", {}).get("namespace") == self.namespace
            if ours and volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain":
                self.cluster.kubectl("delete", "persistentvolume", volume["metadata"]["name"])
        subprocess.run(["chmod", "-R", "u+rwX", str(self.folder)], capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what a person looks at ---------------------------------------------------------------------------

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the namespace."""
        return self.cluster.kubectl(f"--namespace={self.namespace}", *arguments)

    def get(self, *arguments: str) -> Any:
        """Return objects of the namespace."""
        return self.cluster.get(f"--namespace={self.namespace}", *arguments)

    def pods(self, component: str = "") -> list[Any]:
        """Return the pods of the release; those that run once, of Jobs and of ``helm test``, are left out."""
        selector = f"app.kubernetes.io/instance={RELEASE}"
        pods = self.get("pods", f"--selector={selector}")["items"]
        part = f"-{component}-" if component else ""
        return [pod for pod in pods if _owner(pod) not in ("", "Job") and part in pod["metadata"]["name"]]

    def kill(self, component: str) -> None:
        """Delete the pods of something without a grace, and wait until as many others are ready."""
        old = {pod["metadata"]["uid"] for pod in self.pods(component)}
        names = [pod["metadata"]["name"] for pod in self.pods(component)]
        assert old, f"there is no pod of {component}"
        self.kubectl("delete", "pod", *names, "--grace-period=0", "--force", "--wait=false")
        wait_for(
            f"other pods of {component} are ready",
            lambda: self.pods(component),
            lambda pods: (
                sum(_is_ready(pod) and pod["metadata"]["uid"] not in old for pod in pods) >= len(old)
            ),
            READY_LIMIT_SECONDS,
            first_pause=0.2,
        )

    def unready(self) -> dict[str, str]:
        """Return what is not as it should be, with the reason; nothing when the site is ready."""
        problems = {}
        for one in self.get("deployments,statefulsets", f"--selector=app.kubernetes.io/instance={RELEASE}")[
            "items"
        ]:
            status, wanted = one.get("status", {}), one["spec"]["replicas"]
            current = status.get("observedGeneration") == one["metadata"]["generation"]
            counts = [status.get(key, 0) for key in ("replicas", "readyReplicas", "updatedReplicas")]
            if not current or counts != [wanted] * 3:
                problems[one["metadata"]["name"]] = f"{counts} of {wanted}"
        for kind in ("opsdatabase", "siteconfiguration"):
            for one in self.get(kind)["items"]:
                ready = condition_of(one, "Ready")
                if (
                    ready.get("status") != "True"
                    or ready["observedGeneration"] != one["metadata"]["generation"]
                ):
                    problems[kind] = f"{ready.get('reason')}: {ready.get('message')}"
        return problems

    def wait_ready(self, limit_seconds: float = READY_LIMIT_SECONDS) -> None:
        """Wait until all pods are ready and both resources say so."""

        def look() -> dict[str, str]:
            try:
                return self.unready()
            except ClusterError as error:
                # An API server that starts, or has too much to do, refuses for a while.
                return {"cluster": str(error)}

        wait_for(f"{self.namespace} is ready", look, lambda it: not it, limit_seconds, first_pause=0.3)

    def resource(self, kind: str, name: str = "default") -> Any:
        """Return an OpsDatabase or a SiteConfiguration."""
        return self.get(kind, name)

    def wait_condition(
        self, kind: str, condition: str, fits: Callable[[Any], object], name: str = "default"
    ) -> Any:
        """Wait until a condition of a resource fits and speaks of the resource as it is; return it."""

        def look() -> Any:
            resource = self.resource(kind, name)
            found = condition_of(resource, condition)
            return found if found.get("observedGeneration") == resource["metadata"]["generation"] else {}

        return wait_for(
            f"{condition} of {kind} {name}",
            look,
            lambda it: it and fits(it),
            READY_LIMIT_SECONDS,
            first_pause=0.2,
        )

    def secret(self, name: str, key: str) -> str:
        """Return a value of a Secret."""
        return base64.b64decode(self.get("secret", name)["data"][key]).decode()

    @cached_property
    def database_url(self) -> str:
        """Address of the operations database, with the role that owns it, from this machine."""
        url = urlsplit(self.secret("ccat-database-owner", "url"))
        address = self.cluster.address_of(self.node_port("postgresql"))
        return f"postgresql://{url.username}:{url.password}@{address}{url.path}"

    def query(self, statement: str, **values: object) -> list[Any]:
        """Ask the database."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def is_up(self) -> bool:
        """Say whether the API answers as ready."""
        try:
            return httpx.get(f"{self.url('api')}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def deployment(self) -> Deployment:
        """Return it as every other deployment, with tokens of its own."""
        engine = create_engine(synchronous(self.database_url))
        try:
            with Session(engine) as session, session.begin():
                tokens = make_tokens(session, {}, self.secret("ccat-token-key", "token-key"))
        finally:
            engine.dispose()
        return Deployment(
            ui_url=self.url("ui"),
            api_url=self.url("api"),
            token=tokens["developer"],
            instrument_token=tokens["instrument"],
            source_location=SOURCE_LOCATION,
            source_folder=self.folder_of(SOURCE_LOCATION),
            processing_location=PROCESSING_LOCATION,
            processing_folder=self.folder_of(PROCESSING_LOCATION),
            s3_endpoint=self.url("s3"),
            s3_bucket=ARCHIVE_BUCKET,
            s3_access_key_id=self.secret("cologne-lta", "access_key_id"),
            s3_secret_access_key=self.secret("cologne-lta", "secret_access_key"),
            log_folder=None,
            files_owner=self.files_owner,
        )

    def save(self, folder: Path) -> None:
        """Write logs, events, resources and a dump of the database."""
        folder.mkdir(parents=True, exist_ok=True)
        where = f"--namespace={self.namespace}"
        kinds = "all,configmaps,persistentvolumeclaims,networkpolicies,poddisruptionbudgets"
        asked = {
            "events.txt": ["get", where, "events", "--sort-by=.lastTimestamp"],
            "resources.yaml": ["get", where, f"{kinds},opsdatabases,siteconfigurations", "--output=yaml"],
            "pods.txt": ["describe", where, "pods"],
            "nodes.txt": ["describe", "nodes"],
        }
        listed = self.cluster.try_to("kubectl", where, "get", "pods", "--output=name").stdout
        for pod in listed.split():
            name = pod.removeprefix("pod/")
            asked[f"{name}.log"] = [where, "logs", name, "--all-containers", "--timestamps"]
            asked[f"{name}.previous.log"] = [where, "logs", name, "--all-containers", "--previous"]
        for file, arguments in asked.items():
            done = self.cluster.try_to("kubectl", "--request-timeout=20s", *arguments)
            if done.returncode == 0 or not file.endswith(".previous.log"):
                (folder / file).write_text(done.stdout + done.stderr, "utf-8")
        self._dump(folder / "database.sql")

    def _dump(self, file: Path) -> None:
        """Let the image that has pg_dump write one; an operator without a database says so in the file."""
        where = f"--namespace={self.namespace}"
        try:
            url = self.secret("ccat-database-owner", "url")
        except ClusterError as error:
            file.write_text(str(error))
            return
        command = [where, "exec", f"deployment/{RELEASE}-operator", "--", "pg_dump", f"--dbname={url}"]
        done = self.cluster.try_to("kubectl", *command)
        file.write_text(done.stdout or done.stderr, "utf-8")

    @cached_property
    def _example(self) -> Any:
        return yaml.safe_load(_EXAMPLE.read_text("utf-8"))


_EXAMPLE = checkout_folder() / "charts" / "data-center" / "examples" / "development.yaml"


def condition_of(resource: Any, name: str) -> Any:
    """Return a condition of a resource; nothing if it has none."""
    found = [it for it in resource.get("status", {}).get("conditions", []) if it["type"] == name]
    return found[0] if found else {}


def _is_ready(pod: Any) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(it["type"] == "Ready" and it["status"] == "True" for it in conditions)


def _owner(pod: Any) -> str:
    owners = pod["metadata"].get("ownerReferences") or [{"kind": ""}]
    return str(owners[0]["kind"])


def _as_this_user() -> dict[str, int]:
    return {"runAsUser": os.getuid(), "runAsGroup": os.getgid(), "fsGroup": os.getgid()}
