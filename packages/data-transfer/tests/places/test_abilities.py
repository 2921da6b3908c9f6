"""What places can do and cannot: found out by trying, told, and used without."""

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.failures import PlaceUnavailable
from ccat_data_transfer.places.abilities import probe
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Probed
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import Ability
from ccat_ops_db.models import PlaceAbility

from ..trouble import outcome_of, unmounted
from .conftest import OpenBucket, read, upload
from .faulty_server import FaultyStore, Reply, Request, faulty_store

PATH = "2026/11/21/package.tar"


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="12: on a file system without flock no upload ever succeeds"
)
def test_a_place_without_flock_is_used_without_it(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert outcome_of(lambda: upload(disk, PATH, b"bytes")) is None
    assert read(disk, PATH) == b"bytes"


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="13: where folders cannot be synced everything that is written fails",
)
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
        probe(observatory.sessions, observatory.places, "cologne.lta")
    rows = observatory.rows(PlaceAbility, data_location_id="cologne.lta")
    assert {row.ability: row.works for row in rows} == dict.fromkeys(
        (
            Ability.CREATE_ONLY,
            Ability.RENAME_NOREPLACE,
            Ability.HARD_LINKS,
            Ability.FLOCK,
            Ability.FOLDER_FSYNC,
        ),
        True,
    )
    with unmounted(observatory.folder("cologne.lta")), pytest.raises(PlaceUnavailable):
        probe(observatory.sessions, observatory.places, "cologne.lta")
