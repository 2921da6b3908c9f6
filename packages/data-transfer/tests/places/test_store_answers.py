"""Answers of stores, and of what stands before them, that are easily taken for something else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.interface import MEBIBYTE
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_dev_stack.testing import Bucket

from ..more_places import add_store
from ..trouble import DAY, HOUR, let_pass, outcome_of, packages, texts, work_states
from .conftest import described, read, upload
from .faulty_server import FaultyStore, Reply, Request
from .tls_server import TlsServer

PATH = "2026/11/21/package.tar"
LARGE = random.Random(12).randbytes(17 * MEBIBYTE)


@pytest.mark.parametrize(
    "fault",
    [
        "closed-in-the-handshake",
        "alert-in-the-handshake",
        "does-not-decrypt",
        "closed-instead-of-an-answer",
    ],
)
def test_a_broken_tls_connection_is_transient(tmp_path: Path, fault: str) -> None:
    with TlsServer(tmp_path, fault) as server:
        keys = tmp_path / "credentials" / "archive"
        keys.mkdir(parents=True)
        (keys / "access_key_id").write_text("a")
        (keys / "secret_access_key").write_text("b")
        (keys / "ca.crt").write_bytes(server.certificate)
        bucket = Bucket(server.endpoint, "bucket", "a", "b")
        store = S3Storage(described(bucket), Credentials(keys.parent))
        assert outcome_of(lambda: store.stat(PATH)) == "raises Transient"


def test_a_certificate_that_nobody_trusts_is_for_a_person(tmp_path: Path) -> None:
    with TlsServer(tmp_path, "closed-instead-of-an-answer") as server:
        keys = tmp_path / "credentials" / "archive"
        keys.mkdir(parents=True)
        (keys / "access_key_id").write_text("a")
        (keys / "secret_access_key").write_text("b")
        store = S3Storage(described(Bucket(server.endpoint, "bucket", "a", "b")), Credentials(keys.parent))
        with pytest.raises(Configuration) as raised:
            store.stat(PATH)
        assert raised.value.category == "certificate_refused"


def test_an_object_in_a_cold_class_is_waited_for(observatory: Any, s3: Bucket, faulty: FaultyStore) -> None:
    def cold(request: Request) -> Reply | None:
        is_tar = request.method == "GET" and request.target.partition("?")[0].endswith(".tar")
        return Reply(403, "InvalidObjectState") if is_tar else None

    add_store(observatory, s3, endpoint=faulty.endpoint)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    faulty.fault = cold
    job = observatory.stage(packages(observatory)[0])
    let_pass(observatory, HOUR)
    assert "failed" not in work_states(observatory)
    assert "cold" in texts(observatory, job)
    faulty.fault = lambda _: None
    let_pass(observatory, DAY)
    assert [path.read_bytes() for path in observatory.files_at("cologne.processing")] == [b"a" * 5000]


def test_rights_to_write_only_are_enough_to_write(troubled: S3Storage, faulty: FaultyStore) -> None:
    def refuse(request: Request) -> Reply | None:
        lists = request.method == "GET" and "uploads" in request.target
        return Reply(403, "AccessDenied") if lists or request.method == "DELETE" else None

    faulty.fault = refuse
    assert outcome_of(lambda: upload(troubled, PATH, LARGE)) is None
    assert read(troubled, PATH) == LARGE


class AfterBlanks(Reply):
    """A store that keeps the line alive with line feeds, and then says what went wrong."""

    @property
    def body(self) -> bytes:
        return b'\n\n<?xml version="1.0" encoding="UTF-8"?>\n' + super().body


def test_an_error_after_blanks_is_an_error(troubled: S3Storage, faulty: FaultyStore) -> None:
    def busy(request: Request) -> Reply | None:
        completes = request.method == "POST" and "uploadId=" in request.target
        return AfterBlanks(200, "InternalError") if completes else None

    faulty.fault = busy
    assert outcome_of(lambda: upload(troubled, PATH, LARGE)) == "raises Transient"
    faulty.fault = lambda _: None
    upload(troubled, PATH, LARGE)
    assert read(troubled, PATH) == LARGE
