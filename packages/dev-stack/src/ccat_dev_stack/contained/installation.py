"""What a checkout's stack in containers keeps between its starts: ports, secrets, folders."""

import hashlib
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML

from ccat_dev_stack import ports
from ccat_dev_stack.checkout import build_folder
from ccat_dev_stack.contained.engine import Compose
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.stack.installation import ARCHIVE_SITE, TELESCOPE_SITE, write_private

IMAGE_USER = "10001:10001"
PUBLISHED = (
    "postgresql",
    "redis",
    "s3",
    "api",
    "ui",
    "data-server-ccat",
    "data-server-cologne",
    "prometheus",
    "grafana",
)

SOURCE_LOCATION = "ccat.chai-raw-data"
PROCESSING_LOCATION = "cologne.processing"
DISKS = ("ccat.chai-raw-data", "ccat.primecam-raw-data", "ccat.output-buffer", PROCESSING_LOCATION)
ARCHIVE_BUCKET = "ccat-lta"
ACCESS_KEY_ID = "ccat"
CREDENTIALS = ("cologne-input-buffer", "cologne-lta")
"""Facts of data-center-config with the overlays `development` and ``compose/configuration``."""


@dataclass(frozen=True)
class ContainedStack:
    """One stack in containers.

    Parameters
    ----------
    path
        Folder of all its state but the volumes of its servers.
    ports
        On this machine, by service.
    """

    path: Path
    ports: Mapping[str, int]
    password: str
    token_key: str
    data_server_secret: str

    @property
    def project(self) -> str:
        """Name of the Compose project: two checkouts never meet."""
        return "ccat-" + hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:10]

    @property
    def ui_url(self) -> str:
        """Address of the web interface."""
        return f"http://{LOOPBACK}:{self.ports['ui']}"

    @property
    def api_url(self) -> str:
        """Address of the API."""
        return f"http://{LOOPBACK}:{self.ports['api']}"

    @property
    def database_url(self) -> str:
        """Address of the operations database, from this machine."""
        return f"postgresql://ccat:{self.password}@{LOOPBACK}:{self.ports['postgresql']}/ccat_ops_db"

    @property
    def redis_url(self) -> str:
        """Address of the broker, from this machine."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.ports['redis']}/0"

    @property
    def s3_endpoint(self) -> str:
        """Address of the object store, from this machine."""
        return f"http://{LOOPBACK}:{self.ports['s3']}"

    def data_server_url(self, site: str) -> str:
        """Return the address of a site's data server."""
        return f"http://{LOOPBACK}:{self.ports[f'data-server-{site}']}"

    def folder_of(self, location: str) -> Path:
        """Return the folder of a disk location: the same outside as inside the containers."""
        site, _, name = location.partition(".")
        return self.site_folder(site) / name

    def site_folder(self, site: str) -> Path:
        """Return the folder with the disk locations of a site."""
        given = os.environ.get(f"CCAT_{'TELESCOPE' if site == TELESCOPE_SITE else 'ARCHIVE'}_FOLDER")
        return Path(given).resolve() if given else self.path / "data" / site

    @property
    def tokens_file(self) -> Path:
        """API tokens that were made for this stack."""
        return self.path / "tokens.json"

    @property
    def environment_file(self) -> Path:
        """What a shell sources to use the stack."""
        return self.path / "env"

    def compose(self, program: str) -> Compose:
        """Return Compose for this stack."""
        settings = {
            "CCAT_PASSWORD": self.password,
            "CCAT_OPS_DB_TOKEN_KEY": self.token_key,
            "CCAT_DATA_SERVER_SECRET": self.data_server_secret,
            "CCAT_CREDENTIALS_FOLDER": str(self.path / "credentials"),
            "CCAT_MACHINE_CONFIGURATION": str(self.path / "configuration"),
            "CCAT_TELESCOPE_FOLDER": str(self.site_folder(TELESCOPE_SITE)),
            "CCAT_ARCHIVE_FOLDER": str(self.site_folder(ARCHIVE_SITE)),
            "CCAT_RUN_AS": run_as(),
            **{f"CCAT_{name.upper().replace('-', '_')}_PORT": str(port) for name, port in self.ports.items()},
        }
        return Compose(program, self.project, settings)


def run_as() -> str:
    """Return as whom the workers run: the caller, who owns the files, or the image's user if that is root."""
    given = os.environ.get("CCAT_RUN_AS")
    if given:
        return given
    return IMAGE_USER if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"


def contained_folder() -> Path:
    """Return the folder of this checkout's stack in containers."""
    return build_folder() / "compose"


def load(path: Path) -> ContainedStack | None:
    """Return the stack in a folder; None when there is none that can be read."""
    try:
        return ContainedStack(path=path, **json.loads(_file(path).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def make_or_mend(path: Path, *, running: bool) -> ContainedStack:
    """Return the stack of a folder, made at the first time, with ports that it can have."""
    known = load(path)
    if known is None:
        chosen = dict(zip(PUBLISHED, ports.free_ports(len(PUBLISHED)), strict=True))
        known = ContainedStack(
            path, chosen, secrets.token_hex(16), secrets.token_hex(32), secrets.token_hex(32)
        )
    else:
        wanting = [name for name in PUBLISHED if name not in known.ports]
        if not running:
            # Somebody else listens there now, for example another checkout that was started in between.
            wanting += [name for name, port in known.ports.items() if not ports.is_free(port)]
        instead = zip(wanting, ports.free_ports(len(wanting), set(known.ports.values())), strict=True)
        known = replace(known, ports={**known.ports, **dict(instead)})
    kept = {name: value for name, value in asdict(known).items() if name != "path"}
    write_private(_file(path), json.dumps(kept, indent=1) + "\n")
    return known


def write_places(stack: ContainedStack) -> None:
    """Make the folders, the credentials and the overlay with what is different on this machine."""
    for location in DISKS:
        folder = stack.folder_of(location)
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner, group = (int(part) for part in run_as().split(":"))
            os.chown(folder, owner, group)
    for name in CREDENTIALS:
        folder = stack.path / "credentials" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in (("access_key_id", ACCESS_KEY_ID), ("secret_access_key", stack.password)):
            # Read by whatever user a container has; the secret opens a store of this machine only.
            (folder / file).write_text(text)
            (folder / file).chmod(0o644)
    overlay = {
        "sites": {
            site: {"api_url": stack.api_url, "data_server_url": stack.data_server_url(site)}
            for site in (TELESCOPE_SITE, ARCHIVE_SITE)
        },
        "data_locations": {location: {"path": str(stack.folder_of(location))} for location in DISKS},
    }
    folder = stack.path / "configuration"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "machine.yaml").open("w", encoding="utf-8") as file_:
        file_.write("# Written by dev-up: what is different on this machine. Changes here are lost.\n")
        YAML().dump(overlay, file_)
    for path in (folder, folder / "machine.yaml", stack.path / "credentials"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def read_tokens(stack: ContainedStack) -> dict[str, str]:
    """Return the stack's API tokens by the name of their user; none before the first start is through."""
    try:
        return {str(name): str(token) for name, token in json.loads(stack.tokens_file.read_text()).items()}
    except (FileNotFoundError, ValueError):
        return {}


def shell_file(stack: ContainedStack) -> str:
    """Return what a shell sources (any POSIX shell) to use the stack."""
    tokens = read_tokens(stack)
    variables = {
        "CCAT_UI_URL": stack.ui_url,
        "CCAT_API_URL": stack.api_url,
        "CCAT_API_TOKEN": tokens.get("developer", ""),
        "CCAT_INSTRUMENT_TOKEN": tokens.get("instrument", ""),
        "CCAT_SPOOL_FOLDER": str(stack.path / "spool"),
        "CCAT_DATABASE_URL": stack.database_url,
        "CCAT_REDIS_URL": stack.redis_url,
        "CCAT_S3_ENDPOINT": stack.s3_endpoint,
        "CCAT_S3_BUCKET": ARCHIVE_BUCKET,
        "CCAT_S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "CCAT_S3_SECRET_ACCESS_KEY": stack.password,
        "CCAT_SOURCE_LOCATION": SOURCE_LOCATION,
        "CCAT_SOURCE_FOLDER": str(stack.folder_of(SOURCE_LOCATION)),
        "CCAT_PROCESSING_LOCATION": PROCESSING_LOCATION,
        "CCAT_PROCESSING_FOLDER": str(stack.folder_of(PROCESSING_LOCATION)),
        "CCAT_COMPOSE_PROJECT": stack.project,
    }
    if os.geteuid() == 0:
        # What root writes for the workers has to be handed over to their user.
        variables["CCAT_FILES_OWNER"] = run_as()
    programs = shlex.quote(str(Path(sys.executable).parent))
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines.append(f'case ":$PATH:" in *:{programs}:*) ;; *) export PATH={programs}:"$PATH" ;; esac')
    return (
        "# The stack of this checkout in containers, for a shell:  . build/compose/env\n"
        + "\n".join(lines)
        + "\n"
    )


def remove(stack: ContainedStack) -> None:
    """Delete the folders; everything must be stopped."""
    # Instruments' folders may be read-only, and an ordinary user cannot delete from those.
    subprocess.run(["chmod", "-R", "u+rwX", str(stack.path)], check=False)
    shutil.rmtree(stack.path)


def _file(path: Path) -> Path:
    return path / "installation.json"
