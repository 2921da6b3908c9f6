"""Places to move bytes between, folders and two S3 servers of different make, and how tests use them."""

from __future__ import annotations

import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import MEBIBYTE, Expected, LocationDescription, Storage
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_dev_stack.testing import Bucket

from ..simulated_places import SimulatedPlaces
from .faulty_server import FaultyStore, faulty_store

NewDisk = Callable[[str], DiskStorage]
OpenBucket = Callable[..., S3Storage]


MOTO = pytest.param("moto", marks=pytest.mark.long)
"""The store that nobody runs: `make test-long` tries it beside the one of the development stack."""


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """A second S3 server, of other make than the one that the stack embeds."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_endpoint: str) -> Bucket:
    """A fresh bucket on the second S3 server."""
    name = f"test-{uuid4().hex}"
    request = urllib.request.Request(f"{moto_endpoint}/{name}", method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    return Bucket(moto_endpoint, name, "any", "any-secret")


@pytest.fixture(params=["seaweedfs", MOTO])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A fresh bucket, once on each of the S3 servers."""
    found: Bucket = request.getfixturevalue("s3" if request.param == "seaweedfs" else "moto")
    return found


@pytest.fixture
def new_disk(tmp_path: Path) -> NewDisk:
    """Make an empty folder a place."""

    def make(location_id: str) -> DiskStorage:
        root = tmp_path / location_id
        root.mkdir()
        return DiskStorage(location_id, str(root))

    return make


@pytest.fixture
def disk(new_disk: NewDisk) -> DiskStorage:
    """A place that is an empty folder."""
    return new_disk("ccat.buffer")


@pytest.fixture
def open_bucket(tmp_path: Path) -> OpenBucket:
    """Open a bucket as a place, with its keys supplied as a deployment does, under the name ``archive``."""

    def opened(found: Bucket, **changes: str) -> S3Storage:
        keys = tmp_path / "credentials" / "archive"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "access_key_id").write_text(found.access_key_id + "\n")
        (keys / "secret_access_key").write_text(found.secret_access_key + "\n")
        return S3Storage(described(found, **changes), Credentials(keys.parent))

    return opened


@pytest.fixture
def store(bucket: Bucket, open_bucket: OpenBucket) -> S3Storage:
    """A place on each of the S3 servers."""
    return open_bucket(bucket)


@pytest.fixture
def seaweedfs(s3: Bucket, open_bucket: OpenBucket) -> S3Storage:
    """A place on the S3 server that checks signatures."""
    return open_bucket(s3)


@pytest.fixture
def faulty(s3: Bucket) -> Iterator[FaultyStore]:
    with faulty_store(s3.endpoint) as store:
        yield store


@pytest.fixture
def troubled(faulty: FaultyStore, s3: Bucket, open_bucket: OpenBucket) -> S3Storage:
    """A place on the real store behind the faulty one."""
    return open_bucket(s3, endpoint=faulty.endpoint)


@pytest.fixture(params=["disk", "seaweedfs", MOTO, "simulated disk", "simulated store"])
def place(request: pytest.FixtureRequest, new_disk: NewDisk, open_bucket: OpenBucket) -> Storage:
    """A place of every kind, real and simulated."""
    if request.param == "simulated disk":
        return SimulatedPlaces().disk("ccat.buffer")
    if request.param == "simulated store":
        return SimulatedPlaces().store("cologne.archive")
    if request.param == "disk":
        return new_disk("ccat.buffer")
    found: Bucket = request.getfixturevalue("s3" if request.param == "seaweedfs" else "moto")
    return open_bucket(found)


def described(found: Bucket, /, **changes: str) -> LocationDescription:
    """Describe a bucket as a place."""
    facts: dict[str, Any] = {
        "endpoint": found.endpoint,
        "bucket": found.bucket,
        "prefix": "raw/data",
        **changes,
    }
    return LocationDescription(id="cologne.archive", kind="s3", credential="archive", **facts)


def expected(content: bytes) -> Expected:
    hasher = new_hasher("xxh3-128")
    hasher.update(content)
    return Expected(len(content), format_checksum("xxh3-128", hasher.hexdigest()))


def upload(place: Storage, path: str, content: bytes, work_id: str = "work") -> None:
    with place.open_upload(path, work_id, expected(content)) as writing:
        adopted = writing.adopt(lambda _: None)
        writing.write(content[adopted:])
        writing.finish()


def remove(place: Storage, *paths: str) -> None:
    """Remove objects."""
    with place.removing() as remove_one:
        for path in paths:
            remove_one(path)


def read(place: Storage, path: str) -> bytes:
    content = bytearray()
    buffer = memoryview(bytearray(MEBIBYTE + 7))
    with place.open_read(path) as reader:
        while count := reader.readinto(buffer):
            content += buffer[:count]
    return bytes(content)


def wait_for_part(place: Storage, path: str, work_id: str) -> None:
    """Wait until the place has something of an upload: leaving one does not wait for what is under way."""
    limit = time.monotonic() + 20
    while place.resume_point(path, work_id) == 0:
        assert time.monotonic() < limit, "no part arrived"
        threading.Event().wait(0.05)
