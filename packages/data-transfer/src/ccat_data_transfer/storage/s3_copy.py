"""Copying an object within a bucket: the store does it, no byte comes here."""

from __future__ import annotations

from urllib.parse import quote

from ccat_data_transfer.failures import Transient
from ccat_data_transfer.storage.s3_client import S3Client, result_of
from ccat_data_transfer.storage.s3_errors import refusal
from ccat_data_transfer.storage.s3_parts import SentPart, abort, completion

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
    origin = {"x-amz-copy-source": quote(f"/{client.bucket}/{source}")}
    if size <= SINGLE_COPY_BYTES:
        answer = client.request("PUT", target, headers=origin)
        _refuse_hidden_error(answer.status, answer.body, target)
        return
    upload_id = result_of(client.request("POST", target, query=[("uploads", "")]).body)["UploadId"]
    try:
        parts = {}
        for number, start in enumerate(range(0, size, PART_BYTES), start=1):
            end = min(start + PART_BYTES, size)
            answer = client.request(
                "PUT",
                target,
                query=[("partNumber", str(number)), ("uploadId", upload_id)],
                headers={**origin, "x-amz-copy-source-range": f"bytes={start}-{end - 1}"},
            )
            _refuse_hidden_error(answer.status, answer.body, target)
            parts[number] = SentPart(result_of(answer.body)["ETag"].strip('"'), end - start, None)
        client.complete(target, upload_id, completion(parts, with_checksums=False))
    except BaseException:
        abort(client, target, upload_id)
        raise


def _refuse_hidden_error(status: int, body: bytes, target: str) -> None:
    """Raise for an answer that says 200 before the store knows, and fails in its body.

    Raises
    ------
    Transient
        The copy was not made.
    """
    told = refusal(status, body)
    if told.code:
        raise Transient("copy_failed", f"the store did not copy ({told.code}); tried again", path=target)
