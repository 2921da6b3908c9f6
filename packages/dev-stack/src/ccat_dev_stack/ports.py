"""Free TCP ports on the loopback address."""

import os
import random
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that a port
# remembered for a stopped server is not taken by some client in between; above the well-known servers.
_RANGE = range(12_000, 32_000)


class NoFreePortError(RuntimeError):
    """No free port was found."""


def is_free(port: int) -> bool:
    """Say whether a server could listen on a port now.

    SeaweedFS also listens on sockets in /tmp that it names after its ports and leaves there; those of another
    user cannot be removed.
    """
    for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
        with suppress(FileNotFoundError):
            if left.lstat().st_uid != os.geteuid():
                return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(number: int, taken: Collection[int] = ()) -> list[int]:
    """Choose distinct free ports at random, so that two choosers at the same time hardly ever agree.

    Raises
    ------
    NoFreePortError
        Fewer ports are free than asked for.
    """
    found: list[int] = []
    for port in random.sample(_RANGE, len(_RANGE)):
        if len(found) == number:
            break
        if port not in taken and is_free(port):
            found.append(port)
    if len(found) < number:
        raise NoFreePortError(f"{number} free ports are needed on {LOOPBACK}, found {len(found)}")
    return found


def accepts(port: int) -> bool:
    """Say whether something answers on a port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
