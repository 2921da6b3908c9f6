"""Trying on decoys what a store does with the conditions and checksums that it is given."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import uuid
from collections.abc import Callable

from ccat_data_transfer.failures import Failure, Transient
from ccat_data_transfer.storage.interface import Probed
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX
from ccat_data_transfer.storage.s3_client import Answer, S3Client
from ccat_data_transfer.storage.s3_parts import abort, list_uploads
from ccat_ops_db.enumerations import Ability

_CONTENT = b"decoy"
_OTHER = b"another decoy"
_CONDITION_FAILED = "changed_while_read"


def probe_store(client: S3Client, prefix: str) -> dict[Ability, Probed]:
    """Try everything that a store may be asked for, below a prefix.

    Raises
    ------
    Failure
        Nothing can be written there at all, or the store does not answer.
    """
    probe = _Probe(client, f"{prefix}{TEMPORARY_PREFIX}decoy-{uuid.uuid4()}")
    try:
        return probe.run()
    finally:
        probe.tidy()


class _Probe:
    def __init__(self, client: S3Client, key: str) -> None:
        self._client = client
        self._key = key
        self._versions: list[str] = []

    def run(self) -> dict[Ability, Probed]:
        first = self._put(_CONTENT)
        return {
            Ability.CREATE_ONLY: _tried(self._creates_only),
            Ability.CONDITIONAL_DELETE: _tried(self._deletes_on_condition),
            Ability.VERSIONS: _tried(lambda: self._has_versions(first)),
            Ability.CHECKS_SHA256: _tried(self._checks_sha256),
            Ability.RETURNS_SHA256: _tried(self._returns_sha256),
            **self._uploads(),
            Ability.REMOVE: _tried(self._removes),
        }

    def tidy(self) -> None:
        """Remove what is left; what cannot be removed has a temporary name."""
        for version in self._versions:
            with contextlib.suppress(Failure):
                self._delete(VersionId=version)
        with contextlib.suppress(Failure):
            self._delete()

    def _put(self, content: bytes, **parameters: str) -> Answer:
        answer = self._client.call("put_object", Key=self._key, Body=content, **parameters)
        version = answer.get("VersionId", "")
        if version not in {"", "null"}:
            self._versions.append(version)
        return answer

    def _delete(self, **parameters: str) -> None:
        self._client.call("delete_object", Key=self._key, **parameters)

    def _is_there(self, content: bytes) -> bool:
        try:
            return bool(self._client.call("get_object", Key=self._key)["Body"] == content)
        except Failure as failure:
            if failure.category != "missing":
                raise
            return False

    def _removes(self) -> bool:
        self._put(_CONTENT)
        self._delete()
        return self._client.head(self._key) is None

    def _creates_only(self) -> bool:
        refused = _refused(lambda: self._put(_OTHER, IfNoneMatch="*"))
        return refused and self._is_there(_CONTENT)

    def _deletes_on_condition(self) -> bool:
        self._put(_CONTENT)
        wrong = f'"{hashlib.md5(_OTHER, usedforsecurity=False).hexdigest()}"'
        refused = _refused(lambda: self._delete(IfMatch=wrong))
        return refused and self._is_there(_CONTENT)

    def _has_versions(self, first: Answer) -> bool:
        version = first.get("VersionId", "")
        if version in {"", "null"}:
            return False
        self._put(_OTHER)
        self._delete(VersionId=version)
        return self._is_there(_OTHER)

    def _checks_sha256(self) -> bool:
        """Send a part under the checksum of another: only a store that compares them refuses it."""
        upload_id = self._created(ChecksumAlgorithm="SHA256")
        try:
            self._client.call(
                "upload_part",
                Key=self._key,
                UploadId=upload_id,
                PartNumber=1,
                Body=_CONTENT,
                ChecksumSHA256=_sha256(_OTHER),
            )
        except Failure:
            return True
        finally:
            with contextlib.suppress(Failure):
                abort(self._client, self._key, upload_id)
        return False

    def _returns_sha256(self) -> bool:
        self._put(_CONTENT, ChecksumSHA256=_sha256(_CONTENT))
        answer = self._client.head(self._key)
        return answer is not None and answer.get("ChecksumSHA256") == _sha256(_CONTENT)

    def _created(self, **parameters: str) -> str:
        answer = self._client.call("create_multipart_upload", Key=self._key, **parameters)
        return str(answer["UploadId"])

    def _uploads(self) -> dict[Ability, Probed]:
        upload_id = self._created()
        return {
            Ability.LIST_UPLOADS: _tried(lambda: upload_id in list_uploads(self._client, self._key)),
            Ability.ABORT_UPLOADS: _tried(lambda: self._aborts(upload_id)),
        }

    def _aborts(self, upload_id: str) -> bool:
        abort(self._client, self._key, upload_id)
        try:
            self._client.call("list_parts", Key=self._key, UploadId=upload_id)
        except Failure as failure:
            return failure.category in {"upload_gone", "missing"}
        return False


def _tried(attempt: Callable[[], bool]) -> Probed:
    try:
        works = attempt()
    except Transient:
        raise
    except Failure as failure:
        return Probed(False, str(failure))
    return Probed(works, None if works else "the store does not do it, or does what it was to refuse")


def _refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except Failure as failure:
        if failure.category != _CONDITION_FAILED:
            raise
        return True
    return False


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
