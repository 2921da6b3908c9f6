"""What an error means for the work."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
import sqlalchemy
import sqlalchemy.exc
import urllib3.exceptions

from ccat_data_transfer.failures import (
    Configuration,
    Failure,
    Integrity,
    Permanent,
    Resource,
    Transient,
    classified,
    classify,
)
from ccat_ops_db.enumerations import FailureClass


@pytest.mark.parametrize(
    ("number", "failure", "category"),
    [
        (errno.ENOSPC, Resource, "no_space"),
        (errno.EDQUOT, Resource, "quota_exceeded"),
        (errno.EIO, Transient, "input_output_error"),
        (errno.ESTALE, Transient, "stale_handle"),
        (errno.EACCES, Configuration, "permission_denied"),
        (errno.EROFS, Configuration, "read_only_place"),
        (errno.ENOENT, Permanent, "missing"),
        (errno.ELOOP, Permanent, "symbolic_link"),
        (errno.ECONNREFUSED, Transient, "network"),
        (errno.EHOSTUNREACH, Transient, "network"),
        (errno.ENOTTY, Transient, "input_output_error"),
    ],
)
def test_errors_of_the_system(number: int, failure: type[Failure], category: str) -> None:
    found = classify(OSError(number, "told by the system", "a/b"))
    assert type(found) is failure
    assert found.category == category
    assert found.path == "a/b"
    assert "told by the system" in found.message


@pytest.mark.parametrize(
    ("error", "failure", "category"),
    [
        (TimeoutError("slow"), Transient, "timeout"),
        (ConnectionResetError("gone"), Transient, "network"),
        (socket.gaierror(-2, "unknown host"), Transient, "network"),
        (urllib3.exceptions.ProtocolError("broken"), Transient, "network"),
        (ssl.SSLCertVerificationError("self-signed"), Configuration, "certificate_refused"),
        (
            urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")),
            Configuration,
            "certificate_refused",
        ),
        (urllib3.exceptions.SSLError("bad record mac"), Transient, "network"),
        (
            sqlalchemy.exc.OperationalError("SELECT 1", {}, Exception("down")),
            Transient,
            "database_unavailable",
        ),
        (sqlalchemy.exc.TimeoutError(), Transient, "database_busy"),
        (KeyError("bug"), Permanent, "unexpected"),
    ],
)
def test_other_errors(error: Exception, failure: type[Failure], category: str) -> None:
    found = classify(error, path="x")
    assert type(found) is failure
    assert found.category == category
    assert found.message


def test_a_database_that_is_away() -> None:
    engine = sqlalchemy.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(sqlalchemy.exc.OperationalError) as raised:
        engine.connect()
    assert classify(raised.value).category == "database_unavailable"


def test_failures_stay_as_they_are() -> None:
    failure = Integrity("copy_size", "too short", path="a")
    assert classify(failure, path="b") is failure
    assert str(failure) == "a: too short"


def test_every_class_has_its_failure() -> None:
    assert {each.failure_class for each in Failure.__subclasses__()} == set(FailureClass)


def test_errors_inside_a_block_are_about_its_path() -> None:
    with pytest.raises(Resource) as raised, classified("a/b"):
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/else")
    assert raised.value.path == "a/b"
    with pytest.raises(KeyError), classified("a/b"):
        raise KeyError
