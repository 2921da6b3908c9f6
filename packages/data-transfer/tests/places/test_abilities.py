"""What file systems of computing centres do not offer: places on them are used without it."""

import errno
import fcntl
import os
import stat

import pytest

from ccat_data_transfer.storage.disk import DiskStorage

from ..trouble import outcome_of
from .conftest import read, upload

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
