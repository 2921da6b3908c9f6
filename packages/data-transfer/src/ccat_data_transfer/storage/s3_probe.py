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
from ccat_data_transfer.storage.s3_client import Answer, Body, S3Client, result_of
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
        }

    def tidy(self) -> None:
        """Remove what is left; what cannot be removed has a temporary name."""
        for version in self._versions:
            with contextlib.suppress(Failure):
                self._client.request("DELETE", self._key, query=[("versionId", version)])
        with contextlib.suppress(Failure):
            self._client.request("DELETE", self._key)

    def _put(self, content: bytes, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._client.request("PUT", self._key, body=Body(content), headers=named)
        version = answer.headers.get("x-amz-version-id", "")
        if version not in {"", "null"}:
            self._versions.append(version)
        return answer

    def _is_there(self, content: bytes) -> bool:
        try:
            return self._client.request("GET", self._key).body == content
        except Failure as failure:
            if failure.category != "missing":
                raise
            return False

    def _creates_only(self) -> bool:
        refused = _refused(lambda: self._put(_OTHER, if_none_match="*"))
        return refused and self._is_there(_CONTENT)

    def _deletes_on_condition(self) -> bool:
        self._put(_CONTENT)
        wrong = {"if-match": f'"{hashlib.md5(_OTHER, usedforsecurity=False).hexdigest()}"'}
        refused = _refused(lambda: self._client.request("DELETE", self._key, headers=wrong))
        return refused and self._is_there(_CONTENT)

    def _has_versions(self, first: Answer) -> bool:
        version = first.headers.get("x-amz-version-id", "")
        if version in {"", "null"}:
            return False
        self._put(_OTHER)
        self._client.request("DELETE", self._key, query=[("versionId", version)])
        return self._is_there(_OTHER)

    def _checks_sha256(self) -> bool:
        """Send a part under the checksum of another: only a store that compares them refuses it."""
        created = self._client.request(
            "POST", self._key, query=[("uploads", "")], headers={"x-amz-checksum-algorithm": "SHA256"}
        )
        upload_id = result_of(created.body)["UploadId"]
        try:
            self._client.request(
                "PUT",
                self._key,
                body=Body(_CONTENT),
                headers={"x-amz-checksum-sha256": _sha256(_OTHER)},
                query=[("partNumber", "1"), ("uploadId", upload_id)],
            )
        except Failure:
            return True
        finally:
            with contextlib.suppress(Failure):
                abort(self._client, self._key, upload_id)
        return False

    def _returns_sha256(self) -> bool:
        self._put(_CONTENT, **{"x-amz-checksum-sha256": _sha256(_CONTENT)})
        answer = self._client.head(self._key)
        return answer is not None and answer.headers.get("x-amz-checksum-sha256") == _sha256(_CONTENT)

    def _uploads(self) -> dict[Ability, Probed]:
        created = self._client.request("POST", self._key, query=[("uploads", "")])
        upload_id = result_of(created.body)["UploadId"]
        return {
            Ability.LIST_UPLOADS: _tried(lambda: upload_id in list_uploads(self._client, self._key)),
            Ability.ABORT_UPLOADS: _tried(lambda: self._aborts(upload_id)),
        }

    def _aborts(self, upload_id: str) -> bool:
        abort(self._client, self._key, upload_id)
        try:
            self._client.request("GET", self._key, query=[("uploadId", upload_id)])
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
