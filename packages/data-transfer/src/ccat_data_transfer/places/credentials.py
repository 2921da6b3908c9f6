"""Storage credentials, as the deployment supplies them: a folder for each, a file for each part.

They never are in the database or in configuration files; a location only names one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ccat_data_transfer.failures import Configuration

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to sign requests to one S3 service, and how to reach it.

    Attributes
    ----------
    access_key_id, secret_access_key : str
        The key pair; empty where a profile or the surroundings of the process give it.
    session_token : str or None
        With temporary keys.
    expires_at : datetime or None
        When temporary keys end; null: never, or not known here.
    virtual_host_style : bool
        Whether the bucket is part of the host name rather than of the path.
    ca_file : Path or None
        Certificates of the authority of the service, when it is not a public one.
    profile : str or None
        Profile of the shared configuration of AWS that gives the keys.
    ambient : bool
        Whether the surroundings of the process give the keys: variables, the service account of a pod, the
        role of a container or of a virtual machine.
    """

    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    virtual_host_style: bool = False
    ca_file: Path | None = None
    profile: str | None = None
    ambient: bool = False


class Credentials:
    """The credentials folder of a deployment: ``<folder>/<name>/{access_key_id,secret_access_key}``.

    Instead of the two: ``profile``, the name of a profile of the shared configuration of AWS, or ``ambient``
    (``yes``): what the surroundings of the process give. Optional files beside them: ``session_token`` and
    ``expires_at`` (ISO 8601 with zone) of keys, ``addressing`` (``path``, the default, or ``virtual-host``)
    and ``ca.crt``. Files are read each time a place is
    opened or a request was refused, so that a rotated secret counts without a restart.

    Parameters
    ----------
    folder : Path or None
        ``CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER``; null: there are no credentials.
    allow_plain_http : bool
        Whether a service may be reached without TLS; on the own machine it always may.
    """

    def __init__(self, folder: Path | None, *, allow_plain_http: bool = False) -> None:
        self._folder = folder
        self.allow_plain_http = allow_plain_http

    def s3(self, name: str) -> S3Access:
        """Return the credential of that name.

        Raises
        ------
        Configuration
            It is missing, unreadable, empty or nonsense; the message says which file to supply.
        """
        try:
            return self._read(self._folder_of(name))
        except Configuration as failure:
            failure.credential = name
            raise

    def _read(self, folder: Path) -> S3Access:
        profile, ambient = _optional(folder / "profile"), _ambient(folder / "ambient")
        ways = [
            (folder / "access_key_id").exists() or (folder / "secret_access_key").exists(),
            profile is not None,
            ambient,
        ]
        if sum(ways) > 1:
            raise Configuration(
                "credential_unreadable",
                f"{folder} must have keys, or profile, or ambient, not several of them",
            )
        keyless = profile is not None or ambient
        return S3Access(
            access_key_id="" if keyless else _required(folder / "access_key_id"),
            secret_access_key="" if keyless else _required(folder / "secret_access_key"),
            session_token=_optional(folder / "session_token"),
            expires_at=_expiry(folder / "expires_at"),
            virtual_host_style=_virtual_host_style(folder / "addressing"),
            ca_file=folder / "ca.crt" if (folder / "ca.crt").is_file() else None,
            profile=profile,
            ambient=ambient,
        )

    def _folder_of(self, name: str) -> Path:
        if self._folder is None:
            raise Configuration(
                "credential_missing",
                f"no credentials folder is set: set CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER and put "
                f"the keys of {name!r} into it",
            )
        if not _NAME.fullmatch(name):
            raise Configuration(
                "credential_name", f"a credential cannot have the name {name!r}; use a-z, 0-9, '-'"
            )
        return self._folder / name


class CredentialWatch:
    """Tells whose files changed, so that a renewed secret is tried at once.

    Parameters
    ----------
    folder : Path or None
        As of `Credentials`.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known = self._look()

    def changed(self) -> list[str]:
        """Return the names of the credentials whose files changed since the last call."""
        before, self._known = self._known, self._look()
        return sorted(name for name in before | self._known if before.get(name) != self._known.get(name))

    def _look(self) -> dict[str, list[tuple[str, int, int, int]]]:
        if self._folder is None:
            return {}
        try:
            return {folder.name: _state_of(folder) for folder in self._folder.iterdir()}
        except OSError:
            return {}


def _state_of(folder: Path) -> list[tuple[str, int, int, int]]:
    found = []
    try:
        for file in sorted(folder.iterdir()):
            state = file.stat()
            found.append((file.name, state.st_ino, state.st_size, state.st_mtime_ns))
    except OSError:
        return []
    return found


def _required(path: Path) -> str:
    text = _optional(path)
    if not text:
        raise Configuration("credential_missing", f"supply the file {path} (it is missing or empty)")
    return text


def _optional(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text in UTF-8"
        raise Configuration("credential_unreadable", f"the file {path} cannot be read: {why}") from None


def _expiry(path: Path) -> datetime | None:
    text = _optional(path)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Configuration(
            "credential_unreadable", f"{path} must be an ISO 8601 time with its zone, not {text!r}"
        )
    return moment


def _ambient(path: Path) -> bool:
    text = _optional(path) or "no"
    if text not in {"yes", "no"}:
        raise Configuration("credential_unreadable", f"{path} must be 'yes' or 'no', not {text!r}")
    return text == "yes"


def _virtual_host_style(path: Path) -> bool:
    text = _optional(path) or "path"
    if text not in {"path", "virtual-host"}:
        raise Configuration("credential_unreadable", f"{path} must be 'path' or 'virtual-host', not {text!r}")
    return text == "virtual-host"
