"""Environment variables: of the stack's processes, and of a shell that uses the stack."""

import json
import os
import shlex
import sys
from pathlib import Path

from ccat_dev_stack.checkout import interface_folder
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.stack.configuration import DevelopmentPlaces
from ccat_dev_stack.stack.installation import TELESCOPE_SITE, Installation


def programs_folder() -> Path:
    """Return the folder with the commands of this environment."""
    return Path(sys.executable).parent


def process_environment(installation: Installation) -> dict[str, str]:
    """Return the whole environment of a process of the stack; nothing of the caller's shell."""
    environment = {
        "PATH": f"{programs_folder()}:{os.defpath}",
        "HOME": str(installation.path),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **shared_settings(installation),
    }
    if "CCAT_BUILD_FOLDER" in os.environ:
        environment["CCAT_BUILD_FOLDER"] = os.environ["CCAT_BUILD_FOLDER"]
    return environment


def shared_settings(installation: Installation) -> dict[str, str]:
    """Return the settings of database and transfer engine, for services and command lines alike."""
    return {
        "CCAT_OPS_DB_ENVIRONMENT": "development",
        "CCAT_OPS_DB_DATABASE_URL": installation.database_url,
        "CCAT_OPS_DB_TOKEN_KEY": installation.token_key,
        "CCAT_DATA_TRANSFER_BROKER_URL": installation.redis.url,
        "CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER": str(installation.credentials_folder),
        "CCAT_DATA_TRANSFER_DATA_SERVER_SECRET": installation.data_server_secret,
        "CCAT_DATA_TRANSFER_LOG_FOLDER": str(installation.path / "transfer-logs"),
        "CCAT_DATA_TRANSFER_ALLOW_HTTP": "true",
        # Who kills a worker here, empties Redis, stops the archive or fills a disk wants to see how it goes
        # on, and does not wait a minute for it.
        "CCAT_DATA_TRANSFER_LEASE": "20",
        "CCAT_DATA_TRANSFER_HEARTBEAT": "4",
        "CCAT_DATA_TRANSFER_REDISPATCH": "5",
        "CCAT_DATA_TRANSFER_BACK_OFF_BASE": "1",
        "CCAT_DATA_TRANSFER_USAGE_INTERVAL": "5",
    }


def api_settings(installation: Installation) -> dict[str, str]:
    """Return the settings of the API."""
    settings = {
        "CCAT_OPS_DB_API_SITE_ID": TELESCOPE_SITE,
        "CCAT_OPS_DB_API_DATA_SERVER_SECRET": installation.data_server_secret,
        "CCAT_OPS_DB_API_REDIS_URL": installation.redis.url,
        # Tests give many wrong tokens from one address.
        "CCAT_OPS_DB_API_FAILURE_BURST": "1000",
    }
    interface = interface_folder()
    if interface is not None:
        settings["CCAT_OPS_DB_API_UI_FOLDER"] = str(interface)
    return settings


def client_settings(installation: Installation) -> dict[str, str]:
    """Return the settings of the client, with the token of a person."""
    tokens = read_tokens(installation)
    return {
        "CCAT_API_URL": installation.api_url,
        "CCAT_API_TOKEN": tokens.get("developer", ""),
        "CCAT_SPOOL_FOLDER": str(installation.path / "spool"),
    }


def read_tokens(installation: Installation) -> dict[str, str]:
    """Return the stack's API tokens by the name of their user; none before the first start is through."""
    try:
        tokens = json.loads(installation.tokens_file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(token) for name, token in tokens.items()}


def shell_file(installation: Installation, places: DevelopmentPlaces) -> str:
    """Return what a shell sources (any POSIX shell) to use the stack."""
    tokens = read_tokens(installation)
    variables = {
        **client_settings(installation),
        "CCAT_UI_URL": installation.api_url,
        "CCAT_INSTRUMENT_TOKEN": tokens.get("instrument", ""),
        "CCAT_DATABASE_URL": installation.database_url,
        "CCAT_REDIS_URL": installation.redis.url,
        "CCAT_S3_ENDPOINT": installation.s3.endpoint,
        "CCAT_S3_BUCKET": places.archive_bucket,
        "CCAT_S3_ACCESS_KEY_ID": installation.s3.access_key_id,
        "CCAT_S3_SECRET_ACCESS_KEY": installation.s3.secret_access_key,
        "CCAT_SOURCE_LOCATION": places.source_location,
        "CCAT_SOURCE_FOLDER": str(places.source_folder),
        "CCAT_PROCESSING_LOCATION": places.processing_location,
        "CCAT_PROCESSING_FOLDER": str(places.processing_folder),
        "CCAT_DATA_FOLDER": str(installation.data_folder),
        "CCAT_CONFIGURATION_FOLDER": str(installation.configuration_folder),
        "CCAT_CONFIGURATION_OVERLAYS": f"{installation.development_overlay}:{installation.overlay_folder}",
        "CCAT_LOG_FOLDER": str(installation.folder.logs),
        **shared_settings(installation),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    programs = shlex.quote(str(programs_folder()))
    lines += [f'case ":$PATH:" in *:{programs}:*) ;; *) export PATH={programs}:"$PATH" ;; esac']
    header = "# The stack of this checkout for a shell:  . build/dev/env\n"
    return header + "\n".join(lines) + "\n"


def listen_arguments(port: int) -> list[str]:
    """Return the options with which a server of ours listens on the loopback address."""
    return ["--host", LOOPBACK, "--port", str(port)]
