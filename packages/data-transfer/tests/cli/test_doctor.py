"""What the doctor finds before the first package meets it."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from ccat_dev_stack.testing import Bucket, OwnServer
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import Ability
from ccat_ops_db.models import PlaceAbility

from ..more_places import add_store
from ..places.faulty_server import Reply, Request, faulty_store
from ..trouble import outcome_of
from .conftest import Command


def removes(request: Request) -> bool:
    return request.method == "DELETE" and "uploadId=" not in request.target


def lists_uploads(request: Request) -> bool:
    return request.method == "GET" and "uploads" in request.target


def aborts(request: Request) -> bool:
    return request.method == "DELETE" and "uploadId=" in request.target


@pytest.mark.parametrize(
    ("forbidden", "named"),
    [
        (removes, "s3:DeleteObject"),
        (lists_uploads, "s3:ListBucketMultipartUploads"),
        (aborts, "s3:AbortMultipartUpload"),
    ],
)
def test_the_doctor_names_a_right_that_is_missing(
    observatory: Any,
    command: Command,
    s3: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    forbidden: Callable[[Request], bool],
    named: str,
) -> None:
    def refuse(request: Request) -> Reply | None:
        return Reply(403, "AccessDenied") if forbidden(request) else None

    monkeypatch.setenv("CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER", str(observatory.settings.credentials_folder))
    with faulty_store(s3.endpoint) as faulty:
        add_store(observatory, s3, endpoint=faulty.endpoint)
        faulty.fault = refuse
        status, out, _ = command("doctor")
    assert status == 1
    [line] = [line for line in out.splitlines() if "place cologne.store" in line]
    assert line.startswith("FAIL")
    assert [right for right in RIGHTS if right in line] == [named]


RIGHTS = ["s3:DeleteObject", "s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload"]


def test_the_doctor_names_a_folder_that_keeps_everything(
    observatory: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None and Path(f"/proc/self/fd/{dir_fd}").readlink().name == "cologne.lta":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        real(path, dir_fd=dir_fd)

    real = os.unlink
    monkeypatch.setattr(os, "unlink", unlink)
    _, out, _ = command("doctor")
    [line] = [line for line in out.splitlines() if "place cologne.lta" in line]
    assert line.startswith("FAIL")
    assert "may not delete" in line
    assert "ok   place ccat.buffer" in out


def test_the_doctor_writes_nothing_where_it_may_only_read(
    observatory: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_nothing(name: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(name, flags, mode, dir_fd=dir_fd)

    real = os.open
    monkeypatch.setattr(os, "open", write_nothing)
    [tried] = _lines(command("doctor")[1], "place cologne.lta")
    assert tried.startswith("FAIL")
    assert "Read-only file system" in tried
    [told] = _lines(command("doctor", "--read-only")[1], "place cologne.lta")
    assert told == "ok   place cologne.lta: can be used"


def test_the_doctor_that_only_reads_tells_of_rights_as_the_workers_found_them(
    observatory: Any, command: Command
) -> None:
    with observatory.sessions.begin() as session:
        facts = {"works": False, "detail": "Operation not permitted", "probed_at": database_now(session)}
        session.add(
            PlaceAbility(data_location_id="cologne.lta", ability=Ability.REMOVE, site_id="cologne", **facts)
        )
    [line] = _lines(command("doctor", "--read-only")[1], "place cologne.lta")
    assert line.startswith("FAIL")
    assert "may not delete" in line


def _lines(out: str, what: str) -> list[str]:
    return [line for line in out.splitlines() if what in line]


def test_the_doctor_notices_a_broker_that_refuses_writes(
    observatory: Any, command: Command, own_redis: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_redis.start()
    redis.Redis.from_url(own_redis.url).config_set("min-replicas-to-write", 1)
    monkeypatch.setenv("CCAT_DATA_TRANSFER_BROKER_URL", own_redis.url)
    said = outcome_of(lambda: command("doctor"))
    assert "FAIL broker" in str(said)


@pytest.mark.long
def test_the_doctor_goes_on_past_a_place_that_hangs(
    observatory: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, server_is_back = os.fstatvfs, threading.Event()
    said: list[str] = []

    def fstatvfs(descriptor: int) -> os.statvfs_result:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "ccat.buffer":
            server_is_back.wait(60)
        return real(descriptor)

    monkeypatch.setattr(os, "fstatvfs", fstatvfs)
    asking = threading.Thread(target=lambda: said.append(command("doctor")[1]), daemon=True)
    asking.start()
    asking.join(25)
    hung = asking.is_alive()
    server_is_back.set()
    asking.join(30)
    assert not hung
    assert "FAIL place ccat.buffer: no answer in 10 s" in said[0]
    assert "ok   place cologne.lta" in said[0]
