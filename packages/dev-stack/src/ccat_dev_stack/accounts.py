"""The unprivileged account that a server needs which refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MADE_HERE = "ccat-dev"
_PREFERRED = (_MADE_HERE, "nobody", "postgres")


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


class NoAccountError(RuntimeError):
    """Started as root, and there is no unprivileged user to hand a server to."""


@cache
def unprivileged_account() -> Account | None:
    """Return the account to run servers as that refuse root; None when the caller is not root.

    Raises
    ------
    NoAccountError
        No usable account exists and none could be made.
    """
    if os.geteuid() != 0:
        return None
    for name in _PREFERRED:
        account = _usable(name)
        if account is not None:
            return account
    useradd = shutil.which("useradd")
    if useradd is not None:
        subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/bin/false", _MADE_HERE], check=False
        )
    account = _usable(_MADE_HERE)
    if account is None:
        raise NoAccountError(
            "PostgreSQL refuses to run as root and no unprivileged user can be used here; "
            f"make one (useradd --system {_MADE_HERE}) or run as an ordinary user"
        )
    return account


def can_read(account: Account | None, path: Path) -> bool:
    """Say whether an account (None: the caller) reaches and reads a file or folder."""
    if account is None:
        return os.access(path, os.R_OK)
    return _as(account, ["/bin/sh", "-c", 'test -r "$1"', "sh", str(path)])


def _usable(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    account = Account(name, entry.pw_uid, entry.pw_gid)
    # In a user namespace an account can exist by name and still not be mapped.
    return account if entry.pw_uid != 0 and _as(account, ["/bin/sh", "-c", ":"]) else None


def _as(account: Account, command: list[str]) -> bool:
    try:
        result = subprocess.run(
            command, user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return result.returncode == 0
