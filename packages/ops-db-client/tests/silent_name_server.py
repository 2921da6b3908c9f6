"""Records while the name of the API is looked for and no name server answers.

Runs as root of a network and of mounts of its own, for the sake of ``/etc/resolv.conf`` and port 53. Prints
what became of it.
"""

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ccat_ops_db_client import AsyncClient, Client, Settings, calls
from ccat_ops_db_client.errors import ApiAwayError
from ccat_ops_db_client.policy import Bounds
from ccat_ops_db_client.recorder import Recorder

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
LOOKS_FOR = "timeout:30 attempts:5"
"""Longer than any test runs."""


def main(folder: Path) -> None:
    answers_nothing = name_server(folder / "resolv.conf")
    settings = Settings(
        api_url="http://api.example.org:8000",
        spool_folder=folder / "spool",
        spool_after_seconds=0.2,
        replay_in_background=False,
    )
    with Client(settings) as client:
        recorder = Recorder(client)
        receipts = [recorder.start("O", ["m"])[1] for _ in range(3)]
    asyncio.run(ask(settings))
    question, _ = answers_nothing.recvfrom(512)
    result = {
        "asked": b"\x03api\x07example\x03org" in question,
        "spooled": [receipt.spooled for receipt in receipts],
        "reasons": [str(receipt.reason) for receipt in receipts],
    }
    print(json.dumps(result))


async def ask(settings: Settings) -> None:
    async with AsyncClient(settings) as client:
        with suppress(ApiAwayError):
            await client.send(calls.site(), bounds=Bounds(0, attempt=0.2))


def name_server(configuration: Path) -> socket.socket:
    """Return the only name server that this process knows; nobody answers what it is asked."""
    configuration.write_text(f"nameserver 127.0.0.1\noptions {LOOKS_FOR}\n")
    subprocess.run(["mount", "--bind", configuration, "/etc/resolv.conf"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    server.bind(("127.0.0.1", 53))
    server.settimeout(10)
    return server


if __name__ == "__main__":
    main(Path(sys.argv[1]))
