"""S3: what only a store can do wrong, and what a store keeps."""

from __future__ import annotations

import base64
import hashlib
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
import pytest
from obstore.store import S3Store

from ccat_data_transfer.failures import Configuration, Failure, HandBack, Permanent, Resource, Transient
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage import s3_client
from ccat_data_transfer.storage.interface import MEBIBYTE, Removal
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_data_transfer.storage.s3_body import Body
from ccat_data_transfer.storage.s3_client import S3Client
from ccat_data_transfer.storage.s3_parts import abort, list_uploads
from ccat_data_transfer.storage.s3_upload import kept_with, part_bytes_for
from ccat_dev_stack.testing import Bucket

from ..more_places import add_store
from ..trouble import freed, let_pass, packages, true_tars_in_store
from .conftest import OpenBucket, described, expected, read, remove, upload, wait_for_part
from .faulty_server import FaultyStore, Reply, Request

PATH = "2026/11/21/package.tar"
LARGE = random.Random(11).randbytes(28 * MEBIBYTE)


def client_of(store: S3Storage) -> S3Client:
    return store._client


def uploads(store: S3Storage, path: str) -> list[str]:
    return list(list_uploads(client_of(store), f"raw/data/{path}"))


@pytest.mark.parametrize("size", [10, 20 * MEBIBYTE])
def test_another_client_reads_the_same_bytes(bucket: Bucket, store: S3Storage, size: int) -> None:
    content = LARGE[:size]
    upload(store, PATH, content)
    other = S3Store(
        bucket.bucket,
        endpoint=bucket.endpoint,
        access_key_id=bucket.access_key_id,
        secret_access_key=bucket.secret_access_key,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    assert bytes(obstore.get(other, f"raw/data/{PATH}").bytes()) == content


@pytest.mark.parametrize("size", [10, 20 * MEBIBYTE])
def test_checksum_of_the_package_stays_with_the_object(store: S3Storage, size: int) -> None:
    content = LARGE[:size]
    upload(store, PATH, content)
    info = store.stat(PATH)
    assert info is not None
    assert info.checksum == expected(content).checksum
    assert info.etag


def test_finished_upload_leaves_nothing_of_its_work_behind(store: S3Storage) -> None:
    """Not even an upload whose maker was killed before it could note it."""
    for work_id in ("one", "two"):
        with store.open_upload(PATH, work_id, expected(LARGE)) as writing:
            writing.write(LARGE[: 20 * MEBIBYTE])
            wait_for_part(store, PATH, work_id)
    client_of(store).call("create_multipart_upload", Key=f"raw/data/{PATH}")
    assert len(uploads(store, PATH)) == 3
    upload(store, PATH, LARGE, work_id="one")
    assert len(uploads(store, PATH)) == 1
    store.remove_temporary(PATH, "two")
    assert uploads(store, PATH) == []
    assert len(client_of(store).call("list_objects_v2")["Contents"]) == 1


def test_parts_of_an_earlier_attempt_are_not_sent_again(troubled: S3Storage, faulty: FaultyStore) -> None:
    with troubled.open_upload(PATH, "work", expected(LARGE)) as writing:
        writing.write(LARGE[: 17 * MEBIBYTE])
        wait_for_part(troubled, PATH, "work")
    before = troubled.resume_point(PATH, "work") // (8 * MEBIBYTE)
    faulty.requests.clear()
    upload(troubled, PATH, LARGE)
    assert before >= 1
    assert faulty.count("PUT", "partNumber=") <= 4 - before
    assert read(troubled, PATH) == LARGE


def test_parts_with_other_bytes_are_sent_again(store: S3Storage) -> None:
    with store.open_upload(PATH, "work", expected(LARGE)) as writing:
        writing.write(bytes(25 * MEBIBYTE))
        wait_for_part(store, PATH, "work")
    upload(store, PATH, LARGE)
    assert read(store, PATH) == LARGE


def test_upload_that_somebody_aborted_begins_again(store: S3Storage) -> None:
    with store.open_upload(PATH, "work", expected(LARGE)) as writing:
        writing.write(LARGE[: 20 * MEBIBYTE])
        wait_for_part(store, PATH, "work")
    for upload_id in uploads(store, PATH):
        abort(client_of(store), f"raw/data/{PATH}", upload_id)
    assert store.resume_point(PATH, "work") == 0
    upload(store, PATH, LARGE)
    assert read(store, PATH) == LARGE


def test_nonsense_in_the_place_of_a_marker_does_no_harm(store: S3Storage) -> None:
    store.put("2026/11/21/.partial-package.tar.work", b'["what"]')
    assert store.resume_point(PATH, "work") == 0
    upload(store, PATH, LARGE)
    assert read(store, PATH) == LARGE


def test_stopping_an_upload_does_not_wait_for_what_is_under_way(
    troubled: S3Storage, faulty: FaultyStore
) -> None:
    def stop() -> None:
        raise HandBack

    release = threading.Event()

    def hang(request: Request) -> Reply | None:
        if "partNumber=" in request.target:
            release.wait(60)
        return None

    faulty.fault = hang
    writing = troubled.open_upload(PATH, "work", expected(LARGE), waiting=stop, buffer_bytes=16 * MEBIBYTE)
    with writing, pytest.raises(HandBack):
        writing.write(LARGE)
    assert not release.is_set()
    release.set()


def test_bytes_damaged_on_the_way_are_refused(seaweedfs: S3Storage) -> None:
    body = Body(b"what was sent")
    body.content = memoryview(b"what came in.")
    with pytest.raises(Transient) as raised:
        client_of(seaweedfs).store("put_object", Key="raw/data/x", body=body)
    assert raised.value.category == "damaged_on_the_way"
    assert not seaweedfs.exists("x")


def test_wrong_bytes_at_the_store_after_an_upload_are_noticed(
    troubled: S3Storage, faulty: FaultyStore, s3: Bucket, open_bucket: OpenBucket
) -> None:
    """The store loses a byte of a part and forgets to tell."""

    def damage(request: Request) -> Reply | None:
        if request.method == "HEAD" and faulty.count("POST", "uploadId="):
            honest = open_bucket(s3)
            path = request.target.partition("/raw/data/")[2]
            body = Body(bytes(len(LARGE)))
            kept = kept_with(expected(LARGE).checksum)
            client_of(honest).store("put_object", Key=f"raw/data/{path}", body=body, **kept)
        return None

    faulty.fault = damage
    with pytest.raises(Failure) as raised:
        upload(troubled, PATH, LARGE)
    assert raised.value.category == "store_has_other_bytes"
    assert f"sent were {len(LARGE):,} bytes" in str(raised.value)


@pytest.mark.parametrize("size", [100, len(LARGE)])
@pytest.mark.parametrize("reply", [Reply(501, "NotImplemented"), Reply(400, "InvalidArgument")])
def test_store_that_refuses_checksum_headers(
    troubled: S3Storage, faulty: FaultyStore, size: int, reply: Reply
) -> None:
    def refuse(request: Request) -> Reply | None:
        names = {"x-amz-checksum-sha256", "x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"}
        return reply if names & request.headers.keys() or b"<ChecksumSHA256>" in request.body else None

    faulty.fault = refuse
    upload(troubled, PATH, LARGE[:size])
    assert read(troubled, PATH) == LARGE[:size]


@pytest.mark.parametrize("size", [100, len(LARGE)])
def test_nothing_is_sent_that_nobody_asked_for(troubled: S3Storage, faulty: FaultyStore, size: int) -> None:
    """Stores refuse the checksums that newer clients add by themselves, and bodies in chunks."""
    added = (
        "x-amz-checksum-crc",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-trailer",
        "content-encoding",
        "expect",
    )

    def refuse(request: Request) -> Reply | None:
        return (
            Reply(400, "InvalidRequest") if any(name.startswith(added) for name in request.headers) else None
        )

    faulty.fault = refuse
    upload(troubled, PATH, LARGE[:size])
    remove(troubled, PATH)
    assert troubled.stat(PATH) is None


def test_completing_may_take_longer_than_other_requests(
    faulty: FaultyStore, s3: Bucket, open_bucket: OpenBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(request: Request) -> Reply | None:
        if request.method == "POST" and "uploadId=" in request.target:
            threading.Event().wait(4)
        return None

    monkeypatch.setattr(s3_client, "_READ_SECONDS", 3.0)
    impatient = open_bucket(s3, endpoint=faulty.endpoint)
    faulty.fault = slow
    upload(impatient, PATH, LARGE)
    assert read(impatient, PATH) == LARGE


@pytest.mark.parametrize("size", [100, pytest.param(len(LARGE), marks=pytest.mark.long)])
def test_passing_troubles_are_survived(troubled: S3Storage, faulty: FaultyStore, size: int) -> None:
    seen: dict[tuple[str, str], int] = {}
    troubles = [Reply(503, "SlowDown"), Reply(0)]

    def trouble(request: Request) -> Reply | None:
        times = seen[request.method, request.target] = seen.get((request.method, request.target), 0) + 1
        return troubles[times - 1] if times <= 2 else None

    faulty.fault = trouble
    upload(troubled, PATH, LARGE[:size])
    assert read(troubled, PATH) == LARGE[:size]
    assert max(seen.values()) >= 3


@pytest.mark.parametrize(
    ("reply", "failure", "category"),
    [
        (Reply(503, "SlowDown"), Transient, "store_unavailable"),
        (Reply(500, "InternalError"), Transient, "store_unavailable"),
        (Reply(429), Transient, "store_unavailable"),
        (Reply(0), Transient, "network"),
        (Reply(507, "XMinioStorageFull"), Resource, "no_space"),
        (Reply(400, "ExpiredToken"), Configuration, "credential_expired"),
        (Reply(403, "InvalidAccessKeyId"), Configuration, "credential_refused"),
        (Reply(403, "AccessDenied"), Configuration, "access_denied"),
        (Reply(403, "RequestTimeTooSkewed"), Configuration, "clock_wrong"),
        (Reply(301, "PermanentRedirect"), Configuration, "wrong_region"),
        (Reply(404, "NoSuchBucket"), Configuration, "bucket_missing"),
        (Reply(400, "SomethingNew"), Permanent, "refused_by_store"),
        (Reply(403, "InvalidObjectState"), Transient, "cold_storage"),
    ],
)
def test_what_a_refusal_means(
    troubled: S3Storage, faulty: FaultyStore, reply: Reply, failure: type[Failure], category: str
) -> None:
    faulty.fault = lambda _: reply
    for call in (
        troubled.check,
        lambda: troubled.stat(PATH),
        lambda: troubled.read_range(PATH, 0, 1),
        lambda: list(troubled.list()),
        lambda: troubled.put(PATH, b"1"),
        lambda: remove(troubled, PATH),
        lambda: upload(troubled, PATH, b"1"),
    ):
        with pytest.raises(failure) as raised:
            call()
        assert raised.value.category == category


def test_credential_that_expires_in_mid_transfer(troubled: S3Storage, faulty: FaultyStore) -> None:
    faulty.fault = lambda request: Reply(400, "ExpiredToken") if "partNumber=2" in request.target else None
    with pytest.raises(Configuration) as raised:
        upload(troubled, PATH, LARGE)
    assert raised.value.category == "credential_expired"
    assert "archive" in raised.value.message
    faulty.fault = lambda _: None
    upload(troubled, PATH, LARGE)
    assert read(troubled, PATH) == LARGE


def test_credential_known_to_be_expired_is_not_even_sent(
    s3: Bucket, open_bucket: OpenBucket, tmp_path: Path
) -> None:
    store = open_bucket(s3, endpoint="http://127.0.0.1:1")
    expiry = tmp_path / "credentials/archive/expires_at"
    expiry.write_text((datetime.now(UTC) - timedelta(minutes=1)).isoformat())
    store = S3Storage(described(s3, endpoint="http://127.0.0.1:1"), Credentials(tmp_path / "credentials"))
    with pytest.raises(Configuration) as raised:
        store.stat(PATH)
    assert raised.value.category == "credential_expired"


def test_wrong_keys(s3: Bucket, open_bucket: OpenBucket) -> None:
    for wrong in (replace(s3, access_key_id="nobody"), replace(s3, secret_access_key="wrong")):
        store = open_bucket(wrong)
        for method, arguments in (("check", ()), ("stat", (PATH,)), ("put", (PATH, b"1"))):
            with pytest.raises(Configuration) as raised:
                getattr(store, method)(*arguments)
            assert raised.value.category == "credential_refused"


def test_corrected_keys_count_without_a_restart(s3: Bucket, open_bucket: OpenBucket, tmp_path: Path) -> None:
    store = open_bucket(replace(s3, secret_access_key="wrong"))
    with pytest.raises(Configuration):
        store.check()
    (tmp_path / "credentials/archive/secret_access_key").write_text(s3.secret_access_key)
    store.check()


def test_missing_bucket_is_never_an_empty_place(bucket: Bucket, open_bucket: OpenBucket) -> None:
    store = open_bucket(bucket, bucket=f"missing-{uuid4().hex}")
    for method, arguments in (
        ("check", ()),
        ("stat", (PATH,)),
        ("resume_point", (PATH, "work")),
        ("open_upload", (PATH, "work", expected(LARGE))),
    ):
        with pytest.raises(Configuration) as raised:
            getattr(store, method)(*arguments)
        assert raised.value.category == "bucket_missing", method
    with pytest.raises(Configuration) as raised:
        remove(store, PATH)
    assert raised.value.category == "bucket_missing"
    with pytest.raises(Configuration) as raised:
        list(store.list())
    assert raised.value.category == "bucket_missing"


def test_nobody_answers(s3: Bucket, open_bucket: OpenBucket) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        store = open_bucket(s3, endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(Transient) as raised:
            store.stat(PATH)
        assert raised.value.category == "network"
        with pytest.raises(Transient) as raised:
            upload(store, PATH, b"1")
        assert raised.value.category == "network"


def test_unknown_host_is_transient(s3: Bucket, open_bucket: OpenBucket) -> None:
    store = open_bucket(s3, endpoint="https://store.invalid")
    with pytest.raises(Transient):
        store.check()


@pytest.mark.parametrize("endpoint", ["ftp://x", "store.example.org", "https://", ""])
def test_endpoints_that_cannot_be(s3: Bucket, open_bucket: OpenBucket, endpoint: str) -> None:
    with pytest.raises(Configuration) as raised:
        open_bucket(s3, endpoint=endpoint)
    assert raised.value.category == "endpoint_illegal"


def test_plain_http_only_where_it_is_allowed(s3: Bucket, open_bucket: OpenBucket, tmp_path: Path) -> None:
    with pytest.raises(Configuration) as raised:
        open_bucket(s3, endpoint="http://store.example.org")
    assert raised.value.category == "plain_http_refused"
    credentials = Credentials(tmp_path / "credentials", allow_plain_http=True)
    S3Storage(described(s3, endpoint="http://store.example.org"), credentials)


def _replaced_at_removal(store: S3Storage, at_crash_points: Callable[..., object]) -> Removal:
    """Remove an object that is replaced between the look and its removal."""

    def replace(name: str) -> None:
        if name == "storage.s3.before_remove" and not replaced:
            replaced.append(name)
            remove(store, PATH)
            upload(store, PATH, b"other")

    replaced: list[str] = []
    upload(store, PATH, b"first")
    meant = store.stat(PATH)
    assert meant is not None
    at_crash_points(replace)
    with store.removing() as remove_one:
        removal = remove_one(PATH, meant.mark)
    assert read(store, PATH) == b"other"
    return removal


def test_what_takes_the_name_stays_where_a_store_heeds_conditions(
    seaweedfs: S3Storage, at_crash_points: Callable[..., object]
) -> None:
    assert _replaced_at_removal(seaweedfs, at_crash_points) is Removal.CHANGED


def test_what_takes_the_name_stays_where_a_store_keeps_versions(
    moto: Bucket, open_bucket: OpenBucket, tmp_path: Path, at_crash_points: Callable[..., object]
) -> None:
    store = open_bucket(moto)
    client = S3Client(described(moto), Credentials(tmp_path / "credentials"))
    client.call("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})
    assert _replaced_at_removal(store, at_crash_points) is Removal.REMOVED
    with store.removing() as remove_one:
        info = store.stat(PATH)
        assert info is not None
        assert remove_one(PATH, info.mark) is Removal.REMOVED
    assert store.stat(PATH) is None


def test_object_replaced_while_it_is_read(store: S3Storage) -> None:
    upload(store, PATH, LARGE)
    with store.open_read(PATH, buffer_bytes=16 * MEBIBYTE) as reader:
        buffer = memoryview(bytearray(MEBIBYTE))
        assert reader.readinto(buffer) == MEBIBYTE
        remove(store, PATH)
        store.put(PATH, bytes(len(LARGE)))
        with pytest.raises(Transient) as raised:
            all(iter(lambda: reader.readinto(buffer), 0))
    assert raised.value.category == "changed_while_read"


def test_name_too_long_for_a_key(store: S3Storage) -> None:
    with pytest.raises(Permanent) as raised:
        store.put("/".join(["x" * 200] * 6), b"")
    assert raised.value.category == "name_too_long"


def test_parts_fit_in_memory_and_in_number() -> None:
    assert part_bytes_for(50_000_000_000, PATH) == 8 * MEBIBYTE
    for size in (10_000 * 8 * MEBIBYTE + 1, 300_000_000_000, 10_000 * 48 * MEBIBYTE):
        part = part_bytes_for(size, PATH)
        assert part <= 48 * MEBIBYTE
        assert -(-size // part) <= 10_000
    with pytest.raises(Permanent):
        part_bytes_for(10_000 * 48 * MEBIBYTE + 1, PATH)


def test_digest_of_a_body() -> None:
    assert base64.b64decode(Body(b"abc").checksum) == hashlib.sha256(b"abc").digest()


def test_a_right_label_on_wrong_bytes_is_no_proof(
    observatory: Any, s3: Bucket, at_crash_points: Callable[..., object]
) -> None:
    def damage(name: str) -> None:
        if name == "archiving.before_commit":
            [package] = packages(observatory)
            store = observatory.places.storage("cologne.store")
            remove(store, package.relative_path)
            store.put(package.relative_path, bytes(package.size), checksum=package.checksum)

    add_store(observatory, s3)
    at_crash_points(damage)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    let_pass(observatory, 3600, 86400)
    assert not freed(observatory, "ccat.raw") or true_tars_in_store(observatory) == 1
