"""Signed addresses: good for one object until a time, and for nothing else."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_ops_db.paths import validate_relative_path
from ccat_ops_db.signed_urls import (
    DEVELOPMENT_SECRET,
    SignatureRefusedError,
    check_signature,
    is_weak_secret,
    sign_url,
)

SECRET = "s" * 32
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PATH = "2026/11/21/package ü+%.tar"


def parts(url: str) -> dict[str, str]:
    address = urlsplit(url)
    empty, prefix, location, path = address.path.split("/", 3)
    assert (empty, prefix) == ("", "packages")
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    return {"method": "GET", "location_id": location, "path": unquote(path), "secret": SECRET, **query}


def check(facts: dict[str, str], now: datetime = NOW) -> None:
    check_signature(
        facts["method"],
        facts["location_id"],
        facts["path"],
        expires=facts.get("expires"),
        signature=facts.get("signature"),
        secret=facts["secret"],
        now=now,
    )


@pytest.fixture
def good() -> dict[str, str]:
    return parts(sign_url("https://data.example/", "cologne.archive", PATH, secret=SECRET, expires_at=LATER))


def test_address_is_whole() -> None:
    url = sign_url("https://data.example/x/", "cologne.archive", "a b.tar", secret=SECRET, expires_at=LATER)
    assert url.startswith("https://data.example/x/packages/cologne.archive/a%20b.tar?expires=")


def test_signed_address_is_good_for_reading(good: dict[str, str]) -> None:
    check(good)
    check({**good, "method": "HEAD"})
    check(good, LATER - timedelta(seconds=1))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"location_id": "cologne.buffer"},
        {"path": "2026/11/21/other.tar"},
        {"secret": "t" * 32},
        {"expires": "99999999999"},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"signature": "\udcff"},
        {"expires": "soon"},
        {"expires": "-1"},
        {"path": "\udcff"},
    ],
)
def test_anything_else_is_refused(good: dict[str, str], change: dict[str, str]) -> None:
    with pytest.raises(SignatureRefusedError) as raised:
        check({**good, **change})
    assert raised.value.code == "signature-invalid"


@pytest.mark.parametrize("name", ["expires", "signature"])
def test_unsigned_is_refused(good: dict[str, str], name: str) -> None:
    for value in ({}, {name: ""}):
        with pytest.raises(SignatureRefusedError) as raised:
            check({**{key: text for key, text in good.items() if key != name}, **value})
        assert raised.value.code == "signature-missing"


def test_expired_is_refused(good: dict[str, str]) -> None:
    with pytest.raises(SignatureRefusedError) as raised:
        check(good, LATER)
    assert raised.value.code == "signature-expired"
    assert "2026-11-21T13:00:00Z" in raised.value.reason


@pytest.mark.parametrize(
    ("location", "path", "expires"),
    [
        ("cologne", PATH, LATER),
        ("cologne.archive/..", PATH, LATER),
        ("cologne.archive", "../x", LATER),
        ("cologne.archive", "", LATER),
        ("cologne.archive", PATH, LATER.replace(tzinfo=None)),
    ],
)
def test_nonsense_is_not_signed(location: str, path: str, expires: datetime) -> None:
    with pytest.raises(ValueError):
        sign_url("https://data.example", location, path, secret=SECRET, expires_at=expires)


def test_weak_secrets() -> None:
    assert is_weak_secret("")
    assert is_weak_secret("s" * 31)
    assert is_weak_secret(DEVELOPMENT_SECRET)
    assert not is_weak_secret(SECRET)


@given(st.text(min_size=1, max_size=60))
def test_every_legal_path_survives_the_address(path: str) -> None:
    try:
        validate_relative_path(path)
    except ValueError:
        return
    facts = parts(sign_url("https://data.example", "us.buffer", path, secret=SECRET, expires_at=LATER))
    assert facts["path"] == path
    check(facts)
