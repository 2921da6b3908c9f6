"""Keys that are not in the credential's folder, and clocks that sign."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ccat_data_transfer.failures import Configuration, Failure
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_data_transfer.storage.s3_client import S3Client
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.clock import SystemClock

from .conftest import described, read, upload

PATH = "2026/11/21/package.tar"


@dataclass
class KeyService:
    """What gives a container the keys of its role."""

    address: str
    bucket: Bucket
    lasting: timedelta = timedelta(hours=6)
    status: int = 200
    asked: int = 0

    def answer(self) -> bytes:
        self.asked += 1
        told = {
            "AccessKeyId": self.bucket.access_key_id,
            "SecretAccessKey": self.bucket.secret_access_key,
            "Token": "",
            "Expiration": (datetime.now(UTC) + self.lasting).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return json.dumps(told).encode()


@pytest.fixture
def key_service(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyService]:
    service = KeyService("", s3)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = service.answer()
            self.send_response(service.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/role")
    yield service
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's own configuration counts."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "shared"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def supplied(tmp_path: Path, **files: str) -> Credentials:
    """Supply a credential of the name ``archive``."""
    folder = tmp_path / "credentials" / "archive"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return Credentials(folder.parent)


def test_the_role_of_a_container(s3: Bucket, key_service: KeyService, tmp_path: Path) -> None:
    store = S3Storage(described(s3), supplied(tmp_path, ambient="yes"))
    upload(store, PATH, b"bytes")
    assert read(store, PATH) == b"bytes"
    assert key_service.asked == 1


def test_keys_of_a_role_are_renewed_before_they_end(
    s3: Bucket, key_service: KeyService, tmp_path: Path
) -> None:
    key_service.lasting = timedelta(minutes=5)
    store = S3Storage(described(s3), supplied(tmp_path, ambient="yes"))
    store.check()
    store.check()
    assert key_service.asked >= 2


def test_keys_of_a_role_that_do_not_come(s3: Bucket, key_service: KeyService, tmp_path: Path) -> None:
    key_service.status = 404
    with pytest.raises(Configuration) as raised:
        S3Storage(described(s3), supplied(tmp_path, ambient="yes"))
    assert raised.value.category == "credential_missing"
    assert "archive" in raised.value.message


def test_surroundings_that_have_no_keys(s3: Bucket, tmp_path: Path) -> None:
    with pytest.raises(Configuration) as raised:
        S3Storage(described(s3), supplied(tmp_path, ambient="yes"))
    assert raised.value.category == "credential_missing"


def test_a_profile_and_its_keys_when_they_are_renewed(s3: Bucket, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.write_text(f"[writer]\naws_access_key_id={s3.access_key_id}\naws_secret_access_key=wrong\n")
    store = S3Storage(described(s3), supplied(tmp_path, profile="writer"))
    with pytest.raises(Configuration) as raised:
        store.check()
    assert raised.value.category == "credential_refused"
    shared.write_text(shared.read_text().replace("wrong", s3.secret_access_key))
    store.check()


def test_a_profile_that_is_not_there(s3: Bucket, tmp_path: Path) -> None:
    with pytest.raises(Configuration) as raised:
        S3Storage(described(s3), supplied(tmp_path, profile="nobody"))
    assert raised.value.category == "credential_missing"
    assert "nobody" in raised.value.message


class Clock(SystemClock):
    """The machine's clock, ahead of others."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead
        self.later = 0.0

    def utc_now(self) -> datetime:
        return super().utc_now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.later


def client_with(clock: Clock, bucket: Bucket, tmp_path: Path) -> S3Client:
    keys = {"access_key_id": bucket.access_key_id, "secret_access_key": bucket.secret_access_key}
    return S3Client(described(bucket), supplied(tmp_path, **keys), clock)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_store_whose_time_is_another_is_signed_for_with_its_own(
    s3: Bucket, tmp_path: Path, hours: int
) -> None:
    client = client_with(Clock(timedelta(hours=hours)), s3, tmp_path)
    client.call("put_object", Key="x", Body=b"bytes")
    assert client.call("get_object", Key="x")["Body"] == b"bytes"


def test_a_clock_that_stays_wrong_is_told_after_a_while_and_counts_again_when_it_is_right(
    s3: Bucket, tmp_path: Path
) -> None:
    clock = Clock(timedelta(hours=2))
    client = client_with(clock, s3, tmp_path)
    client.check()
    clock.later = 901
    with pytest.raises(Failure) as raised:
        client.check()
    assert raised.value.category == "clock_wrong"
    assert re.search(r"7,20\d s ahead", raised.value.message)
    clock.ahead = timedelta()
    client.check()
    clock.ahead = timedelta(hours=-2)
    client.check()
