"""What a checkout's stack keeps between its starts: ports, secrets, and the wishes of the last start."""

import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ccat_dev_stack import ports, processes
from ccat_dev_stack.checkout import build_folder, checkout_folder, interface_folder
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.services.redis import Redis
from ccat_dev_stack.services.seaweedfs import PORT_OPTIONS, Seaweedfs
from ccat_dev_stack.supervision_state import Folder

TELESCOPE_SITE = "ccat"
ARCHIVE_SITE = "cologne"
SITES = (TELESCOPE_SITE, ARCHIVE_SITE)
"""Sites that have workers here; others of the configuration are switched off."""

DATABASE = "ccat_ops_db"


@dataclass(frozen=True)
class Installation:
    """One stack.

    Parameters
    ----------
    path
        Folder of all its state.
    simulate
        Rate of the simulated telescope, as given: ``10MB/s``, ``0`` for off.
    """

    path: Path
    postgresql_port: int
    redis_port: int
    s3_ports: tuple[int, ...]
    api_port: int
    data_server_ports: tuple[int, ...]
    password: str
    token_key: str
    data_server_secret: str
    simulate: str

    @property
    def folder(self) -> Folder:
        """Locks, logs and reports."""
        return Folder(self.path)

    @property
    def postgresql(self) -> Postgresql:
        """The database server."""
        settings = {"wal_level": "logical", "max_connections": "200", "max_wal_size": "2GB"}
        return Postgresql(
            self.path / "services" / "postgresql", self.postgresql_port, self.password, settings
        )

    @property
    def redis(self) -> Redis:
        """The broker."""
        return Redis(self.path / "services" / "redis", self.redis_port, self.password)

    @property
    def s3(self) -> Seaweedfs:
        """The archive's object store."""
        return Seaweedfs(self.path / "services" / "seaweedfs", self.s3_ports, "ccat", self.password)

    @property
    def database_url(self) -> str:
        """Address of the operations database."""
        return self.postgresql.url(DATABASE)

    @property
    def api_url(self) -> str:
        """Address of the API."""
        return f"http://{LOOPBACK}:{self.api_port}"

    def data_server_url(self, site: str) -> str:
        """Return the address of a site's data server."""
        return f"http://{LOOPBACK}:{self.data_server_ports[SITES.index(site)]}"

    @property
    def configuration_folder(self) -> Path:
        """The observatory's configuration."""
        return checkout_folder() / "data-center-config"

    @property
    def development_overlay(self) -> Path:
        """What makes one machine of the observatory."""
        return self.configuration_folder / "overlays" / "development"

    @property
    def overlay_folder(self) -> Path:
        """What this stack lays over that: its folders and ports."""
        return self.path / "configuration"

    @property
    def data_folder(self) -> Path:
        """Folder of the disk locations: ``<site>/<location>``."""
        return self.path / "data"

    @property
    def credentials_folder(self) -> Path:
        """Storage credentials: ``<name>/{access_key_id,secret_access_key}``."""
        return self.path / "credentials"

    @property
    def tokens_file(self) -> Path:
        """API tokens that were made for this stack."""
        return self.path / "tokens.json"

    @property
    def environment_file(self) -> Path:
        """What a shell sources to use the stack."""
        return self.path / "env"

    def all_ports(self) -> dict[str, Sequence[int]]:
        """Return the ports by the unit that listens there."""
        return {
            "postgresql": (self.postgresql_port,),
            "redis": (self.redis_port,),
            "seaweedfs": self.s3_ports,
            "api": (self.api_port,),
            **{
                f"data-server-{site}": (port,)
                for site, port in zip(SITES, self.data_server_ports, strict=True)
            },
        }

    def revision(self) -> str:
        """Return what changes when the units may have changed, or what setup has to do."""
        digest = hashlib.sha256(_file(self.path).read_bytes())
        digest.update(sys.executable.encode())
        digest.update(str(interface_folder()).encode())
        for path in sorted(self.configuration_folder.rglob("*.yaml")):
            digest.update(str(path).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]


def development_folder() -> Path:
    """Return the folder of this checkout's stack."""
    return build_folder() / "dev"


def load(path: Path) -> Installation | None:
    """Return the installation in a folder; None when there is none that can be read."""
    try:
        kept = json.loads(_file(path).read_text())
        kept["s3_ports"] = tuple(kept["s3_ports"])
        kept["data_server_ports"] = tuple(kept["data_server_ports"])
        return Installation(path=path, **kept)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def make_or_mend(path: Path, simulate: str) -> Installation:
    """Return the installation of a folder, made at the first time, with ports that it can have."""
    known = load(path)
    if known is None:
        known = _new(path, simulate)
    mended = replace(known, simulate=simulate)
    strange = [
        port
        for name, used in known.all_ports().items()
        for port in used
        if processes.running(known.folder.run, name) is None and not ports.is_free(port)
    ]
    if strange:
        # Somebody else listens there now, for example another checkout that was started in between.
        taken = {port for used in known.all_ports().values() for port in used}
        instead = dict(zip(strange, ports.free_ports(len(strange), taken), strict=True))
        mended = replace(
            mended,
            postgresql_port=instead.get(mended.postgresql_port, mended.postgresql_port),
            redis_port=instead.get(mended.redis_port, mended.redis_port),
            s3_ports=tuple(instead.get(port, port) for port in mended.s3_ports),
            api_port=instead.get(mended.api_port, mended.api_port),
            data_server_ports=tuple(instead.get(port, port) for port in mended.data_server_ports),
        )
    if mended != load(path):
        _save(mended)
    return mended


def remove(installation: Installation) -> None:
    """Delete an installation with all data; everything must be stopped."""
    installation.postgresql.remove()
    installation.s3.remove()
    _make_deletable(installation.path)
    shutil.rmtree(installation.path)


def _new(path: Path, simulate: str) -> Installation:
    first, second, third, *others = ports.free_ports(3 + len(SITES) + len(PORT_OPTIONS))
    return Installation(
        path=path,
        postgresql_port=first,
        redis_port=second,
        api_port=third,
        data_server_ports=tuple(others[: len(SITES)]),
        s3_ports=tuple(others[len(SITES) :]),
        password=secrets.token_hex(16),
        token_key=secrets.token_hex(32),
        data_server_secret=secrets.token_hex(32),
        simulate=simulate,
    )


def _save(installation: Installation) -> None:
    kept = {name: value for name, value in asdict(installation).items() if name != "path"}
    write_private(_file(installation.path), json.dumps(kept, indent=1) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def _file(path: Path) -> Path:
    return path / "installation.json"


def _make_deletable(path: Path) -> None:
    # Instruments' folders may be read-only, and an ordinary user cannot delete from those.
    for name, _, _ in os.walk(path):
        folder = Path(name)
        found = folder.lstat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o700 != 0o700:
            folder.chmod(0o700)
