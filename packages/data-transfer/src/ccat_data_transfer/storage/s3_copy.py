"""Copying an object within a bucket: the store does it, no byte comes here."""

from __future__ import annotations

from ccat_data_transfer.storage.s3_client import S3Client
from ccat_data_transfer.storage.s3_parts import SentPart, abort, complete

SINGLE_COPY_BYTES = 5 * 1000**3
"""S3 copies objects up to 5 GB in one request (Amazon S3 API reference, CopyObject)."""

PART_BYTES = 1024**3


def copy_object(client: S3Client, source: str, target: str, size: int) -> None:
    """Make an object of another key with the same bytes.

    Parameters
    ----------
    source, target : str
        Whole keys in the bucket of the client.
    size : int
        Bytes of the source.
    """
    origin = {"Bucket": client.bucket, "Key": source}
    if size <= SINGLE_COPY_BYTES:
        client.call("copy_object", Key=target, CopySource=origin)
        return
    upload_id = client.call("create_multipart_upload", Key=target)["UploadId"]
    try:
        parts = {}
        for number, start in enumerate(range(0, size, PART_BYTES), start=1):
            end = min(start + PART_BYTES, size)
            answer = client.call(
                "upload_part_copy",
                Key=target,
                UploadId=upload_id,
                PartNumber=number,
                CopySource=origin,
                CopySourceRange=f"bytes={start}-{end - 1}",
            )
            parts[number] = SentPart(answer["CopyPartResult"]["ETag"].strip('"'), end - start)
        complete(client, target, upload_id, parts)
    except BaseException:
        abort(client, target, upload_id)
        raise
