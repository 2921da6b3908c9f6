"""What a worker with all its transfers to a store needs at once."""

import subprocess
import sys
import threading
from pathlib import Path

from ccat_dev_stack.testing import Bucket

from ..trouble import wait_until
from .faulty_server import FaultyStore, Reply, Request

MEBIBYTE = 1024 * 1024

WORKER = """
import os, sys, threading
from pathlib import Path
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.interface import Expected, LocationDescription
from ccat_data_transfer.storage.s3 import S3Storage

credentials, endpoint, bucket = sys.argv[1:]
place = LocationDescription("cologne.archive", "s3", endpoint=endpoint, bucket=bucket, credential="archive")
store = S3Storage(place, Credentials(Path(credentials)))
block = bytes(2 * 1024 * 1024)

def send(name):
    with store.open_upload(f"{name}.tar", name, Expected(len(block) * 60, "xxh3-128:" + "0" * 32)) as upload:
        for _ in range(60):
            upload.write(block)

for number in range(4):
    threading.Thread(target=send, args=(f"work-{number}",), daemon=True).start()
sys.stdin.readline()
status = Path("/proc/self/status").read_text().splitlines()
print(next(line for line in status if line.startswith("VmHWM")), flush=True)
os._exit(0)  # without waiting for the threads
"""


def test_four_transfers_to_a_slow_store_fit_a_worker(tmp_path: Path, s3: Bucket, faulty: FaultyStore) -> None:
    sending: list[Request] = []
    released = threading.Event()

    def hang(request: Request) -> Reply | None:
        if "partNumber=" in request.target:
            sending.append(request)
            released.wait(60)
            return Reply(503, "SlowDown")
        return None

    faulty.fault = hang
    keys = tmp_path / "credentials" / "archive"
    keys.mkdir(parents=True)
    (keys / "access_key_id").write_text(s3.access_key_id)
    (keys / "secret_access_key").write_text(s3.secret_access_key)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(keys.parent), faulty.endpoint, s3.bucket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_until(lambda: sending, 30)
        # Six fit the buffers, and each transfer may be about to fill one; without them 20 are sent at once.
        assert not wait_until(lambda: len(sending) > 10, 3)
        said, _ = worker.communicate("\n", timeout=30)
    finally:
        released.set()
        worker.kill()
        worker.wait()
    assert int(said.split()[1]) // 1024 < 200
