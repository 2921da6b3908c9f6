"""The deployment under test, as a stranger knows it: URLs, tokens and folders from environment variables."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


class IncompleteEnvironmentError(RuntimeError):
    """Variables that describe the deployment are missing."""


@dataclass(frozen=True)
class Deployment:
    """A running data centre.

    Parameters
    ----------
    ui_url
        Address of the web interface, where its server also answers for the API.
    token, instrument_token
        Of a person who may do everything, and of instrument software.
    source_folder, processing_folder
        Where this machine sees the source location (writable) and the processing location (readable).
    log_folder
        Where logs of the deployment are, if this machine sees them; their ends are kept when a test fails.
    files_owner
        User and group to whom files in the source folder are handed over, when the workers run as somebody
        else than the tests, which are root then.
    """

    ui_url: str
    api_url: str
    token: str = field(repr=False)
    instrument_token: str = field(repr=False)
    source_location: str
    source_folder: Path
    processing_location: str
    processing_folder: Path
    s3_endpoint: str
    s3_bucket: str
    s3_access_key_id: str
    s3_secret_access_key: str = field(repr=False)
    log_folder: Path | None
    files_owner: tuple[int, int] | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables that `make dev-up` writes to ``build/dev/env`` and other deployments supply.

        Raises
        ------
        IncompleteEnvironmentError
            Some are missing; all of them are named.
        """
        missing = [name for name in VARIABLES if not environment.get(name)]
        if missing:
            raise IncompleteEnvironmentError(
                f"the environment does not describe a deployment: {', '.join(missing)} not set; "
                "source what describes it (for example `. build/dev/env`)"
            )
        log_folder = environment.get("CCAT_LOG_FOLDER")
        owner = environment.get("CCAT_FILES_OWNER")
        return cls(
            ui_url=environment["CCAT_UI_URL"],
            api_url=environment["CCAT_API_URL"],
            token=environment["CCAT_API_TOKEN"],
            instrument_token=environment["CCAT_INSTRUMENT_TOKEN"],
            source_location=environment["CCAT_SOURCE_LOCATION"],
            source_folder=Path(environment["CCAT_SOURCE_FOLDER"]),
            processing_location=environment["CCAT_PROCESSING_LOCATION"],
            processing_folder=Path(environment["CCAT_PROCESSING_FOLDER"]),
            s3_endpoint=environment["CCAT_S3_ENDPOINT"],
            s3_bucket=environment["CCAT_S3_BUCKET"],
            s3_access_key_id=environment["CCAT_S3_ACCESS_KEY_ID"],
            s3_secret_access_key=environment["CCAT_S3_SECRET_ACCESS_KEY"],
            log_folder=Path(log_folder) if log_folder else None,
            files_owner=_user_and_group(owner) if owner else None,
        )

    def variables(self) -> dict[str, str]:
        """Return what `from_environment` reads, but for the logs."""
        described = {
            "CCAT_UI_URL": self.ui_url,
            "CCAT_API_URL": self.api_url,
            "CCAT_API_TOKEN": self.token,
            "CCAT_INSTRUMENT_TOKEN": self.instrument_token,
            "CCAT_SOURCE_LOCATION": self.source_location,
            "CCAT_SOURCE_FOLDER": str(self.source_folder),
            "CCAT_PROCESSING_LOCATION": self.processing_location,
            "CCAT_PROCESSING_FOLDER": str(self.processing_folder),
            "CCAT_S3_ENDPOINT": self.s3_endpoint,
            "CCAT_S3_BUCKET": self.s3_bucket,
            "CCAT_S3_ACCESS_KEY_ID": self.s3_access_key_id,
            "CCAT_S3_SECRET_ACCESS_KEY": self.s3_secret_access_key,
        }
        if self.files_owner is not None:
            described["CCAT_FILES_OWNER"] = "{}:{}".format(*self.files_owner)
        return described


def variables_of(file: Path) -> dict[str, str]:
    """Return what sourcing a file sets in an otherwise empty shell."""
    printed = subprocess.run(
        ["/bin/sh", "-euc", f". {shlex.quote(str(file))}; exec /usr/bin/env -0"],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(pair.split("=", 1) for pair in printed.split("\0") if "=" in pair)


def _user_and_group(text: str) -> tuple[int, int]:
    user, _, group = text.partition(":")
    return int(user), int(group)


VARIABLES = (
    "CCAT_UI_URL",
    "CCAT_API_URL",
    "CCAT_API_TOKEN",
    "CCAT_INSTRUMENT_TOKEN",
    "CCAT_SOURCE_LOCATION",
    "CCAT_SOURCE_FOLDER",
    "CCAT_PROCESSING_LOCATION",
    "CCAT_PROCESSING_FOLDER",
    "CCAT_S3_ENDPOINT",
    "CCAT_S3_BUCKET",
    "CCAT_S3_ACCESS_KEY_ID",
    "CCAT_S3_SECRET_ACCESS_KEY",
)

# Facts of data-center-config that the tests rely on: an obs unit of the instrument whose files go to the
# source location, and that instrument's modules.
OBS_UNIT = "IRC10216_CHAI_CO43"
INSTRUMENT = "chai"
PROGRAM = "GEco"
SOURCE = "IRC10216"
MODULES = ("chai-lfa", "chai-hfa", "mini-chai")
