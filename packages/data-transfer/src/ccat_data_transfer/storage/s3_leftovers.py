"""What was begun in a store and is no object: markers of uploads, and uploads to which none points."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.storage.interface import Leftover, nanoseconds_of
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX, Begun, begun_as
from ccat_data_transfer.storage.s3_client import S3Client
from ccat_data_transfer.storage.s3_parts import Marker, abort

_DIGEST = re.compile("[0-9a-f]{64}")


def leftovers(
    client: S3Client, prefix: str, waiting: Callable[[], None], *, lists_uploads: bool
) -> Iterator[Leftover]:
    """See `Storage.leftovers`: first the markers, then the uploads that are in none, if the store tells."""
    listed = client.pages("list_multipart_uploads", Prefix=prefix) if lists_uploads else ()
    uploads = {
        upload["UploadId"]: Leftover(
            upload["Key"].removeprefix(prefix),
            Begun("upload"),
            nanoseconds_of(upload["Initiated"]),
            upload["UploadId"],
        )
        for page in listed
        for upload in page.get("Uploads", [])
    }
    for page in client.pages("list_objects_v2", Prefix=prefix):
        for entry in page.get("Contents", []):
            waiting()
            begun = begun_as(entry["Key"].rpartition("/")[2])
            if begun is None or begun.kind != "partial":
                continue
            marker = Marker.load(client, entry["Key"])
            if marker is not None:
                uploads.pop(marker.upload_id, None)
            changed_ns = nanoseconds_of(entry["LastModified"])
            yield Leftover(entry["Key"].removeprefix(prefix), begun, changed_ns, entry["ETag"])
    yield from uploads.values()


def time_there(client: S3Client) -> int | None:
    """Return the time of the store, nanoseconds, as it dates its answers; null if it does not."""
    answer = client.call("list_objects_v2", MaxKeys=1)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return None if date is None else nanoseconds_of(parsedate_to_datetime(date))


def remove(client: S3Client, prefix: str, leftover: Leftover) -> bool:
    """See `Storage.remove_leftover`: the upload goes first, so that what is left still points to it."""
    key = prefix + leftover.path
    if leftover.begun.kind == "upload":
        abort(client, key, leftover.mark)
        return True
    marker = Marker.load(client, key)
    if marker is not None:
        abort(client, _key_of_upload(client, key, marker.upload_id), marker.upload_id)
    crash_point("storage.s3.before_collect")
    client.call("delete_object", Key=key)
    return True


def _key_of_upload(client: S3Client, marker_key: str, upload_id: str) -> str:
    """Return the key of the object that an upload is to become; the marker of a long one does not name it."""
    folder, slash, name = marker_key.rpartition("/")
    target = name.removeprefix(TEMPORARY_PREFIX).rpartition(".")[0]
    if _DIGEST.fullmatch(target):
        for page in client.pages("list_multipart_uploads", Prefix=folder + slash):
            for upload in page.get("Uploads", []):
                if upload["UploadId"] == upload_id:
                    return str(upload["Key"])
    return folder + slash + target
