"""Profiles: what is needed to reach a site's API, under a name, in ``~/.config/ccat/profiles.toml``.

::

    default = "site"

    [site]
    api_url = "https://data.site.example"

    [test]
    api_url = "http://127.0.0.1:8000"
    token_file = "~/test.token"

The token of a profile is in a file of its own that only its owner may read: ``site.token`` beside the
profiles, where `token_file` names no other.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import ConfigurationError
from .paths import shown

DEFAULT = "default"
TOKEN_FILE = "token_file"

_LARGEST_TOKEN = 4096
"""Bytes; a file that has more is no token."""


def profiles_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file of profiles, which need not exist."""
    base = environment.get("XDG_CONFIG_HOME", "")
    # As the specification of base directories says, a path that is not absolute is ignored.
    # Without a home the tilde stays, and no file is found.
    folder = Path(base if base.startswith("/") else os.path.expanduser("~/.config"))  # noqa: PTH111 - Path.expanduser raises
    return folder / "ccat" / "profiles.toml"


def read_profile(name: str | None) -> tuple[str | None, dict[str, Any] | None]:
    """Return the name and the settings of a profile, its token included.

    Parameters
    ----------
    name : str or None
        Name of the profile; None takes the default one, if there is one.

    Returns
    -------
    str or None
        Name of the profile that was taken; None if there is no default.
    dict or None
        Names of settings with their values as they are written; None if there is no default.

    Raises
    ------
    ConfigurationError
        There is no such profile, its file or its token cannot be read, or others may read the token.
    """
    path = profiles_path()
    profiles = _read_profiles(path)
    default = profiles.pop(DEFAULT, None)
    if not isinstance(default, str | None):
        raise ConfigurationError(f"{shown(path)}: default must be the name of a profile", "correct it")
    chosen = name or default
    if chosen is None:
        return None, None
    profile = profiles.get(chosen)
    if not isinstance(profile, dict):
        known = ", ".join(sorted(profiles)) or "none"
        raise ConfigurationError(
            f"there is no profile {chosen} in {shown(path)}", f"take one that is there ({known}), or write it"
        )
    return chosen, _with_token(dict(profile), chosen, path)


def _read_profiles(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigurationError(
            f"{shown(path)} cannot be read: {error.strerror}", "see that you may read it"
        ) from None
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{shown(path)} is not TOML: {error}", "correct it") from None


def _with_token(profile: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    if "api_token" in profile:
        raise ConfigurationError(
            f"profile {name}: a token does not belong into {shown(path)}",
            f"write it into a file that only you may read, and name that with {TOKEN_FILE}",
        )
    written = profile.pop(TOKEN_FILE, None)
    if not isinstance(written, str | None) or written == "":
        raise ConfigurationError(f"profile {name}: {TOKEN_FILE} must be a path", f"correct {shown(path)}")
    # As above: without a home the tilde stays, and the file is not there.
    file = path.parent / os.path.expanduser(written or f"{name}.token")  # noqa: PTH111 - Path.expanduser raises
    token = _read_token(file)
    if token is not None:
        return profile | {"api_token": token}
    if written is None:
        return profile
    raise ConfigurationError(
        f"profile {name}: {shown(file)} is not there", "write the token there, with mode 0600"
    )


def _read_token(file: Path) -> str | None:
    """Return the text of a token's file, or None if there is none."""
    try:
        # Opened once, so that what is read is what was looked at; a pipe would hold the command for ever.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{shown(file)} cannot be read: {error.strerror}", "see that you may read it"
        ) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigurationError(f"{shown(file)} is no file", "write the token into a file")
        if mode & 0o077:
            raise ConfigurationError(
                f"{shown(file)} may be used by others than its owner", f"chmod 600 {shown(file)}"
            )
        content = os.read(descriptor, _LARGEST_TOKEN + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LARGEST_TOKEN:
        raise ConfigurationError(f"{shown(file)} is too large for a token", "write the token alone into it")
    return content.decode(errors="surrogateescape")
