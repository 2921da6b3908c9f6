"""``ccat-dev-service``: PostgreSQL, Redis or S3 as the one process of a container, for development and tests.

Settings come from the environment. What ends in ``_FILE`` names a file with the value.

=======================================  ===============================================================
variable                                 meaning
=======================================  ===============================================================
``CCAT_DEV_SERVICE_PASSWORD[_FILE]``     password of PostgreSQL's superuser ``ccat``, of Redis, or secret key
                                         of S3
``CCAT_DEV_SERVICE_ACCESS_KEY_ID``       access key of S3; ``ccat`` by default
``CCAT_DEV_SERVICE_DATABASE``            database that PostgreSQL has from the first start
``CCAT_DEV_SERVICE_BUCKETS``             buckets that S3 has, separated by commas
``CCAT_DEV_SERVICE_FOLDER``              folder of the data; ``/data`` by default
=======================================  ===============================================================
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from ccat_dev_stack.processes import StartError
from ccat_dev_stack.services import Service
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.services.redis import Redis
from ccat_dev_stack.services.seaweedfs import PORT_OPTIONS, Seaweedfs

PREFIX = "CCAT_DEV_SERVICE_"
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Files with the bytes that the container may have, of both versions of control groups."""
EVERYWHERE = "0.0.0.0"
POSTGRESQL_PORT = 5432
REDIS_PORT = 6379
S3_PORT = 8333
FIRST_PORT_BESIDE_S3 = 9300

# Whoever stops a container waits ten seconds.
GRACE_SECONDS = 8.0
LOOK_AGAIN_SECONDS = 0.3

SUPERUSER_SETTINGS = {"wal_level": "logical", "max_connections": "200", "max_wal_size": "1GB"}

# PostgreSQL's initdb wants a name for whatever user a container runs as. The image has a link there.
NAMES_OF_USERS = Path("/etc/passwd")


class SettingMissingError(ValueError):
    """A setting is missing."""


@dataclass(frozen=True)
class Contained:
    """A server in a container, and what it holds from the start."""

    service: Service
    furnish: Callable[[], None]
    """Make what has to be in it, once it answers; twice is as once."""
    is_furnished: Callable[[], bool]


def main() -> None:
    """Run a server until it is asked to end, or say whether one can be used (``check``)."""
    parser = argparse.ArgumentParser(
        prog="ccat-dev-service", description="Run one server of the development stack in a container."
    )
    parser.add_argument("service", choices=[*_SERVICES, "check"])
    parser.add_argument("checked", nargs="?", choices=list(_SERVICES), help="what to check")
    arguments = parser.parse_args()
    if (arguments.service == "check") != (arguments.checked is not None):
        parser.error("name one service to run, or `check` and the service")
    try:
        contained = _SERVICES[arguments.checked or arguments.service](os.environ)
        if arguments.checked is not None:
            sys.exit(0 if contained.service.is_ready() and contained.is_furnished() else 1)
        sys.exit(_run(contained))
    except (SettingMissingError, StartError, OSError) as error:
        sys.exit(f"ccat-dev-service: {error}")


def _run(contained: Contained) -> int:
    """Run the server as a child: the first process of a container gets no signal without a handler."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    _name_this_user()
    contained.service.prepare()
    program = contained.service.program()
    environment = {**program.environment, **limits_for_go(MEMORY_LIMITS)}
    process = subprocess.Popen(program.command, cwd=program.folder, env=environment)
    threading.Thread(target=_furnish_when_ready, args=(contained, ending), daemon=True).start()
    while process.poll() is None and not ending.wait(LOOK_AGAIN_SECONDS):
        pass
    if process.poll() is not None:
        return process.returncode or 1
    process.send_signal(program.stop_signal)
    try:
        process.wait(min(program.grace_seconds, GRACE_SECONDS))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return 0


def limits_for_go(files: Sequence[Path]) -> dict[str, str]:
    """Return the environment in which a Go program stays below the memory that its container may have.

    Go does not look at that limit by itself: under load it lets garbage grow until the kernel kills it.
    """
    limits = [file.read_text().strip() for file in files if file.exists()]
    # Without a limit there is "max" in one version, and in the other all that a page counter holds.
    bytes_ = [int(limit) for limit in limits if limit.isdecimal() and len(limit) < len(str(2**62))]
    return {"GOMEMLIMIT": str(min(bytes_) * 3 // 4)} if bytes_ else {}


def _furnish_when_ready(contained: Contained, ending: threading.Event) -> None:
    said = ""
    while not ending.wait(LOOK_AGAIN_SECONDS):
        if not contained.service.is_ready():
            continue
        try:
            contained.furnish()
            return
        except (psycopg.Error, OSError) as error:
            if str(error) != said:
                said = str(error)
                print(f"ccat-dev-service: not furnished yet: {said}", file=sys.stderr, flush=True)


def _postgresql(environment: Mapping[str, str]) -> Contained:
    folder = _folder(environment, "postgresql")
    server = Postgresql(
        folder, POSTGRESQL_PORT, _secret(environment, "PASSWORD"), SUPERUSER_SETTINGS, listen=EVERYWHERE
    )
    database = environment.get(f"{PREFIX}DATABASE", "ccat_ops_db")

    def exists() -> bool:
        with psycopg.connect(server.url(), autocommit=True, connect_timeout=3) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            return found.fetchone() is not None

    def furnish() -> None:
        if not exists():
            with psycopg.connect(server.url(), autocommit=True, connect_timeout=3) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    return Contained(server, furnish, exists)


def _redis(environment: Mapping[str, str]) -> Contained:
    folder = _folder(environment, "redis")
    server = Redis(folder, REDIS_PORT, _secret(environment, "PASSWORD"), listen=EVERYWHERE)
    return Contained(server, lambda: None, lambda: True)


def _s3(environment: Mapping[str, str]) -> Contained:
    ports = (S3_PORT, *range(FIRST_PORT_BESIDE_S3, FIRST_PORT_BESIDE_S3 + len(PORT_OPTIONS) - 1))
    server = Seaweedfs(
        _folder(environment, "s3"),
        ports,
        environment.get(f"{PREFIX}ACCESS_KEY_ID", "ccat"),
        _secret(environment, "PASSWORD"),
        listen=EVERYWHERE,
    )
    buckets = [name for name in environment.get(f"{PREFIX}BUCKETS", "").split(",") if name]

    def furnish() -> None:
        for bucket in buckets:
            server.make_bucket(bucket)

    return Contained(server, furnish, lambda: all(server.has_bucket(bucket) for bucket in buckets))


_SERVICES: Mapping[str, Callable[[Mapping[str, str]], Contained]] = {
    "postgresql": _postgresql,
    "redis": _redis,
    "s3": _s3,
}


def _folder(environment: Mapping[str, str], name: str) -> Path:
    return Path(environment.get(f"{PREFIX}FOLDER", "/data")) / name


def _secret(environment: Mapping[str, str], name: str) -> str:
    variable = PREFIX + name
    if f"{variable}_FILE" in environment:
        return Path(environment[f"{variable}_FILE"]).read_text().strip()
    if not environment.get(variable):
        raise SettingMissingError(f"{variable} or {variable}_FILE is missing: set the password")
    return environment[variable]


def _name_this_user() -> None:
    """Write the line of this process's user where the image's link to the names of users leads."""
    if NAMES_OF_USERS.is_symlink():
        line = f"ccat:x:{os.getuid()}:{os.getgid()}::/tmp:/bin/false\n"
        NAMES_OF_USERS.readlink().write_text(line)


if __name__ == "__main__":
    main()
