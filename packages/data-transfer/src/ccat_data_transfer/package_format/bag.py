"""The tag files of a package: BagIt 1.0 (RFC 8493) and ours under ``ccat/``.

Order in the tar: what is known before the files (``bagit.txt``, ``ccat/package.json``), the files, then
what follows from them (``manifest-sha256.txt``, ``ccat/index.json``, ``bag-info.txt``,
``tagmanifest-sha256.txt``). So the head of a tar tells what it is, and its tail, of bounded length, tells
where the index lies.

Paths are written to the manifest as they are. RFC 8493 section 2.1.3 has CR, LF and ``%`` percent-encoded,
but ``sha256sum -c`` and the reference implementation ``bagit.py`` do not decode ``%25``. Legal paths have
neither line ends nor a sequence that a decoding reader would change (`ccat_ops_db.paths`): both kinds of
reader agree.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from .errors import PackageCorruptError

DESCRIPTION_SCHEMA = "ccat-package/1"

BAGIT = "bagit.txt"
DESCRIPTION = "ccat/package.json"
PAYLOAD = "data/"
MANIFEST = "manifest-sha256.txt"
INDEX = "ccat/index.json"
BAG_INFO = "bag-info.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"

TAGS = (BAGIT, DESCRIPTION, MANIFEST, INDEX, BAG_INFO, TAG_MANIFEST)
"""The tag files in the order of the tar; `MANIFEST` comes after the files."""

BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

MAX_BAG_INFO_BYTES = 16 * 1024
_OUR_BAG_INFO_BYTES = 512

_LISTED_TAGS = (BAG_INFO, BAGIT, INDEX, DESCRIPTION, MANIFEST)
_SHA256_DIGITS = 64
TAG_MANIFEST_BYTES = sum(_SHA256_DIGITS + 2 + len(name) + 1 for name in _LISTED_TAGS)

_OURS = ("External-Identifier", "Bagging-Date", "Payload-Oxum", "CCAT-Index-Offset", "CCAT-Index-Size")
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def member_name(package_id: UUID, name: str) -> str:
    """Return the name in the tar of a file of the bag."""
    return f"{package_id}/{name}"


def payload_name(package_id: UUID, path: str) -> str:
    """Return the name in the tar of a filed file."""
    return f"{package_id}/{PAYLOAD}{path}"


def description_json(package_id: UUID, description: Mapping[str, Any]) -> bytes:
    """Return ``ccat/package.json``: the caller's content with ``schema`` and ``package_id``.

    Raises
    ------
    ValueError
        The content is not JSON, or contradicts one of the two keys.
    """
    ours = {"schema": DESCRIPTION_SCHEMA, "package_id": str(package_id)}
    for key, value in ours.items():
        if description.get(key, value) != value:
            raise ValueError(f"the description says {key} = {description[key]!r}, the package is {value!r}")
    try:
        text = json.dumps(
            {**description, **ours}, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True
        )
        return text.encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"the description of package {package_id} is not JSON: {error}") from None


def manifest_line(sha256: str, name: str) -> str:
    """Return one line of a manifest, in the format of ``sha256sum``."""
    return f"{sha256}  {name}\n"


def parse_manifest(text: bytes) -> dict[str, str]:
    """Return the SHA-256 by name.

    Raises
    ------
    PackageCorruptError
        A line is not a manifest line, or a name is listed twice.
    """
    digests: dict[str, str] = {}
    try:
        lines = text.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise PackageCorruptError("", "a manifest is not UTF-8") from None
    for line in lines:
        match = _MANIFEST_LINE.fullmatch(line)
        if match is None or match[2] in digests:
            raise PackageCorruptError("", f"a manifest has the line {line!r}")
        digests[match[2]] = match[1]
    return digests


def tag_manifest(digests: Mapping[str, str]) -> bytes:
    """Return ``tagmanifest-sha256.txt`` from the SHA-256 of each of the other tag files."""
    return "".join(manifest_line(digests[name], name) for name in _LISTED_TAGS).encode()


def validate_bag_info(fields: Mapping[str, str]) -> None:
    """Check the caller's fields for ``bag-info.txt``.

    Raises
    ------
    ValueError
        A label is ours or malformed, a value is not exactly one line, or all are too long.
    """
    for label, value in fields.items():
        if not _LABEL.fullmatch(label) or label in _OURS:
            raise ValueError(f"{label!r} cannot be a label of bag-info.txt here")
        if value.splitlines() != [value] or value != value.strip():
            raise ValueError(f"the value of {label} in bag-info.txt is not one line: {value!r}")
    if len(_bag_info_lines(fields.items())) > MAX_BAG_INFO_BYTES - _OUR_BAG_INFO_BYTES:
        raise ValueError("the fields for bag-info.txt are too long")


def bag_info(
    package_id: UUID,
    created: datetime,
    payload: tuple[int, int],
    index_range: tuple[int, int],
    fields: Mapping[str, str],
) -> bytes:
    """Return ``bag-info.txt``.

    Parameters
    ----------
    payload : tuple of int
        Bytes and number of files below ``data/``.
    index_range : tuple of int
        Offset and length of the index in the tar, in bytes.
    fields : mapping
        The caller's fields, written in the order of their labels.
    """
    values = (
        str(package_id),
        created.astimezone(UTC).date().isoformat(),
        f"{payload[0]}.{payload[1]}",
        str(index_range[0]),
        str(index_range[1]),
    )
    return _bag_info_lines([*zip(_OURS, values, strict=True), *sorted(fields.items())])


def index_range(text: bytes) -> tuple[int, int]:
    """Return offset and length of the index from ``bag-info.txt``.

    Raises
    ------
    PackageCorruptError
        They are not there.
    """
    found = re.search(
        rb"^CCAT-Index-Offset: ([0-9]{1,18})\nCCAT-Index-Size: ([0-9]{1,18})$", text, re.MULTILINE
    )
    if found is None:
        raise PackageCorruptError(BAG_INFO, "it does not tell where the index is")
    return int(found[1]), int(found[2])


def _bag_info_lines(fields: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{label}: {value}\n" for label, value in fields).encode()
