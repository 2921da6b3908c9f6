"""Credentials from the deployment's folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.places.credentials import Credentials, S3Access


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "access_key_id").write_text("id\n")
    (folder / "secret_access_key").write_text(" secret \n")
    return folder


def test_keys(keys: Path) -> None:
    assert Credentials(keys.parent).s3("archive") == S3Access("id", "secret")


def test_everything_optional(keys: Path) -> None:
    (keys / "session_token").write_text("token\n")
    (keys / "expires_at").write_text("2026-11-21T12:00:00+00:00\n")
    (keys / "addressing").write_text("virtual-host\n")
    (keys / "ca.crt").write_text("certificates")
    assert Credentials(keys.parent).s3("archive") == S3Access(
        "id", "secret", "token", datetime(2026, 11, 21, 12, tzinfo=UTC), True, keys / "ca.crt"
    )


def test_a_profile_or_the_surroundings_instead_of_keys(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/profile").write_text("archive-writer\n")
    assert Credentials(tmp_path).s3("archive") == S3Access(profile="archive-writer")
    (tmp_path / "archive/profile").unlink()
    (tmp_path / "archive/ambient").write_text("yes\n")
    assert Credentials(tmp_path).s3("archive") == S3Access(ambient=True)


@pytest.mark.parametrize(("name", "text"), [("profile", "other"), ("ambient", "yes")])
def test_one_way_to_keys_only(keys: Path, name: str, text: str) -> None:
    (keys / name).write_text(text)
    with pytest.raises(Configuration) as raised:
        Credentials(keys.parent).s3("archive")
    assert raised.value.category == "credential_unreadable"
    assert "not several" in raised.value.message


def test_secrets_are_not_shown(keys: Path) -> None:
    (keys / "session_token").write_text("token")
    shown = repr(Credentials(keys.parent).s3("archive"))
    assert "secret'" not in shown
    assert "token'" not in shown


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key"])
def test_missing_and_empty_parts_are_named(keys: Path, name: str) -> None:
    for spoil in (lambda path: path.write_text("\n"), Path.unlink):
        spoil(keys / name)
        with pytest.raises(Configuration) as raised:
            Credentials(keys.parent).s3("archive")
        assert raised.value.category == "credential_missing"
        assert str(keys / name) in raised.value.message


@pytest.mark.parametrize("name", ["..", "../archive", "a/b", "", ".", "A", "/etc"])
def test_names_do_not_leave_the_folder(keys: Path, name: str) -> None:
    with pytest.raises(Configuration) as raised:
        Credentials(keys.parent / "inner").s3(name)
    assert raised.value.category == "credential_name"


def test_no_folder() -> None:
    with pytest.raises(Configuration) as raised:
        Credentials(None).s3("archive")
    assert "CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER" in raised.value.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("expires_at", "tomorrow"),
        ("expires_at", "2026-11-21T12:00:00"),
        ("addressing", "x"),
        ("ambient", "1"),
    ],
)
def test_nonsense_is_refused(keys: Path, name: str, text: str) -> None:
    (keys / name).write_text(text)
    with pytest.raises(Configuration) as raised:
        Credentials(keys.parent).s3("archive")
    assert raised.value.category == "credential_unreadable"
    assert name in raised.value.message


def test_bytes_that_are_no_text(keys: Path) -> None:
    (keys / "access_key_id").write_bytes(b"\xff")
    with pytest.raises(Configuration) as raised:
        Credentials(keys.parent).s3("archive")
    assert raised.value.category == "credential_unreadable"
