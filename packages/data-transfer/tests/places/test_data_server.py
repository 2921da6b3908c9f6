"""The data server: right bytes to who has a good address, a clear answer to everybody else."""

from __future__ import annotations

import base64
import hashlib
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.data_server.app import create_app
from ccat_data_transfer.data_server.ranges import UnsatisfiableRangeError, parse_range
from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.places.adopt import Asked, adopt
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.models import DiskDataLocation, S3DataLocation, Site
from ccat_ops_db.settings import Environment, synchronous
from ccat_ops_db.signed_urls import DEVELOPMENT_SECRET, Member, sign_url

from .conftest import OpenBucket, upload

SECRET = "a secret of more than thirty-two characters"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATH = "2026/11/21/package ä.tar"
CONTENT = random.Random(31).randbytes(9 * MEBIBYTE + 17)

Sign = Callable[..., str]


class FixedClock:
    def utc_now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def engine(
    ops_database: str, disk: DiskStorage, s3: Bucket, open_bucket: OpenBucket, tmp_path: Path
) -> Iterator[Engine]:
    engine = create_engine(synchronous(ops_database))
    with Session(engine) as session, session.begin():
        session.add_all([Site(id="ccat", name="Telescope"), Site(id="cologne", name="Cologne")])
        session.flush()
        session.add_all(
            [
                DiskDataLocation(
                    id="cologne.buffer",
                    site_id="cologne",
                    name="buffer",
                    location_type=LocationType.BUFFER,
                    path=disk.root.path,
                ),
                DiskDataLocation(
                    id="ccat.buffer",
                    site_id="ccat",
                    name="buffer",
                    location_type=LocationType.BUFFER,
                    path=disk.root.path,
                ),
                DiskDataLocation(
                    id="cologne.gone",
                    site_id="cologne",
                    name="gone",
                    location_type=LocationType.BUFFER,
                    path=f"{disk.root.path}/not-mounted",
                ),
                S3DataLocation(
                    id="cologne.archive",
                    site_id="cologne",
                    name="archive",
                    location_type=LocationType.LONG_TERM_ARCHIVE,
                    endpoint=s3.endpoint,
                    bucket=s3.bucket,
                    prefix="raw/data",
                    credential="archive",
                ),
            ]
        )
    credentials = Credentials(tmp_path / "credentials")
    sessions = sessionmaker(engine)
    open_bucket(s3)
    for location_id in ("cologne.buffer", "cologne.archive"):
        adopt(sessions, Places(sessions, credentials), location_id, Asked("test"))
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    settings = DataTransferSettings(
        data_server_secret=SecretStr(SECRET), credentials_folder=tmp_path / "credentials"
    )
    app = create_app(settings, engine, "cologne", environment=Environment.PRODUCTION, clock=FixedClock())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < limit, "the server did not start"
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client
    server.should_exit = True
    thread.join()


@pytest.fixture(params=["cologne.buffer", "cologne.archive"])
def location(request: pytest.FixtureRequest, disk: DiskStorage, open_bucket: OpenBucket, s3: Bucket) -> str:
    """A location on disk and one on S3, each with the object."""
    place: Storage = disk if request.param == "cologne.buffer" else open_bucket(s3)
    upload(place, PATH, CONTENT)
    return str(request.param)


def signed(
    location_id: str,
    path: str = PATH,
    *,
    secret: str = SECRET,
    lifetime: int = 60,
    member: Member | None = None,
) -> str:
    expires_at = NOW + timedelta(seconds=lifetime)
    url = sign_url(
        "http://data.example", location_id, path, secret=secret, expires_at=expires_at, member=member
    )
    return url.removeprefix("http://data.example")


def assert_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].endswith(f"/problems/{slug}")
    assert problem["detail"]


def test_gives_the_whole_object(client: httpx.Client, location: str) -> None:
    answer = client.get(signed(location))
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/x-tar"
    assert answer.headers["etag"]


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-104", 5, 105),
        (f"bytes={8 * MEBIBYTE - 5}-{8 * MEBIBYTE + 4}", 8 * MEBIBYTE - 5, 8 * MEBIBYTE + 5),
        (f"bytes={len(CONTENT) - 3}-", len(CONTENT) - 3, len(CONTENT)),
        ("bytes=-7", len(CONTENT) - 7, len(CONTENT)),
        (f"bytes=1-{len(CONTENT) + 100}", 1, len(CONTENT)),
        (f"bytes=-{len(CONTENT) + 100}", 0, len(CONTENT)),
    ],
)
def test_gives_a_range(client: httpx.Client, location: str, wanted: str, first: int, end: int) -> None:
    answer = client.get(signed(location), headers={"range": wanted})
    assert answer.status_code == 206
    assert answer.content == CONTENT[first:end]
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - first)


def member(offset: int = 1536, length: int = 5000, name: str = "scan ü 1.fits") -> Member:
    return Member(offset, length, name, hashlib.sha256(CONTENT[offset : offset + length]).hexdigest())


def test_gives_a_file_of_a_tar_as_if_it_lay_there_alone(client: httpx.Client, location: str) -> None:
    wanted = member()
    answer = client.get(signed(location, member=wanted))
    assert answer.status_code == 200
    assert answer.content == CONTENT[1536:6536]
    assert answer.headers["content-length"] == "5000"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''scan%20%C3%BC%201.fits"
    assert answer.headers["content-security-policy"] == "sandbox"
    digest = base64.b64encode(bytes.fromhex(wanted.sha256)).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    part = client.get(signed(location, member=wanted), headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CONTENT[1546:1556])
    assert part.headers["content-range"] == "bytes 10-19/5000"
    last = client.get(signed(location, member=wanted), headers={"range": "bytes=-1"})
    assert last.content == CONTENT[6535:6536], "a range never leaves the file"


def test_a_file_without_bytes(client: httpx.Client, location: str) -> None:
    answer = client.get(signed(location, member=member(length=0)))
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_part_of_an_address_cannot_be_changed(client: httpx.Client, location: str) -> None:
    good = signed(location, member=member())
    for changed in (
        good.replace("offset=1536", "offset=1537"),
        good.replace("length=5000", "length=5001"),
        good.replace("offset=1536", "offset=-1"),
        good.replace("length=5000", "length=x"),
        good.replace("length=5000&", ""),
        good.replace("name=scan", "name=scam"),
        good.replace("sha256=", "sha256=0"),
        signed(location) + "&offset=0&length=1&name=a&sha256=" + "0" * 64,
        good.partition("offset=")[0] + good[good.index("expires=") :],
    ):
        assert changed != good
        assert_problem(client.get(changed), 403, "signature-invalid")


def test_a_file_beyond_the_end_of_the_tar(client: httpx.Client, location: str) -> None:
    answer = client.get(signed(location, member=member(len(CONTENT) - 10, 11)))
    assert_problem(answer, 404, "not-found")


@pytest.mark.parametrize("wanted", [f"bytes={len(CONTENT)}-", "bytes=-0", f"bytes={10**17}-"])
def test_range_outside(client: httpx.Client, location: str, wanted: str) -> None:
    answer = client.get(signed(location), headers={"range": wanted})
    assert_problem(answer, 416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_range_of_another_version_gives_the_whole(client: httpx.Client, location: str) -> None:
    address = signed(location)
    etag = client.head(address).headers["etag"]
    same = client.get(address, headers={"range": "bytes=0-3", "if-range": etag})
    assert (same.status_code, same.content) == (206, CONTENT[:4])
    other = client.get(address, headers={"range": "bytes=0-3", "if-range": '"other"'})
    assert (other.status_code, len(other.content)) == (200, len(CONTENT))


def test_head_has_no_bytes(client: httpx.Client, location: str) -> None:
    answer = client.head(signed(location))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))


def test_empty_object(client: httpx.Client, disk: DiskStorage) -> None:
    disk.put("empty", b"")
    answer = client.get(signed("cologne.buffer", "empty"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert_problem(
        client.get(signed("cologne.buffer", "empty"), headers={"range": "bytes=0-"}),
        416,
        "range-not-satisfiable",
    )


def test_addresses_that_are_not_good(client: httpx.Client, location: str) -> None:
    good = signed(location)
    for address, slug in (
        (good.partition("?")[0], "signature-missing"),
        (good[:-1] + ("0" if good[-1] != "0" else "1"), "signature-invalid"),
        (good.replace("/package%20", "/another%20"), "signature-invalid"),
        (signed(location, secret="another secret of thirty-two characters"), "signature-invalid"),
        (signed(location, lifetime=0), "signature-expired"),
        (signed(location, lifetime=-3600), "signature-expired"),
    ):
        assert_problem(client.get(address), 403, slug)


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/etc/passwd", "a//b", "link/secret", "link"]
)
def test_nothing_outside_is_served_even_if_signed(
    client: httpx.Client, disk: DiskStorage, tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("of nobody's business")
    (Path(disk.root.path) / "link").symlink_to(tmp_path)
    monkeypatch.setattr("ccat_ops_db.signed_urls.validate_relative_path", lambda path: path)
    address = signed("cologne.buffer", path).replace(quote(path), quote(path, safe="").replace(".", "%2e"))
    answer = client.get(address)
    assert answer.status_code in {400, 404}
    assert b"of nobody's business" not in answer.content


def test_what_is_not_there(client: httpx.Client) -> None:
    for location_id, path in (
        ("cologne.buffer", "2026/nothing.tar"),
        ("cologne.unknown", PATH),
        ("ccat.buffer", PATH),
    ):
        assert_problem(client.get(signed(location_id, path)), 404, "not-found")
    assert_problem(client.get("/elsewhere"), 404, "not-found")


def test_nothing_can_be_written(client: httpx.Client, location: str) -> None:
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        assert_problem(client.request(method, signed(location)), 405, "method-not-allowed")


def test_storage_that_is_away(client: httpx.Client) -> None:
    answer = client.get(signed("cologne.gone"))
    assert_problem(answer, 503, "storage-unavailable")
    assert answer.headers["retry-after"]
    assert "not-mounted" not in answer.text


def test_credential_that_is_missing(client: httpx.Client, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "credentials")
    answer = client.get(signed("cologne.archive"))
    assert_problem(answer, 500, "storage-failed")
    assert "credentials" not in answer.text


def test_health(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready", "checks": {"database": "ok"}}
    assert "process_cpu_seconds_total" in client.get("/metrics").text


@pytest.mark.parametrize("secret", [None, "", "short", DEVELOPMENT_SECRET])
@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
def test_does_not_start_with_a_weak_secret(secret: str | None, environment: Environment) -> None:
    settings = DataTransferSettings(data_server_secret=None if secret is None else SecretStr(secret))
    with pytest.raises(Configuration) as raised:
        create_app(settings, create_engine("sqlite://"), "cologne", environment=environment)
    assert "CCAT_DATA_TRANSFER_DATA_SERVER_SECRET" in raised.value.message
    create_app(settings, create_engine("sqlite://"), "cologne", environment=Environment.DEVELOPMENT)


@pytest.mark.parametrize(
    "header", [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-3", "items=0-1", "bytes=0-1,3-4"]
)
def test_ranges_that_mean_the_whole(header: str | None) -> None:
    assert parse_range(header, 10) is None


def test_no_range_of_nothing() -> None:
    for header in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(header, 0)
