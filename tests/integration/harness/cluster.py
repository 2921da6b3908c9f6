"""A cluster of the tests' own, made by kind, or one that KUBECONFIG names; images and programs with it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccat_dev_stack import ports
from ccat_dev_stack.checkout import checkout_folder

PREFIX = os.environ.get("IMAGE_PREFIX") or "ccatobs"
TAG = os.environ.get("IMAGE_TAG") or "0.1.0"
IMAGES = ("ops-db-api", "data-transfer", "operator", "dev-services", "ops-db-ui")
COMMAND_LIMIT_SECONDS = 600
KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    # Files of a changed Secret follow in so many seconds and not in a minute.
    "syncFrequency": "10s",
}

_HOW_TO_GET = {
    "kind": "https://kind.sigs.k8s.io/docs/user/quick-start/#installation (or set KUBECONFIG)",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "helm": "https://helm.sh/docs/intro/install",
    "docker": "https://docs.docker.com/engine/install",
}


class ClusterError(AssertionError):
    """A program ended with an error, or the machine lacks something; the message says which."""


def what_is_missing() -> list[str]:
    """Return a line for each program that these tests need and the machine does not have."""
    needed = ["kubectl", "helm", "docker", *([] if os.environ.get("KUBECONFIG") else ["kind"])]
    missing = [
        f"{name} is missing: install it, {_HOW_TO_GET[name]}" for name in needed if not shutil.which(name)
    ]
    if not missing and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        missing.append("the container engine does not answer (docker info): start it")
    if os.environ.get("KUBECONFIG") and not os.environ.get("CCAT_SHARED_FOLDER"):
        missing.append(
            "CCAT_SHARED_FOLDER is not set: with KUBECONFIG it names a folder that this machine and the nodes"
            " have at the same path"
        )
    return missing


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Parameters
    ----------
    build
        Folder of its state, and of the folders that it shares with this machine, at the same path inside.
    kubeconfig
        Given by whoever owns the cluster; None for one that kind makes.
    """

    build: Path
    given: str | None = None

    @property
    def name(self) -> str:
        """Of the kind cluster: those of two checkouts never meet."""
        return "ccat-" + hashlib.sha256(str(self.build).encode()).hexdigest()[:10]

    @property
    def node(self) -> str:
        """Name of the one node of a kind cluster, and of its container."""
        return f"{self.name}-control-plane"

    @property
    def shared(self) -> Path:
        """Folder that the node has at the same path."""
        return Path(os.environ["CCAT_SHARED_FOLDER"]) if self.given else self.build / "shared"

    @property
    def environment(self) -> dict[str, str]:
        """Variables of programs that use the cluster."""
        kubeconfig = self.given or str(self.build / "kubeconfig")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")}
        return kept | {"KUBECONFIG": kubeconfig}

    def create(self, node_ports: Sequence[int]) -> None:
        """Make the cluster, with ports of its node on the loopback address; one that is there is used."""
        self.shared.mkdir(parents=True, exist_ok=True)
        if self.given or self.exists():
            return
        chosen = dict(zip(node_ports, ports.free_ports(len(node_ports)), strict=True))
        (self.build / "ports.json").write_text(json.dumps(chosen))
        configuration = {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "nodes": [
                {
                    "role": "control-plane",
                    "extraMounts": [{"hostPath": str(self.shared), "containerPath": str(self.shared)}],
                    "extraPortMappings": [
                        {"containerPort": inside, "hostPort": outside, "listenAddress": ports.LOOPBACK}
                        for inside, outside in chosen.items()
                    ],
                }
            ],
            "kubeadmConfigPatches": [json.dumps(KUBELET)],
        }
        # JSON is YAML.
        file = self.build / "kind.yaml"
        file.write_text(json.dumps(configuration))
        options = ["--name", self.name, "--config", str(file), "--wait", "180s", *_node_image()]
        self.run("kind", "create", "cluster", *options)

    def exists(self) -> bool:
        """Say whether kind has made it."""
        return self.name in self.run("kind", "get", "clusters").split()

    def delete(self) -> None:
        """Delete the cluster, if kind made it, with everything in it."""
        if self.given is None:
            self.run("kind", "delete", "cluster", "--name", self.name)
            subprocess.run(["chmod", "-R", "u+rwX", str(self.shared)], capture_output=True, check=False)
            shutil.rmtree(self.shared, ignore_errors=True)

    def address_of(self, node_port: int) -> str:
        """Return where this machine reaches a port of the node."""
        if self.given:
            return f"{os.environ.get('CCAT_NODE_ADDRESS') or ports.LOOPBACK}:{node_port}"
        chosen: dict[str, int] = json.loads((self.build / "ports.json").read_text())
        return f"{ports.LOOPBACK}:{chosen[str(node_port)]}"

    def load(self, images: Sequence[str]) -> None:
        """Bring images into the cluster: into the node of kind, or into the registry of their names."""
        if self.given is None:
            self.run("kind", "load", "docker-image", "--name", self.name, *images)
            return
        for image in images:
            self.run("docker", "push", "--quiet", image)

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl, require status 0, return what it printed."""
        return self.run("kubectl", *arguments, given=given)

    def get(self, *arguments: str) -> Any:
        """Return what ``kubectl get`` prints as JSON."""
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Apply objects."""
        self.kubectl(
            "apply",
            "--filename",
            "-",
            given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
        )

    def helm(self, *arguments: str) -> str:
        """Run helm, require status 0, return what it printed."""
        return self.run("helm", *arguments)

    def run(self, program: str, *arguments: str, given: str | None = None) -> str:
        """Run a program, require status 0, return what it printed."""
        done = self.try_to(program, *arguments, given=given)
        if done.returncode != 0:
            called = " ".join((program, *arguments))
            raise ClusterError(
                f"{called}\nstatus {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done.stdout

    def try_to(
        self, program: str, *arguments: str, given: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end, whatever that is."""
        return subprocess.run(
            [program, *arguments],
            env=self.environment,
            cwd=checkout_folder(),
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_SECONDS,
            check=False,
        )


def _node_image() -> list[str]:
    """Return kind's option for the image of the node: the one named, one on this machine, or none."""
    named = os.environ.get("KIND_NODE_IMAGE")
    if named:
        return ["--image", named]
    listed = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node"]
    here = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    tagged = sorted(name for name in here if not name.endswith(":<none>"))
    return ["--image", tagged[-1]] if tagged else []


def image(name: str, tag: str = TAG) -> str:
    """Return the whole name of an image."""
    return f"{PREFIX}/{name}:{tag}"


def ensure_images() -> None:
    """Build the images that are missing, as ``make images`` does; the others are used as they are."""
    missing = [
        name
        for name in IMAGES
        if subprocess.run(
            ["docker", "image", "inspect", image(name)], capture_output=True, check=False
        ).returncode
    ]
    if missing:
        build = checkout_folder() / "compose" / "images" / "build.py"
        done = subprocess.run([sys.executable, str(build), *missing], check=False)
        if done.returncode:
            raise ClusterError("the images could not be built; make images says why")


def release_with_revisions(tag: str, revisions: Sequence[Path], build: Path) -> list[str]:
    """Make the images of a release whose schema has further revisions; return their names.

    They are those of this release with the revision files beside its own: what an upgrade to the next release
    changes first. The interface knows no schema: its image only gets the next name.
    """
    interface = image("ops-db-ui", tag)
    subprocess.run(["docker", "tag", image("ops-db-ui"), interface], check=True)
    made = [interface]
    for name in ("ops-db-api", "data-transfer", "operator"):
        folder = build / tag
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "revisions").mkdir(parents=True)
        for revision in revisions:
            shutil.copy(revision, folder / "revisions")
        place = _place_of_revisions(image(name))
        (folder / "Dockerfile").write_text(f"FROM {image(name)}\nCOPY revisions/ {place}/\n")
        command = ["docker", "build", "--quiet", "--network", "none", "--tag", image(name, tag), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ClusterError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        made.append(image(name, tag))
    return made


def _place_of_revisions(name: str) -> str:
    asked = "import ccat_ops_db.migrations.versions as it; print(*it.__path__)"
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "python", name, "-c", asked]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
