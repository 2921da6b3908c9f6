"""What places can do and cannot: found out by trying, told, and used without."""

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ccat_data_transfer.failures import Permanent, PlaceUnavailable, Transient
from ccat_data_transfer.places.abilities import PROBED_EVERY, probe, probe_when_due
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Probed
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import Ability
from ccat_ops_db.models import DataLocation, PlaceAbility

from ..trouble import outcome_of, unmounted
from .conftest import OpenBucket, expected, read, upload
from .faulty_server import FaultyStore, Reply, Request, faulty_store

PATH = "2026/11/21/package.tar"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_place_without_flock_is_used_without_it(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Case 12. Attempts are kept apart by names with the tag of their lease."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    two_attempts(disk)


def test_a_place_whose_locks_keep_nobody_out_is_used_without_them(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda descriptor, operation: None)
    found = disk.probe()
    assert not found[Ability.FLOCK].works
    disk.known_by(None, lambda _: None, {ability for ability, probed in found.items() if not probed.works})
    two_attempts(disk)


def two_attempts(disk: DiskStorage) -> None:
    """Write something in two attempts at one work, of which the first still has its file open."""
    with disk.open_upload(PATH, "work", expected(b"bytes"), tag="1-aa") as stale:
        stale.write(b"wro")
        with disk.open_upload(PATH, "work", expected(b"bytes"), tag="2-bb") as writing:
            assert writing.adopt(lambda _: None) == 0
            writing.write(b"bytes")
            stale.write(b"ng")
            writing.finish()
        with pytest.raises(Transient) as raised:
            stale.finish()
    assert raised.value.category == "upload_gone"
    assert read(disk, PATH) == b"bytes"
    assert [path.name for path in (Path(disk.root.path) / PATH).parent.iterdir()] == ["package.tar"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_place_whose_folders_cannot_be_synced(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    assert outcome_of(lambda: upload(disk, PATH, b"bytes")) is None
    assert outcome_of(lambda: disk.put("2026/11/21/package.json", b"{}").size) == 2
    assert read(disk, PATH) == b"bytes"


def test_a_disk_is_probed_and_nothing_is_left(disk: DiskStorage) -> None:
    found = disk.probe()
    assert {ability for ability, probed in found.items() if probed.works} == {
        Ability.CREATE_ONLY,
        Ability.RENAME_NOREPLACE,
        Ability.HARD_LINKS,
        Ability.FLOCK,
        Ability.FOLDER_FSYNC,
        Ability.REMOVE,
    }
    assert list(Path(disk.root.path).iterdir()) == []


@pytest.mark.parametrize(
    ("call", "ability"),
    [("flock", Ability.FLOCK), ("link", Ability.HARD_LINKS), ("fsync", Ability.FOLDER_FSYNC)],
)
def test_what_a_file_system_refuses_is_told(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, call: str, ability: Ability
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl if call == "flock" else os, call, refuse)
    assert disk.probe()[ability] == Probed(False, "Operation not supported")


def test_a_store_is_probed_and_nothing_is_left(store: S3Storage) -> None:
    found = store.probe()
    works = {ability for ability, probed in found.items() if probed.works}
    assert works >= {Ability.LIST_UPLOADS, Ability.ABORT_UPLOADS}
    assert Ability.VERSIONS not in works
    assert store.is_empty()
    assert all(probed.detail for ability, probed in found.items() if ability not in works)


def test_a_store_that_heeds_conditions(seaweedfs: S3Storage) -> None:
    found = seaweedfs.probe()
    assert found[Ability.CREATE_ONLY].works
    assert found[Ability.CONDITIONAL_DELETE].works
    assert found[Ability.CHECKS_SHA256].works


def test_a_store_that_ignores_conditions_is_found_out(moto: Bucket, open_bucket: OpenBucket) -> None:
    """As older stores do: the headers are taken, and everything is written and deleted."""
    with faulty_store(moto.endpoint) as ignoring:
        ignoring.unheard = ("if-none-match", "if-match", "x-amz-checksum-sha256")
        found = open_bucket(moto, endpoint=ignoring.endpoint).probe()
    ignored = (Ability.CREATE_ONLY, Ability.CONDITIONAL_DELETE, Ability.CHECKS_SHA256, Ability.RETURNS_SHA256)
    assert {ability: found[ability].works for ability in ignored} == dict.fromkeys(ignored, False)
    assert found[Ability.ABORT_UPLOADS].works


def test_a_store_that_ignores_conditions_keeps_what_has_the_name(
    moto: Bucket, open_bucket: OpenBucket
) -> None:
    with faulty_store(moto.endpoint) as ignoring:
        ignoring.unheard = ("if-none-match", "if-match")
        place = open_bucket(moto, endpoint=ignoring.endpoint)
        upload(place, PATH, b"the first")
        with pytest.raises(Permanent) as raised:
            upload(place, PATH, b"another")
    assert raised.value.category == "exists"
    assert read(place, PATH) == b"the first"


@pytest.mark.parametrize(("unable", "asked"), [(set(), 1), ({Ability.CREATE_ONLY}, 0)])
def test_conditions_are_made_where_they_are_heeded(
    faulty: FaultyStore, troubled: S3Storage, unable: set[Ability], asked: int
) -> None:
    troubled.known_by(None, lambda _: None, unable)
    upload(troubled, PATH, b"bytes")
    conditions = [request for request in faulty.requests if "if-none-match" in request.headers]
    assert len(conditions) == asked
    assert {(request.method, "uploadId=" in request.target) for request in conditions} <= {("POST", True)}


def test_a_key_without_rights_is_told(faulty: FaultyStore, troubled: S3Storage) -> None:
    """Case 17: rights to write, read and list objects, and neither to list uploads nor to abort them."""

    def forbid(request: Request) -> Reply | None:
        lists = request.method == "GET" and "uploads" in request.target
        aborts = request.method == "DELETE" and "uploadId=" in request.target
        return Reply(403, "AccessDenied") if lists or aborts else None

    faulty.fault = forbid
    found = troubled.probe()
    for ability in (Ability.LIST_UPLOADS, Ability.ABORT_UPLOADS):
        assert not found[ability].works
        assert "AccessDenied" in str(found[ability].detail)


def test_what_was_probed_is_kept(observatory: Any) -> None:
    for _ in range(2):
        probe(observatory.sessions, observatory.places.storage("cologne.lta"))
    rows = observatory.rows(PlaceAbility, data_location_id="cologne.lta")
    assert {row.ability: row.works for row in rows} == dict.fromkeys(
        (
            Ability.CREATE_ONLY,
            Ability.RENAME_NOREPLACE,
            Ability.HARD_LINKS,
            Ability.FLOCK,
            Ability.FOLDER_FSYNC,
            Ability.REMOVE,
        ),
        True,
    )
    with unmounted(observatory.folder("cologne.lta")), pytest.raises(PlaceUnavailable):
        probe(observatory.sessions, observatory.places.storage("cologne.lta"))


def test_what_was_found_out_goes_with_the_place(observatory: Any) -> None:
    probe(observatory.sessions, observatory.places.storage("cologne.lta"))
    assert not observatory.places.storage("cologne.lta").unable
    with observatory.sessions.begin() as session:
        session.execute(update(PlaceAbility).where(PlaceAbility.ability == Ability.FLOCK).values(works=False))
    assert observatory.places.storage("cologne.lta").unable == {Ability.FLOCK}


def test_a_place_is_probed_weekly_and_when_it_is_resumed(observatory: Any) -> None:
    def is_probed() -> bool:
        return probe_when_due(observatory.sessions, observatory.places.storage("cologne.lta"))

    assert is_probed(), "it never was"
    assert not is_probed()
    observatory.clock.advance(PROBED_EVERY.total_seconds() + 1)
    assert is_probed()
    assert not is_probed()
    observatory.suspend(DataLocation, "cologne.lta")
    observatory.clock.advance(60)
    assert not is_probed()
    observatory.resume(DataLocation, "cologne.lta")
    observatory.clock.advance(60)
    assert is_probed()
    assert not is_probed()
    observatory.change(DataLocation, "cologne.lta", read_only=True)
    observatory.clock.advance(PROBED_EVERY.total_seconds() + 1)
    assert not is_probed(), "nothing is written there"
