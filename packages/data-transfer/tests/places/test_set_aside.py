"""A bad object is kept under another name, and its own name is free."""

from __future__ import annotations

import pytest

from ccat_data_transfer.storage import s3_copy
from ccat_data_transfer.storage.interface import MEBIBYTE, Storage

from .conftest import OpenBucket, read, upload

PATH = "2026/11/21/ä package.tar"
KEPT = "quarantine/2026/11/21/ä package.tar.check-1"


def test_frees_the_name_and_keeps_the_bytes(place: Storage) -> None:
    upload(place, PATH, b"bad bytes")
    assert place.set_aside(PATH, "check-1") == KEPT
    assert place.stat(PATH) is None
    assert read(place, KEPT) == b"bad bytes"


def test_may_run_again(place: Storage) -> None:
    upload(place, PATH, b"bad bytes")
    place.set_aside(PATH, "check-1")
    assert place.set_aside(PATH, "check-1") == KEPT
    assert read(place, KEPT) == b"bad bytes"


def test_another_bad_object_of_the_name_does_not_replace_the_first(place: Storage) -> None:
    upload(place, PATH, b"bad bytes")
    place.set_aside(PATH, "check-1")
    upload(place, PATH, b"bad again")
    place.set_aside(PATH, "check-2")
    assert read(place, KEPT) == b"bad bytes"
    assert read(place, KEPT.replace("check-1", "check-2")) == b"bad again"


def test_large_objects_are_copied_in_parts(
    s3: object, open_bucket: OpenBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copy, "SINGLE_COPY_BYTES", 6 * MEBIBYTE)
    monkeypatch.setattr(s3_copy, "PART_BYTES", 6 * MEBIBYTE)
    place = open_bucket(s3)
    content = bytes(range(256)) * (20 * 4096)
    upload(place, PATH, content)
    place.set_aside(PATH, "check-1")
    assert read(place, KEPT) == content
    assert place.stat(PATH) is None
