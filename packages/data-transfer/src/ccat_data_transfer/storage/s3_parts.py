"""What an S3 service knows of unfinished uploads, and the note by which the next attempt finds its own.

S3 does not let an upload carry a name of ours, and an upload id is known to its maker only. So each upload
that has parts gets a marker: a small object beside the target, under the temporary name of its work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import NamedTuple, Self
from xml.sax.saxutils import escape

from ccat_data_transfer.failures import Failure
from ccat_data_transfer.storage.interface import Expected
from ccat_data_transfer.storage.names import temporary_name
from ccat_data_transfer.storage.s3_client import Body, S3Client, elements, result_of


class SentPart(NamedTuple):
    """A part that the store has."""

    etag: str
    size: int
    sha256: str | None
    """As S3 writes it (base64); null where the store does not say."""


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
            answer = client.request("GET", key)
        except Failure as failure:
            if failure.category == "missing":
                return None
            raise
        try:
            return cls(**json.loads(answer.body))
        except (ValueError, TypeError):
            return None

    def save(self, client: S3Client, key: str) -> None:
        """Write the marker."""
        client.request("PUT", key, body=Body(json.dumps(asdict(self)).encode()))

    def is_for(self, expected: Expected, part_bytes: int) -> bool:
        """Return whether the upload can become the expected object."""
        return (self.size, self.checksum, self.part_bytes) == (expected.size, expected.checksum, part_bytes)


def marker_path(path: str, work_id: str) -> str:
    """Return the path of the marker of a work for an object."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{temporary_name(name, work_id)}"


def sent_parts(client: S3Client, key: str, upload_id: str) -> dict[int, SentPart]:
    """Return the parts that the store has, by number; none if the upload is gone."""
    found: dict[int, SentPart] = {}
    position = ""
    while True:
        query = [("uploadId", upload_id)] + ([("part-number-marker", position)] if position else [])
        try:
            page = client.request("GET", key, query=query)
        except Failure as failure:
            if failure.category in {"upload_gone", "missing"}:
                return {}
            raise
        for part in elements(page.body, "Part"):
            found[int(part["PartNumber"])] = SentPart(
                part["ETag"].strip('"'), int(part["Size"]), part.get("ChecksumSHA256")
            )
        result = result_of(page.body)
        following = result.get("NextPartNumberMarker", "")
        if result.get("IsTruncated") != "true" or following == position:
            return found
        position = following


def list_uploads(client: S3Client, key: str) -> Iterator[str]:
    """Yield the ids of all unfinished uploads of exactly that key."""
    position: list[tuple[str, str]] = []
    while True:
        page = client.request("GET", "", query=[("uploads", ""), ("prefix", key), *position])
        for upload in elements(page.body, "Upload"):
            if upload["Key"] == key:
                yield upload["UploadId"]
        result = result_of(page.body)
        following = [
            ("key-marker", result.get("NextKeyMarker", "")),
            ("upload-id-marker", result.get("NextUploadIdMarker", "")),
        ]
        if result.get("IsTruncated") != "true" or following == position:
            return
        position = following


def abort(client: S3Client, key: str, upload_id: str) -> None:
    """Let the store forget an upload and its parts. No error if it is gone."""
    try:
        client.request("DELETE", key, query=[("uploadId", upload_id)])
    except Failure as failure:
        if failure.category not in {"upload_gone", "missing"}:
            raise


def completion(parts: dict[int, SentPart], *, with_checksums: bool) -> bytes:
    """Return the document that makes an object of parts."""
    lines = []
    for number, part in sorted(parts.items()):
        checksum = f"<ChecksumSHA256>{part.sha256}</ChecksumSHA256>" if with_checksums and part.sha256 else ""
        lines.append(
            f'<Part><PartNumber>{number}</PartNumber><ETag>"{escape(part.etag)}"</ETag>{checksum}</Part>'
        )
    inner = "".join(lines)
    return (
        '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{inner}</CompleteMultipartUpload>"
    ).encode()
