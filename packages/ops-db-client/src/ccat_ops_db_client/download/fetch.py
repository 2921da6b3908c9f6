"""Receive a span of bytes of a package into a file, across as many broken connections as it takes."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import httpx

from ccat_ops_db_client.checksums import Algorithm, new_hasher
from ccat_ops_db_client.client import Client
from ccat_ops_db_client.errors import ApiAwayError, CcatError, UnexpectedAnswerError
from ccat_ops_db_client.policy import Pauses

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """What is wanted: a span of the tar of a package, bytes, and its checksum ``algorithm:hex``."""

    package_id: UUID
    first_byte: int
    size: int
    checksum: str

    @property
    def algorithm(self) -> Algorithm:
        """Algorithm of the checksum.

        Raises
        ------
        CcatError
            It is not known here.
        """
        name = self.checksum.partition(":")[0]
        try:
            return Algorithm(name)
        except ValueError:
            raise CcatError(
                f"checksum algorithm {name!r} is not known here", "use a newer version of ccat"
            ) from None


class Partial:
    """What has arrived: the first `count` bytes, in an open file and in a hash."""

    def __init__(self, descriptor: int, algorithm: Algorithm) -> None:
        self.descriptor = descriptor
        self.count = 0
        self._algorithm = algorithm
        self._hasher = new_hasher(algorithm)

    @property
    def checksum(self) -> str:
        """Checksum of what has arrived."""
        return f"{self._algorithm}:{self._hasher.hexdigest()}"

    def take_up(self, size: int) -> None:
        """Go on after what the file holds already; begin anew if it holds more than `size` bytes."""
        if os.fstat(self.descriptor).st_size > size:
            os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        while piece := os.read(self.descriptor, PIECE_BYTES):
            self._hasher.update(memoryview(piece))
            self.count += len(piece)

    def restart(self) -> None:
        """Forget what has arrived."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        self._hasher = new_hasher(self._algorithm)
        self.count = 0

    def take(self, piece: bytes) -> None:
        """Append bytes."""
        view = memoryview(piece)
        while view:
            view = view[os.write(self.descriptor, view) :]
        self._hasher.update(memoryview(piece))
        self.count += len(piece)


def fetch(client: Client, content: Content, partial: Partial, advance: Callable[[int], None]) -> None:
    """Receive what is missing of `content`.

    Each connection begins at the API, because the address of the data server is valid for a short time only.

    Parameters
    ----------
    client : Client
        The client; the seconds for which it repeats begin anew when bytes arrive.
    content : Content
        What is wanted.
    partial : Partial
        Takes the bytes.
    advance : callable
        Is told the number of bytes of each piece.

    Raises
    ------
    ApiAwayError
        Nothing arrived for as long as the client repeats.
    ApiError, UnexpectedAnswerError
        The API or the data server refused, or sent something else.
    """
    pauses = Pauses(client.settings.retry_seconds)
    while partial.count < content.size:
        before = partial.count
        try:
            _receive(client, content, partial, advance)
        except ApiAwayError as error:
            pause = pauses.after(error)
            if pause is None:
                raise
            time.sleep(pause)
        if partial.count > before:
            pauses = Pauses(client.settings.retry_seconds)


def _receive(client: Client, content: Content, partial: Partial, advance: Callable[[int], None]) -> None:
    before = partial.count
    first = content.first_byte + partial.count
    last = content.first_byte + content.size - 1
    try:
        with client.open_content(content.package_id, first_byte=first, last_byte=last) as response:
            _check_range(response, first, last)
            # As they come: what was collected to larger pieces would be lost with the connection.
            for piece in response.iter_raw():
                if partial.count + len(piece) > content.size:
                    raise UnexpectedAnswerError("the data server sent more than it was asked for")
                partial.take(piece)
                advance(len(piece))
    except ApiAwayError:
        if partial.count == before:
            raise


def _check_range(response: httpx.Response, first: int, last: int) -> None:
    given = response.headers.get("content-range", "")
    if response.status_code != httpx.codes.PARTIAL_CONTENT or not given.startswith(f"bytes {first}-{last}/"):
        raise UnexpectedAnswerError(
            f"the data server did not send bytes {first}-{last} (status {response.status_code}, {given!r})"
        )
