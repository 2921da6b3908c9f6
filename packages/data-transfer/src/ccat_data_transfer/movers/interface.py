"""What the transfer engine asks of a method to move bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.storage.interface import Expected, ObjectInfo, Storage, do_nothing
from ccat_ops_db.enumerations import Finding

__all__ = ["Expected", "Mover", "Progress", "SentReport", "VerifyReport", "WrongCopyError"]

Progress = Callable[[int], None]
"""Told how many more bytes went through; at least every 8 MiB and every second (then with 0).

It may sleep (throttle), and it may raise: `HandBack` stops the work and keeps what was done.
"""


def forget(_kept: int) -> None:
    """Take a report of bytes that are kept, and do nothing."""


@dataclass(frozen=True, slots=True)
class SentReport:
    """A finished sending. The object is at the target, durable; what was sent is what was expected.

    Attributes
    ----------
    size : int
        Bytes of the object.
    checksum : str or None
        Computed over the bytes as they went through, ``algorithm:hex``; the algorithm of what was expected.
        Null if the object was there.
    sent_bytes : int
        Bytes that this attempt really moved: less than `size` after a resume, 0 if the object was there.
    etag : str or None
        The target store's own mark of the content, already compared with what was sent (s3).
    """

    size: int
    checksum: str | None
    sent_bytes: int
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """A copy that is what it must be.

    Attributes
    ----------
    info : ObjectInfo
        The object that was found right: the same before and after all its bytes were read.
    checksum : str
        Of the bytes at the place.
    """

    info: ObjectInfo
    checksum: str


class WrongCopyError(Integrity):
    """A copy is not what it must be.

    Attributes
    ----------
    finding : Finding
        What it is instead.
    info : ObjectInfo or None
        The object; null where there is none.
    checksum : str or None
        That it has, where it came to that.
    read_bytes : int
        Bytes that were read for it.
    """

    def __init__(
        self,
        category: str,
        message: str,
        *,
        path: str,
        finding: Finding,
        info: ObjectInfo | None = None,
        checksum: str | None = None,
        read_bytes: int = 0,
    ) -> None:
        super().__init__(category, message, path=path)
        self.finding = finding
        self.info = info
        self.checksum = checksum
        self.read_bytes = read_bytes


class Mover(Protocol):
    """One transfer method. Knows nothing of work, leases or the database."""

    @property
    def method(self) -> str:
        """Name, as routes give it."""
        ...

    def send(
        self,
        source: Storage,
        source_path: str,
        target: Storage,
        target_path: str,
        expected: Expected,
        *,
        work_id: str,
        progress: Progress,
        kept: Callable[[int], None] = forget,
        tag: str | None = None,
        confirm: Callable[[], None] = do_nothing,
        resume: bool = True,
    ) -> SentReport:
        """Make the object of the source appear at the target, completely or not at all.

        May run again after a crash at any point. An object that has the name is taken for the result of an
        earlier attempt, and stays, whatever it is: who reads it judges it.

        Parameters
        ----------
        expected : Expected
            Size and checksum that the bytes must have; with others nothing appears at the target.
        work_id : str
            Same for every attempt of this unit of work; part of the temporary name.
        kept : callable
            Told whenever it changes how many bytes at the target the next attempt takes over.
        tag, confirm
            See `Storage.open_upload`.

        Raises
        ------
        Integrity
            The source is short, long or has another checksum (``source_mismatch``).
        Failure
            Everything else, classified. What was done stays, for the next attempt.
        """
        ...

    def resume_point(self, target: Storage, target_path: str, work_id: str) -> int:
        """Return how many bytes an unfinished attempt left at the target."""
        ...

    def verify(
        self,
        target: Storage,
        path: str,
        expected: Expected,
        progress: Progress,
    ) -> VerifyReport:
        """Read the copy at the target and find out whether it is what it must be.

        Nothing that the store says of it replaces its bytes.

        Raises
        ------
        WrongCopyError
            It is missing (``copy_missing``), has another size (``copy_size``) or another checksum
            (``copy_checksum``).
        Transient
            It was changed while it was read (``changed_while_read``).
        """
        ...

    def remove_temporary(self, target: Storage, target_path: str, work_id: str | None = None) -> None:
        """Remove what unfinished attempts left at the target: of one unit of work, or of all (null)."""
        ...
