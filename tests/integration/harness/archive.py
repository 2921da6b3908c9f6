"""The archive as anybody reaches it: an S3 bucket, read with a client that is not ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import obstore
from obstore.store import S3Store

from harness.deployment import Deployment


class Archive:
    """The bucket of the long-term archive."""

    def __init__(self, deployment: Deployment) -> None:
        self._store = S3Store(
            deployment.s3_bucket,
            endpoint=deployment.s3_endpoint,
            region="us-east-1",
            access_key_id=deployment.s3_access_key_id,
            secret_access_key=deployment.s3_secret_access_key,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def names(self) -> Iterator[str]:
        """Yield the names of all objects."""
        for page in obstore.list(self._store):
            for entry in page:
                yield str(entry["path"])

    def read(self, name: str) -> bytes:
        """Return an object."""
        return bytes(obstore.get(self._store, name).bytes())

    def read_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of an object."""
        if size == 0:
            return b""
        return bytes(obstore.get_range(self._store, name, start=offset, length=size))

    def download(self, name: str, target: Path) -> Path:
        """Write an object to a file."""
        with target.open("wb") as stream:
            self.copy_to(name, stream)
        return target

    def copy_to(self, name: str, stream: IO[bytes]) -> None:
        """Write an object to a stream and close that."""
        with stream:
            for piece in obstore.get(self._store, name).stream():
                stream.write(piece)


def object_name(package: dict[str, Any]) -> str:
    """Return the name of a package's tar in the archive."""
    return str(package["relative_path"])


def index_name(package: dict[str, Any]) -> str:
    """Return the name of a package's byte index in the archive."""
    return object_name(package).removesuffix(".tar") + ".index.json"
