"""Decoys: small objects that are written to a place and read back, to find out whether it can be believed."""

from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX
from ccat_data_transfer.work.attempt import Attempt

SIZE = 256 * 1024


def read_decoys(work: Attempt, storage: Storage, count: int) -> int:
    """Write some decoys, read them from the medium, remove them, and return how many were right.

    Raises
    ------
    Failure
        Nothing can be written there, or read.
    """
    decoys = {
        f"{TEMPORARY_PREFIX}decoy-{work.id}-{number}": work.world.random.randbytes(SIZE)
        for number in range(count)
    }
    right = 0
    with storage.removing() as remove:
        try:
            for path, content in decoys.items():
                storage.put(path, content)
                work.item_done()
            for path, content in decoys.items():
                storage.drop_cache(path)
                right += storage.read_range(path, 0, SIZE) == content
                work.item_done()
        finally:
            for path in decoys:
                remove(path)
    return right
