"""What an S3 service knows of unfinished uploads, and the note by which the next attempt finds its own.

S3 does not let an upload carry a name of ours, and an upload id is known to its maker only. So each upload
that has parts gets a marker: a small object beside the target, under the temporary name of its work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple, Self

from ccat_data_transfer.failures import Failure
from ccat_data_transfer.storage.interface import Expected
from ccat_data_transfer.storage.names import temporary_name
from ccat_data_transfer.storage.s3_client import S3Client


class SentPart(NamedTuple):
    """A part that the store has, or that was sent to it."""

    etag: str
    size: int
    sha256: str | None = None
    """As S3 writes it (base64); null where it is not known: stores do not list it."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Which upload belongs to a work, and what it is to become."""

    upload_id: str
    part_bytes: int
    size: int
    checksum: str

    @classmethod
    def load(cls, client: S3Client, key: str) -> Self | None:
        """Read a marker; null if there is none, or nobody can make sense of it."""
        try:
            content = client.call("get_object", Key=key)["Body"]
        except Failure as failure:
            if failure.category == "missing":
                return None
            raise
        try:
            return cls(**json.loads(content))
        except (ValueError, TypeError):
            return None

    def save(self, client: S3Client, key: str) -> None:
        """Write the marker."""
        client.call("put_object", Key=key, Body=json.dumps(asdict(self)).encode())

    def is_for(self, expected: Expected, part_bytes: int) -> bool:
        """Return whether the upload can become the expected object."""
        return (self.size, self.checksum, self.part_bytes) == (expected.size, expected.checksum, part_bytes)


def marker_path(path: str, work_id: str) -> str:
    """Return the path of the marker of a work for an object."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{temporary_name(name, work_id)}"


def sent_parts(client: S3Client, key: str, upload_id: str) -> dict[int, SentPart]:
    """Return the parts that the store has, by number; none if the upload is gone."""
    try:
        return {
            part["PartNumber"]: SentPart(part["ETag"].strip('"'), part["Size"], part.get("ChecksumSHA256"))
            for page in client.pages("list_parts", Key=key, UploadId=upload_id)
            for part in page.get("Parts", [])
        }
    except Failure as failure:
        if failure.category in {"upload_gone", "missing"}:
            return {}
        raise


def list_uploads(client: S3Client, key: str) -> Iterator[str]:
    """Yield the ids of all unfinished uploads of exactly that key."""
    for page in client.pages("list_multipart_uploads", Prefix=key):
        for upload in page.get("Uploads", []):
            if upload["Key"] == key:
                yield upload["UploadId"]


def abort(client: S3Client, key: str, upload_id: str) -> None:
    """Let the store forget an upload and its parts. No error if it is gone."""
    try:
        client.call("abort_multipart_upload", Key=key, UploadId=upload_id)
    except Failure as failure:
        if failure.category not in {"upload_gone", "missing"}:
            raise


def complete(
    client: S3Client, key: str, upload_id: str, parts: Mapping[int, SentPart], **condition: str
) -> None:
    """Make an object of the parts of an upload, on a condition; the store may take minutes."""
    told = [
        {"PartNumber": number, "ETag": f'"{part.etag}"'}
        | ({"ChecksumSHA256": part.sha256} if part.sha256 and client.sends_checksums else {})
        for number, part in sorted(parts.items())
    ]
    client.call(
        "complete_multipart_upload",
        Key=key,
        UploadId=upload_id,
        MultipartUpload={"Parts": told},
        **condition,
    )
