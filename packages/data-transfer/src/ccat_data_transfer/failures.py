"""The one error hierarchy of the transfer engine.

Everything that goes wrong ends as a `Failure`. Its scope says what it belongs to: what is wrong with a
place, a credential or a link holds back what needs them, and costs the work nothing. Where it belongs to the
work itself, one of five classes decides what happens to it: tried again, kept until there is room, sent again
from the source, or put aside for a person.
"""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import ClassVar

import sqlalchemy.exc
import urllib3.exceptions

from ccat_ops_db.database_words import is_in_the_way, said_by_database
from ccat_ops_db.enumerations import FailureClass


class Scope(StrEnum):
    """What a failure belongs to."""

    WORK = "work"
    """This piece of work, or the file that it is about."""
    PLACE = "place"
    """A place, for the worker that met it; for all when no worker can use the place."""
    CREDENTIAL = "credential"
    """The credential of a store, at this site."""
    LINK = "link"
    """The way to a place: the route, or the location where there is none. Some failures are counted first."""


class Failure(Exception):  # noqa: N818  (its subclasses are read as `except Transient`)
    """Base of all failures of the transfer engine.

    Attributes
    ----------
    failure_class : FailureClass
        What is to happen with the work.
    category : str
        Short machine-readable word for the cause, stable, such as ``no_space``.
    message : str
        What happened and what to do about it.
    path : str or None
        The file or object that is meant; null when the place or the whole work is.
    location_id : str or None
        The place where it was met, where that is known.
    opening : bool
        Whether the place could not be opened at all.
    credential : str or None
        Name of the credential that was used, where there was one.
    """

    failure_class: ClassVar[FailureClass]

    def __init__(self, category: str, message: str, *, path: str | None = None) -> None:
        super().__init__(category, message, path)
        self.category = category
        self.message = message
        self.path = path
        self.location_id: str | None = None
        self.credential: str | None = None
        self.opening = False

    @property
    def scope(self) -> Scope:
        """What it belongs to."""
        known = _SCOPES.get(self.category)
        if known is Scope.CREDENTIAL and self.category == ONE_KEY and self.path and not self.opening:
            return Scope.WORK
        if known is None and self.opening and self.failure_class in _OF_AN_OPENED_PLACE:
            return Scope.PLACE
        return known or Scope.WORK

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class Transient(Failure):
    """It passes by itself: network, 5xx, timeouts. Tried again for ever, with growing pauses."""

    failure_class = FailureClass.TRANSIENT


class PlaceUnavailable(Transient):
    """A place is not there, or is another one. What needs it waits, and nothing is found out there.

    Attributes
    ----------
    location_id : str
        The place.
    """

    def __init__(self, location_id: str, message: str, *, path: str | None = None) -> None:
        super().__init__("place_unavailable", message, path=path)
        self.location_id: str = location_id


class Resource(Failure):
    """Something is used up: space, quota, inodes. The work waits for the condition."""

    failure_class = FailureClass.RESOURCE


class Integrity(Failure):
    """Bytes are not what they must be. The copy is set aside and sent again from its source."""

    failure_class = FailureClass.INTEGRITY


class Configuration(Failure):
    """A setting, credential or permission is wrong. Nothing changes before a person changes it."""

    failure_class = FailureClass.CONFIGURATION


ONE_KEY = "access_denied"
"""A missing right of a credential; where one object is refused, it may be that of this object alone."""

_SCOPES: dict[str, Scope] = {
    "place_unavailable": Scope.PLACE,
    "device_gone": Scope.PLACE,
    "read_only_place": Scope.PLACE,
    "bucket_missing": Scope.PLACE,
    "wrong_region": Scope.PLACE,
    "certificate_refused": Scope.PLACE,
    "endpoint_illegal": Scope.PLACE,
    "plain_http_refused": Scope.PLACE,
    "credential_expired": Scope.CREDENTIAL,
    "credential_refused": Scope.CREDENTIAL,
    "credential_missing": Scope.CREDENTIAL,
    "credential_unreadable": Scope.CREDENTIAL,
    "clock_wrong": Scope.CREDENTIAL,
    ONE_KEY: Scope.CREDENTIAL,
    "network": Scope.LINK,
    "timeout": Scope.LINK,
    "store_unavailable": Scope.LINK,
    "damaged_on_the_way": Scope.LINK,
    "input_output_error": Scope.LINK,
    "busy": Scope.LINK,
    "stale_handle": Scope.LINK,
}
"""What the failures of a category belong to, where not to the work."""

_OF_AN_OPENED_PLACE = (FailureClass.TRANSIENT, FailureClass.CONFIGURATION)
"""Classes of failures that are the place's when it is opened, and would be the work's later."""


class Permanent(Failure):
    """It can never work as asked. A dead letter with a retry button."""

    failure_class = FailureClass.PERMANENT


class HandBack(Exception):  # noqa: N818  (not an error: the worker was asked to stop)
    """Stop now and keep what was done; raised by a progress hook when the lease is to be given back."""


def classify(error: BaseException, *, path: str | None = None, where: str = "") -> Failure:
    """Return what an exception means for the work, in our own words.

    A `Failure` comes back as it is. Anything that is not known is `Permanent`: an unknown error must be
    seen by a person, never hammered. Its text may hold anything, statements and their values too: it is for
    the log of the attempt, and people are told its type and where it was.

    Parameters
    ----------
    error : BaseException
        What was raised.
    path : str, optional
        The file or object that was worked on, for failures that do not know it themselves.
    where : str
        Stage and log of the attempt, for errors that are not known.
    """
    match error:
        case Failure():
            return error
        case sqlalchemy.exc.DBAPIError() if is_in_the_way(error):
            return Transient(
                "database_busy", f"others were in the way: {said_by_database(error)}; it is tried again"
            )
        case (
            sqlalchemy.exc.OperationalError()
            | sqlalchemy.exc.InterfaceError()
            | sqlalchemy.exc.InternalError()
        ):
            return Transient(
                "database_unavailable",
                f"the database does not answer: {said_by_database(error)}; it is tried again",
            )
        case sqlalchemy.exc.TimeoutError():
            return Transient("database_busy", "no free connection to the database; it is tried again")
        case _ if _is_of_certificate(error):
            return Configuration(
                "certificate_refused",
                f"the server's certificate is not trusted ({_cause(error)}); supply its authority as ca.crt "
                "in the folder of the credential",
                path=path,
            )
        case urllib3.exceptions.HTTPError() | http.client.HTTPException() | ssl.SSLError():
            return Transient(
                "network", f"the connection failed ({_cause(error)}); it is tried again", path=path
            )
        case TimeoutError():
            return Transient("timeout", "no answer in time; it is tried again", path=path)
        case OSError():
            return _classify_os_error(error, path)
    return Permanent("unexpected", f"unexpected: {type(error).__name__}{where}", path=path)


@contextmanager
def classified(path: str | None = None) -> Iterator[None]:
    """Turn the errors of the operating system and of the network inside into a `Failure` about `path`."""
    try:
        yield
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
        raise classify(error, path=path) from error


_Rule = tuple[type[Failure], str, str]

_OS_ERRORS: dict[int, _Rule] = {
    errno.ENOSPC: (Resource, "no_space", "no space left on the file system; free some, it goes on by itself"),
    errno.EDQUOT: (Resource, "quota_exceeded", "the quota of the service's user is used up; raise it"),
    errno.EMFILE: (Resource, "too_many_open_files", "too many open files in this worker; raise its limit"),
    errno.ENFILE: (Resource, "too_many_open_files", "too many open files on this machine; raise the limit"),
    errno.ENOMEM: (Resource, "no_memory", "no memory left on this machine"),
    errno.EFBIG: (
        Configuration,
        "file_too_large_for_place",
        "the file system or the limit of the worker's user does not take files this large; raise it",
    ),
    errno.EIO: (Transient, "input_output_error", "the storage reports an input/output error; check the disk"),
    errno.ESTALE: (Transient, "stale_handle", "the network file system forgot the file; it is tried again"),
    errno.ENODEV: (Transient, "device_gone", "the device is gone; check the disk and its mount"),
    errno.ENXIO: (Transient, "device_gone", "the device is gone; check the disk and its mount"),
    errno.EXDEV: (
        Transient,
        "crosses_mount",
        "another file system is mounted below the folder of the location; unmount it, or make it a location"
        " of its own",
    ),
    errno.EBUSY: (Transient, "busy", "the storage is busy; it is tried again"),
    errno.EAGAIN: (Transient, "busy", "the storage is busy; it is tried again"),
    errno.EACCES: (Configuration, "permission_denied", "give the worker's user permission for it"),
    errno.EPERM: (Configuration, "permission_denied", "give the worker's user permission for it"),
    errno.EROFS: (
        Configuration,
        "read_only_place",
        "the file system is mounted read-only; mount it writable",
    ),
    errno.ENOENT: (Permanent, "missing", "it does not exist"),
    errno.ENOTDIR: (Permanent, "not_a_folder", "a part of the path is not a folder, or is a symbolic link"),
    errno.ELOOP: (
        Permanent,
        "symbolic_link",
        "a part of the path is a symbolic link; links are not followed",
    ),
    errno.EISDIR: (Permanent, "not_a_file", "it is a folder, not a file"),
    errno.EEXIST: (Permanent, "exists", "something else is there already"),
    errno.ENAMETOOLONG: (Permanent, "name_too_long", "the name is too long for the file system"),
}


def _classify_os_error(error: OSError, path: str | None) -> Failure:
    shown = path or (str(error.filename) if error.filename else None)
    rule = _OS_ERRORS.get(error.errno or 0)
    if rule is not None:
        failure, category, remedy = rule
        return failure(category, f"{_cause(error)}: {remedy}", path=shown)
    if isinstance(error, ConnectionError | socket.gaierror) or error.errno in _NETWORK_ERRORS:
        return Transient("network", f"the connection failed ({_cause(error)}); it is tried again", path=shown)
    return Transient(
        "input_output_error", f"the system reports: {_cause(error)}; it is tried again", path=shown
    )


_NETWORK_ERRORS = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EPIPE,
        errno.ETIMEDOUT,
    }
)


def _is_of_certificate(error: BaseException) -> bool:
    """Tell whether a certificate is what is wrong, and not the connection that breaks below TLS."""
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(error))


def _cause(error: BaseException) -> str:
    """Return what the system says at the bottom of an error; else its type, as its text may be anything."""
    *_, error = _chain(error)
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


_DEEPEST = 8


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, then what is inside of it, and so on."""
    for _ in range(_DEEPEST):
        yield error
        inner = next((one for one in _inside(error) if isinstance(one, BaseException)), None)
        if inner is None:
            return
        error = inner


def _inside(error: BaseException) -> tuple[object, ...]:
    # The libraries of the network wrap errors in each of these ways.
    return (getattr(error, "reason", None), *error.args, error.__cause__)
