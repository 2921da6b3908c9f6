"""The PostgreSQL and S3 servers and the Redis server that all test runs of a checkout share.

They are started by the first run that needs them and outlive it, so that the next starts in no time. They
end when nobody used them for `IDLE_SECONDS`, or by ``python -m ccat_dev_stack.shared_services stop``
(``make clean``).
Everything is below ``build/test-services``, but for databases and buckets where memory has room for them.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ccat_dev_stack import ports, processes
from ccat_dev_stack.checkout import build_folder
from ccat_dev_stack.locks import locked
from ccat_dev_stack.processes import Program, StartError
from ccat_dev_stack.services import Service, start_detached
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.services.redis import Redis
from ccat_dev_stack.services.seaweedfs import PORT_OPTIONS, Seaweedfs

IDLE_SECONDS = 1800.0

MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one. Tests make and drop a database every second; ext4 takes half a
second for the files of each, as it looks for file numbers that were not in use a moment ago. What tests put
into buckets is gone soon, too, and a file system in memory takes it in half the time."""
MEMORY_BYTES = 4 * 2**30
"""Free room that has to be there."""

_NAMES = ("postgresql", "redis", "seaweedfs")

# Nothing here survives a power cut, and nothing has to.
POSTGRESQL_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_connections": "200",
    "max_prepared_transactions": "0",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10s",
}


@dataclass(frozen=True)
class SharedServices:
    """The servers of this checkout's test runs."""

    postgresql: Postgresql
    redis: Redis
    s3: Seaweedfs

    def all(self) -> tuple[Service, ...]:
        """Return every server."""
        return (self.postgresql, self.redis, self.s3)


def folder() -> Path:
    """Return the folder of all state."""
    return build_folder() / "test-services"


def running_services() -> SharedServices:
    """Return the shared servers, started or replaced where they do not answer.

    Raises
    ------
    StartError
        A server cannot be started; the message has the end of its log.
    """
    with locked(folder() / "start.lock"):
        services = _remembered()
        if services is None or not all(_is_up(service) for service in services.all()):
            services = _replace_what_is_down(services)
        # Without it the watch takes the folder for deleted, and ends.
        _in_use_file().touch()
        if processes.running(_run_folder(), "idle-watch") is None:
            _start_idle_watch()
    return services


def stop_all() -> None:
    """Stop the servers and remove their data."""
    with locked(folder() / "start.lock"):
        _stop_servers()
    if processes.running(_run_folder(), "idle-watch") is not None:
        processes.kill(_run_folder(), "idle-watch")
    services = _remembered()
    if services is not None:
        services.postgresql.remove()
        services.s3.remove()
    shutil.rmtree(folder(), ignore_errors=True)


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Keep the servers from being stopped as idle; a killed run lets go by itself."""
    folder().mkdir(parents=True, exist_ok=True)
    with _in_use_file().open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        os.utime(file.fileno())
        yield
        os.utime(file.fileno())


def _is_up(service: Service) -> bool:
    program = service.program()
    found = processes.running(_run_folder(), program.name)
    return found is not None and found.fingerprint == program.fingerprint and service.is_ready()


def _replace_what_is_down(known: SharedServices | None) -> SharedServices:
    if known is None:
        _stop_servers()
        known = _new_services(set())
    for attempt in range(3):
        try:
            for service in known.all():
                if not _is_up(service):
                    _stop(service.program())
                    start_detached(service, _run_folder(), _log(service.program().name))
        except StartError:
            # A port taken by somebody else, or data torn by a power cut: nothing in it is worth keeping.
            _stop_servers()
            known.postgresql.remove()
            known.s3.remove()
            if attempt == 2:
                raise
            known = _new_services({known.postgresql.port, known.redis.port, *known.s3.ports})
        else:
            break
    return known


def _remembered() -> SharedServices | None:
    try:
        state = json.loads(_state_file().read_text())
        return _services(state)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _new_services(avoid: set[int]) -> SharedServices:
    first, second, *others = ports.free_ports(2 + len(PORT_OPTIONS), avoid)
    left = _remembered()
    Postgresql(folder() / "postgresql" if left is None else left.postgresql.folder, 0, "").remove()
    if left is not None:
        left.s3.remove()
    state = {
        "postgresql_folder": str(_folder_of("postgresql")),
        "s3_folder": str(_folder_of("seaweedfs")),
        "postgresql_port": first,
        "redis_port": second,
        "s3_ports": others,
        "password": secrets.token_hex(16),
    }
    temporary = _state_file().with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(state, file)
    temporary.replace(_state_file())
    return _services(state)


def _folder_of(server: str) -> Path:
    try:
        room = shutil.disk_usage(MEMORY).free
    except FileNotFoundError:
        room = 0
    if room < MEMORY_BYTES:
        return folder() / server
    made = Path(tempfile.mkdtemp(prefix=f"ccat-test-{server}-", dir=MEMORY))
    made.chmod(0o755)  # the server of a root user runs as another
    return made


def _services(state: Mapping[str, Any]) -> SharedServices:
    password = str(state["password"])
    databases = Path(state["postgresql_folder"])
    return SharedServices(
        Postgresql(databases, int(state["postgresql_port"]), password, POSTGRESQL_SETTINGS),
        Redis(folder() / "redis", int(state["redis_port"]), password, databases=4096),
        Seaweedfs(Path(state["s3_folder"]), tuple(state["s3_ports"]), "ccat-test", password),
    )


def _stop_servers() -> None:
    for name in _NAMES:
        processes.ask(_run_folder(), name, signal.SIGTERM)
    for name in _NAMES:
        processes.stop(_run_folder(), name, grace_seconds=3)


def _stop(program: Program) -> None:
    processes.stop(_run_folder(), program.name, program.stop_signal, program.grace_seconds)


def _start_idle_watch() -> None:
    command = (sys.executable, "-m", "ccat_dev_stack.shared_services", "idle-watch")
    environment = {"PATH": os.defpath, "CCAT_BUILD_FOLDER": str(build_folder())}
    program = Program("idle-watch", command, folder=folder(), environment=environment)
    process: subprocess.Popen[bytes] = processes.start(program, _run_folder(), _log("idle-watch"))
    process.returncode = 0  # it outlives us: not ours to wait for


def _watch_idle() -> None:
    """Stop the servers when nobody used them for a while, and end."""
    seen: list[processes.Running] = []
    services = _remembered()
    while _in_use_file().exists():
        services = _remembered() or services
        seen = [found for found in map(_running, _NAMES) if found is not None] or seen
        with locked(folder() / "start.lock"), _in_use_file().open("a") as file:
            if _nobody_holds(file) and time.time() - os.fstat(file.fileno()).st_mtime > IDLE_SECONDS:
                _stop_servers()
                return
        time.sleep(20)
    for server in seen:  # the build folder was deleted under them
        processes.kill_without_lock(server)
    if services is not None:
        services.postgresql.remove()
        services.s3.remove()


def _nobody_holds(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _running(name: str) -> processes.Running | None:
    return processes.running(_run_folder(), name)


def _run_folder() -> Path:
    return folder() / "run"


def _log(name: str) -> Path:
    return folder() / "logs" / f"{name}.log"


def _state_file() -> Path:
    return folder() / "state.json"


def _in_use_file() -> Path:
    return folder() / "in-use.lock"


_COMMANDS: dict[str, Callable[[], None]] = {"idle-watch": _watch_idle, "stop": stop_all}

if __name__ == "__main__":
    _COMMANDS[sys.argv[1]]()
