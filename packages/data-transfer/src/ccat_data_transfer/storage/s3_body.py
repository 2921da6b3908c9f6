"""What is sent to a store, and its signature."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth

from ccat_data_transfer.failures import Transient
from ccat_data_transfer.storage.interface import Buffer

Stopped = Callable[[], bool]
"""Asked while a body is sent; true ends the request."""


def never() -> bool:
    """Tell a request to go on; the default."""
    return False


class Body:
    """Bytes to send, with their sha256; read like a file.

    Attributes
    ----------
    content : memoryview
        The bytes.
    sha256 : bytes
        Digest of the content.
    stopped : callable
        Asked before each piece; true ends the request that sends it.
    """

    def __init__(self, content: Buffer, stopped: Stopped = never) -> None:
        self.content = memoryview(content)
        self.sha256 = hashlib.sha256(self.content).digest()
        self.stopped = stopped
        self._position = 0

    @property
    def checksum(self) -> str:
        """The digest as S3 writes it."""
        return base64.b64encode(self.sha256).decode()

    def __len__(self) -> int:
        return len(self.content)

    def tell(self) -> int:
        """Return the position of the next piece."""
        return self._position

    def seek(self, position: int) -> None:
        """Go to a position; the content is sent again from there."""
        self._position = position

    def read(self, size: int = -1) -> memoryview:
        """Return the next piece, without a copy; nothing at the end."""
        if self.stopped():
            raise Transient("stopped", "the upload was stopped")
        end = len(self.content) if size < 0 else self._position + size
        piece = self.content[self._position : end]
        self._position += len(piece)
        return piece


class Signer(S3SigV4Auth):  # type: ignore[misc]
    """Signs with the digest that a body has already, and at a time that may be the store's."""

    def __init__(self, keys: Any, region: str, at: datetime) -> None:
        super().__init__(keys, "s3", region)
        self._at = at

    def payload(self, request: Any) -> str:
        """Return the digest that is signed."""
        body = request.data
        return body.sha256.hex() if isinstance(body, Body) else str(super().payload(request))

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._at.strftime(SIGV4_TIMESTAMP)
        super()._modify_request_before_signing(request)
