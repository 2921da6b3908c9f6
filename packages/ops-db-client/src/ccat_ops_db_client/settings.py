"""Settings of the client, from environment variables that begin with ``CCAT_``, or from a profile."""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

import httpx
from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import ConfigurationError
from .paths import shown
from .profiles import profiles_path, read_profile

API_PREFIX = "/api/v1"

# What editors put before a text, as UTF-8 in UTF-8, in a locale without accents, and in Latin-1.
_BYTE_ORDER_MARKS = ("\ufeff", "\udcef\udcbb\udcbf", "\xef\xbb\xbf")

_PORTS = {"http": 80, "https": 443}

_IN_WORDS = {
    "bool_parsing": "must be true or false",
    "float_parsing": "must be a number of seconds",
}


def _base_url(text: str) -> str:
    parts = _http_url(text)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must not carry a user, a query or a fragment")
    # One address however it is written: what waits is kept by it.
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/').removesuffix(API_PREFIX)}"


def _proxy_url(text: str | None) -> str | None:
    if not (text and text.strip()):
        return None
    _http_url(text)
    return text.strip()


def _http_url(text: str) -> SplitResult:
    parts = urlsplit(text.strip())
    # Asked for, a port that is none raises an error.
    wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    if wrong or any(map(str.isspace, parts.netloc)) or not _can_be_asked(text.strip()):
        # It may carry a password.
        raise ValueError("must look like http://host:port")
    return parts


def _can_be_asked(url: str) -> bool:
    """Say whether the name of the host is one; other libraries take some that are none."""
    try:
        return bool(httpx.URL(url).host)
    except (httpx.InvalidURL, UnicodeError):
        return False


def _header_text(token: SecretStr | None) -> SecretStr | None:
    text = "" if token is None else token.get_secret_value()
    for mark in _BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a token is one word of letters, digits and underscores")
    return SecretStr(text)


class Settings(BaseSettings):
    """Where the API is, who asks, and how patient the client is.

    Attributes
    ----------
    api_url : str
        Address of the site's API, with or without ``/api/v1`` (``CCAT_API_URL``).
    api_token : SecretStr or None
        Token of the caller (``CCAT_API_TOKEN``).
    spool_folder : Path
        Folder for requests that wait while the API is away (``CCAT_SPOOL_FOLDER``).
    connect_timeout, read_timeout : float
        Seconds until a connection is given up, and until silence of the API is.
    retry_seconds : float
        For so long a request is tried again while the API is away.
    spool_after_seconds : float
        So long a start or finish is tried, once, before it goes to the spool.
    proxy : str or None
        Address of an HTTP proxy between here and the API (``CCAT_PROXY``); a desktop's variables
        (``HTTP_PROXY``, ``ALL_PROXY``, ``NO_PROXY``) are not used.
    replay_in_background : bool
        Whether what waits is sent by itself when the API is back; else by the next command, or a timer.
    spool_on_network : bool
        Whether the spool may be on a network file system, whose locks may not keep two computers apart.
    """

    # A variable that is empty is as good as none: scripts write ``CCAT_SPOOL_FOLDER=``.
    model_config = SettingsConfigDict(env_prefix="CCAT_", env_ignore_empty=True, extra="ignore")

    api_url: Annotated[str, AfterValidator(_base_url)]
    api_token: Annotated[SecretStr | None, AfterValidator(_header_text)] = None
    spool_folder: Path = Field(default_factory=lambda: Path("~/.local/state/ccat/spool"))
    connect_timeout: float = Field(default=5, gt=0, le=600)
    read_timeout: float = Field(default=60, gt=0, le=3600)
    retry_seconds: float = Field(default=60, gt=0, le=30 * 86400)
    spool_after_seconds: float = Field(default=2, gt=0, le=600)
    proxy: Annotated[str | None, AfterValidator(_proxy_url)] = None
    replay_in_background: bool = True
    spool_on_network: bool = False

    _profile: str | None = PrivateAttr(default=None)

    @property
    def profile(self) -> str | None:
        """Name of the profile that they are from; null if the environment says where the API is."""
        return self._profile


PROFILE = "CCAT_PROFILE"
"""Variable with the name of a profile."""


def load_settings(api_url: str | None = None) -> Settings:
    """Read the settings.

    A profile that is named (``CCAT_PROFILE``, ``--profile``) says where the API is and who asks, and whatever
    else it sets; ``CCAT_API_URL`` and ``CCAT_API_TOKEN`` are not used with it, so that no token is sent to an
    API that it is not for. Without a name the environment counts, and where that has no address the default
    profile.

    Parameters
    ----------
    api_url : str, optional
        Address of the API; wins over ``CCAT_API_URL``.

    Raises
    ------
    ConfigurationError
        A setting is missing or wrong, or an address is given beside a profile.
    """
    name = os.environ.get(PROFILE) or None
    if name is not None and api_url is not None:
        raise ConfigurationError(
            f"profile {name} says where the API is", "give either the profile or the address"
        )
    if name is None and (api_url is not None or os.environ.get("CCAT_API_URL")):
        profile = None
    else:
        name, profile = read_profile(name)
    given: dict[str, Any] = {} if api_url is None else {"api_url": api_url}
    if profile is not None:
        given = {"api_token": None} | profile
        _refuse_wrong_keys(given)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise _explained(error, profile or {}) from None
    settings._profile = name
    return settings.model_copy(update={"spool_folder": _absolute(settings.spool_folder)})


def _absolute(folder: Path) -> Path:
    try:
        return folder.expanduser().absolute()
    except RuntimeError:
        raise ConfigurationError(
            f"the spool {shown(folder)} is in a home that is not known",
            "set CCAT_SPOOL_FOLDER to a path that begins with /",
        ) from None


def _refuse_wrong_keys(profile: dict[str, Any]) -> None:
    unknown = sorted(profile.keys() - Settings.model_fields.keys())
    if unknown:
        raise ConfigurationError(
            f"{shown(profiles_path())}: {unknown[0]} is no setting",
            f"there are {', '.join(sorted(Settings.model_fields.keys() - {'api_token'}))}, token_file",
        )
    if "api_url" not in profile:
        raise ConfigurationError(
            f"{shown(profiles_path())}: a profile without api_url",
            'write api_url = "http://api.example.org:8000"',
        )


def _explained(error: ValidationError, profile: dict[str, Any]) -> ConfigurationError:
    first = error.errors()[0]
    key = "_".join(str(part) for part in first["loc"])
    name = f"{key} in {shown(profiles_path())}" if key in profile else f"CCAT_{key.upper()}"
    if first["type"] == "missing":
        return ConfigurationError(
            f"{name} is not set",
            f"set it, or give --api-url or --profile: {name}=http://api.example.org:8000",
        )
    reason = _IN_WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ConfigurationError(f"{name}: {reason}", f"correct {name}")
